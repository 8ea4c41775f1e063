"""What doctor finds on an Elasticsearch: nothing where all is well, and each trouble with how to mend it."""

from __future__ import annotations

import json
import time
import urllib.error
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch_node import Node

from search import elastic
from search.elastic import generations as elastic_generations
from search.elastic import health
from search.elastic.client import SearchServerError, Server, connect
from search.elastic.disk import least_free
from search.elastic.drift import difference
from search.elastic.fields import mapping
from search.elastic.fields import settings as index_settings

WATERMARK = "cluster.routing.allocation.disk.watermark."
ALLOCATION = "index.routing.allocation.enable"


@pytest.fixture
def server(node: Node, access: dict[str, Any]) -> Iterator[Server]:
    with closing(connect(node.url, patience=5, **access)) as connected:
        yield connected


@pytest.fixture
def prefix(server: Server) -> Iterator[str]:
    name = f"health-{uuid.uuid4().hex}"
    elastic_generations.ensure(server, name, 1)
    yield name
    elastic_generations.drop_all(server, name)


@pytest.fixture
def found(server: Server, prefix: str) -> Callable[[], list[str]]:
    """Return what is wrong, each without the server's name, which every finding begins with."""

    def ask() -> list[str]:
        said = list(health.examine(server, prefix, datetime.now(UTC)))
        begin = f"Elasticsearch at {server.place} "
        assert all(each.startswith(begin) for each in said)
        return [each.removeprefix(begin) for each in said]

    return ask


def test_a_server_as_it_should_be_has_nothing_wrong(found: Callable[[], list[str]]) -> None:
    assert found() == []


def test_a_prefix_that_nobody_has_used_yet_is_nothing_wrong(server: Server) -> None:
    assert list(health.examine(server, "unused", datetime.now(UTC))) == []


# --- who is let in, and who can listen ----------------------------------------------------------------------


def test_a_server_that_lets_anyone_in_and_can_be_overheard_is_found(elasticsearch_url: str) -> None:
    # This address is the machine's own, and does not look like it.
    address = elasticsearch_url.replace("127.0.0.1", "0.0.0.0")
    if address == elasticsearch_url:
        pytest.skip("the Elasticsearch that was given is not on 127.0.0.1")
    with closing(connect(address, user="elastic", password="any")) as server:
        open_to_all, overheard = health.examine(server, "unused", datetime.now(UTC))
    assert "lets anyone in: set `xpack.security.enabled: true`" in open_to_all
    assert f"is asked over the network without TLS ({address})" in overheard and "https://" in overheard


def test_what_only_this_machine_can_ask_needs_no_password(elasticsearch_url: str) -> None:
    with closing(connect(elasticsearch_url)) as server:
        assert server.lets_anyone_in()
        assert list(health.examine(server, "unused", datetime.now(UTC))) == []


def test_a_user_in_the_address_is_no_reason_to_let_anyone_in(node: Node, access: dict[str, Any]) -> None:
    address = node.url.replace("//", f"//elastic:{access['password']}@")
    with closing(connect(address, authority=access["authority"])) as server:
        assert not server.lets_anyone_in()
        assert list(health.examine(server, "unused", datetime.now(UTC))) == []


def test_who_is_refused_is_said_in_one_line(node: Node, access: dict[str, Any], prefix: str) -> None:
    node.request("PUT", "/_security/user/narrow", {"password": "narrow-password", "roles": []})
    for user, password, reason in (
        ("elastic", "wrong", "the user, password or API key is refused"),
        ("narrow", "narrow-password", "this user or API key may not do that"),
    ):
        with (
            closing(connect(node.url, user=user, password=password, authority=access["authority"])) as other,
            pytest.raises(SearchServerError, match=reason) as refusal,
        ):
            list(health.examine(other, prefix, datetime.now(UTC)))
        assert "\n" not in str(refusal.value) and password not in str(refusal.value)


def test_another_release_answers_what_the_client_takes_for_one(node: Node) -> None:
    """A release before 9 refuses the client's language with this error, and one after 9 will."""
    with pytest.raises(urllib.error.HTTPError) as refusal:
        node.request("GET", "/", accept="application/vnd.elasticsearch+json; compatible-with=7")
    body = json.loads(refusal.value.read())
    assert (refusal.value.code, body["error"]["type"]) == (400, "media_type_header_exception")


@pytest.mark.parametrize(
    ("number", "is_old"), [("8.19.4", True), ("9.0.0", False), ("9.4.3", False), ("10.1.0", False)]
)
def test_a_release_that_is_too_old_is_found(number: str, is_old: bool) -> None:
    assert bool(list(health.release(number))) == is_old


