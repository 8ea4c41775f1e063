"""The lunar calendar of Islam (Hijri): its months in our languages, and its days in the Gregorian calendar."""

from __future__ import annotations

import re
from datetime import date, timedelta

from khabar.text import fold

FIRST, LAST = 1410, 1500  # years; what lies outside of 1990 to 2077 is no day of publication
_MONTHS = (
    ("محرم", "محرم الحرام", "muharram", "मुहर्रम", "মহররম"),
    ("صفر", "صفر المظفر", "safar"),
    ("ربیع الاول", "ربیع‌الاول", "rabi al-awwal", "rabi ul awwal", "rabi i"),
    ("ربیع الثانی", "ربیع‌الثانی", "ربیع الآخر", "rabi al-thani", "rabi ul sani", "rabi ii"),
    ("جمادی الاول", "جمادی الاولیٰ", "جمادی‌الاول", "jumada al-awwal", "jumada al-ula", "jamadi ul awwal"),
    ("جمادی الثانی", "جمادی الثانیہ", "جمادی الآخر", "جمادی‌الثانی", "jumada al-thani", "jamadi ul sani"),
    ("رجب", "رجب المرجب", "rajab"),
    ("شعبان", "شعبان المعظم", "shaban", "sha'ban"),
    ("رمضان", "رمضان المبارک", "ramadan", "ramazan"),
    ("شوال", "شوال المکرم", "shawwal"),
    ("ذوالقعدہ", "ذیقعدہ", "ذی القعدہ", "ذیقعده", "ذوالقعدة", "dhu al-qadah", "zulqadah"),
    ("ذوالحجہ", "ذی الحجہ", "ذی‌حجه", "ذیحجه", "ذوالحجة", "dhu al-hijjah", "zulhijjah"),
)
_NUMBER = {fold(name): number for number, names in enumerate(_MONTHS, 1) for name in names}
_NAMES = "|".join(sorted(map(re.escape, _NUMBER), key=len, reverse=True))
_DATE = re.compile(rf"(?<!\d)(\d{{1,2}})\s+({_NAMES})\s+(\d{{4}})(?!\d)")
_EPOCH = date(622, 7, 19)
_LEAP = frozenset({2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29})  # of each thirty years


def read_lunar(text: str) -> date | None:
    """Return the first lunar date in a text, by the tabular calendar: where the moon is sighted it may be a day later."""
    for day, name, year in _DATE.findall(fold(text)):
        if FIRST <= int(year) <= LAST and 1 <= int(day) <= 30:
            return from_lunar(int(year), _NUMBER[name], int(day))
    return None


def from_lunar(year: int, month: int, day: int) -> date:
    """Return a day of the tabular lunar calendar in the Gregorian one."""
    before = (year - 1) // 30 * 10_631 + sum(354 + (y % 30 in _LEAP) for y in range(1, (year - 1) % 30 + 1))
    return _EPOCH + timedelta(days=before + (month - 1) * 29 + month // 2 + day - 1)
