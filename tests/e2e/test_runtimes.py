"""The same commands on both runtimes: in a home alone, and on a real Redis and a real Elasticsearch."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import celery_node
import pytest

Khabar = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def homes(tmp_path: Path, servers: dict[str, str]) -> Iterator[dict[str, Khabar]]:
    """Return `khabar` on each runtime, each with a home and an archive of its own; on servers a worker reads."""
    told = celery_node.environment(tmp_path / "shared", servers)
    commands = {"worker": celery_node.worker("e2e", "ingest,digest,maintenance")}
    with celery_node.running(commands, told, tmp_path):
        yield {name: _command(tmp_path / name, told) for name, told in (("alone", {}), ("shared", servers))}


def _command(home: Path, told: dict[str, str]) -> Khabar:
    environment = celery_node.environment(home, {"KHABAR_JOBS": "2", **told})

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "khabar", *map(str, words)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=900, check=False
        )

    return run


def both(homes: dict[str, Khabar], *words: str | Path) -> list[str]:
    """Run a command on each runtime and return what they print."""
    done = [khabar(*words) for khabar in homes.values()]
    for each in done:
        assert each.returncode == 0, each.stdout + each.stderr
    return [each.stdout for each in done]


def articles(exported: str) -> list[dict[str, Any]]:
    """Return exported articles without what tells of the moment and the place of their archiving."""
    rows = [json.loads(line) for line in exported.splitlines()]
    return [{k: v for k, v in row.items() if k not in {"fetched", "archive"}} for row in rows]


def test_a_crawl_an_edit_and_a_digest_are_the_same(
    press: Callable[..., Any], homes: dict[str, Khabar], tmp_path: Path
) -> None:
    site = press(hosts=2, articles=8)
    for name in homes:
        sources = site.install(tmp_path / name)
    counted = both(homes, "crawl", *sources)
    assert counted[0] == counted[1] and "indexed" in counted[0]
    site.edits.add((site.names()[1], 3))
    counted = both(homes, "crawl", *sources)
    assert counted[0] == counted[1] and "revised             1" in counted[0]
    one, other = map(articles, both(homes, "search", "*", "--format", "jsonl"))
    assert one == other and len(one) == 16
    assert all(text == "all is well\n" for text in both(homes, "doctor"))
    for shape in ("html", "text", "json"):
        digests = both(homes, "digest", "pak-taliban", "--date", "2025-01-10", "--format", shape)
        assert digests[0] == digests[1]


def test_real_texts_get_the_same_tags_clusters_and_outcomes(
    homes: dict[str, Khabar], shared_data: Path, tmp_path: Path
) -> None:
    texts = tmp_path / "texts.jsonl"
    with (shared_data / "regional" / "judged.public.jsonl").open("rb") as lines:
        texts.write_bytes(b"".join(itertools.islice(lines, 200)))
    counted = both(homes, "ingest", texts)
    assert counted[0] == counted[1]
    one, other = map(articles, both(homes, "search", "*", "--format", "jsonl"))
    assert one == other
    for query in (
        "topic:pak-taliban",
        "entity:ttp OR taliban*",
        "peace NEAR/8 (talks OR taliban)",
        "lang:ur NOT کابل",
    ):
        found = [
            json.loads(text)
            for text in both(homes, "search", query, "--format", "json", "--facets", "--sort", "oldest")
        ]
        assert found[0]["total"] == found[1]["total"] > 0
        assert [hit["article"]["id"] for hit in found[0]["hits"]] == [
            hit["article"]["id"] for hit in found[1]["hits"]
        ]
        assert found[0]["facets"] == found[1]["facets"]


def test_index_and_ledger_on_servers_are_rebuilt_from_the_archive(
    press: Callable[..., Any], homes: dict[str, Khabar], empty_redis: str, tmp_path: Path
) -> None:
    import redis  # noqa: PLC0415 - only where the servers are

    site = press(hosts=1, articles=6)
    sources = site.install(tmp_path / "shared")
    khabar = homes["shared"]
    assert khabar("crawl", *sources).returncode == 0
    before = khabar("search", "*", "--format", "jsonl").stdout
    done = khabar("reindex")
    assert done.returncode == 0 and "6 articles" in done.stdout, done.stderr
    assert khabar("search", "*", "--format", "jsonl").stdout == before
    with redis.Redis.from_url(empty_redis) as admin:
        admin.flushdb()
    assert "6 attempts" in khabar("ledger", "rebuild").stdout
    assert khabar("doctor").stdout == "all is well\n"
    pages = sum("/opinion/" in path for path in site.requests)
    assert "attempts            0" in khabar("crawl", *sources).stdout
    assert sum("/opinion/" in path for path in site.requests) == pages


def test_doctor_says_what_is_wrong_with_the_servers(homes: dict[str, Khabar], empty_redis: str) -> None:
    import redis  # noqa: PLC0415 - only where the servers are

    with redis.Redis.from_url(empty_redis) as admin:
        admin.config_set("maxmemory-policy", "allkeys-lru")
        try:
            done = homes["shared"]("doctor")
        finally:
            admin.config_set("maxmemory-policy", "noeviction")
    assert done.returncode == 1 and "noeviction" in done.stdout, done.stdout + done.stderr


def test_servers_that_are_away_are_said(tmp_path: Path) -> None:
    told = {"KHABAR_REDIS_URL": "redis://127.0.0.1:1", "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:1"}
    done = _command(tmp_path / "home", told)("stats")
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert "127.0.0.1:1" in done.stderr


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_all_real_pages_and_texts_are_the_same(
    homes: dict[str, Khabar], shared_data: Path, tmp_path: Path
) -> None:
    texts = sorted((shared_data / "regional").glob("*.jsonl"))
    counted = both(homes, "ingest", shared_data / "extraction", *texts)
    assert counted[0] == counted[1]
    one, other = map(articles, both(homes, "search", "*", "--format", "jsonl"))
    assert len(one) > 5000
    assert one == other
    days = [json.loads(text)["days"] for text in both(homes, "stats", "--json")]
    assert days[0] == days[1]


def test_doctor_asks_each_server_even_where_another_is_away(tmp_path: Path, elasticsearch_url: str) -> None:
    told = {"KHABAR_REDIS_URL": "redis://127.0.0.1:1", "KHABAR_ELASTICSEARCH_PREFIX": "khabar-doctor"}
    for url, away in ((elasticsearch_url, 1), ("http://127.0.0.1:1", 2)):
        done = _command(tmp_path / "home", {**told, "KHABAR_ELASTICSEARCH_URL": url})("doctor")
        assert (done.returncode, len(done.stdout.splitlines())) == (1, away), done.stdout + done.stderr
        assert "Redis cannot be reached" in done.stdout and "Traceback" not in done.stderr
