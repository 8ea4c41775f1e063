"""Lines that print a date are told from sentences that mention one."""

from __future__ import annotations

import pytest

from workers.extract.dateline import is_dateline, says_published, says_updated


@pytest.mark.parametrize(
    "line",
    [
        "19 November 2025",
        "Wednesday, November 19, 2025 at 7:30 am PKT",
        "Published on 19 November 2025 in Letters",
        "Iqra Abbasi | 19 November 2025",
        "Datum 19.11.2025",
        "بدھ، 19 نومبر 2025 کو شائع ہوا",
        "چهارشنبه ۲۸ آبان ۱۴۰۴ - ساعت ۱۰:۲۰",
        "प्रकाशित: १९ नवंबर २०२५, ०७:३० बजे",
    ],
)
def test_what_is_there_for_its_date(line: str) -> None:
    assert is_dateline(line)


@pytest.mark.parametrize(
    "line",
    [
        "The ferry as it left the lower crossing for the last time, 24 April 2023",
        "It was on 19 November 2025 that the goats took the runway and kept it",
        "x " * 100,
    ],
)
def test_what_mentions_one(line: str) -> None:
    assert not is_dateline(line)


def test_publication_is_told_from_a_change() -> None:
    assert says_published("Posted on May 1") and not says_updated("Posted on May 1")
    assert says_updated("Last updated: May 1") and not says_published("Last updated: May 1")
    assert says_updated("آخری بار اپ ڈیٹ") and says_published("تاریخ اشاعت")
