"""Chaos: every process and both servers are killed and paused at random while beat's tick drives a crawl; nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import celery_node
import elasticsearch_node
import processes
import pytest
import redis_node
from celery_node import Service, until
from demands import demand
from replay import replayed

from khabar import audit
from khabar.archive.records import read_segment
from khabar.codec import dump
from khabar.config import load_settings
from khabar.models import Article, Damage, Document
from khabar.runtime import Runtime, reading
from search.tree import Everything
from workers import celery
from workers.reindex import segments

SEED = 20261124
VICTIMS = ("crawler", "main", "child", "beat", "redis", "elasticsearch")
SERVERS = ("redis", "elasticsearch")
ADDED = "This paragraph was added"
AWAY = (0.5, 2.0)  # seconds until a server that was killed is started again


@dataclass(frozen=True)
class Form:
    """How long the test is: the site, what befalls it, and how far apart the blows are."""

    hosts: int
    articles: int  # of each host
    delay: float
    kills: int
    pauses: int
    pause: float  # seconds
    gap: tuple[float, float]  # seconds
    printing: float  # while this share of the blows falls, the site goes on printing
    rest: float = 180.0  # seconds in which all must come right by itself


SHORT = Form(hosts=6, articles=50, delay=0.25, kills=8, pauses=2, pause=8.0, gap=(1.5, 5.0), printing=0.2)
LONG = Form(hosts=10, articles=200, delay=0.6, kills=30, pauses=5, pause=20.0, gap=(4.0, 20.0), printing=0.7)


class Servers:
    """Redis and Elasticsearch under somebody who starts them again; what befalls one takes its time beside the test."""

    def __init__(self, redis: redis_node.Redis, node: elasticsearch_node.Node) -> None:
        self._servers = {"redis": redis, "elasticsearch": node}
        # A server ends with the thread that started it, and these live as long as the pool.
        self._hands = ThreadPoolExecutor(len(self._servers))
        self._under_way: dict[str, Future[None]] = {}

    def is_well(self, name: str) -> bool:
        """Tell whether nothing befalls this server; raises what kept it from coming back."""
        under_way = self._under_way.get(name)
        return under_way is None or (under_way.done() and under_way.result() is None)

    def start(self) -> None:
        for name, server in self._servers.items():
            self._under_way[name] = self._hands.submit(server.start)
        self.wait()

    def kill(self, name: str, away: float) -> None:
        def kill() -> None:
            self._servers[name].kill()
            time.sleep(away)
            self._servers[name].start()

        self._under_way[name] = self._hands.submit(kill)

    def pause(self, name: str, seconds: float) -> None:
        def pause() -> None:
            self._servers[name].pause()
            time.sleep(seconds)
            self._servers[name].resume()

        self._under_way[name] = self._hands.submit(pause)

    def wait(self) -> None:
        for under_way in self._under_way.values():
            under_way.result()

    def stop(self) -> None:
        with suppress(Exception):  # what it was is told by the test
            self.wait()
        for server in self._servers.values():
            server.stop()
        self._hands.shutdown()


@pytest.fixture
def servers(elasticsearch_installed: None, tmp_path: Path) -> Iterator[tuple[Servers, dict[str, str]]]:
    """Return a Redis and an Elasticsearch of our own, running, and the settings that name them."""
    demand(redis_node.missing())
    (tmp_path / "redis").mkdir()
    with tempfile.TemporaryDirectory(prefix="khabar-elasticsearch-") as folder:
        redis, node = redis_node.Redis(tmp_path / "redis"), elasticsearch_node.Node(Path(folder))
        made = Servers(redis, node)
        try:
            made.start()
            yield made, {"KHABAR_REDIS_URL": redis.url(), "KHABAR_ELASTICSEARCH_URL": node.url}
        finally:
            made.stop()


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(600)),
        pytest.param(LONG, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
def test_nothing_is_lost_whatever_is_killed(
    form: Form,
    press: Callable[..., Any],
    servers: tuple[Servers, dict[str, str]],
    home: Path,
    khabar: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    pytestconfig: pytest.Config,
) -> None:
    rng = random.Random(seed := int(pytestconfig.getoption("--hypothesis-seed") or SEED))
    shared = tmp_path / "shared"
    site = press(form.hosts, form.articles // 2, form.delay, every="60s", reprints=form.articles // 5)
    site.install(shared, site.names()[: form.hosts // 2])
    told = {**servers[1], "KHABAR_TICK": "2"}
    commands = {
        "beat": celery_node.beat(),
        "crawler": celery_node.worker("crawler", "crawl", 1),
        "worker": celery_node.worker("worker", "ingest,digest,maintenance"),
    }
    settings = load_settings(shared, told)
    waiting = celery.sender(settings)
    with (
        celery_node.running(commands, celery_node.environment(shared, told), tmp_path) as services,
        reading(settings) as runtime,
    ):
        until(lambda: len(runtime.ledger.runs("crawl:")) == form.hosts // 2, 200)
        began = time.monotonic()
        struck = disturb(form, rng, site, Chaos(shared, services, servers[0], rng, form.pause))
        servers[0].wait()
        disturbed = time.monotonic()
        come_to_rest(runtime, site, waiting.waiting, form.rest)
        rested = time.monotonic()
        assert services["beat"].stop() == 0
        until(lambda: not any(waiting.waiting().values()), 30)
        assert [services[name].stop() for name in ("crawler", "worker")] == [0, 0]
        waiting.close()
        assert processes.of_home(shared) == []
        everything_agrees(runtime, site)
        a_replay_gives_the_same(runtime, tmp_path / "replayed")
        an_undisturbed_run_gives_the_same(runtime, site, home, khabar)
        revised = sum(each.article.revisions > 1 for each in articles(runtime))
        records = sum(len(each.references) for each in articles(runtime))
    blows = ", ".join(f"{what} {count}" for what, count in sorted(struck.items()))
    print(  # noqa: T201 - what docs/soak.md records
        f"\nseed {seed}: {form.hosts * form.articles} pages, {records} records, {revised} articles revised; {blows}; "
        f"{disturbed - began:.0f} s of chaos, at rest after {rested - disturbed:.0f} s more"
    )
    assert struck.total() == form.kills + form.pauses and all(struck[name] for name in VICTIMS)
    assert revised > form.articles // 3


@dataclass(frozen=True)
class Chaos:
    """What can be struck, and how."""

    home: Path
    services: Mapping[str, Service]
    servers: Servers
    rng: random.Random
    pause: float

    def strike(self, what: str) -> bool:
        """Kill or pause one; False where there is none at the moment."""
        name = what.removeprefix("pause of ")
        if name in SERVERS:
            if not self.servers.is_well(name):
                return False
            if what == name:
                self.servers.kill(name, self.rng.uniform(*AWAY))
            else:
                self.servers.pause(name, self.pause)
            return True
        try:
            os.kill(self.rng.choice(self._victims(what)), signal.SIGKILL)
        except (IndexError, ProcessLookupError):
            return False
        return True

    def _victims(self, what: str) -> list[int]:
        workers = [self.services[name] for name in ("crawler", "worker")]
        match what:
            case "crawler":
                return [pid for pid, line in processes.of_home(self.home) if "crawler.run" in line]
            case "main":
                return [each.pid for each in workers]
            case "child":
                return [pid for each in workers for pid in each.children()]
            case _:
                return [self.services[what].pid]


def disturb(form: Form, rng: random.Random, site: Any, chaos: Chaos) -> Counter[str]:
    """Strike one after the other while the site goes on printing; returns how often what was struck."""
    blows = [*VICTIMS, *rng.choices(VICTIMS, k=form.kills - len(VICTIMS))]
    blows += [f"pause of {SERVERS[number % 2]}" for number in range(form.pauses)]
    rng.shuffle(blows)
    deck, struck = deque(blows), Counter[str]()
    while deck:
        time.sleep(rng.uniform(*form.gap))
        struck[strike_one(deck, chaos)] += 1
        go_on_printing(form, rng, site, chaos.home, struck.total() / len(blows) / form.printing)
    return struck


def strike_one(deck: deque[str], chaos: Chaos) -> str:
    """Strike the first that is there, and return it; what is not there is struck later: a crawler comes and goes."""
    while True:
        for _ in range(len(deck)):
            what = deck.popleft()
            if chaos.strike(what):
                return what
            deck.append(what)
        time.sleep(0.1)


def go_on_printing(form: Form, rng: random.Random, site: Any, home: Path, done: float) -> None:
    """Change old articles and print new ones; in the end the other half of the hosts opens."""
    if site.articles < form.articles:
        old = form.articles // 2
        site.edits.update(
            (rng.choice(site.names()[: form.hosts // 2]), rng.randrange(old)) for _ in range(20)
        )
        site.articles = min(old + int(done * (form.articles - old)), form.articles)
        if site.articles == form.articles:
            site.install(home)


def come_to_rest(
    runtime: Runtime, site: Any, waiting: Callable[[], Mapping[str, int]], patience: float
) -> None:
    """Wait until everything that was printed is found, and nothing is left to be done."""

    def is_at_rest() -> bool:
        return not (
            list(runtime.store.keys("pending/"))
            or list(runtime.ledger.frontier())
            or any(waiting().values())
            or lacking(runtime, site)
        )

    until(is_at_rest, patience, lambda: left(runtime, site, waiting()))


def left(runtime: Runtime, site: Any, waiting: Mapping[str, int]) -> str:
    """Return what keeps everything from being at rest."""
    pending, frontier = list(runtime.store.keys("pending/")), list(runtime.ledger.frontier())
    leases = "\n".join(map(str, runtime.ledger.leases(runtime.clock())))
    return (
        f"pending {pending}\nin the frontier {len(frontier)}, the first {frontier[:1]}\nwaiting {dict(waiting)}\n"
        f"lacking {sorted(lacking(runtime, site))[:20]}\nleases\n{leases}"
    )


def lacking(runtime: Runtime, site: Any) -> set[tuple[str, int]]:
    """Return the pages of the site that are not in the index with their newest text."""
    pages = {(host, number) for host in site.names() for number in range(site.articles)}
    for document in articles(runtime):
        host, _, number = document.article.url.removeprefix("https://").partition("/opinion/")
        if (ADDED in document.article.body) == ((host, int(number)) in site.edits):
            pages.discard((host, int(number)))
    return pages


def everything_agrees(runtime: Runtime, site: Any) -> None:
    """Hold archive, ledger and index against one another."""
    assert list(audit.findings(runtime.store, runtime.ledger, runtime.index)) == []
    balances = audit.balances(runtime.store, runtime.ledger, runtime.index)
    assert all(each.discovered == each.outcomes > 0 and each.in_flight == 0 for each in balances.values()), (
        balances
    )
    assert list(runtime.store.keys("pending/")) == []
    assert list(runtime.store.keys("quarantine/")) == []
    assert list(runtime.ledger.frontier()) == []
    assert [
        each for each in runtime.ledger.leases(runtime.clock()) if not each.name.startswith("host:")
    ] == []
    assert not any(runtime.settings.spool.iterdir())
    rows = list(runtime.index.rows())
    assert {row.outcome for row in rows} <= {"indexed", "revised", "unchanged"}
    records = [
        record
        for segment in segments(runtime.store)
        for record in read_segment(runtime.store, segment)
        if not isinstance(record, Damage) and record.kind == "page"
    ]
    assert {row.attempt for row in rows} == {record.discovery.attempt for record in records}
    indexed = [each.article.id for each in articles(runtime)]
    assert (
        len(indexed) == len(set(indexed)) == site.hosts * site.articles == len({each.url for each in records})
    )
    referred = [ref.record for each in articles(runtime) for ref in each.references]
    assert sorted(referred) == sorted(record.id for record in records)


def a_replay_gives_the_same(runtime: Runtime, folder: Path) -> None:
    with replayed(runtime, folder) as index:
        theirs = {each.article.id: dump(each) for each in index.scan(Everything())}
        ours = {each.article.id: dump(each) for each in articles(runtime)}
        assert ours == theirs
        assert sorted(map(dump, runtime.index.rows())) == sorted(map(dump, index.rows()))


def an_undisturbed_run_gives_the_same(
    runtime: Runtime, site: Any, home: Path, khabar: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Hold the articles against those of one command in a home of its own: same texts, topics, clusters."""
    site.delay = 0.0
    done = khabar("crawl", *site.install(home), timeout=1200)
    assert done.returncode == 0, done.stderr
    with reading(load_settings(home, {})) as undisturbed:
        theirs = {each.article.id: timeless(each.article) for each in articles(undisturbed)}
    ours = {each.article.id: timeless(each.article) for each in articles(runtime)}
    assert ours == theirs
    sizes = Counter(Counter(each.cluster for each in ours.values()).values())
    reprints = site.reprints * (site.hosts // 2)
    assert sizes == {2: reprints, 1: len(ours) - 2 * reprints}


def timeless(article: Article) -> Article:
    """Return an article without what tells of the moment and the place of its archiving, and of earlier texts."""
    return replace(article, fetched=article.fetched.min, archive=None, revisions=1, changed=())


def articles(runtime: Runtime) -> list[Document]:
    return list(runtime.index.scan(Everything()))
