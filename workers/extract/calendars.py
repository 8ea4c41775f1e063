"""Month names of our languages, and the solar calendar of Iran and Afghanistan."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from khabar.text import fold_word

_GREGORIAN = """
1  january jan جنوری جنوري जनवरी जानेवारी জানুয়ারি জানুয়ারি ژانویه جنوري يناير janvier januar enero gennaio janeiro январь января জানুয়ারী
2  february feb فروری فبروري फरवरी फ़रवरी ফেব্রুয়ারি ফেব্রুয়ারি فوریه فبروری فبراير février februar febrero febbraio fevereiro февраль февраля ফেব্রুয়ারী
3  march mar مارچ मार्च মার্চ مارس mars märz marzo março март марта
4  april apr اپریل अप्रैल এপ্রিল آوریل اپرېل أبريل avril abril aprile апрель апреля
5  may مئی मई মে مه می مايو mai mayo maggio maio май мая
6  june jun جون जून জুন ژوئن يونيو juin juni junio giugno junho июнь июня
7  july jul جولائی जुलाई জুলাই ژوئیه جولای جولاي يوليو juillet juli julio luglio julho июль июля
8  august aug اگست अगस्त আগস্ট اوت آگست أغسطس août agosto август августа آگوست আগষ্ট
9  september sep sept ستمبر सितंबर सितम्बर সেপ্টেম্বর سپتامبر سپتمبر سبتمبر septembre septiembre settembre setembro сентябрь сентября سپټمبر سپټامبر
10 october oct اکتوبر अक्टूबर अक्तूबर অক্টোবর اکتبر أكتوبر octobre oktober octubre ottobre outubro октябрь октября
11 november nov نومبر नवंबर नवम्बर নভেম্বর نوامبر نوفمبر novembre noviembre novembro ноябрь ноября
12 december dec دسمبر दिसंबर दिसम्बर ডিসেম্বর دسامبر دیسمبر ديسمبر décembre dezember diciembre dicembre dezembro декабрь декабря ډسمبر ډیسمبر
"""
_SOLAR = """
1  فروردین حمل وری
2  اردیبهشت ثور غویی
3  خرداد جوزا غبرګولی
4  تیر سرطان چنګاښ
5  مرداد اسد زمری
6  شهریور سنبله وږی
7  مهر میزان تله تلې
8  آبان عقرب لړم
9  آذر قوس لیندۍ
10 دی جدی مرغومی
11 بهمن دلو سلواغه سلواغې
12 اسفند حوت کب
"""
_SHORT = """
1 ene gen
2 fév févr
3 mär mrz
4 avr abr
6 giu
7 juil lug
8 ago août
9 set
10 okt ott out
12 dez déc dic
"""


def _table(rows: str) -> dict[str, int]:
    split = (row.split() for row in rows.splitlines() if row)
    return {fold_word(name): int(number) for number, *names in split for name in names}


# by folded names: case, accents and the spellings of Arabic letters do not matter
GREGORIAN = _table(_GREGORIAN + _SHORT)
SOLAR = _table(_SOLAR)

_NOROOZ_1403 = date(2024, 3, 20)
# In the calendar's 33-year cycle these years of the cycle are leap; it has held since 1244 and will until 1472.
_LEAP = frozenset({1, 5, 9, 13, 17, 22, 26, 30})


def is_solar_year(year: int) -> bool:
    """Tell whether a number can be a solar year since 1990."""
    return 1369 <= year <= 1429


def from_solar(year: int, month: int, day: int) -> date:
    """Return a solar (Jalali) date in the Gregorian calendar. Raises ValueError for a day that it has not."""
    longest = 31 if month <= 6 else 30 if month < 12 or year % 33 in _LEAP else 29
    if not (1244 <= year <= 1472 and 1 <= month <= 12 and 1 <= day <= longest):
        raise ValueError(f"no such solar date: {year}/{month}/{day}")
    before = (month - 1) * 31 if month <= 7 else 186 + (month - 7) * 30
    return _new_year(year) + timedelta(days=before + day - 1)


@lru_cache(maxsize=256)
def _new_year(year: int) -> date:
    if year >= 1403:
        leaps = sum(y % 33 in _LEAP for y in range(1403, year))
        return _NOROOZ_1403 + timedelta(days=365 * (year - 1403) + leaps)
    leaps = sum(y % 33 in _LEAP for y in range(year, 1403))
    return _NOROOZ_1403 - timedelta(days=365 * (1403 - year) + leaps)
