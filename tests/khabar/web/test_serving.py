"""The server as a process: where it listens, what it says, how it ends, and that what comes in meanwhile disturbs nobody."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from api_server import NOON, House, article, fill, put, serving
from processes import children

from khabar.access import FRESH, add
from khabar.archive.store import open_store
from khabar.config import load_settings
from khabar.runtime import working
from khabar.settings import Settings
from khabar.web.crew import is_loopback

TOPIC = "id: gates\ntitle: Gates\nquery: gate\n"


def serve_in_vain(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "khabar", "serve", "--home", str(home), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
        ("192.0.2.1", False), ("localhost.example", False), ("", False),
    ],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = serve_in_vain(tmp_path / "home", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "choose another --host or --port" in done.stderr and "Traceback" not in done.stderr


def test_at_another_address_keys_are_asked_for(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--host", "0.0.0.0") as api:
        port = api.address.rsplit(":", 1)[1]
        address = f"http://127.0.0.1:{port}/api/v1/topics"
        assert httpx.get(address).status_code == 401
        text = add(open_store(str(tmp_path / "home" / "archive")), "desk", "read", NOON)
        time.sleep(FRESH + 0.5)
        assert httpx.get(address, headers={"Authorization": f"Bearer {text}"}).is_success
    assert "a key is needed" in "".join(api.said)
    assert "khabar keys add" in "".join(api.said)


@pytest.mark.parametrize(
    ("how", "processes"), [(signal.SIGTERM, 1), pytest.param(signal.SIGINT, 2, marks=pytest.mark.soak)]
)
def test_it_ends_in_good_order_and_finishes_what_is_under_way(
    tmp_path: Path, how: signal.Signals, processes: int
) -> None:
    settings = load_settings(tmp_path / "home", {})
    fill(settings)
    with serving(settings.home, processes=processes) as api:
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{api.address}/api/v1/export?query=*", timeout=60))
        )
        asking.start()
        time.sleep(0.2)
        os.kill(api.process.pid, how)
        assert api.process.wait(30) == 0
        asking.join()
    assert [len(each.text.splitlines()) for each in answers] == [60]
    assert "Traceback" not in "".join(api.said)


def test_a_process_that_dies_is_started_again_and_none_outlives_the_one_that_leads(tmp_path: Path) -> None:
    with serving(tmp_path / "home", processes=2) as api:
        answering = [pid for pid, line in children(api.process.pid) if "spawn_main" in line]
        assert len(answering) == 2
        os.kill(answering[0], signal.SIGKILL)
        _wait(lambda: len([pid for pid, line in children(api.process.pid) if "spawn_main" in line]) == 2)
        _wait(lambda: all(_alive(api.address) for _ in range(8)))
        second = serve_in_vain(tmp_path / "home", "--port", api.address.rsplit(":", 1)[1])
        assert second.returncode == 2 and "Address already in use" in second.stderr
        api.process.kill()
        _wait(lambda: not _alive(api.address))


def _alive(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_catalogue_that_changes_is_read_and_one_that_is_broken_changes_nothing(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "home", {})
    fill(settings)
    folder = settings.catalogue / "topics"
    folder.mkdir()
    with serving(settings.home) as api, api.client() as client:
        assert client.get("/topics/gates").status_code == 404
        (folder / "gates.yaml").write_text(TOPIC)
        _wait(lambda: client.get("/topics/gates").is_success)
        (folder / "gates.yaml").write_text("id: gates\nquery: (\n")
        _wait(lambda: client.get("/topics/gates").is_success and "left as it was" in "".join(api.said))
        (folder / "gates.yaml").unlink()
        _follow_a_swap(settings, client)


def _follow_a_swap(settings: Settings, client: httpx.Client) -> None:
    """See that an index that was built anew beside the old one is read as soon as it is in use."""
    assert client.get("/search?query=gate&limit=0").json()["total"] == 60
    with working(settings, lambda: NOON) as runtime:
        generations = runtime.generations()
        generations.swap(generations.create())
        put(runtime, 1, 2)
    assert client.get("/search?query=gate&limit=0").json()["total"] == 2


def test_searches_go_on_while_articles_come_in(house: House) -> None:
    stop = threading.Event()
    paths = ("/search?query=gate&sort=newest&limit=50", "/search?query=entity:ttp+OR+peace&facets=true", "/topics",
             "/timeline?query=*", f"/articles/{article(3).id}", "/export?query=gate", "/missed", "/sources")  # fmt: skip

    def ask(number: int) -> list[str]:
        wrong: list[str] = []
        with house.client() as client:
            for turn in range(24):
                answered = client.get(paths[(number + turn) % len(paths)])
                if answered.status_code != 200:
                    wrong.append(answered.text)
        return wrong

    def write() -> int:
        number = 0
        with working(house.settings, lambda: NOON) as runtime:
            while not stop.is_set():
                number += 1
                put(runtime, *range(-20 * number, -20 * number + 20))
            runtime.index.delete([article(each).id for each in range(-20 * number, 0)])
        return number

    with ThreadPoolExecutor(9) as pool:
        writing = pool.submit(write)
        wrong = [each for some in pool.map(ask, range(8)) for each in some]
        stop.set()
        assert writing.result() > 1
    assert wrong == []


def test_no_other_command_loads_a_web_server(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['khabar', 'search', '*', '--home', sys.argv[1]]\n"
        "from khabar.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "import json; print(json.dumps(sorted({'fastapi', 'starlette', 'pydantic', 'uvicorn', 'anyio'} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
