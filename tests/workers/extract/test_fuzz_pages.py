"""No page breaks a stage, stalls it or fills the memory: our hard pages, mutated at random, and a few built to be slow."""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khabar.models import Article, Entry, Record, Rules, Source
from workers.extract import Extracted, Rejected, extract
from workers.genre import classify
from workers.language import identify
from workers.normalize import normalize

MakeRecord = Callable[..., Record]
PAGES = [
    path.read_bytes().decode("utf-8", "replace")
    for path in sorted((Path(__file__).resolve().parents[2] / "pages").glob("*/page.html"))
]
RULES = Rules(
    body="article, #story, div > div", title="h1", author=".byline, a", date="time, s", drop=("nav", "p b")
)
SECONDS = 5.0  # of work on one small page: each takes some milliseconds
GROWTH = 256 << 20  # bytes that 20,000 pages may add to what the first thousand needed
WORDS = "Some words of an ordinary sentence that goes on for a while here. "
HEAD = (
    '<title>A gate - The Review</title><meta property="og:title" content="A gate"><link rel=canonical href="/a/b">'
    '<meta property="article:published_time" content="2025-02-27T08:15:00+05:00"><meta name=author content="Nadia Gul">'
    '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": "A gate", "author": [{"name": "Nadia Gul"}],'
    ' "datePublished": "2025-02-27", "image": {"url": "/i.jpg"}}, {"@type": "BreadcrumbList", "itemListElement": []}]}</script>'
)
BITS = [
    "<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "&", "&#x0;", "&#1114112;", "\x00", "\x1b", "\ufffe", "\u200c", '"', "'", "=",
    "<p>", "</div>", "<table><tr>", "<svg>", "<math>", "<template>", "<form>", "<select>", "<plaintext>", "<frameset>", "<body>",
    "<h1>", "<time datetime=", "<a rel=author href=//[>", "<base href=x>", "۱۴۰۳/۱۳/۴۰", "By ", "{", "[", "\\u12", "<?php", "<html/>",
    "<meta charset=utf-16>", "<script>", "</script>", "</article>", "99999999999999999999", "2025-99-99T99:99:99+99:99",
]  # fmt: skip


def read(record: Record, source: Source | None) -> Article | Rejected:
    found = extract(record, source)
    if isinstance(found, Rejected):
        assert found.reason
        return found
    assert isinstance(found, Extracted)
    article = identify(normalize(found, record, source), source)
    return classify(article, found, record.discovery)


def mutate(page: str, rng: random.Random) -> bytes:
    """Return a page with up to eight bits of it deleted, doubled, moved, or put in from elsewhere."""
    for _ in range(rng.randint(1, 8)):
        start = rng.randrange(len(page) + 1)
        end = min(len(page), start + rng.choice([1, 5, 40, 400]))
        piece = page[start:end]
        page = rng.choice(
            [
                page[:start] + page[end:],
                page[:start] + piece + page[start:],
                page[:start] + rng.choice(BITS) + page[start:],
                page[:start] + rng.choice(BITS) + page[end:],
                page[end:] + piece,
                page[:start] + piece.swapcase() + page[end:],
            ]
        )
    data = page.encode(rng.choice(["utf-8", "utf-8", "utf-16", "cp1256"]), "replace")
    if rng.random() < 0.3 and data:
        place = rng.randrange(len(data))
        data = data[:place] + rng.randbytes(rng.randint(1, 4)) + data[place + 1 :]
    return data


def check(seed: int, make_record: MakeRecord, make_page: Callable[..., str], source: Source) -> None:
    rng = random.Random(seed)
    made = make_page(
        head=HEAD, before="<nav><a href=/>Home</a></nav>", after="<footer>27 February 2025</footer>"
    )
    page = rng.choice([made, *PAGES])
    source = rng.choice([source, source, replace(source, rules=(RULES,))])
    kind = rng.choice(["page", "page", "page", "text", "article"])
    entry = Entry("https://review.example/a", "A gate") if rng.random() < 0.5 else None
    text = (
        page
        if kind != "article"
        else '{"title": "A gate", "body": "Text.", "authors": ["N"], "published": "2025-02-27", "url": null}'
    )
    record = make_record(
        mutate(text, rng), kind=kind, entry=entry, charset=rng.choice([None, "utf-8", "latin-1", "bogus"])
    )
    started = time.process_time()
    article = read(record, source)
    assert time.process_time() - started < SECONDS, f"seed {seed} is slow"
    if isinstance(article, Article):
        article.body.encode()  # no lone surrogates, which no index and no JSON takes
        article.title.encode()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_no_mutated_page_breaks_a_stage(
    seed: int, make_record: MakeRecord, make_page: Callable[..., str], karachi: Source
) -> None:
    check(seed, make_record, make_page, karachi)