# --- the disk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "flood_stage", "what"),
    [
        ("900tb", "1b", "1b", "its low watermark asks for: it puts no further copies there; free disk space"),
        ("900tb", "800tb", "1b", "its high watermark asks for: it moves what lies there"),
        ("900tb", "800tb", "700tb", "its flood_stage watermark asks for: it lets nothing be written"),
        ("0.0001%", "0.0002%", "100%", "its high watermark asks for"),
    ],
)
def test_a_disk_that_is_too_full_is_found(
    node: Node, found: Callable[[], list[str]], low: str, high: str, flood_stage: str, what: str
) -> None:
    marks = {
        WATERMARK + name: value
        for name, value in (("low", low), ("high", high), ("flood_stage", flood_stage))
    }
    set_cluster(node, marks)
    try:
        said = [each for each in found() if "watermark" in each and "takes no writes" not in each]
    finally:
        set_cluster(node, dict.fromkeys(marks))
    assert len(said) == 1 and what in said[0] and "free at one," in said[0]


@pytest.mark.parametrize(
    ("watermark", "headroom", "free"),
    [
        ("85%", "-1", 150.0),
        ("85%", "100b", 100.0),
        ("85%", "200GB", 150.0),
        ("0.9", "-1", 100.0),
        ("1.5kb", "-1", 1536.0),
        ("2g", "1b", 2.0 * (1 << 30)),
    ],
)
def test_watermarks_are_read_as_elasticsearch_does(watermark: str, headroom: str, free: float) -> None:
    assert least_free(1_000, watermark, headroom) == pytest.approx(free)


