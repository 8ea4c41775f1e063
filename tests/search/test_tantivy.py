"""The index on disk: what a kill, a lost file, a second writer and a swap of generations do to it."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from khabar.lock import Lock
from khabar.models import Article, Document, Folded, Outcome, attempt_name
from search import generations
from search.generations import DamagedIndexError
from search.grammar import QueryError, parse
from search.refusal import MAX_EXPANSION
from search.tantivy import TantivyIndex, create_generation, create_index, open_index
from search.tantivy.engine import Engine, UnwritableIndexError
from search.tantivy.fields import article_schema
from search.tree import Everything

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def document(number: int, body: str = "Peace at the border.", revisions: int = 1) -> Document:
    name = f"{number:020x}"
    url = f"https://daily.example/{number}"
    article = Article(name, url, "daily", f"Title {number}", body, NOW, lang="en", revisions=revisions)
    return Document(article, ())


def row(number: int) -> Outcome:
    url = f"https://daily.example/{number}"
    claimed = NOW + timedelta(seconds=number)
    name = attempt_name(claimed, url)
    return Outcome(name, "daily", claimed.date(), url, "indexed", None, "segments/a", "r", claimed)


def put(index: TantivyIndex, *numbers: int, body: str = "Peace at the border.") -> None:
    documents = [document(number, body) for number in numbers]
    index.update(
        {each.article.id: lambda _, each=each: Folded(each, ()) for each in documents}, map(row, numbers)
    )


def numbers(index: TantivyIndex) -> list[int]:
    return [int(each.article.id, 16) for each in index.scan(Everything())]


# --- generations --------------------------------------------------------------------------------------------


def test_the_first_opening_makes_the_first_generation(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index")
    assert generations.current(tmp_path / "index") == 1
    put(index, 1)
    assert numbers(open_index(tmp_path / "index")) == [1]


def test_a_swap_is_followed_by_those_who_have_the_index_open(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, 1, 2)
    second = create_generation(tmp_path)
    put(open_index(tmp_path, generation=second), 3)
    assert numbers(index) == [1, 2]
    generations.swap(tmp_path, second)
    assert numbers(index) == [3]
    put(index, 4)
    assert numbers(open_index(tmp_path, generation=second)) == [3, 4]
    assert numbers(open_index(tmp_path, generation=1)) == [1, 2]


def test_a_dropped_generation_is_gone_and_the_one_in_use_is_kept(tmp_path: Path) -> None:
    open_index(tmp_path)
    second = create_generation(tmp_path)
    with pytest.raises(ValueError, match="in use"):
        generations.drop_generation(tmp_path, 1)
    generations.swap(tmp_path, second)
    generations.drop_generation(tmp_path, 1)
    assert generations.generations(tmp_path) == [2]
    assert create_generation(tmp_path) == 3


def test_a_scan_outlives_the_drop_of_its_generation(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, *range(50))
    scan = index.scan(Everything())
    next(scan)
    generations.swap(tmp_path, create_generation(tmp_path))
    generations.drop_generation(tmp_path, 1)
    assert len(list(scan)) == 49
    assert numbers(index) == []


def test_no_swap_to_what_does_not_exist(tmp_path: Path) -> None:
    open_index(tmp_path)
    with pytest.raises(FileNotFoundError):
        generations.swap(tmp_path, 7)
    assert generations.current(tmp_path) == 1


# --- damage -------------------------------------------------------------------------------------------------


def _lose_segments(folder: Path) -> None:
    for file in (folder / "1" / "articles").iterdir():
        if file.suffix in {".store", ".term"}:
            file.unlink()


def _lose_meta(folder: Path) -> None:
    (folder / "1" / "articles" / "meta.json").unlink()


def _lose_outcomes(folder: Path) -> None:
    for file in (folder / "1" / "outcomes").iterdir():
        file.unlink()


def _lose_version(folder: Path) -> None:
    (folder / "1" / "VERSION").unlink()


def _spoil_current(folder: Path) -> None:
    (folder / "CURRENT").write_text("one")


def _point_nowhere(folder: Path) -> None:
    (folder / "CURRENT").write_text("5")


def _be_older(folder: Path) -> None:
    (folder / "1" / "VERSION").write_text("0.0")


@pytest.mark.parametrize(
    "damage",
    [_lose_segments, _lose_meta, _lose_outcomes, _lose_version, _spoil_current, _point_nowhere, _be_older],
)
def test_a_damaged_index_says_how_to_mend_it_and_is_not_replaced_by_an_empty_one(
    tmp_path: Path, damage: partial[None]
) -> None:
    put(open_index(tmp_path), 1, 2)
    damage(tmp_path)
    with pytest.raises(DamagedIndexError, match="khabar reindex"):
        numbers(open_index(tmp_path))


def test_a_reindex_mends_a_damaged_index(tmp_path: Path) -> None:
    put(open_index(tmp_path), 1)
    _lose_segments(tmp_path)
    fresh = create_generation(tmp_path)
    put(open_index(tmp_path, generation=fresh), 1)
    generations.swap(tmp_path, fresh)
    assert numbers(open_index(tmp_path)) == [1]


def test_damage_under_an_open_index_is_said_too(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, 1)
    _lose_meta(tmp_path)
    with pytest.raises(DamagedIndexError, match="khabar reindex"):
        numbers(index)


@pytest.mark.parametrize("suffix", [".store", ".term", ".idx", ".pos", ".fast"])
def test_flipped_bytes_are_damage_or_do_no_harm(tmp_path: Path, suffix: str) -> None:
    put(open_index(tmp_path), *range(100), body="some long words here " * 20)
    seed = random.Random(suffix)
    (file,) = (tmp_path / "1" / "articles").glob(f"*{suffix}")
    spoiled = bytearray(file.read_bytes())
    for _ in range(30):
        spoiled[seed.randrange(len(spoiled))] ^= 0xFF
    file.write_bytes(spoiled)
    try:
        index = open_index(tmp_path)
        assert len(numbers(index)) == 100
        index.search(parse('"long words" some*', now=NOW), facets=("source",), timeline="day")
    except DamagedIndexError as error:
        assert "khabar reindex" in str(error)


def test_a_second_writer_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, 1)
    engine = Engine(tmp_path / "1" / "articles", article_schema())
    with (
        engine._index.writer(heap_size=15_000_000, num_threads=1),
        pytest.raises(UnwritableIndexError, match="try again"),
    ):
        put(index, 2)
    put(index, 3)
    assert numbers(index) == [1, 3]


def test_a_full_disk_is_said_and_takes_nothing_that_was_there(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, 1)
    before, limits = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (20_000, limits[1])
    )  # no file may grow beyond it: as good as full
    try:
        with pytest.raises(UnwritableIndexError, match="room on the disk"):
            put(index, *range(2, 60), body=" ".join(f"word{number:x}" for number in range(20_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert numbers(index) == numbers(open_index(tmp_path)) == [1]
    put(index, 2)
    assert numbers(index) == [1, 2]


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("in the way")
    with pytest.raises(DamagedIndexError, match="Not a directory"):
        open_index(tmp_path / "index")


# --- many writers, many commits -----------------------------------------------------------------------------


def _count_up(folder: Path, times: int) -> None:
    index = open_index(folder, partial(Lock(folder / "index.lock").held, "counter"))

    def fold(stored: Document | None) -> Folded:
        revisions = stored.article.revisions if stored else 0
        return Folded(document(1, revisions=revisions + 1), ())

    for _ in range(times):
        index.update({f"{1:020x}": fold})


def test_no_write_of_two_processes_is_lost(tmp_path: Path) -> None:
    open_index(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_count_up, args=(tmp_path, 8)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert open_index(tmp_path).get([f"{1:020x}"])[f"{1:020x}"].article.revisions == 16


def test_many_small_writes_do_not_pile_up_segments(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    for number in range(40):
        put(index, number)
    segments = {file.stem for file in (tmp_path / "1" / "articles").glob("*.store")}
    assert len(segments) < 20
    assert numbers(index) == list(range(40))


def test_threads_may_search_while_another_writes(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    put(index, *range(20))
    failures: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                total = index.search(parse("peac* border", now=NOW), facets=("source",)).total
                assert 20 <= total <= 30
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(20, 30):
        put(index, number)
    done.set()
    for thread in threads:
        thread.join(30)
    assert not failures
    assert index.search(Everything()).total == 30


WRITER = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from pathlib import Path
from test_tantivy import open_index, put
index = open_index(Path(sys.argv[3]))
for start in range(int(sys.argv[4]), 100_000, 20):
    put(index, *range(start, start + 20))
    print(start + 20, flush=True)
"""


