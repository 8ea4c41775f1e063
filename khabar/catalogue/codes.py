"""Codes that others have fixed: countries, languages, time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

# ISO 639-1, and the languages of our regions that have a three-letter code only.
_LANGUAGES = """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv
    ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne
    ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st
    su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    bal brh ckb haz hno khw kmr mai phr pnb prs rhg skr uzs"""
LANGUAGES = frozenset(_LANGUAGES.split())


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166 codes of two letters, as the time zone database lists them."""
    table = (files("tzdata.zoneinfo") / "iso3166.tab").read_text("utf-8")
    return frozenset(line[:2] for line in table.splitlines() if line and not line.startswith("#"))


@cache
def zone_of(country: str) -> str | None:
    """Return the time zone of a country (ISO 3166) that has one, be it under several names; None where it has several."""
    table = (files("tzdata.zoneinfo") / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line.startswith(f"{country}\t"))
    names = [row[2] for row in rows]
    seasons = [datetime(2024, month, 1, tzinfo=UTC) for month in (1, 7)]
    clocks = {tuple(moment.astimezone(ZoneInfo(name)).utcoffset() for moment in seasons) for name in names}
    return names[0] if len(clocks) == 1 else None


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones())
