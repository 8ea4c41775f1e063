"""The ledger on a Redis that is restarted, killed, paused, full, lost, or written by many at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
import redis_node
from demands import demand

from khabar.ledger.database import LedgerError
from khabar.ledger.redis import RedisLedger, open_ledger, record
from khabar.ledger.redis.server import PREFIX, Server, shown
from khabar.models import Discovery, Entry
from khabar.ports import EndpointState, Found, Lease

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
FEED = "https://daily.example/feed"


@pytest.fixture
def ledger(empty_redis: str) -> Iterator[RedisLedger]:
    with closing(open_ledger(empty_redis)) as ledger:
        yield ledger


@pytest.fixture
def own(redis_url: str, tmp_path: Path) -> Iterator[redis_node.Redis]:
    """Have a server of the test's own, which it may end."""
    demand(redis_node.missing())
    with redis_node.running(tmp_path) as server:
        yield server


def items(*numbers: int, source: str = "daily", title: str = "Column") -> list[Found]:
    urls = [f"https://{source}.example/op-ed/{number}" for number in numbers]
    return [Found(url, source, FEED, "opinion", Entry(url, title=title)) for url in urls]


def look(ledger: RedisLedger, found: list[Found], now: datetime = NOW, etag: str = "1") -> list[Discovery]:
    return ledger.discover(EndpointState(FEED, etag, checked=now), found, now)


def everything(ledger: RedisLedger) -> tuple[object, ...]:
    return (
        ledger.endpoint(FEED),
        list(ledger.frontier()),
        ledger.discovered(),
        ledger.leases(NOW),
        ledger.tries("ingest:a"),
        ledger.last_run("crawl:daily"),
        ledger.last_run("sent:ingest:a"),
    )


def fill(ledger: RedisLedger) -> list[Discovery]:
    claims = look(ledger, items(*range(20)))
    ledger.finish([claim.attempt for claim in claims[:10]], [claims[0].attempt])
    ledger.postpone(claims[10].attempt, NOW + DAY, "503")
    ledger.count_import("segments/a", {("weekly", NOW.date()): 7})
    ledger.acquire("ingest:a", "one", 60, NOW)
    ledger.mark_run("crawl:daily", NOW)
    ledger.mark_run("sent:ingest:a", NOW)
    return claims


# --- the server goes away -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("fsync", "end"), [("everysec", "kill"), ("always", "kill"), ("everysec", "stop")])
def test_a_restart_keeps_everything(redis_url: str, tmp_path: Path, fsync: str, end: str) -> None:
    demand(redis_node.missing())
    with (
        redis_node.running(tmp_path, fsync=fsync) as server,
        closing(open_ledger(server.url())) as ledger,
    ):
        claims = fill(ledger)
        before = everything(ledger)
        (server.kill if end == "kill" else server.stop)()
        server.start()
        assert everything(ledger) == before
        assert look(ledger, items(*range(20))) == []
        ledger.finish([claims[11].attempt])
        assert [claim.url for claim in look(ledger, items(0, 99), NOW + 2 * DAY)] == [
            items(0)[0].url,
            items(99)[0].url,
        ]


