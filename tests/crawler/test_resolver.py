"""Names lead to public addresses or nowhere; pinned ones where their source file says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer
from zope.interface.verify import verifyObject

from crawler import resolver
from crawler.resolver import PublicResolver

TABLE = {
    "public.example": ["93.184.216.34", "2606:4700:4700::1111"],
    "inside.example": ["10.0.0.5"],
    "mixed.example": ["169.254.169.254", "93.184.216.34"],
    "mapped.example": ["::ffff:127.0.0.1"],
}


@implementer(IHostnameResolver)
class Table:
    """A name server that knows a few names."""

    def resolveHostName(self, receiver: Any, name: str, port: int, *_: object) -> Table:  # noqa: N802
        receiver.resolutionBegan(self)
        for address in TABLE.get(name, []):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()
        return self


@implementer(IResolutionReceiver)
class Answers:
    """What a connection would be told."""

    def __init__(self) -> None:
        self.addresses: list[tuple[str, int]] = []
        self.began: Any = None
        self.complete = False

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        self.began = resolution

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.addresses.append((address.host, address.port))

    def resolutionComplete(self) -> None:  # noqa: N802
        self.complete = True


def ask(name: str, pinned: dict[str, str] | None = None) -> Answers:
    answers = Answers()
    PublicResolver(SimpleNamespace(nameResolver=Table()), pinned or {}).resolveHostName(answers, name, 80)
    assert answers.complete
    return answers


def test_public_addresses_pass() -> None:
    assert ask("public.example").addresses == [("93.184.216.34", 80), ("2606:4700:4700::1111", 80)]
    assert "public.example" not in resolver.forbidden


def test_private_addresses_are_kept_back_and_noted() -> None:
    assert ask("inside.example").addresses == []
    assert ask("mapped.example").addresses == []
    assert ask("mixed.example").addresses == [("93.184.216.34", 80)]
    assert {"inside.example", "mapped.example", "mixed.example"} <= resolver.forbidden


def test_a_pinned_host_is_where_its_source_says() -> None:
    pins = {"inside.example": "127.0.0.1", "six.example": "::1"}
    answers = ask("inside.example", pins)
    assert answers.addresses == [("127.0.0.1", 80)]
    assert verifyObject(IHostResolution, answers.began)
    answers.began.cancel()
    assert ask("INSIDE.example.", pins).addresses == [("127.0.0.1", 80)]
    assert ask("six.example", pins).addresses == [("::1", 80)]
    assert ask("public.example", pins).addresses[0] == ("93.184.216.34", 80)


def test_it_is_a_resolver_to_twisted() -> None:
    assert verifyObject(IHostnameResolver, PublicResolver(SimpleNamespace(nameResolver=Table()), {}))
