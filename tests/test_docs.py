"""The docs, held against the program."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from khabar.cli import khabar

ROOT = Path(__file__).resolve().parents[1]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(
    command: click.Command = khabar, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(command)
    if path:
        yield " ".join(path), command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from commands(child, (*path, name))


@pytest.mark.parametrize(("path", "command"), list(commands()), ids=[path for path, _ in commands()])
def test_every_command_has_help_with_an_example_and_is_documented(path: str, command: click.Command) -> None:
    assert command.help and "Example: khabar" in command.help
    assert f"## khabar {path}\n" in (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_generated_pages_are_fresh() -> None:
    generate = generator()
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == generate.cli_page(), "run `make docs`"
    operations = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert operations == generate.operations_page(operations), "run `make docs`"
    api = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert api == generate.api_page(api), "run `make docs`"


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)) <= targets
    assert {
        "setup",
        "run",
        "test",
        "services",
        "lint",
        "types",
        "docs",
        "quality",
        "bench",
        "soak",
        "help",
    } <= targets


def test_readme_quotes_only_commands_that_exist() -> None:
    known = {path for path, _ in commands()}
    for line in re.findall(
        r"^(?:\$ )?khabar ([a-z]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    ):
        assert line in known
