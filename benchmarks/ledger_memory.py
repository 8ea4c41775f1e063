"""How much memory a Redis of its own takes for the URLs that were seen and for the pages that are queued.

    .venv/bin/python benchmarks/ledger_memory.py [SEEN] [QUEUED]

By default a million URLs seen and 50,000 pages queued; needs redis-server on PATH.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "services"))

import redis_node

from khabar.ledger.redis import RedisLedger, open_ledger
from khabar.models import Discovery, Entry, attempt_name
from khabar.ports import EndpointState, Found

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
SOURCES = 300
WORDS = [
    "border",
    "talks",
    "trade",
    "council",
    "water",
    "schools",
    "election",
    "frontier",
    "budget",
    "courts",
    "harvest",
    "letters",
]


def main() -> None:
    """Fill both and print what each takes."""
    seen, queued = (int(number) for number in (*sys.argv[1:3], *("1000000", "50000")[len(sys.argv) - 1 :]))
    if redis_node.missing():
        sys.exit(str(redis_node.missing()))
    taken = _measure(lambda ledger: ledger.recount({}, _archive(seen), NOW))
    print(f"{seen:,} URLs seen: {taken / 1e6:.1f} MB, {taken / seen:.1f} bytes each")
    for name, text in (("titles, authors and times", 0), ("the whole text of 600 words as well", 600)):
        taken = _measure(lambda ledger, text=text: _queue(ledger, queued, text))
        print(
            f"{queued:,} pages queued, feeds that give {name}: {taken / 1e6:.1f} MB, {taken / queued:.0f} bytes each"
        )


def _measure(fill: Callable[[RedisLedger], object]) -> int:
    with (
        tempfile.TemporaryDirectory() as folder,
        redis_node.running(Path(folder)) as server,
        server.admin() as admin,
        closing(open_ledger(server.url())) as ledger,
    ):
        ledger.discover(EndpointState("https://first.example/feed"), [], NOW)  # scripts and first keys
        before = _used(admin)
        fill(ledger)
        return _used(admin) - before


def _used(admin: redis_node.redis.Redis) -> int:
    time.sleep(2)  # buffers of clients shrink
    return int(admin.info("memory")["used_memory"])


def _archive(seen: int) -> Iterator[Discovery]:
    """Yield the claims of an archive: every seventh page is in two feeds, every fiftieth could not be fetched."""
    for number in range(seen):
        item = _item(number, "")
        yield _claimed(item, number, None if number % 50 else "timeout")
        if number % 7 == 0:
            other = Found(item.url, item.source, item.endpoint + "/all", item.scope, item.entry)
            yield _claimed(other, seen + number, None)


def _claimed(item: Found, number: int, failure: str | None) -> Discovery:
    at = NOW + timedelta(microseconds=number)
    name = attempt_name(at, item.url)
    return Discovery(
        name, item.url, at, item.source, "new", item.endpoint, item.scope, item.entry, failure=failure
    )


def _queue(ledger: RedisLedger, pages: int, words: int) -> None:
    chance = random.Random(1)
    text = " ".join(chance.choice(WORDS) + str(chance.randrange(300)) for _ in range(words))
    for start in range(0, pages, 50):
        items = [_item(number, f"<p>{number} {text}" if words else "") for number in range(start, start + 50)]
        ledger.discover(EndpointState(items[0].endpoint, etag=f'"{start}"', checked=NOW), items, NOW)


def _item(number: int, text: str) -> Found:
    chance = random.Random(number)
    host = f"https://www.outlet{number // 50 % SOURCES}.example"
    slug = "-".join(chance.choices(WORDS, k=7))
    url = f"{host}/opinion/2026/03/14/{number}-{slug}"
    entry = Entry(
        url,
        title=slug.replace("-", " ").capitalize(),
        authors=(f"{chance.choice(WORDS).title()} {chance.choice(WORDS).title()}",),
        published=NOW - timedelta(minutes=number % 9999),
        guid=f"{host}/?p={number}",
        text=text or None,
    )
    return Found(url, f"outlet-{number // 50 % SOURCES}", f"{host}/opinion/feed", "opinion", entry)


if __name__ == "__main__":
    main()
