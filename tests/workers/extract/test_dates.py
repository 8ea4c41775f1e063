from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khabar.models import Source
from workers.extract.calendars import from_solar, is_solar_year
from workers.extract.dates import Habits, habits_of, plausible, read_date

PK = Habits(ZoneInfo("Asia/Karachi"))
AF = Habits(ZoneInfo("Asia/Kabul"), solar=True)
US = Habits(ZoneInfo("America/New_York"), month_first=True)
FIVE = timezone(timedelta(hours=5))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-01-31T10:20:30Z", datetime(2025, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("2025-01-31T10:20:30.123+0500", datetime(2025, 1, 31, 10, 20, 30, tzinfo=FIVE)),
        ("2025-01-31 10:20", datetime(2025, 1, 31, 10, 20, tzinfo=FIVE)),
        ("20250131T102030", datetime(2025, 1, 31, 10, 20, 30, tzinfo=FIVE)),
        ("20250131T10:20:30Z", datetime(2025, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("on Friday January 31, 2025 @10:20PM", datetime(2025, 1, 31, 22, 20, tzinfo=FIVE)),
        ("Fri, 31 Jan 2025 10:20:30 GMT", datetime(2025, 1, 31, 10, 20, 30, tzinfo=UTC)),
        ("January 31, 2025 at 10:20 pm", datetime(2025, 1, 31, 22, 20, tzinfo=FIVE)),
        ("Jan. 31, 2025, 12:05 a.m.", datetime(2025, 1, 31, 0, 5, tzinfo=FIVE)),
        ("Published 31st January 2025 | 7:05 AM PKT", datetime(2025, 1, 31, 7, 5, tzinfo=FIVE)),
        ("May 2, 2024 7:05 am EDT", datetime(2024, 5, 2, 11, 5, tzinfo=UTC)),
        ("۳۱ جنوری ۲۰۲۵ ۱۰:۲۰", datetime(2025, 1, 31, 10, 20, tzinfo=FIVE)),
        ("1738300000", datetime(2025, 1, 31, 5, 6, 40, tzinfo=UTC)),
        ("1738300000000", datetime(2025, 1, 31, 5, 6, 40, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_and_a_naive_one_is_of_the_source_s_zone(text: str, moment: datetime) -> None:
    assert read_date(text, PK) == (moment, "second")


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31", "2025/1/31", "20250131", "31/01/2025", "31.1.2025", "Friday, January 31, 2025",
        "31 Jan 2025", "31 جنوری 2025", "३१ जनवरी २०२५", "৩১ জানুয়ারি ২০২৫", "2025-01-31T00:00:00", "2025年1月31日",
        "Dienstag, 31. Januar 2025", "31 de enero de 2025", "Iqra Abbasi, 31.1.25",
    ],
)  # fmt: skip
def test_without_a_time_it_is_a_day(text: str) -> None:
    assert read_date(text, PK) == (datetime(2025, 1, 31, tzinfo=FIVE), "day")


def test_a_month_alone_is_a_month() -> None:
    assert read_date("2025-01", PK) == (datetime(2025, 1, 1, tzinfo=FIVE), "month")


def test_the_offset_is_kept_as_printed() -> None:
    found = read_date("2025-01-31T10:00:00+05:30", PK)
    assert found is not None and found[0].isoformat() == "2025-01-31T10:00:00+05:30"
    found = read_date("31 January 2025", PK)
    assert found is not None and found[0].isoformat() == "2025-01-31T00:00:00+05:00"


@pytest.mark.parametrize(
    "text",
    ["۱۴۰۳/۱۱/۱۲", "1403-11-12", "۱۲ دلو ۱۴۰۳", "۱۲ بهمن ۱۴۰۳", "جمعه، ۱۲ بهمن ۱۴۰۳", "د ۱۴۰۳ کال د سلواغې ۱۲", "د ۱۴۰۳ کال د سلواغه ۱۲مه"],
)  # fmt: skip
def test_a_solar_date_is_converted(text: str) -> None:
    found = read_date(text, AF)
    assert found is not None and found[0].date() == date(2025, 1, 31)


def test_a_solar_date_in_numbers_is_no_date_where_that_calendar_is_not_in_use() -> None:
    assert read_date("۱۴۰۳/۱۱/۱۲", PK) is None


def test_a_solar_month_name_is_enough_anywhere() -> None:
    found = read_date("۱۲ دلو ۱۴۰۳", PK)
    assert found is not None and found[0].date() == date(2025, 1, 31)


@pytest.mark.parametrize(
    "text",
    [
        "1446/05/03",
        "12 رجب 1246",
        "no date",
        "",
        "2025-13-40",
        "31 Foo 2025",
        "99:99",
        "v2.0.1",
        "1812-06-24",
    ],
)
def test_what_is_no_date_of_ours_is_none(text: str) -> None:
    assert read_date(text, PK) is None


def test_day_and_month_are_in_the_source_s_order() -> None:
    (pakistan, _), (america, _) = (
        read_date("03/04/2025", PK) or (None, None),
        read_date("03/04/2025", US) or (None, None),
    )
    assert pakistan is not None and (pakistan.month, pakistan.day) == (4, 3)
    assert america is not None and (america.month, america.day) == (3, 4)
    unmistakable = read_date("12/31/2024", PK)
    assert unmistakable is not None and unmistakable[0].date() == date(2024, 12, 31)


def test_habits_come_from_the_source() -> None:
    assert habits_of(None) == Habits()
    assert habits_of(Source("a", "A", "AF", timezone="Asia/Kabul")).solar
    assert not habits_of(Source("a", "A", "PK", timezone="Asia/Karachi")).solar
    assert habits_of(Source("a", "A", timezone="Nowhere/Atall")).zone is UTC


def test_too_early_and_too_late_are_refused() -> None:
    fetched = datetime(2025, 3, 1, tzinfo=UTC)
    assert not plausible(datetime(1989, 12, 31, tzinfo=UTC), fetched)
    assert plausible(datetime(1990, 1, 1, tzinfo=UTC), fetched)
    assert plausible(fetched + timedelta(days=2), fetched)
    assert not plausible(fetched + timedelta(days=2, seconds=1), fetched)


@pytest.mark.parametrize(
    ("solar", "gregorian"),
    [
        ((1403, 1, 1), date(2024, 3, 20)),
        ((1403, 12, 30), date(2025, 3, 20)),  # 1403 is a leap year
        ((1404, 1, 1), date(2025, 3, 21)),
        ((1399, 12, 30), date(2021, 3, 20)),
        ((1400, 5, 24), date(2021, 8, 15)),
        ((1370, 1, 1), date(1991, 3, 21)),
        ((1357, 11, 22), date(1979, 2, 11)),
    ],
)
def test_known_days_of_both_calendars(solar: tuple[int, int, int], gregorian: date) -> None:
    assert from_solar(*solar) == gregorian


@pytest.mark.parametrize(
    "solar", [(1403, 13, 1), (1403, 7, 31), (1404, 12, 30), (1403, 0, 1), (1403, 1, 0), (900, 1, 1)]
)
def test_days_that_the_solar_calendar_has_not(solar: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no such solar date"):
        from_solar(*solar)


@given(st.integers(1300, 1450), st.integers(1, 12), st.integers(1, 29))
def test_the_solar_calendar_is_in_order(year: int, month: int, day: int) -> None:
    here = from_solar(year, month, day)
    assert from_solar(year + 1, month, day) - here in {timedelta(days=365), timedelta(days=366)}
    assert here.year - year in {621, 622}
    assert not is_solar_year(here.year)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = read_date(text, AF)
    assert found is None or found[0].tzinfo is not None


@given(st.integers(631_152_000, 4_102_444_800))
def test_iso_is_read_back(seconds: int) -> None:
    plain = datetime.fromtimestamp(seconds, UTC)
    found = read_date(plain.isoformat(), PK)
    assert found is not None and found[0] == plain
