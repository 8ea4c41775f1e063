"""A name that is nearly right is answered with the right one, and figures are for people to read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from khabar.cli import khabar


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with one article."""
    (tmp_path / "one.jsonl").write_text(
        '{"title": "Peace", "body": "Peace at the border.", "published": "2025-01-31"}\n'
    )
    assert run(tmp_path, "ingest", str(tmp_path / "one.jsonl")).exit_code == 0
    return tmp_path


def run(home: Path, *words: str) -> Result:
    """Run a command on a home."""
    return CliRunner().invoke(khabar, [*words, "--home", str(home)])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("asia/karachi", "did you mean Asia/Karachi?"),
        ("Asia/Karachy", "did you mean Asia/Karachi?"),
        ("1234", "write a name"),
    ],
)
def test_a_time_zone_that_is_none_is_answered_with_the_likely_one(
    tmp_path: Path, typed: str, said: str
) -> None:
    result = run(tmp_path, "search", "peace", "--timezone", typed)
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_topic_nearly_written_is_said_to_be_read_as_a_query(home: Path) -> None:
    assert "did you mean pak-taliban?" in run(home, "topics", "test", "pak-talib").stderr
    assert "did you mean" not in run(home, "topics", "test", "peace").stderr
    assert "did you mean" not in run(home, "topics", "test", "pak-taliban").stderr


def test_stats_say_the_days_of_the_oldest_and_the_newest(home: Path) -> None:
    assert "1 articles in 1 clusters, 2025-01-31 to 2025-01-31\n" in run(home, "stats").stdout
