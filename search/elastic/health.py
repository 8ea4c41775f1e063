"""What is wrong with an Elasticsearch that the index rests on, each with how to mend it; nothing where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from search.elastic import disk, drift
from search.elastic.client import Server, connect

OLDEST = (9, 0)
PATIENCE = 2.0  # seconds that it may be busy or away
SKEW = 5.0  # seconds by which clocks may differ: leases last 60


def findings(url: str, prefix: str, now: datetime, **access: Any) -> Iterator[str]:
    """Yield what is wrong and how to mend it; `access` as `client.connect` takes it. Raises SearchServerError.

    Nothing is made or opened: an index that cannot be opened is a finding.
    """
    with closing(connect(url, patience=PATIENCE, **access)) as server:
        yield from examine(server, prefix, now)


def examine(server: Server, prefix: str, now: datetime) -> Iterator[str]:
    """Yield what is wrong with a server and what lies there under a prefix, and how to mend it."""
    about = server.ask(lambda es: es.info()).body
    nodes = server.ask(lambda es: es.nodes.stats(metric="fs")).body["nodes"]
    said = (
        *release(about["version"]["number"]),
        *_access(server),
        *_shards(server, prefix),
        *_blocks(server, prefix),
        *disk.findings(nodes, _settings(server)),
        *drift.findings(server, prefix),
        *_clocks(nodes, now),
    )
    yield from (f"Elasticsearch at {server.place} {each}" for each in said)


def release(number: str) -> Iterator[str]:
    """Yield what is wrong with a release of Elasticsearch."""
    if tuple(map(int, number.split(".")[:2])) < OLDEST:
        yield f"is release {number}: install 9.0 or newer"


def _access(server: Server) -> Iterator[str]:
    if server.lets_anyone_in() and _is_reached_from_outside(server):
        yield "lets anyone in: set `xpack.security.enabled: true`, and a user with a password or an API key for Khabar"
    overheard = [url for url in server.place.split(", ") if not _is_private(url)]
    if overheard:
        yield (
            f"is asked over the network without TLS ({', '.join(overheard)}): set "
            "`xpack.security.http.ssl.enabled: true` with a certificate, and https:// in KHABAR_ELASTICSEARCH_URL"
        )


def _is_reached_from_outside(server: Server) -> bool:
    """Tell whether it hears anybody but this machine, as far as it says where it listens."""
    nodes = server.ask(lambda es: es.nodes.info(metric="http")).body["nodes"].values()
    bound = [f"//{address}" for node in nodes for address in node.get("http", {}).get("bound_address", ())]
    return not all(map(_is_loopback, [*server.place.split(", "), *bound]))


def _is_private(url: str) -> bool:
    """Tell whether nobody between can read what is said: it is encrypted, or does not leave the machine."""
    return url.startswith("https:") or _is_loopback(url)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shards(server: Server, prefix: str) -> Iterator[str]:
    health = server.ask(lambda es: es.cluster.health(index=f"{prefix}-*")).body
    if health["status"] == "green":
        return
    why = _why_unassigned(server, prefix)
    if health["status"] == "red":
        what = f"{health['unassigned_primary_shards']} shard(s) of {prefix}-* are nowhere, and no search is answered"
        yield f"is red: {what} ({why}); bring its nodes back, or where they are lost `khabar reindex`"
    else:
        what = f"{health['unassigned_shards']} copies of shards of {prefix}-* have no place"
        yield f"is yellow: {what} ({why}); bring its nodes back, or ask for fewer copies (index.number_of_replicas)"


def _why_unassigned(server: Server, prefix: str) -> str:
    """Return Elasticsearch's own reason for the first shard that has no place."""
    asked = server.ask(
        lambda es: es.cat.shards(index=f"{prefix}-*", format="json", h="index,shard,prirep,state")
    )
    lacking: Any = [each for each in asked.body if each["state"] == "UNASSIGNED"]  # pyright: ignore[reportArgumentType]
    if not lacking:
        return "it is about to place them"
    first = min(lacking, key=lambda each: each["prirep"])  # primaries before replicas
    told = server.ask(
        lambda es: es.cluster.allocation_explain(
            index=first["index"], shard=int(first["shard"]), primary=first["prirep"] == "p"
        )
    ).body
    deciders = (
        each for node in told.get("node_allocation_decisions", ()) for each in node.get("deciders", ())
    )
    reasons = [each["explanation"] for each in deciders if each["decision"] == "NO"]
    return f"{first['index']}: {(reasons or [told.get('allocate_explanation', 'no reason given')])[0]}"


def _blocks(server: Server, prefix: str) -> Iterator[str]:
    found = server.ask(
        lambda es: es.indices.get_settings(index=f"{prefix}-*", flat_settings=True, expand_wildcards="all")
    ).body
    for name, held in sorted(found.items()):
        settings = held["settings"]
        if settings.get("index.verified_before_close") == "true":
            yield f"has closed {name}: open it with POST /{name}/_open, or `khabar reindex`"
        for key, value in settings.items():
            block = key.removeprefix("index.blocks.")
            if block == key or value != "true":
                continue
            how = "lift it with PUT /" + name + '/_settings {"index.blocks.' + block + '": null}'
            if block == "read_only_allow_delete":
                how = "free disk space; it lifts that by itself once more is free than its high watermark asks for"
            yield f"takes no writes to {name} ({key}): {how}"


def _settings(server: Server) -> dict[str, str]:
    """Return the cluster's settings, whoever made them."""
    told = server.ask(lambda es: es.cluster.get_settings(include_defaults=True, flat_settings=True)).body
    return {**told["defaults"], **told["persistent"], **told["transient"]}


def _clocks(nodes: dict[str, Any], now: datetime) -> Iterator[str]:
    for node in nodes.values():
        skew = (datetime.fromtimestamp(node["timestamp"] / 1000, UTC) - now).total_seconds()
        if abs(skew) > SKEW:
            place = node["name"] or "its node"
            yield f"has a clock at {place} that differs from this machine's by {skew:+.0f} s: set both by NTP"
