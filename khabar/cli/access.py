"""The commands that see to who may use the API, and who may sign in."""

from __future__ import annotations

import sys

import click

from khabar import access, people
from khabar.archive.store import open_store
from khabar.cli.options import Console, console
from khabar.runtime import now
from khabar.text import slug


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


@click.group()
def users() -> None:
    """See to the people who may sign in.

    \b
    Example: khabar users add "Amina Wali" --role write
    """


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(access.ROLES), default="read", show_default=True)
@console
def users_add(to: Console, name: str, role: access.Role) -> None:
    """Let somebody in, by a name and a password; only what verifies it is kept.

    The password is asked for; where nobody sits at a terminal, it is the first line of the input.

    \b
    Example: khabar users add "Amina Wali"
             khabar users add amina --role write < password.txt
    """
    if not slug(name) or not name.isprintable():
        raise click.UsageError("a user needs a name of letters or digits")
    password = _password()
    if len(password) < people.SHORTEST:
        raise click.UsageError(f"a password has at least {people.SHORTEST} characters")
    if not people.add(open_store(to.settings.archive_url), name.strip(), role, password, now()):
        raise click.UsageError(
            f"there is a user {slug(name)} already: `khabar users remove` lets somebody in no more"
        )
    click.echo(slug(name))


@users.command("list")
@console
def users_list(to: Console) -> None:
    """List those who may sign in.

    \b
    Example: khabar users list
    """
    known = people.users(open_store(to.settings.archive_url))
    for user in known.values():
        click.echo(f"{user.id}  {user.role:<6} since {user.created:%Y-%m-%d %H:%M}Z  {user.name}")
    if not known:
        to.say("there are no users: `khabar users add NAME` lets somebody in")


@users.command("remove")
@click.argument("name")
@console
def users_remove(to: Console, name: str) -> None:
    """Let somebody in no more; the name may be given again.

    \b
    Example: khabar users remove amina
    """
    if not people.remove(open_store(to.settings.archive_url), name, now()):
        raise click.UsageError(f"there is no user {name!r}: `khabar users list` shows them")
    click.echo(f"{slug(name)} is removed")


def _password() -> str:
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return sys.stdin.readline().rstrip("\r\n")
