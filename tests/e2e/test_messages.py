"""What goes wrong is said in one clear line, with the exit status that a script can go by, and nothing is lost."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Khabar = Callable[..., subprocess.CompletedProcess[str]]
PAGE = (
    "<html><head><title>A road</title></head><body><article><h1>A road</h1>"
    + "<p>The road to the border was closed again this week, and traders wait in long lines for its opening.</p>"
    * 4
    + "</article></body></html>"
)


def refused(done: subprocess.CompletedProcess[str], status: int, *said: str) -> None:
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in done.stderr, done.stderr


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_broken_yaml(khabar: Khabar, home: Path) -> None:
    file = write(home / "catalogue/sources/xx/bad.yaml", "id: bad\nname: [unclosed\n")
    refused(khabar("sources", "list"), 2, f"{file}:")


def test_unknown_key_in_yaml(khabar: Khabar, home: Path) -> None:
    text = "id: a\nname: A\ncountry: PK\nlanguages: [en]\ntimezone: UTC\nendpoint: []\n"
    file = write(home / "catalogue/sources/xx/a.yaml", text)
    refused(khabar("sources", "list"), 2, f"{file}:6:1", "endpoints")


def test_unknown_setting(khabar: Khabar, home: Path) -> None:
    file = write(home / "khabar.toml", "delai = 3\n")
    refused(khabar("stats"), 2, f"{file}:1", "delay")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crawl", "dwan"], ["unknown source 'dwan'", "dawn"]),
        (["digest", "pak-talban"], ["unknown topic 'pak-talban'", "pak-taliban"]),
        (["digest", "--date", "31.1.2025"], ["31.1.2025", "YYYY-MM-DD"]),
        (["search", "talks AND ("], ["never closed"]),
        (["search", "titel:talks"], ["titel", "title"]),
        (["search", "published:2025-13"], ["2025-13"]),
        (["show", "nothing"], ["no article 'nothing'"]),
        (["srch"], ["No such command"]),
    ],
)
def test_wrong_words(khabar: Khabar, words: list[str], said: list[str]) -> None:
    refused(khabar(*words), 2, *said)


def test_missing_file(khabar: Khabar, tmp_path: Path) -> None:
    refused(khabar("ingest", tmp_path / "gone.html"), 2, "gone.html", "no such file")


def test_unknown_kind_of_file(khabar: Khabar, tmp_path: Path) -> None:
    file = write(tmp_path / "page.pdf", "x")
    refused(khabar("ingest", file), 2, "page.pdf", "unknown kind")


def test_truncated_file(khabar: Khabar, tmp_path: Path) -> None:
    file = tmp_path / "page.html.gz"
    file.write_bytes(gzip.compress(PAGE.encode())[:-40])
    refused(khabar("ingest", file), 2, "page.html.gz", "ends too early")


def test_a_truncated_file_in_a_folder_costs_itself_alone(khabar: Khabar, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/a.html.gz").write_bytes(gzip.compress(PAGE.encode())[:-40])
    write(tmp_path / "pages/b.html", PAGE)
    done = khabar("ingest", tmp_path / "pages")
    refused(done, 1, "a.html.gz")
    assert "indexed" in done.stdout


def test_broken_lines_of_json_are_named_and_the_others_read(khabar: Khabar, tmp_path: Path) -> None:
    body = "The road to the border was closed again this week, and traders wait in long lines."
    lines = f'{{"title": "A road", "body": "{body}"}}\n{{"title": \n[]\n{{"title": ""}}\n'
    file = write(tmp_path / "a.jsonl", lines)
    done = khabar("ingest", file)
    refused(done, 1, f"{file}:2", f"{file}:3", f"{file}:4")
    assert done.stdout.split()[:2] == ["indexed", "1"]


def without_rights(*words: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command bound by files' modes: root sheds the capabilities that override them."""
    shed = [
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    ]
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read and write everything, and setpriv (util-linux) is not here to stop it")
    command = [*(shed if os.getuid() == 0 else []), sys.executable, "-m", "khabar", *map(str, words)]
    environment = {**os.environ, "KHABAR_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words", [["ingest", "page.html"], ["crawl"], ["reindex"], ["run", "--once"], ["demo"]]
)
def test_read_only_home(home: Path, tmp_path: Path, words: list[str]) -> None:
    page = write(tmp_path / "page.html", PAGE)
    home.chmod(0o555)
    done = without_rights(*(page if word == "page.html" else word for word in words), home=home)
    home.chmod(0o755)
    refused(done, 3, str(home), "--home")


def test_a_home_that_became_read_only_can_still_be_searched(
    khabar: Khabar, home: Path, tmp_path: Path
) -> None:
    assert khabar("ingest", write(tmp_path / "page.html", PAGE)).returncode == 0
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    done = without_rights("search", "border", home=home)
    for folder in folders:
        folder.chmod(0o755)
    assert (done.returncode, "1 article" in done.stdout) == (0, True), done.stderr


def test_unreadable_file(home: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "secret.html", PAGE)
    file.chmod(0)
    refused(without_rights("ingest", file, home=home), 2, "secret.html", "readable")


def test_no_disk_space(home: Path, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(home)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        pages = tmp_path / "pages"
        pages.mkdir()
        for number in range(60):
            (pages / f"{number}.html").write_bytes(PAGE.encode() + os.urandom(60_000).hex().encode())
        environment = {**os.environ, "KHABAR_HOME": str(home)}
        command = [sys.executable, "-m", "khabar", "ingest", str(pages)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        refused(done, 3, "space")
    finally:
        subprocess.run(["umount", str(home)], check=True)


def test_a_second_command_on_the_same_home_says_who_holds_it(
    khabar: Khabar, home: Path, tmp_path: Path
) -> None:
    from khabar.lock import Lock  # noqa: PLC0415 - beside its use

    page = write(tmp_path / "page.html", PAGE)
    write(home / "khabar.toml", "lock_wait = 0.5\n")
    assert khabar("ingest", page).returncode == 0
    other = write(tmp_path / "other.html", PAGE.replace("road", "river"))
    with Lock(home / "index.lock").held("a long job"):
        refused(khabar("ingest", other), 3, "a long job", f"process {os.getpid()}")
    done = khabar("run", "--once")
    assert done.returncode == 0, done.stderr
    assert "2 article" in khabar("search", "border").stdout
