"""The commands that see to who may use the API."""

from __future__ import annotations

import click

from khabar import access
from khabar.archive.store import open_store
from khabar.cli.options import Console, console
from khabar.runtime import now


@click.group()
def keys() -> None:
    """See to the keys of the API: who may read, who may write.

    \b
    Example: khabar keys add newsroom --role read
    """


@keys.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(access.ROLES), default="read", show_default=True)
@console
def keys_add(to: Console, name: str, role: access.Role) -> None:
    """Make a key and print it: it is shown this once, and only what verifies it is kept.

    \b
    Example: khabar keys add newsroom
             khabar keys add desk --role write
    """
    if not name.strip() or not name.isprintable():
        raise click.UsageError("a key needs a name of printable characters, by which you know it again")
    click.echo(access.add(open_store(to.settings.archive_url), name.strip(), role, now()))
    to.say("send it as `Authorization: Bearer KEY`; keep it now: it cannot be shown again")


@keys.command("list")
@console
def keys_list(to: Console) -> None:
    """List the keys, also those revoked; their secrets are kept nowhere.

    \b
    Example: khabar keys list
    """
    known = access.keys(open_store(to.settings.archive_url))
    for key in sorted(known.values(), key=lambda key: (key.created, key.id)):
        state = f"revoked {key.revoked:%Y-%m-%d %H:%M}Z" if key.revoked else "in use"
        click.echo(f"{key.id}  {key.role:<6} made {key.created:%Y-%m-%d %H:%M}Z  {state}  {key.name}")
    if not known:
        to.say("there are no keys: `khabar keys add NAME` makes one")


@keys.command("revoke")
@click.argument("id_", metavar="ID")
@console
def keys_revoke(to: Console, id_: str) -> None:
    """Revoke a key for good; a server that runs refuses it within seconds.

    \b
    Example: khabar keys revoke 0123456789ab
    """
    if not access.revoke(open_store(to.settings.archive_url), id_, now()):
        raise click.UsageError(f"there is no key {id_!r}: `khabar keys list` shows them")
    click.echo(f"{id_} is revoked")
