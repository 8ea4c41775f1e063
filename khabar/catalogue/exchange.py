"""One catalogue for all machines: the files that people wrote, exchanged through the archive's store.

The store has them as numbered versions, each whole and created once; the highest counts. A machine remembers which one
it took last. What changed there since is taken over, what changed here is given as the next version; where one file
changed in both places the store's is taken, and the machine's is kept beside it for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from khabar.archive.store import Store
from khabar.catalogue.shadow import write
from khabar.codec import dump, load

PREFIX = "catalogue/shared/"
ASIDE = ".mine"  # the end of a file's name that was set aside: no YAML to the loader
_KINDS = frozenset({"sources", "topics", "gazetteer"})

Files = Mapping[str, str]


def take(store: Store, folder: Path) -> list[Path]:
    """Bring the folder up to the store's last version; returns the files set aside because both sides changed them."""
    number, shared = _latest(store)
    taken = _taken(folder)
    if number == taken:
        return []
    base, here = _version(store, taken), _files(folder)
    aside: list[Path] = []
    for name in sorted(base.keys() | shared.keys()):
        told, mine = shared.get(name), here.get(name)
        if told in (base.get(name), mine):
            continue  # only this machine has changed it, or nobody
        if mine not in (base.get(name), None):
            aside.append(_set_aside(folder / name))
        if told is None:
            (folder / name).unlink(missing_ok=True)
        else:
            write(folder / name, told)
    _remember(folder, number)
    return aside


def offer(store: Store, folder: Path) -> int | None:
    """Give what changed here to all machines; returns the new version's number, None where nothing did.

    Only what can be read may be given: call it once the folder was loaded. Where another machine was faster, the next
    call of `take` brings both together first.
    """
    number, shared = _latest(store)
    here = _files(folder)
    if number != _taken(folder) or here == shared:
        return None
    if not store.put(_key(number + 1), dump(here)):
        return None
    _remember(folder, number + 1)
    return number + 1


def apart(store: Store, folder: Path) -> Iterator[str]:
    """Yield how the folder differs from what all machines share, and what to do about it."""
    number, shared = _latest(store)
    here = _files(folder)
    differing = sorted(name for name in here.keys() | shared.keys() if here.get(name) != shared.get(name))
    if differing and number == _taken(folder):
        yield f"{_listed(differing)} of {folder} changed and the other machines do not have it yet: a worker gives it at its next job"
    elif differing:
        yield (
            f"the catalogue in {folder} is not the one that the machines share (version {number}; {_listed(differing)}): "
            "start a worker here, or run `khabar crawl`, which takes it over"
        )
    for path in sorted(folder.rglob(f".*{ASIDE}")):
        yield f"{path}: was changed here and on another machine, whose file is in use: merge it by hand, then delete this one"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _set_aside(path: Path) -> Path:
    return path.replace(path.with_name(f".{path.name}{ASIDE}"))


def _latest(store: Store) -> tuple[int, Files]:
    keys = list(store.keys(PREFIX))
    number = int(PurePosixPath(keys[-1]).stem) if keys else 0
    return number, _version(store, number)


def _version(store: Store, number: int) -> Files:
    held = store.get(_key(number)) if number else None
    files = load(held, dict[str, str]) if held else {}
    return {name: text for name, text in files.items() if _is_ours(name)}


def _is_ours(name: str) -> bool:
    """Tell whether a name stays inside the folder, whoever wrote the version."""
    parts = PurePosixPath(name).parts
    return name.endswith(".yaml") and parts[:1] != () and parts[0] in _KINDS and ".." not in parts


def _key(number: int) -> str:
    return f"{PREFIX}{number:06d}.json"


def _files(folder: Path) -> Files:
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder).as_posix()
        if _is_ours(name) and not path.name.startswith("."):
            with suppress(FileNotFoundError):  # gone since the folder was listed
                found[name] = path.read_bytes().decode("utf-8", "replace")
    return found


def _taken(folder: Path) -> int:
    try:
        return int(_note(folder).read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return 0


def _remember(folder: Path, number: int) -> None:
    write(_note(folder), f"{number}\n")


def _note(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.taken")