def test_a_call_waits_for_a_server_that_is_started_again(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger:
        fill(ledger)
        own.kill()
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(look, ledger, items(30))
            time.sleep(0.3)
            assert not asked.done()
            own.start()
            assert [claim.url for claim in asked.result(timeout=20)] == [items(30)[0].url]


def test_a_call_waits_for_a_server_that_stands_still(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger:
        own.pause()
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(look, ledger, items(30))
            time.sleep(0.3)
            assert not asked.done()
            own.resume()
            assert len(asked.result(timeout=20)) == 1


def test_a_server_that_stays_away_is_told_after_the_patience(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url(), patience=0.2)) as ledger:
        own.stop()
        with pytest.raises(LedgerError, match=r"cannot be reached.*start Redis") as caught:
            ledger.mark_run("crawl:daily", NOW)
        assert caught.value.status == 3
        assert not caught.value.damaged


def test_scripts_that_the_server_forgot_are_sent_again(ledger: RedisLedger) -> None:
    look(ledger, items(1))
    ledger.server.ask("SCRIPT", "FLUSH")
    assert [claim.url for claim in look(ledger, items(1, 2))] == [items(2)[0].url]


def test_losing_everything_costs_a_recount_and_no_claim_time_is_made_twice(ledger: RedisLedger) -> None:
    claims = look(ledger, items(*range(50)))
    counts = ledger.discovered()
    ledger.server.ask("FLUSHDB")
    assert everything(ledger) == (EndpointState(FEED), [], {}, [], 0, None, None)
    ledger.recount(counts, claims, NOW + DAY)
    assert ledger.discovered() == counts
    [new] = look(ledger, items(*range(51)))
    assert new.url == items(50)[0].url
    assert new.claimed > max(claim.claimed for claim in claims)


# --- a full server ------------------------------------------------------------------------------------------


@contextmanager
def full(ledger: RedisLedger) -> Iterator[None]:
    """Let the server have no memory left for the block."""
    ledger.server.ask("CONFIG", "SET", "maxmemory", "1mb")
    try:
        yield
    finally:
        ledger.server.ask("CONFIG", "SET", "maxmemory", "0")


def test_a_full_server_is_told_and_nothing_is_half_written(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger:
        fill(ledger)
        before = everything(ledger)
        with full(ledger):
            for claim in (
                lambda: look(ledger, items(*range(30)), etag="2"),
                lambda: ledger.claim(items(77)[0], "revisit", NOW),
                lambda: ledger.recount({}, [], NOW),
            ):
                with pytest.raises(LedgerError, match=r"Redis is full.*raise its maxmemory") as told:
                    claim()
                assert told.value.full
            assert everything(ledger) == before
        assert len(look(ledger, items(*range(30)), etag="2")) == 10


def test_a_full_server_still_lets_the_work_at_hand_come_to_its_end(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger:
        claims = fill(ledger)
        with full(ledger):
            lease = ledger.acquire("host:daily.example", "one", 60, NOW)
            assert lease is not None
            assert ledger.renew(lease, 60, NOW, last_request=NOW) is not None
            taken = ledger.take(["daily.example"], 99, NOW)
            assert taken == claims[11:]
            ledger.postpone(taken[0].attempt, NOW + DAY, "503")
            ledger.finish([claim.attempt for claim in taken[1:]], [taken[1].attempt])
            ledger.count_import("segments/b", {("weekly", NOW.date()): 1})
            ledger.mark_run("crawl:daily", NOW + DAY)
            ledger.release(lease)
            assert list(ledger.frontier()) == [claims[10], taken[0]]
        assert ledger.discovered() == {("daily", NOW.date()): 20, ("weekly", NOW.date()): 8}


def test_new_claims_leave_room_for_the_work_that_empties_the_frontier(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger, own.admin() as anybody:
        fill(ledger)
        anybody.set("somebody:else", "x" * 20_000_000)
        used = int(anybody.info("memory")["used_memory"])
        anybody.config_set("maxmemory", str(used * 100 // 95))
        with pytest.raises(
            LedgerError, match=r"Redis is full \(9\d% of maxmemory\).*raise its maxmemory"
        ) as told:
            look(ledger, items(*range(30)), etag="2")
        assert told.value.full
        anybody.lpush("ingest", "a message")  # what a queue, or a worker that starts, writes
        anybody.config_set("maxmemory", str(used * 100 // 80))
        assert len(look(ledger, items(*range(30)), etag="2")) == 10


# --- many at once -------------------------------------------------------------------------------------------

CLAIM = """
import json, sys
from datetime import datetime, UTC
from khabar.ledger.redis import open_ledger
from khabar.models import Entry
from khabar.ports import EndpointState, Found
ledger, me = open_ledger(sys.argv[1]), sys.argv[2]
now = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)  # all claim at one moment
names = []
for n in range(int(sys.argv[3])):
    # Every process looks at pages of its own and at the same ones as the others.
    urls = [f"https://{me}.example/{n}", f"https://all.example/{n}"]
    items = [Found(url, "daily", "https://feed.example/" + me, "opinion", Entry(url)) for url in urls]
    state = EndpointState("https://feed.example/" + me, etag=str(n), checked=now)
    names += [claim.attempt for claim in ledger.discover(state, items, now)]
    print(n, flush=True)
print(json.dumps(names), flush=True)
"""


def _start(url: str, me: str, looks: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CLAIM, url, me, str(looks)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_at_one_moment_make_no_claim_twice(ledger: RedisLedger, empty_redis: str) -> None:
    children = [_start(empty_redis, f"p{n}", 100) for n in range(3)]
    names = [
        name for child in children for name in json.loads(child.communicate(timeout=60)[0].splitlines()[-1])
    ]
    assert len(names) == 100 * 3 + 100
    assert len({name.split(" ")[0] for name in names}) == len(names)
    assert sorted(claim.attempt for claim in ledger.frontier()) == sorted(names)
    assert sum(ledger.discovered().values()) == len(names)


def test_a_kill_leaves_the_etag_and_its_claims_or_neither(ledger: RedisLedger, empty_redis: str) -> None:
    for round_ in range(3):
        child = _start(empty_redis, f"k{round_}", 100_000)
        assert child.stdout is not None
        for _ in range(3 + round_ * 7):
            child.stdout.readline()
        time.sleep(round_ * 0.0007)
        child.kill()
        child.communicate(timeout=60)
        last = int(ledger.endpoint(f"https://feed.example/k{round_}").etag or -1)
        claims = list(ledger.frontier())
        mine = [claim for claim in claims if claim.url.startswith(f"https://k{round_}.example/")]
        assert len(mine) == last + 1 > 0
        assert sum(ledger.discovered().values()) == len(claims)


def test_threads_that_share_a_ledger_claim_finish_and_count_once(ledger: RedisLedger) -> None:
    def crawl(me: int) -> list[Discovery]:
        made: list[Discovery] = []
        for n in range(20):
            claims = look(ledger, items(*range(n * 5, n * 5 + 5)))
            made += claims
            names = [claim.attempt for claim in ledger.take(["daily.example"], 10, NOW)]
            ledger.finish(names, names)  # what another took, too
        return made

    with ThreadPoolExecutor(8) as pool:
        made = [claim for claims in pool.map(crawl, range(8)) for claim in claims]
    assert sorted(claim.url for claim in made) == sorted(item.url for item in items(*range(100)))
    assert len({claim.claimed for claim in made}) == 100
    ledger.finish([claim.attempt for claim in made])
    assert list(ledger.frontier()) == []
    assert ledger.discovered() == {("daily", NOW.date()): 100}
    # A failure that counted twice would use up the retries: there are three, a day apart.
    now = NOW
    for _ in range(3):
        now += 2 * DAY
        claims = look(ledger, items(*range(100)), now)
        assert len(claims) == 100
        names = [claim.attempt for claim in claims]
        ledger.finish(names, names)
    assert look(ledger, items(*range(100)), now + 2 * DAY) == []


def test_a_large_look_comes_through_among_many_small_ones(ledger: RedisLedger) -> None:
    stop = threading.Event()

    def small(me: int) -> int:
        made = 0
        while not stop.is_set():
            made += len(look(ledger, items(made, source=f"small{me}")))
        return made

    with ThreadPoolExecutor() as pool:
        others = [pool.submit(small, me) for me in range(3)]
        try:
            claims = look(ledger, items(*range(3000)))
        finally:
            stop.set()
        made = sum(other.result() for other in others)
    assert len(claims) == 3000
    assert sum(ledger.discovered().values()) == 3000 + made


def test_a_lease_that_many_ask_for_has_one_holder_and_tokens_only_rise(ledger: RedisLedger) -> None:
    def compete(me: int) -> list[Lease]:
        won: list[Lease] = []
        for n in range(30):
            now = NOW + timedelta(minutes=n)
            lease = ledger.acquire("cluster", f"holder {me}", 60, now)
            if lease is not None:
                won.append(lease)
            ledger.acquire(f"host:{me}-{n}.example", "any", 60, now)
            barrier.wait(timeout=30)
        return won

    barrier = threading.Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        won = [lease for leases in pool.map(compete, range(6)) for lease in leases]
    won.sort(key=lambda lease: lease.until)
    assert len({lease.until for lease in won}) == len(won) == 30
    assert [lease.token for lease in won] == sorted({lease.token for lease in won})
    assert all(ledger.renew(lease, 60, NOW) is None for lease in won[:-1])
    assert ledger.renew(won[-1], 60, NOW) is not None


def test_a_recount_counts_what_is_claimed_meanwhile(ledger: RedisLedger) -> None:
    archived = look(ledger, items(*range(30)))
    ledger.finish([claim.attempt for claim in archived])
    made: list[Discovery] = []

    def archive() -> Iterator[Discovery]:
        for n, claim in enumerate(archived):
            made.extend(look(ledger, items(100 + n)))
            yield claim

    with ThreadPoolExecutor() as pool:

        def crawl() -> None:
            for n in range(40):
                made.extend(look(ledger, items(200 + n)))

        crawling = pool.submit(crawl)
        ledger.recount({("daily", NOW.date()): 30}, archive(), NOW)
        crawling.result(timeout=30)
    assert sorted(claim.attempt for claim in ledger.frontier()) == sorted(claim.attempt for claim in made)
    assert ledger.discovered() == {("daily", NOW.date()): 30 + 70}
    assert look(ledger, items(*range(30), *range(100, 130), *range(200, 240))) == []
    assert ledger.server.ask("EXISTS", *(f"{PREFIX}staged:{n:04x}" for n in range(record.BUCKETS))) == 0


@pytest.mark.parametrize(("last", "waiting"), [("1", 3), ("", 3), (None, 2), (None, 4)])
def test_a_recount_decided_on_what_is_no_longer_so_changes_nothing(
    ledger: RedisLedger, last: str | None, waiting: int
) -> None:
    look(ledger, items(1, 2, 3))
    before = everything(ledger)
    now = ledger.server.call("HGET", "numbers", "last_claim").decode()
    given = {"now": 1, "buckets": record.BUCKETS, "latest": 0, "counts": [], "sealed": []}
    assert ledger.server.run("swap", last_claim=now if last is None else last, waiting=waiting, **given) == 0
    assert everything(ledger) == before
    assert look(ledger, items(1, 2, 3)) == []
    assert ledger.server.run("swap", last_claim=now, waiting=3, **given) == 1


# --- queues -------------------------------------------------------------------------------------------------


def test_a_source_deep_in_a_domains_queue_is_found(ledger: RedisLedger) -> None:
    weekly = [Found(f"https://daily.example/w/{n}", "weekly", FEED, "opinion", Entry("x")) for n in range(3)]
    found = [*items(*range(100)), *weekly[:2], *items(*range(100, 175)), *weekly[2:]]
    claims = look(ledger, found)
    theirs = [claim for claim in claims if claim.source == "weekly"]
    assert ledger.take(["daily.example"], 2, NOW, ["weekly"]) == theirs[:2]
    assert ledger.take(["daily.example"], 9, NOW, ["weekly"]) == theirs
    assert ledger.take(["daily.example"], 178, NOW, ["weekly", "daily"]) == claims
    assert ledger.due_domains(NOW, ["weekly"]) == ["daily.example"]
    ledger.finish([claim.attempt for claim in theirs])
    assert ledger.due_domains(NOW, ["weekly"]) == []


def test_a_postponed_claim_returns_to_its_place_and_leaves_it_for_good(ledger: RedisLedger) -> None:
    claims = look(ledger, items(1, 2, 3))
    ledger.postpone(claims[0].attempt, NOW + DAY, "503 Service Unavailable")
    assert ledger.take(["daily.example"], 9, NOW + DAY) == claims
    ledger.finish([claim.attempt for claim in claims])
    assert ledger.take(["daily.example"], 9, NOW + 2 * DAY) == []
    left = ledger.server.ask("KEYS", PREFIX + "*")
    gone = {"claims", "postponed", "waiting", "domains", "queue:daily.example"}
    assert not gone & {key.decode().removeprefix(PREFIX) for key in left}


def test_a_postponed_claim_that_is_finished_while_it_waits_does_not_come_back(ledger: RedisLedger) -> None:
    claims = look(ledger, items(1))
    ledger.postpone(claims[0].attempt, NOW + DAY, "503")
    ledger.finish([claims[0].attempt])
    assert ledger.take(["daily.example"], 9, NOW + 2 * DAY) == ledger.due_domains(NOW + 2 * DAY) == []


def test_a_queued_page_takes_a_kilobyte_at_most_whatever_its_feed_carries(own: redis_node.Redis) -> None:
    """50,000 of them are to fit into 50 MB; benchmarks/ledger_memory.py measures the whole."""
    pages, words = 3000, " ".join(f"word{n * 7919 % 1000}" for n in range(600))
    with closing(open_ledger(own.url())) as ledger, own.admin() as admin:
        look(ledger, [])
        before = int(admin.info("memory")["used_memory_dataset"])
        for start in range(0, pages, 50):
            urls = [
                f"https://daily.example/opinion/2026/03/14/a-bridge-too-late-{n}"
                for n in range(start, start + 50)
            ]
            entries = [
                Entry(url, "A bridge", ("Amina Rahi",), NOW, guid=url, text=f"<p>{url} {words}")
                for url in urls
            ]
            found = [Found(each.url, "daily", FEED, "opinion", each) for each in entries]
            assert len(look(ledger, found)) == 50
        time.sleep(1)  # buffers of clients shrink
        assert int(admin.info("memory")["used_memory_dataset"]) - before < pages * 1000


def test_memory_of_what_is_long_gone_is_given_back(ledger: RedisLedger) -> None:
    claims = look(ledger, items(*range(500)))
    ledger.finish([claim.attempt for claim in claims])
    ledger.acquire("host:daily.example", "one", 60, NOW)
    ledger.discover(EndpointState("https://other.example/feed"), [], NOW + 420 * DAY)
    left = {
        key.decode().removeprefix(PREFIX).split(":")[0] for key in ledger.server.ask("KEYS", PREFIX + "*")
    }
    # What remains are the sums, and the endpoint that was looked at.
    assert left == {"numbers", "counts", "counted", "endpoints", "kept"}
    assert ledger.endpoint(FEED) == EndpointState(FEED)


# --- what a person is told ----------------------------------------------------------------------------------


def _told(url: str, what: str, how: str) -> None:
    began = time.monotonic()
    with pytest.raises(LedgerError) as caught:
        open_ledger(url)
    said = str(caught.value)
    assert what in said
    assert how in said
    assert "secret" not in said
    assert time.monotonic() - began < 10


def test_a_port_where_nobody_listens_is_told_soon() -> None:
    _told("redis://:secret@127.0.0.1:1/0", "127.0.0.1:1/0: Redis cannot be reached", "start Redis, or mend")


@pytest.mark.parametrize("url", ["http://:secret@127.0.0.1/0", "secret", "", "redis://:secret/1@127.0.0.1/0"])
def test_what_is_no_address_is_told(url: str) -> None:
    _told(url, "KHABAR_REDIS_URL: is no address of a Redis", "write it like redis://")


def test_a_wrong_password_and_none_are_told(own: redis_node.Redis) -> None:
    place = f"127.0.0.1:{own.port}/0"
    _told(f"redis://:secret@{place}", f"redis://{place}: Redis refuses the password", "KHABAR_REDIS_URL")
    _told(f"redis://{place}", "Redis wants a password", "KHABAR_REDIS_URL")
    with own.admin() as admin:
        admin.config_set("requirepass", "")
        _told(f"redis://:secret@{place}", "Redis has no password set", "set requirepass")


def test_a_user_without_rights_is_told(own: redis_node.Redis) -> None:
    with own.admin() as admin:
        admin.execute_command("ACL", "SETUSER", "poor", "on", ">secret", "~other:*", "+@all")
    _told(f"redis://poor:secret@127.0.0.1:{own.port}/0", "does not let this user", "khabar:*")


def test_a_replica_is_told(own: redis_node.Redis, tmp_path: Path) -> None:
    (tmp_path / "replica").mkdir()
    primary = ("--replicaof", f"127.0.0.1 {own.port}", "--masterauth", redis_node.PASSWORD)
    with closing(open_ledger(own.url())), redis_node.running(tmp_path / "replica", *primary) as replica:
        _told(replica.url(), "is a replica", "name the primary")


def test_a_newer_format_is_left_alone(empty_redis: str) -> None:
    with redis.Redis.from_url(empty_redis) as admin:
        admin.set("khabar:format", 99)
    _told(empty_redis, "newer Khabar (format 99)", "use that version")


BROKEN: list[Callable[[Server], object]] = [
    lambda server: server.call("HSET", "claims", "1", b"\xff broken"),
    lambda server: server.call("SET", "claims", "no hash"),
]


@pytest.mark.parametrize("spoil", BROKEN, ids=["a claim", "a key of another type"])
def test_what_cannot_be_read_names_the_rebuild(
    ledger: RedisLedger, spoil: Callable[[Server], object]
) -> None:
    spoil(ledger.server)
    with pytest.raises(LedgerError, match="`khabar ledger rebuild`") as caught:
        list(ledger.frontier())
    assert caught.value.damaged


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        ("redis://:secret@host:6379/0", "redis://host:6379/0"),
        ("rediss://user:se@cret@host/2?timeout=1", "rediss://host/2"),
        ("unix://user:secret@/run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, is_shown: str) -> None:
    assert shown(url) == is_shown


# --- what doctor asks ---------------------------------------------------------------------------------------


def test_a_server_as_it_should_be_has_nothing_wrong(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger:
        assert list(ledger.findings(datetime.now(UTC))) == []


@pytest.mark.parametrize(
    ("setting", "value", "what"),
    [
        ("requirepass", "", "lets anyone in: set requirepass"),
        ("appendonly", "no", "loses what it knows when it is restarted: set `appendonly yes`"),
        ("maxmemory-policy", "allkeys-lru", "(allkeys-lru): set `maxmemory-policy noeviction`"),
        ("maxmemory", "1100kb", "% full: raise its maxmemory"),
    ],
)
def test_what_is_set_wrong_is_found(own: redis_node.Redis, setting: str, value: str, what: str) -> None:
    with closing(open_ledger(own.url())) as ledger, own.admin() as admin:
        admin.config_set(setting, value)
        found = list(ledger.findings(datetime.now(UTC)))
        assert len(found) == 1
        assert what in found[0]
        assert found[0].startswith(f"Redis at redis://127.0.0.1:{own.port}/0 ")


def test_keys_that_were_thrown_away_are_found(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger, own.admin() as admin:
        look(ledger, items(*range(200)))
        admin.config_set("maxmemory-policy", "allkeys-random")
        admin.config_set("maxmemory", int(admin.info("memory")["used_memory"]) - 10_000)
        admin.get("anything")  # a command makes room first
        admin.config_set("maxmemory", "0")
        assert any("thrown away" in each for each in ledger.findings(datetime.now(UTC)))


def test_a_clock_that_differs_is_found(ledger: RedisLedger) -> None:
    [found] = [each for each in ledger.findings(datetime.now(UTC) - timedelta(minutes=1)) if "clock" in each]
    assert "by +60 s" in found


def test_a_replica_is_found(own: redis_node.Redis) -> None:
    with closing(open_ledger(own.url())) as ledger, own.admin() as admin:
        admin.replicaof("127.0.0.1", "1")
        assert any("is a replica" in each for each in ledger.findings(datetime.now(UTC)))


def test_a_damaged_ledger_is_emptied_and_told_by_the_archive(ledger: RedisLedger) -> None:
    claims = look(ledger, items(*range(30)))
    counts = ledger.discovered()
    ledger.server.call("SET", "claims", "no hash")
    ledger.server.ask("SET", "of another", "program")
    ledger.empty()
    assert everything(ledger) == (EndpointState(FEED), [], {}, [], 0, None, None)
    assert ledger.server.ask("KEYS", "*") in (
        [b"khabar:format", b"of another"],
        [b"of another", b"khabar:format"],
    )
    ledger.recount(counts, claims, NOW)
    assert look(ledger, items(*range(30))) == []
