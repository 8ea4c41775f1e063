"""Who is let in: keys, roles, loopback, limits, and requests that are too long or not what they seem."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from api_server import NOON, Api, House, serving

from khabar.access import FRESH, add, revoke
from khabar.archive.store import open_store
from khabar.config import load_settings

SEARCH = "/api/v1/search?query=gate"


@pytest.fixture(scope="module")
def loopback(embedded: House) -> Iterator[Api]:
    """Serve the same home without keys."""
    with serving(embedded.settings.home) as api:
        yield api


def test_with_keys_nobody_is_let_in_without_one(embedded: House) -> None:
    with embedded.api.client() as nobody:
        for given in (
            None, "Bearer", "Basic dXNlcjpwYXNz", f"Bearer {embedded.reader}x", f"bearer{embedded.reader}",
            "Bearer khabar_000000000000_" + "A" * 43, f"Bearer {embedded.reader[:-1]}", "Bearer " + "A" * 9_000,
        ):  # fmt: skip
            headers = {"Authorization": given} if given else {}
            for path in ("/search?query=gate", "/nothing", "/sources/paper/enable"):
                answered = nobody.get(path, headers=headers)
                assert (answered.status_code, answered.json()["type"]) == (401, "urn:khabar:problem:no-key")
                assert answered.headers["www-authenticate"].startswith("Bearer")
        assert nobody.get(
            "/search?query=gate", headers={"Authorization": f"bearer {embedded.reader}"}
        ).is_success


def test_a_key_that_reads_may_not_write(embedded: House) -> None:
    with embedded.api.client(embedded.reader) as reader:
        answered = reader.post("/sources/paper/enable")
        assert (answered.status_code, answered.json()["type"]) == (403, "urn:khabar:problem:read-only-key")
        assert reader.get("/sources/paper").json()["enabled"] is False
        assert reader.delete("/sources/paper").status_code == 403
    with embedded.api.client(embedded.writer) as writer:
        assert writer.get("/search?query=gate").is_success
        assert writer.delete("/sources/paper").status_code == 405


def test_a_revoked_key_is_refused_within_seconds(embedded: House, tmp_path: Path) -> None:
    store = open_store(embedded.settings.archive_url)
    text = add(store, "short-lived", "read", NOON)
    with embedded.api.client(text) as client:
        _until(client, 200)
        revoke(store, text.split("_")[1], NOON)
        _until(client, 401)


def _until(client: httpx.Client, status: int) -> None:
    """Wait until the server has looked at its keys again."""
    import time  # noqa: PLC0415 - this waits for another process's clock

    deadline = time.monotonic() + 4 * FRESH
    while client.get("/topics").status_code != status:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_on_loopback_programs_of_this_machine_need_no_key(loopback: Api) -> None:
    assert httpx.get(loopback.address + SEARCH).is_success
    port = loopback.address.rsplit(":", 1)[1]
    assert httpx.get(loopback.address + SEARCH, headers={"Host": f"localhost:{port}"}).is_success


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},  # a name that was turned to 127.0.0.1 in a browser
        {"Host": "localhost.attacker.example:80"},
        {"Host": "127.0.0.1.attacker.example"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"Authorization": "Bearer khabar_000000000000_" + "A" * 43},
    ],
)
def test_who_only_seems_to_be_on_this_machine_needs_a_key(
    loopback: Api, embedded: House, headers: dict[str, str]
) -> None:
    assert httpx.get(loopback.address + SEARCH, headers=headers).status_code == 401
    if "Authorization" not in headers:
        key = {"Authorization": f"Bearer {embedded.reader}"}
        assert httpx.get(loopback.address + SEARCH, headers=headers | key).is_success


def test_every_answer_says_how_little_may_be_done_with_it(embedded: House) -> None:
    for path, key in ((SEARCH, embedded.reader), (SEARCH, None), ("/health/live", None), ("/nothing", None)):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        told = httpx.get(embedded.api.address + path, headers=headers).headers
        assert told["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in told["content-security-policy"]
        assert told["cache-control"] in {"private, no-cache", "no-store"}
        assert "server" not in told and "access-control-allow-origin" not in told


def test_a_body_that_is_too_long_is_refused_before_it_is_read(embedded: House) -> None:
    with embedded.api.client(embedded.writer) as writer:
        answered = writer.post("/sources/paper/disable", content=b"x" * (10 << 20))
        assert (answered.status_code, answered.json()["type"]) == (413, "urn:khabar:problem:too-long")
        assert writer.post("/sources/paper/disable", content=b"x" * 1000).is_success
    assert httpx.get(f"{embedded.api.address}/health/live").is_success


def test_what_is_no_http_ends_the_connection_alone(embedded: House) -> None:
    host, port = embedded.api.address.removeprefix("http://").split(":")
    for sent in (b"\0\1\2\3\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 300_000):
        with socket.create_connection((host, int(port)), timeout=10) as link:
            link.sendall(sent)
            link.shutdown(socket.SHUT_WR)
            assert not link.recv(100).startswith(b"HTTP/1.1 200")
    assert httpx.get(f"{embedded.api.address}/health/live").is_success


def test_a_key_has_so_many_requests_and_points_a_minute(tmp_path: Path, embedded: House) -> None:
    env = {"KHABAR_API_REQUESTS": "20", "KHABAR_API_POINTS": "60"}
    settings = load_settings(tmp_path / "home", env)
    store = open_store(settings.archive_url)
    many, costly = add(store, "many", "read", NOON), add(store, "costly", "read", NOON)
    with serving(settings.home, "--require-keys", env=env) as api, api.client(many) as client:
        answers = [client.get("/topics/nothing") for _ in range(40)]
        assert {answered.status_code for answered in answers} == {404, 429}
        assert answers[0].status_code == 404 and answers[-1].status_code == 429
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        with api.client(costly) as other:  # whose requests have not been counted with the first one's
            assert other.get("/export?query=*").status_code == 200
            refused = other.get("/export?query=*")
            assert refused.status_code == 429 and "cost" in refused.json()["detail"]
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert other.get("/topics/nothing").status_code == 404
