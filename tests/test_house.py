"""The house's own laws: layers, types, style, what may be imported where, what may not be committed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
OURS = ("khabar", "crawler", "workers", "search")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def tracked() -> list[Path]:
    listed = run("git", "ls-files", "-z")
    if listed.returncode:
        pytest.skip("not a git checkout: committed files cannot be listed")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["basedpyright"],
        ["lint-imports", "--no-cache"],
    ],
    ids=["ruff", "format", "types", "layers"],
)
def test_style_types_and_layers_hold(command: list[str]) -> None:
    done = run(str(BIN / command[0]), *command[1:])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_embedded_runtime_imports_no_server_client(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from khabar.config import load_settings; from khabar.runtime import working\n"
        "import khabar.cli.collect, khabar.cli.find, khabar.cli.follow, khabar.cli.mend, khabar.cli.schedule, crawler.run\n"
        "with working(load_settings(Path(sys.argv[1]))) as runtime: pass\n"
        "print(*sorted({'celery', 'redis', 'elasticsearch', 'kombu'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code, str(tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_searching_loads_no_crawler_and_no_extractor(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['khabar', 'search', '*', '--home', sys.argv[1]]\n"
        "from khabar.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted({'scrapy', 'twisted', 'trafilatura', 'py3langid', 'numpy', 'workers.extract'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code, str(tmp_path))
    assert done.returncode == 0 and "0 article(s)" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "", done.stdout


def test_a_command_beside_the_processes_that_read_pages_loads_nothing_that_reads_them() -> None:
    code = (
        "import sys; import khabar.cli.collect, khabar.cli.watch, khabar.cli.mend, khabar.cli.follow, crawler.run\n"
        "print(*sorted({'numpy', 'trafilatura', 'workers.extract', 'workers.pipeline'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stdout + done.stderr


def test_the_help_of_all_commands_loads_little_of_what_they_need() -> None:
    code = (
        "import sys; sys.argv = ['khabar', '--help']; from khabar.cli import main; main()\n"
        "print(*sorted({'numpy', 'jinja2', 'scrapy', 'workers.extract', 'workers.pipeline'} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)
    assert done.returncode == 0 and "crawl" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "", done.stdout


def imported() -> set[str]:
    """Return the top-level modules of others that our packages import."""
    found: set[str] = set()
    for path in (path for name in OURS for path in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names - set(OURS)


def test_everything_imported_is_asked_for_by_name() -> None:
    owners = packages_distributions()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[\[>=<~! ]", line)[0].lower().replace("_", "-") for line in project["dependencies"]}
    for module in imported():
        assert {owner.lower().replace("_", "-") for owner in owners[module]} & asked, module


def test_no_dependency_ships_a_package_of_our_names() -> None:
    owners = {name: set(packages_distributions().get(name, [])) - {"khabar"} for name in OURS}
    assert not any(owners.values()), owners


def test_no_test_folder_is_a_package() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_requirements_are_pinned_with_hashes_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), path
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "==" in block and "--hash=sha256:" in block, f"{path.name}: {block.splitlines()[0]}"


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    names = set(re.findall(r'^\s*"([A-Za-z0-9_.-]+)[>=]', project, re.MULTILINE))
    locked = {
        re.sub(r"[_.]", "-", line.split("==")[0].lower())
        for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()
        if "==" in line
    }
    assert {re.sub(r"[_.]", "-", name.lower()) for name in names} <= locked


def test_what_is_shipped_is_what_is_tested() -> None:
    main, dev = (
        {line.split()[0] for line in (ROOT / "requirements" / name).read_text().splitlines() if "==" in line}
        for name in ("main.txt", "dev.txt")
    )
    assert not main - dev


def test_nothing_committed_names_this_machine() -> None:
    place = re.compile(
        "|".join(re.escape(f"{folder}/") for folder in {ROOT.parent, Path.home()} if folder != Path("/"))
    )
    named = [path for path in tracked() if place.search(path.read_text("utf-8", "ignore"))]
    assert not named, named


def test_a_decision_is_a_page_at_most() -> None:
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        assert len(path.read_text().splitlines()) <= 60, path


def test_every_module_is_of_a_size_to_take_in() -> None:
    sizes = {path: path.read_text().count("\n") for name in OURS for path in (ROOT / name).rglob("*.py")}
    assert not {str(path): size for path, size in sizes.items() if size > 450}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "manager", "base", "misc", "tools"}
    assert not [path for name in OURS for path in (ROOT / name).rglob("*.py") if path.stem in empty]
