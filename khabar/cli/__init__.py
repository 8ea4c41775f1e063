"""The command line: thin commands over the runtime, loaded when they are called."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys

import click

from khabar.errors import KhabarError

COMMANDS = {
    "crawl": "collect",
    "demo": "demo",
    "digest": "follow",
    "doctor": "watch",
    "entities": "entities",
    "extract": "extract",
    "ingest": "collect",
    "keys": "access",
    "ledger": "mend",
    "migrate": "migrate",
    "missed": "watch",
    "quarantine": "mend",
    "reindex": "mend",
    "related": "related",
    "run": "schedule",
    "search": "find",
    "serve": "serve",
    "show": "find",
    "sources": "sources",
    "stats": "watch",
    "tag": "tag",
    "topics": "topics",
    "trace": "watch",
    "users": "access",
}


class Lazy(click.Group):
    """A group that imports a command's module only when the command is called: searching loads no crawler."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names, without importing anything."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return one command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"khabar.cli.{COMMANDS[cmd_name]}")
        return getattr(module, cmd_name)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="khabar")
def khabar() -> None:
    """Khabar: media monitoring for opinion journalism.

    \b
    Example: khabar demo
             khabar ingest saved-pages/
             khabar search 'peace NEAR/8 (ttp OR tehrik)'

    Exit status: 0 done; 1 done, but something needs attention; 2 wrong usage or bad input file; 3 not done, the
    machine stands in the way (disk, rights, a lock).
    """


def main() -> None:
    """Run the command line; every error that its reader can mend is one line on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # our one line says what is away
    try:
        khabar(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo(
            "khabar: interrupted: nothing that was archived is lost, the next crawl, ingest or run takes it up",
            err=True,
        )
        sys.exit(130)
    except KhabarError as error:
        click.echo(f"khabar: {error}", err=True)
        sys.exit(error.status)
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough; the interpreter must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno not in _MACHINE:
            raise
        click.echo(f"khabar: {error.filename or 'home'}: {error.strerror}: {_MACHINE[error.errno]}", err=True)
        sys.exit(3)


_MACHINE = {
    errno.ENOSPC: "free some space and run the command again; nothing archived so far is lost",
    errno.EROFS: "mount it for writing, or choose another --home",
    errno.EACCES: "give this user the right to it, or choose another --home",
    errno.EPERM: "give this user the right to it, or choose another --home",
}
