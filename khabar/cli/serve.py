"""The command that serves the API."""

from __future__ import annotations

import click

from khabar.cli.options import Console, console
from khabar.config import cores


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any that is free."
)
@click.option(
    "--require-keys", is_flag=True,
    help="Ask for a key on loopback too: behind a proxy, or on a machine that others use.",
)  # fmt: skip
@click.option(
    "--processes", type=click.IntRange(1, 64),
    help="Processes that answer (default: one for each core, at most 4).",
)  # fmt: skip
@console
def serve(to: Console, host: str, port: int, require_keys: bool, processes: int | None) -> None:
    """Serve the JSON API: /openapi.json describes it.

    On loopback nobody needs a key; at any other address everybody does (`khabar keys add NAME`).

    \b
    Example: khabar serve --port 8080
             khabar serve --host 0.0.0.0
    """
    from khabar.web.crew import run  # noqa: PLC0415 - no other command loads a web server

    run(to.settings, host, port, require_keys, processes or min(cores(), 4), to.say)
