"""A Khabar whose archive lies on object storage, by its commands alone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from khabar.archive.store import open_store

Khabar = Callable[..., subprocess.CompletedProcess[str]]
PAGE = """<html><head><title>{title}</title><link rel="canonical" href="https://a.example/opinion/{number}"></head>
<body><article><h1>{title}</h1><p>Traders at gate {number} waited for nine days while the envoys talked about customs.</p>
<p>Nobody in Torkham expected an answer, and the price of a lorry load of pomegranates fell again.</p></article></body></html>"""


def test_pages_are_ingested_reindexed_and_audited_on_object_storage(
    khabar: Khabar, home: Path, tmp_path: Path, s3_url: str
) -> None:
    url = f"{s3_url}/news"
    (home / "khabar.toml").write_text(f'archive_url = "{url}"\n')
    (tmp_path / "pages").mkdir()
    for number in range(6):
        (tmp_path / "pages" / f"{number}.html").write_text(PAGE.format(title=f"Gate {number}", number=number))

    def said(*words: str | Path) -> str:
        done = khabar(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "indexed" in said("ingest", tmp_path / "pages")
    store = open_store(url)
    assert any(key.endswith(".warc.gz") for key in store.keys("segments/"))
    assert any(key.endswith(".outcomes.json") for key in store.keys("segments/"))
    assert list(store.keys("pending/")) == []
    assert not (home / "archive").exists()
    before = json.loads(said("search", "Torkham", "--format", "json"))
    shutil.rmtree(home / "index")
    said("reindex")
    after = json.loads(said("search", "Torkham", "--format", "json"))
    assert (after["total"], after["hits"]) == (6, before["hits"])
    said("doctor")


def test_a_missing_bucket_is_one_line_with_how_to_mend_it(
    khabar: Khabar, home: Path, tmp_path: Path, s3_url: str
) -> None:
    (home / "khabar.toml").write_text(f'archive_url = "{s3_url}-not"\n')
    (tmp_path / "page.html").write_text(PAGE.format(title="Gate", number=1))
    done = khabar("ingest", tmp_path / "page.html")
    assert done.returncode != 0
    assert "make the bucket, or correct archive_url" in done.stderr
    assert "Traceback" not in done.stderr
