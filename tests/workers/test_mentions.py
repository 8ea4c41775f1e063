from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Article
from workers import almanac
from workers.extract.calendars import from_solar
from workers.mentions import find_dates, mention_dates

DAY = datetime(2025, 1, 31, 9, tzinfo=UTC)
ANY = Article("x", "urn:x", "s", "", "", DAY, published=DAY)


def dates(text: str, lang: str = "en", **fields: object) -> tuple[str, ...]:
    return mention_dates(replace(ANY, body=text, lang=lang, **fields)).mentions_dates  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lang", "text", "told"),
    [
        ("en", "The gate was shut on 15 August 2021 and in May 2022.", ("2021-08-15", "2022-05")),
        ("en", "On August 15, 2021, and by the 3rd of March, 2020.", ("2021-08-15", "2020-03-03")),
        ("en", "Since 1947 the line is drawn; 2021-08-15 is the day, 1/9/2021 the next.", ("1947", "2021-08-15", "2021-09-01")),
        ("en", "It may be shut. They march. 2021 gates and 1990 men.", ()),
        ("en", "It fell last August, two years ago, 3 months ago and yesterday.", ("2024-08", "2023", "2024-10", "2025-01-30")),
        ("en", "last year, last month, next year, a decade ago, last January", ("2024", "2024-12", "2026", "2015", "2024-01")),
        ("en", "On January 12 and 28 December they met.", ("2025-01-12", "2024-12-28")),
        ("ur", "یہ دو سال پہلے ہوا، گزشتہ اگست میں، اور ۱۵ اگست ۲۰۲۱ کو۔", ("2023", "2024-08", "2021-08-15")),
        ("fa", "از ۱۵ آگوست ۲۰۲۱", ("2021-08-15",)),
        ("ps", "د ۱۵ سپټمبر ۲۰۲۱ او ډسمبر ۲۰۲۲", ("2021-09-15", "2022-12")),
        ("bn", "১৫ জানুয়ারী ২০২১, ফেব্রুয়ারী ২০২২, ১৫ আগষ্ট ২০২১", ("2021-01-15", "2022-02", "2021-08-15")),
        ("ur", "سنہ 1971 میں اور 2021ء کے بعد، پچھلے ماہ", ("1971", "2021", "2024-12")),
        ("ur", "رمضان 1442 میں", ("2021-04",)),
        ("ur", "1442 ہجری", ("2021",)),
        ("fa", "۲۴ اسد ۱۴۰۰ و سال ۱۳۹۹", ("2021-08-15", "2020")),
        ("fa", "در مرداد ۱۴۰۰ و دو سال پیش و دیروز", ("2021-08", "2022", "2025-01-30")),
        ("fa", "سال گذشته و مرداد گذشته", ("2023", "2024-08")),
        ("prs", "اگست ۲۰۲۱", ("2021-08",)),
        ("ps", "دوه کاله مخکې او د ۲۰۲۱ کال په اګست کې", ("2022", "2021-08")),
        ("ps", "پرون، تېره میاشت", ("2025-01-30", "2024-12")),
        ("ps", "د ۱۴۰۰ کال د زمري ۲۴", ("2021-08-15",)),
        ("hi", "दो साल पहले, पिछले अगस्त में और १५ अगस्त २०२१ को", ("2023", "2024-08", "2021-08-15")),
        ("hi", "सन 1971 में, पिछले साल, अगले महीने; 2000 के नोट", ("1971", "2024", "2025-02")),
        ("bn", "দুই বছর আগে, গত আগস্টে এবং ১৫ আগস্ট ২০২১", ("2023", "2024-08", "2021-08-15")),
        ("bn", "১৯৭১ সালে, গতকাল ও আগামী মাসে, ২০০০ মানুষ", ("1971", "2025-01-30", "2025-02")),
        ("ur", "ذوالحجہ 1442 میں", ("2021-07",)),
        ("prs", "دو سال پیش، ماه گذشته و ۲۴ اسد ۱۴۰۰", ("2022", "2024-12", "2021-08-15")),
        ("fi", "15 August 2021", ()),
    ],
)  # fmt: skip
def test_what_a_text_tells(lang: str, text: str, told: tuple[str, ...]) -> None:
    assert dates(text, lang) == told