@pytest.mark.soak
def test_no_mutated_page_breaks_a_stage_in_the_long_run(
    make_record: MakeRecord, make_page: Callable[..., str], karachi: Source
) -> None:
    needed = 0
    for seed in range(20_000):
        check(seed, make_record, make_page, karachi)
        if seed == 1_000:
            needed = _memory()
    assert _memory() - needed < GROWTH


def _memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_a_page_that_grows_when_it_is_read_fills_no_memory(make_record: MakeRecord) -> None:
    read(make_record(f"<p>{WORDS * 9}"), None)
    before = _memory()
    read(make_record("<div><b><i>" + "<p><a>x" * 60_000 + WORDS * 9), None)
    assert _memory() - before < GROWTH


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 50_000 + f"<p>{WORDS * 9}",
        f"<b>{WORDS}" * 20_000,
        "<article>" + f"<p>{WORDS}</p>" * 30_000,
        "<article><p>" + f"<span>{WORDS}</span>" * 19_000,
        "<table><tr><td>" * 5_000 + WORDS * 9,
        "<p>" + "<" * 2_000_000,
        "<p>" + " \n" * 2_000_000 + WORDS,
        "<p>" + "- " * 500_000,
        f"<article class='{'a ' * 500_000}'><p>{WORDS * 9}",
        "<script type='application/ld+json'>" + "[" * 500_000 + f"</script><p>{WORDS * 9}",
        '<script type="application/ld+json">{"@type":"Article","headline":"' + "<" * 500_000 + f'"}}</script><p>{WORDS * 9}',
        '<script type="application/ld+json">' + "\n " * 500_000 + f"x</script><p>{WORDS * 9}",
        f"<meta name=author content='{'a, ' * 300_000}'><p>{WORDS * 9}",
        f"<title>{' - ' * 300_000}</title><p>{WORDS * 9}",
        f"<html{' ' * 500_000}x><p>{WORDS * 9}",
        "<!--a-->" * 100_000 + f"<p>{WORDS * 9}",
        f"<p>{WORDS}</p>" * 700_000,
        "<h1>A gate</h1><div>" + "<i></i>" * 100_000 + f"</div><p>{WORDS * 9}",
        "<h1>A gate</h1>" + "<time>1 May 2024</time>" * 35_000 + f"<p>{WORDS * 9}",
        "<h1>A gate</h1>" + "<p class=meta>Updated 1 May 2024</p>" * 30_000,
        "<h1>A gate</h1>" + "<a rel=author href=/author/x>x1</a>" * 30_000,
        "<h1>A gate</h1>" + "<div class='author date paywall crumb live-blog'>" * 190 + "<a>x1</a>" * 30_000,
        "<h1>A gate</h1>" + "<p>by by by by 1 1 1 1</p>" * 30_000,
        "<h2><a href=x>A title of a card here</a></h2>" * 30_000,
        "<h1>" + "A - gate | " * 50_000 + "</h1>",
        '<script>"datePublished"' + " " * 1_000_000 + f"</script><p>{WORDS * 9}",
        "<p id='" + "live-" * 200_000 + f"'>{WORDS * 9}",
        "<ul>" + "<li><a x>" + "<span>" * 30_000 + WORDS,
        "<nav " + "<nav>x" * 60_000 + f"<p>{WORDS * 9}",
    ],
    ids=lambda page: str(page[:24]),
)  # fmt: skip
def test_no_page_stalls_a_worker(page: str, make_record: MakeRecord) -> None:
    started = time.process_time()
    read(make_record(page), None)
    assert (
        time.process_time() - started < 10
    )  # each takes a second or two at most; quadratic ones took minutes
