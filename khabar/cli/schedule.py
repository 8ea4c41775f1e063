"""The command that keeps a home going: run."""

from __future__ import annotations

import signal
import time
from types import FrameType

import click

from khabar import runner
from khabar.cli.options import Console, console
from khabar.lock import LockHeld
from khabar.runtime import working
from khabar.tick import Loop

PAUSE = 2.0  # seconds between two looks for something due, while nothing is under way


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@console
def run(to: Console, once: bool) -> None:
    """Crawl the sources, read what is pending and make the digests, each when it is due, until interrupted.

    What was missed while it was not running is caught up once.

    \b
    Example: khabar run
    """
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    with (
        working(to.settings) as runtime,
        runner.pool(runtime) as pool,
        runner.ingester(runtime, pool) as ingester,
    ):
        loop = Loop(
            runtime, ingester, lambda message: to.say(f"{runtime.clock():%Y-%m-%d %H:%M:%SZ} {message}")
        )
        try:
            while _turn(loop, once, to) or not once:
                pass
        except KeyboardInterrupt:
            to.say("ending: the crawl is sealed, the rest is taken up at the next start")
        finally:
            loop.close()


def _turn(loop: Loop, once: bool, to: Console) -> bool:
    """Take one turn, and rest after one without work; who keeps a home going outlasts a long job of another."""
    try:
        busy = loop.turn()
    except LockHeld as held:
        if once:
            raise
        to.say(f"waiting: {held}")
        busy = False
    if not busy and not once:
        time.sleep(PAUSE)
    return busy


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
