"""Real servers over homes with some articles, digests and attempts in them, on both runtimes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest
import redis
from api_server import NOON, House, fill, serving

from khabar.access import add
from khabar.config import environment, load_settings
from khabar.runtime import working
from khabar.settings import Settings
from search import elastic
from search.elastic import generations


@pytest.fixture(scope="session", params=["embedded", "distributed"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve a home with keys, on each runtime."""
    home = tmp_path_factory.mktemp("api") / "home"
    env: dict[str, str] = {"KHABAR_API_REQUESTS": "0", "KHABAR_API_POINTS": "0"}
    if request.param == "distributed":
        env["KHABAR_REDIS_URL"] = f"{request.getfixturevalue('redis_url')}/7"
        env["KHABAR_ELASTICSEARCH_URL"] = request.getfixturevalue("elasticsearch_url")
        env["KHABAR_ELASTICSEARCH_PREFIX"] = f"api-{uuid.uuid4().hex}"
        with redis.Redis.from_url(env["KHABAR_REDIS_URL"]) as admin:
            admin.flushdb()
    yield from _serve(load_settings(home, env))


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve an embedded home with keys, for what no index changes."""
    home = tmp_path_factory.mktemp("embedded") / "home"
    yield from _serve(load_settings(home, {"KHABAR_API_REQUESTS": "0", "KHABAR_API_POINTS": "0"}))


def _serve(settings: Settings) -> Iterator[House]:
    fill(settings)
    with working(settings) as runtime:
        keys = [add(runtime.store, "reader", "read", NOON), add(runtime.store, "writer", "write", NOON)]
    told = {name: value for name, value in environment(settings).items() if name.startswith("KHABAR_")}
    with serving(settings.home, "--require-keys", env=told) as api:
        yield House(settings, api, *keys)
    if settings.distributed:
        with working(settings) as runtime:
            assert isinstance(runtime.index, elastic.ElasticIndex)
            generations.drop_all(runtime.index.server, settings.elasticsearch_prefix)


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    """Return a client that may read, on each runtime."""
    with house.client() as made:
        yield made
