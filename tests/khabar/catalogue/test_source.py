"""Source files: what a publisher's file may say, and what is said of a wrong one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from khabar.catalogue.problems import Problems
from khabar.catalogue.source import read_source
from khabar.models import Endpoint, Source

LEAST = """\
id: dawn
name: Dawn
languages: [en]
timezone: Asia/Karachi
endpoints:
  - {kind: feed, url: "https://www.dawn.example/feed"}
"""


def read(tmp_path: Path, text: str) -> tuple[Source | None, list[str]]:
    path = tmp_path / "dawn.yaml"
    path.write_text(text, "utf-8")
    problems = Problems()
    found = read_source(path, problems)
    said = [f"{each.line}:{each.column}: {each.what} — {each.how}" for each in sorted(problems.found)]
    return (found[1] if found else None), said


def test_what_is_left_out_has_a_sensible_default(tmp_path: Path) -> None:
    source, problems = read(tmp_path, LEAST)
    assert not problems
    assert source == Source(
        id="dawn",
        name="Dawn",
        languages=("en",),
        timezone="Asia/Karachi",
        endpoints=(Endpoint("feed", "https://www.dawn.example/feed", "opinion", None),),
        domains=("dawn.example",),
    )


def test_everything_that_can_be_said_is_kept(tmp_path: Path) -> None:
    source, problems = read(
        tmp_path,
        r"""
id: samaa-24
name: "سماء"
country: NO
languages: [ur, prs, uz-Latn]
timezone: Europe/Oslo
endpoints:
  - {kind: listing, url: "https://news.samaa.example:8443/op", scope: editorial, match: "/news/\\d+"}
  - {kind: sitemap, url: "http://cdn.other.example/map.xml", scope: all}
