"""`--no-wait` returns once all is sealed, in both runtimes; whoever reads it finds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar
from khabar.config import load_settings
from khabar.jobs import Ingest
from khabar.runtime import working
from khabar.tick import Bench, tick
from workers.celery import sender

PAGE = (
    "<html><head><title>A road</title></head><body><article><h1>A road</h1>"
    + "<p>The road to the border was closed again this week, and traders wait in long lines for its opening.</p>"
    * 4
    + "</article></body></html>"
)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.html"
    file.write_text(PAGE)
    return file


def run(home: Path, *words: str | Path, **env: str) -> Result:
    return CliRunner().invoke(khabar, [*map(str, words)], env={"KHABAR_HOME": str(home), **env})


def test_embedded_what_is_sealed_waits_for_the_next_command(tmp_path: Path, page: Path) -> None:
    home = tmp_path / "home"
    done = run(home, "ingest", page, "--no-wait")
    assert done.exit_code == 0, done.output
    assert "sealed 1 segment(s)" in done.output and "indexed" not in done.output
    with working(load_settings(home, {})) as runtime:
        [pending] = [job for job in tick(runtime, Bench()) if isinstance(job, Ingest)]
        assert runtime.store.exists(pending.segment)
    again = run(home, "ingest", page)
    assert again.exit_code == 0 and "indexed" in again.output, again.output
    assert "1 article" in run(home, "search", "border").output


def test_on_servers_what_is_sealed_is_sent_and_no_index_is_asked(
    tmp_path: Path, page: Path, empty_redis: str
) -> None:
    env = {"KHABAR_REDIS_URL": empty_redis, "KHABAR_ELASTICSEARCH_URL": "http://127.0.0.1:9"}
    done = run(tmp_path / "home", "ingest", page, "--no-wait", **env)
    assert done.exit_code == 0, done.output
    assert "sealed 1 segment(s)" in done.output
    settings = load_settings(tmp_path / "home", env)
    send = sender(settings)
    assert send.waiting() == {"crawl": 0, "ingest": 1, "digest": 0, "maintenance": 0}
    send.close()
    with working(settings) as runtime:
        assert len(list(runtime.store.keys("pending/"))) == 1


def test_what_cannot_be_read_is_said_without_waiting_too(tmp_path: Path) -> None:
    done = run(tmp_path / "home", "ingest", tmp_path / "gone.html", "--no-wait")
    assert done.exit_code == 2 and "gone.html" in done.output