def test_a_kill_loses_nothing_that_had_returned(tmp_path: Path) -> None:
    seed = random.Random(9)
    done = 0
    for _ in range(5):
        command = [
            sys.executable,
            "-c",
            WRITER,
            str(ROOT),
            str(Path(__file__).parent),
            str(tmp_path),
            str(done),
        ]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()  # it is writing by now
        time.sleep(seed.uniform(0.0, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        lines = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        index = open_index(tmp_path)
        survived = numbers(index)
        done = max(int(lines[-1]) if lines else done + 20, done)
        assert survived == list(range(len(survived)))  # whole commits, no article twice
        assert len(survived) >= done
        written = [each.url for each in index.rows()]
        assert len(written) == len(set(written)) >= done
        done = len(survived)
        put(index, *range(done))  # the dead writer's lock is no one's
    assert done > 0


# --- limits -------------------------------------------------------------------------------------------------


def test_a_prefix_that_stands_for_too_much_is_refused_before_it_runs(tmp_path: Path) -> None:
    create_index(tmp_path)
    index = TantivyIndex(tmp_path)
    put(index, 1, body=" ".join(f"ab{number}" for number in range(MAX_EXPANSION + 1)))
    for query in ("ab*", "ab* NEAR/3 peace", "title:x OR (peace AND NOT body:ab*)"):
        with pytest.raises(QueryError, match="different words"):
            index.search(parse(query, now=NOW))
    assert index.search(parse("ab1*", now=NOW)).total == 1


@pytest.mark.parametrize(("letters", "end"), [("abcdefgh", ""), ("کگچپشسدر", "*"), ("𠀀𠀁𠀂𠀃", "*")])
def test_near_takes_as_many_words_on_a_side_as_it_is_allowed(tmp_path: Path, letters: str, end: str) -> None:
    create_index(tmp_path)
    index = TantivyIndex(tmp_path)
    seed = random.Random(letters)
    words = ["".join(seed.choices(letters, k=20)) for _ in range(60)]
    put(index, 1, body=f"peace {words[50]}")
    put(index, 2, body=f"{words[3]} and more of it, peace")
    side = " OR ".join(f"{word}{end}" for word in words)
    assert index.search(parse(f"({side}) NEAR/2 peace", now=NOW)).total == 1
    assert index.search(parse(f"({side}) NEAR/4 (peace OR war)", now=NOW)).total == 2


@pytest.mark.parametrize("query", ["⑴ NEAR/3 tal*", "(⑴ OR road) NEAR/3 (talks OR peace)", '"⑴ of talks"~1'])
def test_words_with_brackets_are_words_also_beside_a_prefix(tmp_path: Path, query: str) -> None:
    index = open_index(tmp_path / "index")
    put(index, 1, body="Round ⑴ of the talks.")
    put(index, 2, body="Round 1 of nothing.")
    assert index.search(parse(query, now=NOW)).total == 1
