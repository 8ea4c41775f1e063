"""The command that keeps a home going: run."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from types import FrameType

import click

from khabar import runner
from khabar.catalogue import CatalogueError, load
from khabar.cli.options import Console, console
from khabar.lock import LockHeld
from khabar.runtime import Runtime, working
from khabar.standing import look
from khabar.tick import Loop, match_anew

PAUSE = 2.0  # seconds between two looks for something due, while nothing is under way


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@console
def run(to: Console, once: bool) -> None:
    """Crawl the sources, read what is pending and make the digests, each when it is due, until interrupted.

    What was missed while it was not running is caught up once. A catalogue that is changed meanwhile is read again.

    \b
    Example: khabar run
    """
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    versions = None
    try:
        while (versions := _keep_going(to, once, versions)) is not None:
            to.say("the catalogue has changed: it is read again")
    except KeyboardInterrupt:
        to.say("ending: the crawl is sealed, the rest is taken up at the next start")


def _keep_going(to: Console, once: bool, before: Mapping[str, int] | None) -> dict[str, int] | None:
    """Do what is due with the catalogue as it is; returns its topics' versions once it is another, None at the end."""
    seen = look(to.settings.catalogue)
    with (
        working(to.settings) as runtime,
        runner.pool(runtime) as pool,
        runner.ingester(runtime, pool) as ingester,
    ):
        if before is not None:
            # What was brought in meanwhile was matched as the topics were then, whoever matched the new ones since.
            topics = runtime.catalogue.topics.values()
            match_anew(runtime, [topic for topic in topics if before.get(topic.id) != topic.version])
        loop = Loop(
            runtime, ingester, lambda message: to.say(f"{runtime.clock():%Y-%m-%d %H:%M:%SZ} {message}")
        )
        try:
            while _turn(loop, once, to) or not once:
                now = look(to.settings.catalogue)
                if now != seen and not loop.is_crawling and not once:
                    seen = now
                    if _is_good(runtime, to):
                        return {topic.id: topic.version for topic in runtime.catalogue.topics.values()}
        finally:
            loop.close()
    return None


def _is_good(runtime: Runtime, to: Console) -> bool:
    """Tell whether the catalogue can be read; one with a mistake is said, and the last one serves on."""
    try:
        load(runtime.folders)
    except CatalogueError as error:
        to.say(f"the catalogue is left as it was: {error}")
        return False
    return True


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