def test_indexes_that_take_no_writes_are_found(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    node.request("PUT", f"/{prefix}-outcomes-1/_settings", {"index.blocks.write": True})

    def when_full() -> list[str]:
        node.request("PUT", f"/{prefix}-articles-1/_settings", {"index.blocks.read_only_allow_delete": True})
        return found()

    # The node has room: each time that it looks at its disk it lifts this block, which may be just now.
    full, blocked = next(said for _ in range(3) if len(said := when_full()) == 2)
    assert full.startswith(f"takes no writes to {prefix}-articles-1") and "free disk space" in full
    assert blocked.startswith(
        f"takes no writes to {prefix}-outcomes-1 (index.blocks.write): lift it with PUT"
    )
    method, path, body = blocked.split("lift it with ")[1].split(" ", 2)
    node.request(method, path, json.loads(body))
    node.request("PUT", f"/{prefix}-articles-1/_settings", {"index.blocks.read_only_allow_delete": None})
    assert found() == []


# --- shards -------------------------------------------------------------------------------------------------


def test_an_index_whose_shard_is_nowhere_is_red(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    lose_a_shard(node, f"{prefix}-articles-1", f"{prefix}-articles")
    [red] = found()
    assert red.startswith(f"is red: 1 shard(s) of {prefix}-* are nowhere") and ALLOCATION in red
    node.request("PUT", f"/{prefix}-*/_settings", {ALLOCATION: None})
    node.request("GET", f"/_cluster/health/{prefix}-*?wait_for_status=green&timeout=20s")
    assert found() == []


def test_copies_that_are_asked_for_and_have_no_place_are_found(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    copies = {"index.auto_expand_replicas": "false", "index.number_of_replicas": 2}
    node.request("PUT", f"/{prefix}-articles-1/_settings", copies)
    [yellow] = found()
    assert yellow.startswith(f"is yellow: 2 copies of shards of {prefix}-* have no place")
    assert "a copy of this shard is already allocated to this node" in yellow


def test_a_closed_index_is_found(node: Node, prefix: str, found: Callable[[], list[str]]) -> None:
    node.request("POST", f"/{prefix}-outcomes-1/_close")
    assert (
        f"has closed {prefix}-outcomes-1: open it with POST /{prefix}-outcomes-1/_open, or `khabar reindex`"
        in found()
    )


# --- what lies there ----------------------------------------------------------------------------------------


def test_a_mapping_that_has_drifted_is_found_field_by_field(
    node: Node, server: Server, prefix: str, found: Callable[[], list[str]]
) -> None:
    drifted = mapping("articles")
    del drifted["properties"]["about"]
    drifted["properties"]["country"] = {"type": "integer"}
    drifted["properties"]["colour"] = {"type": "keyword"}
    node.request("DELETE", f"/{prefix}-articles-1")
    node.request("DELETE", f"/_index_template/{prefix}-articles")
    made = {"settings": index_settings(1), "mappings": drifted, "aliases": {f"{prefix}-articles": {}}}
    node.request("PUT", f"/{prefix}-articles-1", made)
    assert found() == [
        f"has {prefix}-articles-1 with another mapping than this release makes "
        "(without about; unknown colour; changed country): `khabar reindex` makes it anew",
        f"has lost the index template {prefix}-articles: `khabar reindex` writes it anew",
    ]
    second = elastic_generations.create_generation(server, prefix, 1)
    elastic_generations.swap(server, prefix, second)
    elastic_generations.drop_generation(server, prefix, 1)
    assert found() == []


def test_a_template_that_was_changed_is_found(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    ours = mapping("outcomes")
    ours["properties"]["day"] = {"type": "long"}
    changed = {"index_patterns": [f"{prefix}-outcomes-*"], "priority": 200, "template": {"mappings": ours}}
    node.request("PUT", f"/_index_template/{prefix}-outcomes", changed)
    assert found() == [
        f"would make {prefix}-outcomes-2 with another mapping than this release (changed day): "
        f"`khabar reindex` writes the template {prefix}-outcomes anew"
    ]


def test_what_is_read_loosely_differs_too() -> None:
    loose = {**mapping("outcomes"), "dynamic": "true"}
    assert difference(loose, mapping("outcomes")) == "otherwise dynamic"
    assert difference(mapping("outcomes"), mapping("outcomes")) == ""


def test_an_index_of_another_release_is_found(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    node.request("PUT", f"/{prefix}-outcomes-1/_mapping", {"_meta": {"version": "0.1"}})
    [said] = found()
    assert f"{prefix}-outcomes-1 was written by another release: 0.1" in said and "`khabar reindex`" in said


def test_a_template_that_comes_before_ours_is_found(
    node: Node, prefix: str, found: Callable[[], list[str]]
) -> None:
    theirs = {"index_patterns": ["health-*"], "priority": 900, "template": {"mappings": {"dynamic": True}}}
    node.request("PUT", "/_index_template/theirs", theirs)
    try:
        said = found()
    finally:
        node.request("DELETE", "/_index_template/theirs")
    assert len(said) == 2
    assert all(f"let it have a priority below 200, or not match {prefix}-*" in each for each in said)


def test_an_alias_that_is_missing_is_found(node: Node, prefix: str, found: Callable[[], list[str]]) -> None:
    node.request("DELETE", f"/{prefix}-articles-1/_alias/{prefix}-articles")
    assert found() == [
        f"has indexes of {prefix}, and none of them behind the alias {prefix}-articles: `khabar reindex` puts that right"
    ]


def test_an_alias_of_two_generations_is_found(
    node: Node, server: Server, prefix: str, found: Callable[[], list[str]]
) -> None:
    elastic_generations.create_generation(server, prefix, 1)
    node.request("PUT", f"/{prefix}-articles-2/_alias/{prefix}-articles")
    [said] = found()
    assert (
        f"has 2 indexes behind the alias {prefix}-articles ({prefix}-articles-1, {prefix}-articles-2)" in said
    )


def test_aliases_of_different_generations_are_found(
    node: Node, server: Server, prefix: str, found: Callable[[], list[str]]
) -> None:
    elastic_generations.create_generation(server, prefix, 1)
    node.request("DELETE", f"/{prefix}-articles-1/_alias/{prefix}-articles")
    node.request("PUT", f"/{prefix}-articles-2/_alias/{prefix}-articles")
    [said] = found()
    assert "has articles and outcomes of two generations in use" in said


def test_generations_that_are_left_over_are_found(
    node: Node, server: Server, prefix: str, found: Callable[[], list[str]]
) -> None:
    elastic_generations.create_generation(server, prefix, 1)
    elastic_generations.create_generation(server, prefix, 1)
    node.request("DELETE", f"/{prefix}-articles-3")  # half of one is left
    [said] = found()
    assert said.startswith(f"still holds generation 2, 3 of {prefix}, which is not in use: `khabar reindex`")


# --- time ---------------------------------------------------------------------------------------------------


def test_a_clock_that_differs_is_found(server: Server) -> None:
    behind = datetime.now(UTC) - timedelta(minutes=1)
    [said] = health.examine(server, "unused", behind)
    assert "has a clock at one that differs from this machine's by +60 s: set both by NTP" in said


def test_it_is_asked_without_opening_or_making_anything(
    node: Node, server: Server, access: dict[str, Any]
) -> None:
    assert list(elastic.findings(node.url, "unused", datetime.now(UTC), **access)) == []
    assert elastic_generations.generations(server, "unused") == []


def test_one_that_is_away_is_said_soon() -> None:
    started = time.monotonic()
    with pytest.raises(SearchServerError, match="no answer"):
        list(elastic.findings("http://127.0.0.1:9", "unused", datetime.now(UTC)))
    assert time.monotonic() - started < 5


def set_cluster(node: Node, settings: dict[str, Any]) -> None:
    node.request("PUT", "/_cluster/settings", {"persistent": settings})


def lose_a_shard(node: Node, index: str, alias: str) -> None:
    """Have an index whose only shard is on no node."""
    node.request("DELETE", f"/{index}")
    body = {"settings": {ALLOCATION: "none"}, "aliases": {alias: {}}}
    node.request("PUT", f"/{index}?wait_for_active_shards=0", body)
