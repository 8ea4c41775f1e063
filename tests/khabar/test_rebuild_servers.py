"""What is lost or damaged on the servers is made again from the archive, by the same two commands."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from khabar import audit, runner
from khabar.config import environment, load_settings
from khabar.ledger.database import LedgerError
from khabar.ledger.redis import open_ledger
from khabar.ledger.redis.server import PREFIX
from khabar.models import Entry
from khabar.ports import EndpointState, Found
from khabar.rebuild import empty_damaged, reindex
from khabar.runtime import Runtime, working
from khabar.settings import Settings
from search.elastic import connect
from search.elastic import generations as elastic_generations
from search.elastic.client import SearchServerError, Server
from search.elastic.fields import mapping
from search.tree import Everything

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
BODY = "The gate at the border was shut for nine days, and nobody knew whom to ask about it."


@pytest.fixture
def settings(tmp_path: Path, empty_redis: str, elasticsearch_url: str) -> Iterator[Settings]:
    """Return the settings of a home on servers, where the other tests have one alone."""
    told = {
        "KHABAR_REDIS_URL": empty_redis,
        "KHABAR_ELASTICSEARCH_URL": elasticsearch_url,
        "KHABAR_ELASTICSEARCH_PREFIX": f"rebuilt-{uuid.uuid4().hex[:8]}",
    }
    made = load_settings(tmp_path / "home", told)
    yield made
    with closing(connect(elasticsearch_url)) as server:
        elastic_generations.drop_all(server, made.elasticsearch_prefix)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with closing(connect(str(settings.elasticsearch_url))) as connected:
        yield connected


@pytest.fixture
def filled(runtime: Runtime, seal_articles: Callable[..., str], bring_in: Callable[[], None]) -> Runtime:
    """Return a home with two articles in it."""
    seal_articles(("A gate", BODY), ("A river", "Water under a bridge, and more of it under another."))
    bring_in()
    return runtime


def khabar(settings: Settings, *words: str) -> str:
    """Run a command as another process, which must succeed; returns all that it says."""
    command = [sys.executable, "-m", "khabar", *words]
    told = environment(settings)
    done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# --- the ledger ---------------------------------------------------------------------------------------------


SPOILT = [
    ("SET", "claims", "no hash"),
    ("SET", "leases", "no sorted set"),
    ("LPUSH", "imports", "no set"),
    ("HSET", "claims", "1", b"\xff broken"),
    ("HSET", "endpoints", "https://a.example/feed", "{"),
]


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: f"{spoil[0]} {spoil[1]}")
def test_a_damaged_ledger_is_emptied_for_the_archive_to_tell_again(
    settings: Settings, spoil: tuple[str, ...]
) -> None:
    with closing(open_ledger(str(settings.redis_url))) as ledger:
        feed = EndpointState("https://a.example/feed")
        ledger.discover(feed, [Found("https://a.example/1", "a", feed.url, "all", Entry("1"))], NOON)
        assert empty_damaged(settings) == []
        assert len(list(ledger.frontier())) == 1
        command, key, *rest = spoil
        if command != "HSET":
            ledger.server.call("DEL", key)
        ledger.server.call(command, key, *rest)
        with pytest.raises(LedgerError, match="`khabar ledger rebuild`") as caught:
            ledger.demand_whole()
        assert caught.value.damaged
        [said] = empty_damaged(settings)
        assert "emptied" in said and "damaged" in said
        assert (list(ledger.frontier()), list(ledger.endpoints()), ledger.leases(NOON)) == ([], [], [])
        ledger.demand_whole()


def test_the_command_makes_a_damaged_ledger_again(filled: Runtime, settings: Settings) -> None:
    before = filled.ledger.discovered()
    with redis.Redis.from_url(str(settings.redis_url)) as admin:
        admin.delete(f"{PREFIX}leases")
        admin.set(f"{PREFIX}leases", "no sorted set")
    said = khabar(settings, "ledger", "rebuild")
    assert "was emptied" in said and "recounted from the archive: 2 attempts" in said
    assert filled.ledger.discovered() == before
    assert list(audit.findings(filled.store, filled.ledger, filled.index)) == []


# --- the index ----------------------------------------------------------------------------------------------


def vanish(server: Server, prefix: str) -> None:
    elastic_generations.drop_all(server, prefix)


def lose_an_alias(server: Server, prefix: str) -> None:
    names = {"index": f"{prefix}-articles-1", "name": f"{prefix}-articles"}
    server.ask(lambda es: es.indices.delete_alias(**names))


def lose_an_index(server: Server, prefix: str) -> None:
    server.ask(lambda es: es.indices.delete(index=f"{prefix}-outcomes-1"))


def be_of_two_generations(server: Server, prefix: str) -> None:
    elastic_generations.create_generation(server, prefix, 1)
    server.ask(lambda es: es.indices.put_alias(index=f"{prefix}-articles-2", name=f"{prefix}-articles"))


def be_of_another_release(server: Server, prefix: str) -> None:
    old = {"version": "0.1"}
    server.ask(lambda es: es.indices.put_mapping(index=f"{prefix}-articles-1", meta=old, properties={}))


def be_closed(server: Server, prefix: str) -> None:
    server.ask(lambda es: es.indices.close(index=f"{prefix}-articles-1"))


def be_mapped_otherwise(server: Server, prefix: str) -> None:
    other: dict[str, Any] = mapping("articles")
    del other["properties"]["about"]
    aliased = {f"{prefix}-articles": {}}

    def make_again(es: Any) -> None:
        es.indices.delete(index=f"{prefix}-articles-1")
        es.indices.create(index=f"{prefix}-articles-1", mappings=other, aliases=aliased)

    server.ask(make_again)


HARM = [
    *(vanish, lose_an_alias, lose_an_index, be_of_two_generations),
    *(be_of_another_release, be_closed, be_mapped_otherwise),
]


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__)
def test_a_damaged_index_is_made_again_from_the_archive(
    filled: Runtime,
    settings: Settings,
    clock: Callable[[], Any],
    server: Server,
    harm: Callable[[Server, str], None],
) -> None:
    before = sorted((each for each in filled.index.scan(Everything())), key=lambda each: each.article.id)
    filled.index.close()
    harm(server, settings.elasticsearch_prefix)
    with working(settings, clock) as again, runner.pool(again, 1) as pool:
        assert reindex(again, pool, lambda _, __: None).articles == 2
        assert sorted(again.index.scan(Everything()), key=lambda each: each.article.id) == before
        assert list(audit.findings(again.store, again.ledger, again.index)) == []
    assert len(elastic_generations.generations(server, settings.elasticsearch_prefix)) == 1


def test_an_index_that_cannot_be_used_names_the_reindex(
    filled: Runtime, settings: Settings, clock: Callable[[], Any], server: Server
) -> None:
    lose_an_alias(server, settings.elasticsearch_prefix)
    with working(settings, clock) as again, pytest.raises(SearchServerError, match="`khabar reindex`"):
        again.index.search(Everything())
