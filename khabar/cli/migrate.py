"""The command that takes a home to the distributed runtime and back."""

from __future__ import annotations

import sys
from typing import Literal

import click

from khabar.cli.options import Console, console
from khabar.migrate import migrate as move_over
from khabar.move import Move, index_place, ledger_place, plan


@click.command()
@click.option(
    "--to", "side", type=click.Choice(["distributed", "embedded"]), required=True, help="Where to move to."
)
@click.option(
    "--archive",
    metavar="URL",
    help="Where the embedded side's archive lies (else archive_url, if a folder, else `archive` in the home).",
)
@click.option("--from-archive", is_flag=True, help="The old ledger is lost: go on without it.")
@click.option(
    "--replace", "replaces", is_flag=True, help="Make index and ledger anew though they hold something else."
)
@console
def migrate(
    to: Console,
    side: Literal["distributed", "embedded"],
    archive: str | None,
    from_archive: bool,
    replaces: bool,
) -> None:
    """Move a home to the servers that the settings name, or back from them.

    The archive is copied where it is to lie elsewhere, and index and ledger are made from it; what waits to be
    fetched and what is known of the feeds go along. The old side stays as it is. Stop all crawls and workers before;
    what was killed in the middle goes on when the command is given again.

    \b
    Example: khabar migrate --to distributed
             khabar migrate --to embedded --archive s3://bucket/news
    """
    move = plan(to.settings, side, archive, remembers=not from_archive, replaces=replaces)
    moved = move_over(move, to.progress)
    to.progress_done()
    if move.copies:
        click.echo(f"{moved.copied} objects copied to {move.new.archive_url}")
    click.echo(f"{moved.articles} articles are in {index_place(move.new)}")
    click.echo(f"{moved.attempts} attempts and {moved.waiting} waiting pages are in {ledger_place(move.new)}")
    if moved.capped:
        click.echo(f"khabar: {moved.capped} articles had more likely copies than were compared", err=True)
    for finding in moved.findings:
        click.echo(f"khabar: {finding}", err=True)
    for line in (*_from_now_on(move), *_left_behind(move)):
        to.say(line)
    sys.exit(int(bool(moved.findings)))


def _from_now_on(move: Move) -> list[str]:
    if move.new.distributed:
        return ["keep these settings for every command and worker from now on"]
    told = ["take redis_url and elasticsearch_url out of the settings from now on"]
    if move.copies:
        told += [f"set archive_url to {move.new.archive_url}"]
    return [", and ".join(told)]


def _left_behind(move: Move) -> list[str]:
    left = [ledger_place(move.old), index_place(move.old)] if move.remembers else []
    left += [move.old.archive_url] if move.copies else []
    return [f"left as they are, for you to remove: {', '.join(left)}"] if left else []