def test_without_a_day_of_publication_only_whole_dates_are_told() -> None:
    text = "Two years ago, last August, on January 12 and in 2021."
    assert dates(text, published=None) == ("2021",)


def test_last_august_in_an_august_is_a_year_ago() -> None:
    august = datetime(2025, 8, 20, tzinfo=UTC)
    assert dates("last August", published=august) == ("2024-08",)
    assert dates("next August", published=august) == ("2026-08",)
    assert dates("this August", published=august) == ("2025-08",)


def test_pashto_of_pakistan_counts_gregorian_years() -> None:
    assert dates("دوه کاله مخکې", "ps", country="PK") == ("2023",)


@given(st.dates(date(1950, 1, 1), date(2080, 12, 31)))
def test_each_day_is_read_back_however_it_is_printed(day: date) -> None:
    for shape in ("%Y-%m-%d", "{d} %B %Y", "%B {d}, %Y", "%b {d} %Y"):
        printed = day.strftime(shape.replace("{d}", str(day.day)))
        assert dates(f"It was {printed}.") == (day.isoformat(),)


@given(st.integers(1320, 1420), st.integers(1, 12), st.integers(1, 29))
def test_each_solar_day_and_month_is_the_gregorian_one(year: int, month: int, day: int) -> None:
    assert dates(f"{year}/{month:02}/{day:02}", "fa") == (from_solar(year, month, day).isoformat(),)
    middle = from_solar(year, month, 15)
    assert almanac.solar(year, month) == f"{middle:%Y-%m}"
    assert almanac.solar_year(from_solar(year, month, day)) == year


@given(st.integers(1300, 1499), st.integers(1, 12))
def test_lunar_days_follow_one_another(year: int, month: int) -> None:
    days = [date.fromisoformat(almanac.lunar(year, month, day) or "") for day in range(1, 30)]
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))
    assert almanac.lunar(1442, 9, 1) == "2021-04-13"
    assert almanac.lunar(1446, 1, 1) in {"2024-07-07", "2024-07-08"}


TEXTS = st.lists(
    st.sampled_from([
        "last", "August", "2021", "two", "years", "ago", "in", "15", "۲۰۲۱", "دو", "سال", "پہلے", "گزشتہ", "اگست", "میں", "é", "𝒜",
        "‌", "پیش", "مرداد", "کال", "مخکې", ",", "-", "/", "1442", "ہجری", "٠٣", "yesterday", "May", "हिन्दी", "पिछले", "अगस्त", "साल", "में", "গত", "আগস্টে", "সালে", "২০২১", "\n\n",
    ]),
    max_size=25,
)  # fmt: skip


@given(TEXTS, st.sampled_from(["en", "ur", "fa", "prs", "ps", "hi", "bn"]), st.booleans())
def test_every_span_cuts_the_exact_text_and_none_overlap(parts: list[str], lang: str, spaced: bool) -> None:
    text = (" " if spaced else "").join(parts)
    found = find_dates(replace(ANY, title=text, body=text, lang=lang))
    for each in found:
        assert text[each.span.start : each.span.end] == each.span.text
        assert date.fromisoformat((each.value + "-01-01")[:10])
    for field in ("title", "body"):
        spans = [(one.span.start, one.span.end) for one in found if one.span.field == field]
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.integers(0, 400), st.sampled_from(["days", "months", "years"]))
def test_so_long_ago_lies_so_long_before_the_day(count: int, unit: str) -> None:
    told = dates(f"{count} {unit} ago")
    if count == 0:
        assert told == ()
    elif unit == "days":
        assert told == ((DAY.date() - timedelta(days=count)).isoformat(),)
    elif unit == "years":
        assert told == (str(2025 - count),)
    else:
        assert told == (almanac.months_before(DAY.date(), count),)
