"""What may be fetched at all: http and https, no credentials, no private address in any spelling."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

MAX_URL = 2000

_NUMERIC = re.compile(r"^(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}\.?$", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$")
# NAT64 and 6to4 carry an IPv4 address inside; where they lead depends on a gateway we know nothing of.
_TUNNELS = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


def absolute_link(link: str, base: str) -> str | None:
    """Return a link of a feed as an absolute web address, None where it is none (javascript:, file:, nonsense)."""
    try:
        absolute = urljoin(base, link.strip())
        parts = urlsplit(absolute)
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        return None
    return absolute if link.strip() and usable and len(absolute) <= MAX_URL else None


def check_url(url: str, pinned: Mapping[str, str]) -> str | None:
    """Return why a URL may not be fetched, None where it may; a pinned host is exempt from the address rules.

    Names are judged again after they are resolved (crawler.resolver): a public name may point anywhere.
    """
    try:
        parts = urlsplit(url)
        host, port = ascii_host(parts.hostname or ""), parts.port
    except (ValueError, UnicodeError):
        return "bad_url"
    if parts.scheme not in {"http", "https"} or not host or len(url) > MAX_URL:
        return "bad_url"
    if parts.username is not None or parts.password is not None:
        return "credentials"
    return None if host in pinned else _check_port(port) or _check_host(host)


def _check_port(port: int | None) -> str | None:
    """Refuse ports on which anything but the web listens."""
    return "forbidden_port" if port is not None and port < 1024 and port not in {80, 443} else None


def _check_host(host: str) -> str | None:
    """Judge a host by its spelling alone."""
    if ":" in host:
        return None if is_public(host) else "forbidden_address"
    if _NUMERIC.match(host):
        # Decimal, octal, hexadecimal and short forms are read differently by every library: only a plain quad passes.
        return None if _is_quad(host) and is_public(host) else "forbidden_address"
    if not _HOST.match(host):
        return "bad_url"
    return None if "." in host else "forbidden_address"


def ascii_host(host: str) -> str:
    """Return a host as it goes on the wire: lower case, IDNA, no final dot. Raises UnicodeError."""
    host = host.rstrip(".").lower()
    return host if host.isascii() else host.encode("idna").decode("ascii")


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet; an IPv4 address inside an IPv6 one is looked at."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in net for net in _TUNNELS):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_quad(host: str) -> bool:
    try:
        return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, host)) == host
    except OSError:
        return False
