"""Elasticsearch in trouble: killed, standing still, full, busy, closed to a stranger; a node of our own, with TLS and a password."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from elasticsearch_node import Node

from khabar.models import Article, Document, Folded, Outcome, attempt_name
from khabar.ports import Fold, RefusedDocumentsError
from search.elastic import ElasticIndex, open_index
from search.elastic import generations as elastic_generations
from search.elastic.bulk import send
from search.elastic.bulk import write as bulk_write
from search.elastic.client import SearchServerError, connect
from search.tree import Everything

WATERMARK = "cluster.routing.allocation.disk.watermark."
NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@pytest.fixture
def opened(node: Node, access: dict[str, Any]) -> Iterator[Callable[..., ElasticIndex]]:
    prefix = f"troubles-{uuid.uuid4().hex}"
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
    index.update(folds(*numbers, body=body))


def folds(*numbers: int, body: str = "Peace at the border.") -> dict[str, Fold]:
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

    return {f"{number:020x}": fold(number) for number in numbers}


def numbers(index: ElasticIndex) -> list[int]:
    return [int(each.article.id, 16) for each in index.scan(Everything())]


class Written(threading.Thread):
    """A write that goes on beside the test."""

    def __init__(self, task: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.task, self.failure = task, None
        self.start()

    def run(self) -> None:
        try:
            self.task()
        except BaseException as error:
            self.failure = error

    def finish(self) -> None:
        self.join(120)
        assert not self.is_alive() and self.failure is None, self.failure


def writer_of(index: ElasticIndex, numbers: range) -> Written:
    return Written(lambda: put(index, *numbers))


def until_it_raises(task: Callable[[int], object]) -> str:
    for number in range(300):
        try:
            task(number)
        except SearchServerError as error:
            return str(error)
        time.sleep(0.2)
    raise AssertionError("it took every write")


def rejected(node: Node) -> int:
    told: Any = node.request("GET", "/_nodes/stats/thread_pool")
    return sum(each["thread_pool"]["write"]["rejected"] for each in told["nodes"].values())


def later(seconds: float, task: Callable[[], object]) -> threading.Thread:
    timer = threading.Timer(seconds, task)
    timer.start()
    return timer


def block(node: Node, index: ElasticIndex, name: str, value: Any) -> None:
    node.request("PUT", f"/{index.prefix}-*/_settings", {f"index.blocks.{name}": value})


# --- away and back ------------------------------------------------------------------------------------------


def test_a_node_that_is_killed_in_the_middle_of_a_bulk_has_everything_once(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index, watching = opened(), opened()
    put(index, *range(3_000, 3_030))
    writer = Written(lambda: put(index, *range(3_000), body="Peace at the border. " * 20))
    while not watching.get([f"{0:020x}"]):  # its first requests are through, most are not
        assert writer.is_alive()
    node.kill()
    assert writer.is_alive()
    node.start()
    writer.finish()
    assert numbers(index) == list(range(3_030))
    assert sum(index.tally().values()) == len(list(index.rows())) == 3_030


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


def test_a_shard_that_is_nowhere_is_waited_for_and_then_said(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index, hasty = opened(), opened(patience=0.5)
    name, allocation = f"{index.prefix}-articles-1", "index.routing.allocation.enable"
    node.request("DELETE", f"/{name}")
    red = {"settings": {allocation: "none"}, "aliases": {f"{index.prefix}-articles": {}}}
    node.request("PUT", f"/{name}?wait_for_active_shards=0", red)
    with pytest.raises(SearchServerError, match="shard"):
        put(hasty, 1)
    with pytest.raises(SearchServerError, match="shard"):
        hasty.search(Everything())
    actions = [bulk_write(name, f"{9:020x}", {"id": f"{9:020x}"}, None)]
    started = time.monotonic()
    assert [item.fate for item in send(hasty.server, actions)] == [
        "busy"
    ]  # not refused: it is nobody's fault
    assert time.monotonic() - started < 15
    back = later(1.0, lambda: node.request("PUT", f"/{name}/_settings", {allocation: None}))
    put(index, 2)
    back.join()
    assert numbers(index) == [2]


# --- it takes no writes -------------------------------------------------------------------------------------


def test_a_node_above_its_flood_stage_is_waited_for_until_it_lifts_its_block_by_itself(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    index, hasty = opened(), opened(patience=0.5)
    put(index, 1)
    marks = {
        WATERMARK + stage: f"{size}tb" for stage, size in (("low", 900), ("high", 800), ("flood_stage", 700))
    }
    node.request("PUT", "/_cluster/settings", {"persistent": marks})
    try:
        said = until_it_raises(lambda number: put(hasty, 1_000 + number))
    finally:
        node.request("PUT", "/_cluster/settings", {"persistent": dict.fromkeys(marks)})
    assert "takes no writes" in said and "free disk space" in said and "read-only-allow-delete" in said
    put(index, 2)
    assert {1, 2} <= set(numbers(index))


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


def test_more_writers_than_it_takes_at_once_are_all_served(
    node: Node, opened: Callable[..., ElasticIndex]
) -> None:
    """With one place in its queue, it answers es_rejected_execution_exception to most."""
    opened()
    before = rejected(node)
    for turn in range(10):
        writers = [
            writer_of(opened(), range(turn * 1_000 + n, turn * 1_000 + n + 40)) for n in range(0, 480, 40)
        ]
        for writer in writers:
            writer.finish()
        if rejected(node) > before:
            break
    assert rejected(node) > before
    index = opened()
    expected = [start + n for start in range(0, (turn + 1) * 1_000, 1_000) for n in range(480)]
    assert numbers(index) == expected and len(list(index.rows())) == len(expected)


def test_a_request_that_is_too_long_is_sent_in_parts_and_a_document_that_is_too_long_refused(
    opened: Callable[..., ElasticIndex],
) -> None:
    index = opened()
    put(index, *range(4), body="Peace at the border. " * 20_000)  # .4 MB of text and twice that of words each
    with pytest.raises(RefusedDocumentsError, match="no request as long as this") as refusal:
        index.update({**folds(4, 6), **folds(5, body="Peace at the border. " * 200_000)})
    assert list(refusal.value.refused) == [f"{5:020x}"]
    assert numbers(index) == [0, 1, 2, 3, 4, 6]
    assert len(list(index.rows())) == 6


def test_what_is_no_document_s_fault_is_not_held_against_it(
    node: Node, opened: Callable[..., ElasticIndex], access: dict[str, Any]
) -> None:
    index = opened(patience=0.5)
    put(index, 1)
    name = f"{index.prefix}-articles-1"
    actions = [bulk_write(name, f"{2:020x}", {"id": f"{2:020x}"}, None)]
    readers: Any = {
        "indices": [{"names": [f"{index.prefix}-*"], "privileges": ["read", "view_index_metadata"]}]
    }
    node.request("PUT", "/_security/role/readers", readers)
    node.request("PUT", "/_security/user/reader", {"password": "reader-password", "roles": ["readers"]})
    reader = {"user": "reader", "password": "reader-password", "authority": access["authority"]}
    with (
        closing(connect(node.url, patience=0.5, **reader)) as other,
        pytest.raises(SearchServerError, match="unauthorized"),
    ):
        list(send(other, actions))
    node.request("POST", f"/{name}/_close")
    with pytest.raises(SearchServerError, match="closed"):
        list(send(index.server, actions))
    with pytest.raises(SearchServerError, match="closed"):
        put(index, 2)
    node.request("POST", f"/{name}/_open")
    put(opened(), 2)
    assert numbers(index) == [1, 2]


# --- who is let in ------------------------------------------------------------------------------------------


def test_who_is_not_let_in_is_told_without_the_password(node: Node, access: dict[str, Any]) -> None:
    authority = access["authority"]
    for given in ({"user": "elastic", "password": "wrong-secret"}, {}, {"api_key": "d3Jvbmc6c2VjcmV0"}):
        with pytest.raises(SearchServerError, match="user, password or API key is refused") as refusal:
            open_index(node.url, "closed", authority=authority, **given)
        assert "secret" not in str(refusal.value)
    with pytest.raises(SearchServerError, match="certificate is not trusted"):
        open_index(node.url, "closed", user="elastic", password=access["password"])


def test_an_api_key_or_a_user_in_the_address_opens_it_too(
    node: Node, opened: Callable[..., ElasticIndex], access: dict[str, Any]
) -> None:
    index = opened()
    put(index, 1)
    made: Any = node.request("POST", "/_security/api_key", {"name": "khabar"})
    authority, password = access["authority"], access["password"]
    address = node.url.replace("//", f"//elastic:{password}@")
    for url, given in ((node.url, {"api_key": made["encoded"]}), (address, {})):
        with closing(open_index(url, index.prefix, authority=authority, **given)) as other:
            assert numbers(other) == [1]
            assert password not in other.server.place
