"""The commands that see to topics: list, test, add, edit, enable, disable, retag, draft."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from khabar.catalogue import Topic, load_topic
from khabar.catalogue.shadow import enable, where, write
from khabar.cli.options import Console, console, unknown
from khabar.cli.trial import topic_file, topics_draft, topics_test
from khabar.jobs import Retag
from khabar.runtime import Runtime, reading, working
from khabar.tick import match_anew, retag_topic
from workers.retag import PORTION

LATER = click.option("--later", is_flag=True, help="Leave the matching of what is there to `khabar run`.")


@click.group()
def topics() -> None:
    """See to the topics that are followed.

    \b
    Example: khabar topics test pak-taliban --days 30
    """


topics.add_command(topics_test)
topics.add_command(topics_draft)


@topics.command("list")
@console
def topics_list(to: Console) -> None:
    """List the topics, with how many articles each has.

    \b
    Example: khabar topics list
    """
    with reading(to.settings) as runtime:
        for topic in runtime.catalogue.topics.values():
            found = runtime.index.search(runtime.parse(f"topic:{topic.id}"), limit=0).total
            state = "" if topic.enabled else "  (disabled)"
            click.echo(f"{topic.id:<24} version {topic.version:<4} {found:>7} articles  {topic.title}{state}")


@topics.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", "anew", is_flag=True, help="In place of a topic with this id.")
@LATER
@console
def topics_add(to: Console, file: Path, anew: bool, later: bool) -> None:
    """Follow the topic of a file: it is copied into the home, and matched on what is there.

    \b
    Example: khabar topics add border-trade.yaml
    """
    with reading(to.settings) as runtime:
        topic = load_topic(topic_file(file), runtime.catalogue.gazetteer)
        if topic.id in runtime.catalogue.topics and not anew:
            how = f"`khabar topics edit {topic.id}` changes it, --replace puts this one in its place"
            raise click.UsageError(f"{file}: there is a topic {topic.id}: {how}")
        target = _home_file(runtime, topic.id)
    write(target, file.read_text("utf-8"))
    click.echo(f"{topic.id} is in {target}")
    _match_anew(to, topic.id, later)


@topics.command("edit")
@click.argument("topic", metavar="ID")
@LATER
@console
def topics_edit(to: Console, topic: str, later: bool) -> None:
    """Open a topic's file in your editor; once it is good, a copy in the home takes its place.

    The editor is the one that EDITOR or VISUAL names. A file with a mistake changes nothing: it is kept beside, and
    named.

    \b
    Example: khabar topics edit pak-taliban
    """
    with reading(to.settings) as runtime:
        _demand(runtime, topic)
        _, path = where(runtime.folders, topic, "topics")
        text = path.read_text("utf-8")
        edited = click.edit(text, extension=".yaml")
        if edited is None or edited == text:
            to.say("nothing was changed")
            return
        _checked(runtime, topic, edited)
        target = _home_file(runtime, topic)
    write(target, edited)
    click.echo(f"{topic} is in {target}")
    _match_anew(to, topic, later)


def _checked(runtime: Runtime, topic: str, text: str) -> None:
    """Raise, with where it can be found again, what is wrong with an edited topic; else remove that copy."""
    folder = Path(tempfile.mkdtemp(prefix="khabar-"))
    kept = write(folder / f"{topic}.yaml", text)
    if load_topic(kept, runtime.catalogue.gazetteer).id != topic:
        raise click.UsageError(
            f"{kept}: the id must stay {topic}: `khabar topics add {kept}` makes another topic of it"
        )
    kept.unlink()
    folder.rmdir()


@topics.command("enable")
@click.argument("topic", metavar="ID")
@LATER
@console
def topics_enable(to: Console, topic: str, later: bool) -> None:
    """Follow a topic again; what came in the meantime is matched too.

    \b
    Example: khabar topics enable pak-taliban
    """
    _switch(to, topic, True)
    _match_anew(to, topic, later, done=False)  # it was not matched on what came while it was off


@topics.command("disable")
@click.argument("topic", metavar="ID")
@console
def topics_disable(to: Console, topic: str) -> None:
    """Follow a topic no longer: what has it keeps it, new articles and digests do not.

    \b
    Example: khabar topics disable pak-taliban
    """
    _switch(to, topic, False)


def _switch(to: Console, topic: str, enabled: bool) -> None:
    with reading(to.settings) as runtime:
        _demand(runtime, topic)
        path = enable(runtime.folders, topic, enabled, "topics")
    click.echo(f"{topic} is {'enabled' if enabled else 'disabled'} in {path}")


def _match_anew(to: Console, name: str, later: bool, done: bool = True) -> None:
    """Match a topic as its file is now on what is there: workers do it where there are any, else this command.

    Workers leave alone what was matched before, unless that is not `done` by now.
    """
    with working(to.settings) as runtime:
        topic = runtime.catalogue.topics[name]
        if not done:
            match_anew(runtime, [topic])
        if not topic.enabled:
            return
        if to.settings.distributed:
            runtime.submit(Retag(topic.id, topic.version), later=True)
            to.say(f"version {topic.version} is matched on what is there in the background")
        elif later:
            to.say(f"version {topic.version} is matched on what is there by `khabar run`")
        else:
            _retagged(to, runtime, topic)


@topics.command("retag")
@click.argument("topic", nargs=-1)
@console
def topics_retag(to: Console, topic: tuple[str, ...]) -> None:
    """Match topics (or all) as they are now on every article in the index, without crawling.

    \b
    Example: khabar topics retag pak-taliban
    """
    with working(to.settings) as runtime:
        for name in topic:
            _demand(runtime, name)
        known = runtime.catalogue.topics
        for each in [known[name] for name in topic] or [each for each in known.values() if each.enabled]:
            _retagged(to, runtime, each)


def _retagged(to: Console, runtime: Runtime, topic: Topic) -> None:
    for portion, _ in enumerate(retag_topic(runtime, topic), 1):
        to.progress(f"{topic.id}: {portion * PORTION} articles looked at")
    to.progress_done()
    found = runtime.index.search(runtime.parse(f"topic:{topic.id}"), limit=0).total
    click.echo(f"{topic.id} version {topic.version}: {found} articles")


def _home_file(runtime: Runtime, topic: str) -> Path:
    """Return the file of a topic in the home: the one that is there, whatever its name, else one named after it."""
    try:
        return where([runtime.settings.catalogue], topic, "topics")[1]
    except FileNotFoundError:
        return runtime.settings.catalogue / "topics" / f"{topic}.yaml"


def _demand(runtime: Runtime, topic: str) -> None:
    if topic not in runtime.catalogue.topics:
        raise unknown("topic", topic, runtime.catalogue.topics)
