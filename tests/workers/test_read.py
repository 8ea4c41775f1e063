"""What a pool process answers: a segment, or one record of it, read by the catalogue it was given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from khabar.archive.records import read_segment
from khabar.archive.store import Store
from khabar.catalogue import SHIPPED
from khabar.codec import load
from khabar.models import Batch, Record
from workers.read import start

Seal = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("catalogue")
    (made / "topics").mkdir()
    (made / "topics" / "gates.yaml").write_text(
        "id: gates\ntitle: Gates\nquery: gate\nsignals:\n  - {query: gate, weight: 2}\nthreshold: 1\n"
    )
    return made


def test_a_segment_is_answered_with_all_its_records_and_the_catalogues_versions(
    store: Store, seal: Seal, make_page: Callable[..., str], folder: Path
) -> None:
    answer = start(store.url, (SHIPPED, folder), {"gates": 7})
    segment = seal(
        ("https://a.example/1", make_page()), ("https://a.example/2", "<html></html>"), ("urn:x", "plain")
    )
    batch = load(answer(segment), Batch)
    assert batch.segment == segment and batch.damage == ()
    assert [reading.outcome for reading in batch.readings] == ["article", "rejected", "rejected"]
    article = batch.readings[0].article
    assert article is not None
    assert [(match.version, match.id) for match in article.topics if match.id == "gates"] == [(7, "gates")]
    assert "torkham" in {entity.id for entity in article.entities}


def test_one_record_is_answered_alone(
    store: Store, seal: Seal, make_page: Callable[..., str], folder: Path
) -> None:
    answer = start(store.url, (folder,), {})
    segment = seal(("https://a.example/1", make_page()), ("https://a.example/2", make_page(title="B")))
    records = [record for record in read_segment(store, segment) if isinstance(record, Record)]
    [reading] = load(answer(f"{segment}#{records[1].id}"), Batch).readings
    assert (reading.record, reading.discovery.url) == (records[1].id, "https://a.example/2")
    assert load(answer(f"{segment}#urn:uuid:none"), Batch).readings == ()


def test_a_lost_segment_is_answered_with_its_loss(store: Store, folder: Path) -> None:
    batch = load(start(store.url, (folder,), {})("segments/2025/03/01/lost.warc.gz"), Batch)
    assert batch.readings == () and len(batch.damage) == 1
