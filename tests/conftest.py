"""What all tests share: where the labelled data lies, and the servers."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import elasticsearch_node
import pytest
import redis
import redis_node
import s3_server
from demands import demand
from hypothesis import settings
from once import shared

# A slow or busy machine is no failure; floors and counts are what tests hold, benchmarks measure time.
settings.register_profile("khabar", deadline=None)
settings.load_profile("khabar")

ROOT = Path(__file__).parent


# Files whose tests take longest. They begin first, so that none of them is what all the others wait for in the end.
LONGEST = (
    *("e2e/test_chaos", "e2e/test_runtimes", "e2e/test_migrate", "e2e/test_journey", "e2e/test_compose"),
    *("search/test_elastic_troubles", "search/test_differential", "e2e/", "crawler/", "khabar/test_migrate"),
    *("khabar/cli/", "khabar/web/", "search/test_elastic", "khabar/test_"),
)
# Files that share what is dear to make, or what only one of them may have at a time.
TOGETHER = {
    "khabar/web/": "house",
    "search/test_elastic_health": "node",
    "search/test_elastic_troubles": "node",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order and group the tests for several processes: a file's stay together and share its fixtures.

    Only those of e2e, which are long and share nothing, may part.
    """
    files = {item: item.path.relative_to(ROOT).as_posix() for item in items}
    items.sort(key=lambda item: _rank(files[item]))
    for item, file in files.items():
        if not file.startswith("e2e/"):
            item.add_marker(pytest.mark.xdist_group(_group(file)))


def _rank(file: str) -> int:
    return next((rank for rank, begin in enumerate(LONGEST) if file.startswith(begin)), len(LONGEST))


def _group(file: str) -> str:
    return next((group for begin, group in TOGETHER.items() if file.startswith(begin)), file)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real pages and labelled texts beside the checkout; without it the test is left out."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no labelled data at {folder.name}: ../shared/data is absent")
    return folder


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address, without a database number, of a real Redis that tests may empty.

    KHABAR_TEST_REDIS_URL, else the machine's redis-server, else the test is left out (with KHABAR_REQUIRE_SERVICES=1
    it fails).
    """
    given = os.environ.get("KHABAR_TEST_REDIS_URL")
    if given:
        yield given.rstrip("/")
        return
    demand(redis_node.missing())
    with redis_node.running(tmp_path_factory.mktemp("redis")) as server:
        yield server.address


@pytest.fixture(scope="session")
def elasticsearch_installed() -> None:
    """Leave out a test that starts a node of its own where none can run."""
    demand(elasticsearch_node.missing())


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a real Elasticsearch 9 in which tests make indexes of their own and remove them.

    All processes of the run share it: what changes, stops or starves a whole node has one of its own.

    KHABAR_TEST_ELASTICSEARCH_URL, else what `make services` has fetched, else the test is left out (with
    KHABAR_REQUIRE_SERVICES=1 it fails).
    """
    given = os.environ.get("KHABAR_TEST_ELASTICSEARCH_URL")
    if given:
        yield given.rstrip("/")
        return
    demand(elasticsearch_node.missing())
    with shared(of_the_run(tmp_path_factory.getbasetemp()), "elasticsearch", _elasticsearch) as url:
        yield url


@contextmanager
def _elasticsearch() -> Generator[str]:
    with elasticsearch_node.running() as node:
        yield node.url


def of_the_run(folder: Path) -> Path:
    """Return the folder that all processes of the run share: xdist gives each of them a folder in it."""
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture
def empty_redis(redis_url: str) -> str:
    """Return the address of a database of that Redis, emptied."""
    url = f"{redis_url}/0"
    with redis.Redis.from_url(url) as admin:
        admin.flushdb()
    return url


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3_server.S3Server]:
    """Return a real S3-compatible server."""
    with s3_server.running(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3_url(s3: s3_server.S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty bucket; this process and those that it starts have access to it."""
    for name, value in s3.access().items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3.new_bucket()}"