domains: [samaa.example, bbc.co.uk]
expect: {articles_per_week: [5, 80]}
verified: 2026-03-01
evidence: seen to answer
enabled: no
every: 2d
delay: 2.5
addresses: {News.samaa.example: 127.0.0.1, v6.example: "::1"}
""",
    )
    assert not problems
    assert source == Source(
        id="samaa-24",
        name="سماء",
        country="NO",
        languages=("ur", "prs", "uz-Latn"),
        timezone="Europe/Oslo",
        endpoints=(
            Endpoint("listing", "https://news.samaa.example:8443/op", "editorial", r"/news/\d+"),
            Endpoint("sitemap", "http://cdn.other.example/map.xml", "all", None),
        ),
        domains=("samaa.example", "bbc.co.uk"),
        articles_per_week=(5, 80),
        verified=date(2026, 3, 1),
        evidence="seen to answer",
        enabled=False,
        every=172_800,
        delay=2.5,
        addresses=(("news.samaa.example", "127.0.0.1"), ("v6.example", "::1")),
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nme: x", "7:1: unknown key `nme` — did you mean `name`?"),
        ("zzzzzz: x", "7:1: unknown key `zzzzzz` — known are id, name, country"),
        ("country: pk", "7:10: unknown country `pk` — write `PK`"),
        ("country: XQ", "7:10: unknown country `XQ` — use the two letters of ISO 3166, such as PK"),
        ("country: [PK]", "7:10: a list stands here — write a text"),
        ("every: 90", "7:8: `90` is no span of time — write a number and s, m, h or d, such as 1h"),
        ("every: 31d", "7:8: `31d` is out of range — write a span from 1m to 30d"),
        ("delay: soon", "7:8: `soon` is no number — write a number from 0 to 3600"),
        ("delay: .nan", "7:8: `.nan` is no number"),
        ("delay: nan", "7:8: nan is out of range"),
        ("delay: -1", "7:8: -1 is out of range"),
        ("enabled: maybe", "7:10: `maybe` is neither true nor false — write true or false"),
        ("evidence:", "7:1: `evidence` is empty — give a value, such as"),
        ("evidence: '  '", "7:11: is empty — write a text, or remove it"),
        ("verified: last week", "7:11: `last week` is no date — write it as 2026-01-31"),
        ("domains: dawn.example", "7:10: a single value stands here — write a list: [one, two]"),
        ("domains: [www.dawn.example]", "7:11: `www.dawn.example` is no registrable domain — write `dawn.example`"),
        ("domains: [https://dawn.example/]", "7:11: `https://dawn.example/` is no host name"),
        ("expect: {articles_per_week: [9, 3]}", "7:9: articles_per_week is no range — write [lowest, highest]"),
        ("expect: {articles_per_week: [1.5, 3]}", "7:30: 1.5 is no whole number — write 1"),
        ("addresses: {dawn.example: localhost}", "7:27: `localhost` is no IP address — write one, such as 127.0.0.1"),
        ("addresses: [127.0.0.1]", "7:12: a list stands here — write a mapping: {key: value}"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_place_and_its_mending(tmp_path: Path, line: str, said: str) -> None:
    source, problems = read(tmp_path, LEAST + line + "\n")
    assert source is None
    assert len(problems) == 1
    assert problems[0].startswith(said)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("{kind: fed, url: 'https://a.example/'}", "6:12: unknown `fed` — did you mean `feed`?"),
        ("{kind: feed}", "6:5: `url` is missing — add `url: https://www.dawn.example/feeds/opinion`"),
        ("{kind: feed, url: www.a.example/x}", "6:23: `www.a.example/x` is no web address — write the whole"),
        ("{kind: feed, url: 'ftp://a.example/x'}", "6:23: `ftp://a.example/x` is no web address"),
        ("{kind: feed, url: 'https://a b.example/'}", "6:23: `https://a b.example/` is no web address"),
        ("{kind: feed, url: 'https://[::1/'}", "6:23: `https://[::1/` is no web address"),
        ("{kind: feed, url: 'https://a.example:99999/'}", "6:23: `https://a.example:99999/` is no web address"),
        ("{kind: feed, url: 'https://me:pw@a.example/'}", "6:23: a web address may hold no user or password"),
        ("{kind: feed, url: 'https://a.example/', scope: opinions}", "6:52: unknown `opinions` — did you mean"),
        ("{kind: feed, url: 'https://a.example/', match: '(['}", "6:52: `([` is no regular expression: unterminated"),
        ("https://a.example/", "6:5: a single value stands here — write keys: kind, url, scope, match"),
    ],
)  # fmt: skip
def test_a_wrong_endpoint_is_named_likewise(tmp_path: Path, endpoint: str, said: str) -> None:
    text = LEAST.replace('{kind: feed, url: "https://www.dawn.example/feed"}', endpoint)
    _, problems = read(tmp_path, text)
    assert [problem for problem in problems if problem.startswith(said)], problems


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = (
        LEAST.replace("id: dawn", "id: Dawn_1")
        .replace("Asia/Karachi", "Asia/Karachy")
        .replace("[en]", "[eng, xx]")
    )
    _, problems = read(tmp_path, text.replace("name:", "nam:"))
    assert problems == [
        "1:1: `name` is missing — add `name: Dawn`",
        "1:5: `Dawn_1` is no id — use small letters, digits and single hyphens",
        "2:1: unknown key `nam` — did you mean `name`?",
        "3:13: unknown language `eng` — use the shortest BCP 47 code: en, ur, ps, prs",
        "3:18: unknown language `xx` — use the shortest BCP 47 code: en, ur, ps, prs",
        "4:11: unknown time zone `Asia/Karachy` — did you mean `Asia/Karachi`?",
    ]


def test_one_endpoint_twice_would_race_for_its_etag(tmp_path: Path) -> None:
    source, problems = read(tmp_path, LEAST + '  - {kind: listing, url: "https://www.dawn.example/feed"}\n')
    assert problems == ["7:26: this endpoint stands twice — the first is on line 6; keep one"]
    assert source is not None


def test_a_file_that_is_no_mapping_says_what_to_write(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "- id: dawn\n")
    assert problems[0].startswith("1:1: a list stands here — write keys: id, name, country, languages")
