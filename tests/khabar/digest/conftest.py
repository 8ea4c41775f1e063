"""A small press for the digest: articles of our own writing in five languages, in a real index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from khabar.catalogue import DigestPlan, Topic
from khabar.models import ArchiveRef, Article, Document, Entity, Folded, Mention, Reference, TopicMatch
from search.tantivy import TantivyIndex, create_index
from search.tree import Word
from workers.cluster import cluster
from workers.duplicates import sign

FETCHED = datetime(2025, 11, 3, 4, 30, 15, 123456, tzinfo=UTC)

Publish = Callable[..., Article]


@pytest.fixture
def index(tmp_path: Path) -> TantivyIndex:
    return empty_index(tmp_path)


def empty_index(folder: Path) -> TantivyIndex:
    create_index(folder)
    return TantivyIndex(folder)


@pytest.fixture
def topic() -> Topic:
    plan = DigestPlan(time=time(6, 30), timezone="Asia/Karachi")
    return Topic("border", "The border & its crossings", query="border", node=Word("border"), digest=plan)


@pytest.fixture
def publish(index: TantivyIndex) -> Publish:
    return publisher(index)


def publisher(index: TantivyIndex) -> Publish:
    """Return what writes an article on the topic `border`, with its clusters; `evidence` are words of the text."""

    def publish(
        name: str,
        when: str | None,
        body: str = "",
        evidence: tuple[str, ...] = (),
        score: float = 5.0,
        **fields: object,
    ) -> Article:
        body = body or f"Nothing that {name} says about the border is said by anybody else in the paper."
        defaults: dict[str, object] = {
            "url": f"https://paper.example/{name}",
            "source": "paper",
            "title": f"Title of {name}",
            "published": datetime.fromisoformat(when) if when else None,
            "published_precision": "second" if when else None,
            "fetched": FETCHED,
            "lang": "en",
            "archive": ArchiveRef("segment", "record", "0" * 64),
            "entities": (Entity("torkham", "Torkham", "place", 0.9, (Mention("body", 0, 4, body[:4]),)),),
            "topics": (
                TopicMatch("border", score, 1, tuple(_spans(body, evidence))),
                TopicMatch("another", 9.0, 1),
            ),
        }
        article = Article(id=name, body=body, cluster=name, first=name, **(defaults | fields))  # type: ignore[arg-type]
        reference = Reference(
            article.fetched, name, "segment", article.url, f"t {article.url}", "paper", article.fetched, "h"
        )
        document = Document(article, (reference,), sign(body))
        index.update({name: lambda _: Folded(document, ())})
        cluster(index, [name])
        return article

    return publish


def _spans(body: str, words: tuple[str, ...]) -> list[Mention]:
    places = [(body.index(word), word) for word in words]
    return [Mention("body", at, at + len(word), word) for at, word in places]


@pytest.fixture(scope="session")
def press(tmp_path_factory: pytest.TempPathFactory) -> TantivyIndex:
    """One day of a press that writes in English, Urdu, Pashto, Dari and Hindi; one English text is printed twice.

    Made once: nobody writes into it.
    """
    index = empty_index(tmp_path_factory.mktemp("press"))
    publish = publisher(index)
    english = (
        "Every closure of the border at Torkham is announced as the last one. Traders on both sides have stopped "
        "believing it, and so should the ministers who sign the orders.\n\n"
        "A lorry of pomegranates loses a third of its worth in three days of waiting. The farmers of Kandahar have "
        "no part in the quarrel between the two capitals, but they pay for it before anybody else does, and nobody "
        "at the table speaks for them. A border that opens and shuts by decree teaches people to go around it."
    )
    publish(
        "en",
        "2025-10-14T08:15:00+05:00",
        english,
        ("border at Torkham", "Traders", "border that opens"),
        9.5,
        title="The border that closes every month",
        source="khyber-courier",
        authors=("Sana Marwat",),
        genre="opinion",
    )
    publish(
        "en-copy", "2025-10-14T19:40:00+05:00", english, ("border at Torkham",), 9.0, source="kabul-ledger"
    )
    publish(
        "ur",
        "2025-10-14T07:00:00+05:00",
        "سرحد بند کرنے سے مسئلہ ختم نہیں ہوتا، صرف نظر سے اوجھل ہو جاتا ہے۔ طورخم پر کھڑے ٹرک اس پالیسی کی قیمت ادا کر رہے ہیں۔"
        "\n\nحکومت کو چاہیے کہ تجارت کو سیاست سے الگ رکھے اور TTP کے سوال پر کابل سے براہ راست بات کرے۔",
        ("سرحد", "طورخم", "تجارت", "TTP"),
        8.0,
        title="طورخم کا راستہ اور ہماری پالیسی",
        source="sarhad-nama",
        authors=("نجمہ یوسفزئی",),
        lang="ur",
        genre="column",
    )
    publish(
        "ps",
        "2025-10-14T10:00:00+04:30",
        "د تورخم لار د دواړو غاړو خلکو ته کار او ډوډۍ ورکوي. کله چې پوله وتړل شي، لومړی زیان بزګر ته رسیږي.",
        ("پوله", "تورخم"),
        7.0,
        title="پوله باید د سیاست قرباني نه شي",
        lang="ps",
        source="kabul-ledger",
    )
    publish(
        "prs",
        "2025-10-14T00:00:00+00:00",
        "بسته شدن مرز تورخم تنها به زیان تاجران نیست. بیمارانی که برای درمان به پشاور می‌رفتند نیز پشت دروازه مانده‌اند.",
        ("مرز تورخم", "پشاور"),
        6.0,
        title="مرز بسته، دست‌های خالی",
        lang="prs",
        source="kabul-ledger",
        published_precision="day",
        authors=("فرید رحیمی",),
    )
    publish(
        "hi",
        "2025-10-14T11:30:00+05:30",
        "सीमा पर व्यापार रुकने से दोनों देशों के किसान परेशान हैं। काबुल और इस्लामाबाद को बातचीत का रास्ता खुला रखना चाहिए।",
        ("सीमा", "व्यापार"),
        5.5,
        title="बंद सीमा का बोझ किसान पर",
        lang="hi",
        source="delhi-frontier-review",
        genre="editorial",
    )
    return index
