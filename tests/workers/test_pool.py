"""The pool: answers, deaths blamed on the right task, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from workers.pool import Died, Done, Pool, PoolError

# The children import their work by name, so it lives in a module of its own on their path.
WORK = """
import os, signal, time
def start():
    return answer
def broken():
    raise ValueError("no knowledge")
def answer(task):
    if task.startswith("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if task.startswith("exit"):
        os._exit(3)
    if task.startswith("sleep"):
        time.sleep(float(task.split()[1]))
    return f"{task} by {os.getpid()}".encode()
"""


@pytest.fixture
def work(tmp_path: Path) -> Iterator[object]:
    (tmp_path / "pool_work.py").write_text(WORK)
    sys.path.insert(0, str(tmp_path))
    import pool_work  # noqa: PLC0415 - it exists only now

    yield pool_work
    sys.path.remove(str(tmp_path))
    del sys.modules["pool_work"]


@pytest.fixture
def pool(work: object) -> Iterator[Pool]:
    pool = Pool(work.start, 2, patience=3)  # type: ignore[attr-defined]
    yield pool
    pool.close()


def test_every_task_is_answered_once(pool: Pool) -> None:
    answers = list(pool.map([f"task {n}" for n in range(40)]))
    assert sorted(answer.task for answer in answers) == sorted(f"task {n}" for n in range(40))
    assert all(isinstance(answer, Done) for answer in answers)


def test_work_is_spread_over_the_processes(pool: Pool) -> None:
    answers = [a for a in pool.map(["sleep 0.2 a", "sleep 0.2 b", "sleep 0.2 c"]) if isinstance(a, Done)]
    assert len({answer.answer.split()[-1] for answer in answers}) == 2


def test_a_process_is_started_once_a_task_waits_for_it_and_no_sooner(pool: Pool) -> None:
    for number in range(3):
        list(pool.map([f"{number}"]))
        assert len(pool.pids) == 1
    for number, started in ((1, 1), (2, 2), (3, 2)):
        pool.submit(f"sleep 0.2 {number}")
        assert len(pool.pids) == started
    assert sorted(answer.task for answer in pool.map([])) == [f"sleep 0.2 {number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(("task", "reason"), [("die", "killed by SIGKILL"), ("exit", "ended with status 3")])
def test_a_death_is_blamed_on_its_own_task_and_the_others_are_answered(
    pool: Pool, task: str, reason: str
) -> None:
    answers = list(pool.map(["a", task, "b", "c", "d"]))
    assert [answer for answer in answers if isinstance(answer, Died)] == [Died(task, reason)]
    assert sorted(answer.task for answer in answers if isinstance(answer, Done)) == ["a", "b", "c", "d"]


def test_a_task_that_takes_too_long_is_ended(pool: Pool) -> None:
    answers = list(pool.map(["sleep 60", "a"]))
    assert Died("sleep 60", "took more than 3 s") in answers
    assert any(isinstance(answer, Done) and answer.task == "a" for answer in answers)


def test_a_child_killed_while_idle_is_replaced(pool: Pool) -> None:
    list(pool.map(["a", "b"]))
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    assert all(isinstance(answer, Done) for answer in pool.map(["c", "d", "e"]))


def test_processes_that_cannot_start_are_an_error_and_no_task_is_blamed(work: object) -> None:
    pool = Pool(work.broken, 2)  # type: ignore[attr-defined]
    with pytest.raises(PoolError, match="cannot start"):
        list(pool.map(["a", "b"]))
    pool.close()


def test_a_process_killed_before_it_was_ready_costs_no_task(pool: Pool) -> None:
    pool.submit("a")
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    assert [type(answer) for answer in pool.map(["b"])] == [Done, Done]


def test_results_come_back_in_time_when_there_are_none(pool: Pool) -> None:
    pool.submit("sleep 1")
    assert pool.results(timeout=0.05) == []
    assert [answer.task for answer in pool.results(timeout=10)] == ["sleep 1"]


def test_no_child_survives_its_parent(tmp_path: Path) -> None:
    (tmp_path / "pool_work.py").write_text(WORK)
    script = tmp_path / "parent.py"
    script.write_text(
        "import time, pool_work\nfrom workers.pool import Pool\n"
        "if __name__ == '__main__':\n"
        "    pool = Pool(pool_work.start, 2); [pool.submit('sleep 60') for _ in '12']; print(*pool.pids, flush=True); time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    time.sleep(1)  # both children have started to watch
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(_alive, children))


def test_closing_ends_the_children(work: object) -> None:
    pool = Pool(partial(work.start), 2)  # type: ignore[attr-defined]
    for _ in range(2):
        pool.submit("sleep 60")
    children = pool.pids
    assert len(children) == 2
    pool.close()
    assert not any(map(_alive, children))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
