"""Elasticsearch in trouble: killed, standing still, full, busy, closed to a stranger; a node of our own, with TLS and a password."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import elasticsearch_node
import pytest
from elasticsearch_node import Node

from khabar.models import Article, Document, Folded, Outcome, attempt_name
from search.elastic import ElasticIndex, open_index
from search.elastic import generations as elastic_generations
from search.elastic.client import SearchServerError, connect
from search.tree import Everything

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
PASSWORD = "test-password"


@pytest.fixture(scope="module")
def node(elasticsearch_installed: None) -> Iterator[Node]:
    with elasticsearch_node.running(password=PASSWORD) as started:
        yield started


@pytest.fixture
def opened(node: Node) -> Iterator[Callable[..., ElasticIndex]]:
    prefix = f"troubles-{uuid.uuid4().hex}"
    access = {"user": "elastic", "password": PASSWORD, "authority": str(node.certificate)}
    handles: list[ElasticIndex] = []

    def another(patience: float = 60.0) -> ElasticIndex:
        handles.append(open_index(node.url, prefix, patience=patience, **access))
        return handles[-1]

    yield another
    for handle in handles:
        handle.close()
    with closing(connect(node.url, **access)) as server:
        elastic_generations.drop_all(server, prefix)


def put(index: ElasticIndex, *numbers: int, body: str = "Peace at the border.") -> None:
    def fold(number: int) -> Callable[[Document | None], Folded]:
        name, url, claimed = (
            f"{number:020x}",
            f"https://daily.example/{number}",
            NOW + timedelta(seconds=number),
        )
        article = Article(name, url, "daily", f"Title {number}", body, NOW, lang="en")
        attempt = attempt_name(claimed, url)
        row = Outcome(attempt, "daily", NOW.date(), url, "indexed", None, "segments/a", "r", claimed, name)
        return lambda _: Folded(Document(article, ()), (row,))

    index.update({f"{number:020x}": fold(number) for number in numbers})


def numbers(index: ElasticIndex) -> list[int]:
    return [int(each.article.id, 16) for each in index.scan(Everything())]


def later(seconds: float, task: Callable[[], object]) -> threading.Thread:
    timer = threading.Timer(seconds, task)
    timer.start()
    return timer


def block(node: Node, index: ElasticIndex, name: str, value: Any) -> None:
    node.request("PUT", f"/{index.prefix}-*/_settings", {f"index.blocks.{name}": value})


# --- away and back ------------------------------------------------------------------------------------------


def test_a_killed_node_keeps_what_had_returned_and_a_writer_waits_for_it(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index = opened()
    put(index, *range(30))
    done = [30]
    failures: list[BaseException] = []

    def write() -> None:
        try:
            while done[0] < 400:
                put(index, *range(done[0], done[0] + 10))
                done[0] += 10
        except BaseException as error:
            failures.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.3)
    node.kill()
    survived = done[0]
    node.start()
    writer.join(120)
    assert not failures and done[0] == 400 and survived < 400
    assert numbers(index) == list(range(400))
    assert sum(index.tally().values()) == len(list(index.rows())) == 400


def test_a_restarted_node_has_everything_and_a_scan_goes_on_behind_it(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index, hasty = opened(), opened(patience=0.5)
    for start in range(0, 1_200, 400):
        put(index, *range(start, start + 400))
    rows = list(index.rows())
    scan = index.scan(Everything())
    seen = [next(scan).article.id for _ in range(10)]
    node.stop()
    started = time.monotonic()
    with pytest.raises(SearchServerError, match=r"Elasticsearch at https://127\.0\.0\.1:\d+: no answer"):
        put(hasty, 1)
    assert time.monotonic() - started < 10
    node.start()
    seen += [each.article.id for each in scan]
    assert [int(name, 16) for name in seen] == list(range(1_200))
    assert list(index.rows()) == rows and len(rows) == 1_200


def test_a_node_that_stands_still_is_waited_for(node: Node, opened: Callable[..., ElasticIndex]) -> None:
    index = opened()
    put(index, 1)
    node.pause()
    back = later(1.5, node.resume)
    put(index, 2)
    assert numbers(index) == [1, 2]
    back.join()


# --- it takes no writes -------------------------------------------------------------------------------------


def test_a_disk_that_is_full_is_waited_for_and_then_said(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index, hasty = opened(), opened(patience=0.5)
    put(index, 1)
    block(node, index, "read_only_allow_delete", True)
    with pytest.raises(SearchServerError, match=r"takes no writes.*free disk space"):
        put(hasty, 2)
    assert numbers(index) == [1]
    freed = later(1.0, lambda: block(node, index, "read_only_allow_delete", None))
    put(index, 3)
    freed.join()
    assert numbers(index) == [1, 3]


def test_a_block_of_an_operator_is_said_at_once(node: Node, opened: Callable[..., ElasticIndex]) -> None:
    index = opened()
    put(index, 1)
    block(node, index, "write", True)
    started = time.monotonic()
    with pytest.raises(SearchServerError, match=r"takes no writes.*index\.blocks"):
        put(index, 2)
    assert time.monotonic() - started < 10
    block(node, index, "write", None)
    put(index, 2)
    assert numbers(index) == [1, 2]


def test_a_busy_node_is_asked_again(node: Node, opened: Callable[..., ElasticIndex]) -> None:
    index, hasty = opened(), opened(patience=0.5)

    def limit(memory: str | None) -> None:  # with as little as 1 % it answers nearly everything with 429
        node.request("PUT", "/_cluster/settings", {"persistent": {"indices.breaker.total.limit": memory}})

    limit("1%")
    try:
        with pytest.raises(SearchServerError, match="Data too large"):
            put(hasty, 1)
        freed = later(1.0, lambda: limit(None))
        put(index, 2)
        freed.join()
    finally:
        limit(None)
    assert numbers(index) == [2]


# --- who is let in ------------------------------------------------------------------------------------------


def test_who_is_not_let_in_is_told_without_the_password(node: Node) -> None:
    authority = str(node.certificate)
    for access in ({"user": "elastic", "password": "wrong-secret"}, {}, {"api_key": "d3Jvbmc6c2VjcmV0"}):
        with pytest.raises(SearchServerError, match="user, password or API key is refused") as refusal:
            open_index(node.url, "closed", authority=authority, **access)
        assert "secret" not in str(refusal.value)
    with pytest.raises(SearchServerError, match="certificate is not trusted"):
        open_index(node.url, "closed", user="elastic", password=PASSWORD)


def test_an_api_key_or_a_user_in_the_address_opens_it_too(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index = opened()
    put(index, 1)
    made: Any = node.request("POST", "/_security/api_key", {"name": "khabar"})
    authority = str(node.certificate)
    address = node.url.replace("//", f"//elastic:{PASSWORD}@")
    for url, access in ((node.url, {"api_key": made["encoded"]}), (address, {})):
        with closing(open_index(url, index.prefix, authority=authority, **access)) as other:
            assert numbers(other) == [1]
            assert PASSWORD not in other.server.place
