"""What is shipped of sources and topics, and the pages that say how to add more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from khabar.catalogue import SHIPPED, CatalogueError, load
from khabar.catalogue.entity import ENTITY_KEYS, FLAG_KEYS
from khabar.catalogue.signal import SIGNAL_KEYS
from khabar.catalogue.source import ENDPOINT_KEYS, EXPECT_KEYS, SCOPES, SOURCE_KEYS
from khabar.catalogue.topic import ALERT_KEYS, DIGEST_KEYS, TOPIC_KEYS, VETO_KEYS

DOCS = SHIPPED.parents[1] / "docs"
SOURCE_PAGE, TOPIC_PAGE = DOCS / "adding-a-source.md", DOCS / "adding-a-topic.md"

KEYS = [
    *((SOURCE_PAGE, key) for keys in (SOURCE_KEYS, ENDPOINT_KEYS, EXPECT_KEYS) for key in keys),
    *((SOURCE_PAGE, scope) for scope in SCOPES),
    *((TOPIC_PAGE, key) for keys in (TOPIC_KEYS, SIGNAL_KEYS, VETO_KEYS, DIGEST_KEYS, ALERT_KEYS) for key in keys),
    *((TOPIC_PAGE, key) for keys in (ENTITY_KEYS, FLAG_KEYS) for key in keys),
]  # fmt: skip


@pytest.mark.parametrize(("page", "key"), KEYS, ids=[f"{page.stem}-{key}" for page, key in KEYS])
def test_every_key_is_documented(page: Path, key: str) -> None:
    """Each stands in backticks somewhere outside the examples."""
    prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    assert re.search(rf"`\{{?{key}\b", prose), f"{page.name} says nothing of {key}"


def examples(page: Path) -> Iterator[tuple[str, str]]:
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL):
        yield block.split("\n", 1)[0].removeprefix("# "), block


@pytest.mark.parametrize("page", [SOURCE_PAGE, TOPIC_PAGE], ids=["source", "topic"])
def test_the_examples_are_good_files(page: Path, tmp_path: Path) -> None:
    written = list(examples(page))
    for name, text in written:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    catalogue = load([SHIPPED, tmp_path])
    ids = {*catalogue.sources, *catalogue.topics, *catalogue.gazetteer.entities}
    assert written
    assert {re.search(r"id: (\S+)", text)[1] for _, text in written} <= ids  # type: ignore[index]


def test_the_error_that_the_page_shows_is_the_one_that_is_given(tmp_path: Path) -> None:
    ((name, text),) = examples(SOURCE_PAGE)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text.split("\n", 1)[1].replace("Asia/Karachi", "Asia/Karachy"), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        load([tmp_path])
    assert str(caught.value).removeprefix(f"{tmp_path}/") in SOURCE_PAGE.read_text("utf-8").splitlines()


def test_shipped_sources_are_real_and_say_that_nobody_verified_them() -> None:
    sources = load([SHIPPED]).sources
    assert {"dawn", "thenews", "tehrantimes"} <= sources.keys()
    for source in sources.values():
        assert source.endpoints, source.id
        assert source.country and source.languages and source.timezone != "UTC", source.id
        assert source.verified is not None or "unverified" in (source.evidence or ""), source.id
        assert not source.addresses, source.id


def test_a_shipped_source_lies_where_its_country_and_id_say() -> None:
    sources = load([SHIPPED]).sources
    paths = {
        path.relative_to(SHIPPED / "sources").as_posix() for path in (SHIPPED / "sources").rglob("*.yaml")
    }
    assert paths == {f"{(source.country or '').lower()}/{source.id}.yaml" for source in sources.values()}


def test_the_shipped_topic_has_a_digest_and_speaks_of_known_actors() -> None:
    topic = load([SHIPPED]).topics["pak-taliban"]
    assert topic.enabled
    assert topic.digest is not None
    assert topic.threshold > 0
    assert all(signal.sets or signal.node for signal in topic.signals)
