"""The gazetteer's format, its names, and what is shipped of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from khabar.catalogue import SHIPPED, Catalogue, GazetteerEntity, load
from khabar.catalogue.entity import gather, read_entities
from khabar.catalogue.problems import Problems
from khabar.text import tokenize

SCRIPTS = {
    "en": "LATIN", "ur": "ARABIC", "ps": "ARABIC", "fa": "ARABIC", "prs": "ARABIC", "ar": "ARABIC",
    "hi": "DEVANAGARI", "bn": "BENGALI",
}  # fmt: skip


def read(tmp_path: Path, text: str) -> tuple[list[GazetteerEntity], list[str]]:
    path = tmp_path / "g.yaml"
    path.write_text(text, "utf-8")
    problems = Problems()
    entities = [entity for _, entity in read_entities(path, problems)]
    return entities, [f"{each.line}:{each.column}: {each.what} — {each.how}" for each in problems.found]


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load([SHIPPED])


def test_an_entity_keeps_its_names_and_flags(tmp_path: Path) -> None:
    (entity,), problems = read(
        tmp_path,
        """
- id: ttp
  type: organization
  name: Tehrik-i-Taliban Pakistan
  wikidata: Q42
  aliases: {en: [TTP], ur: [ٹی ٹی پی]}
  adjectives: {en: [TTPish]}
  flags:
    case_sensitive: [TTP]
    requires: {TTP: [taliban, Khyber Pakhtunkhwa]}
    not_in: {ٹی ٹی پی: [ar]}
    decoys: [TTP Inc]
""",
    )
    assert not problems
    assert entity.spellings() == ("Tehrik-i-Taliban Pakistan", "TTP", "ٹی ٹی پی", "TTPish")
    assert entity.case_sensitive == {"TTP"}
    assert entity.requires == {"TTP": ("taliban", "Khyber Pakhtunkhwa")}
    assert entity.not_in == {"ٹی ٹی پی": ("ar",)}
    assert (entity.decoys, entity.wikidata) == (("TTP Inc",), "Q42")


def test_an_entity_keeps_what_it_belongs_to_and_what_is_doubtful(tmp_path: Path) -> None:
    (entity,), problems = read(
        tmp_path,
        """
- id: xi
  type: person
  name: Xi Jinping
  parent: party
  successor: other
  short: {en: [Xi], fa: [شی]}
  aliases: {en: [Xi Jinpin]}
  flags: {doubtful: {Xi Jinpin: unsure}}
""",
    )
    assert not problems
    assert (entity.parent, entity.successor) == ("party", "other")
    assert entity.short == {"en": ("Xi",), "fa": ("شی",)}
    assert entity.doubtful == {"Xi Jinpin": "unsure"}


@pytest.mark.parametrize(
    ("entity", "said"),
    [
        ("{id: x, type: organisation, name: Xyz}", "1:17: unknown `organisation` — did you mean `organization`?"),
        ("{id: x, type: person, name: Xyz, wikidata: 42}", "1:46: `42` is no Wikidata id — write it as Q42"),
        ("{id: x, type: person, name: '-'}", "1:31: `-` is too short to be found — give two letters or more"),
        ("{id: x, type: person, name: Xyz, aliases: {english: [Abc]}}", "1:46: unknown language `english` — use"),
        ("{id: x, type: person, name: Xyz, aliases: {en: [A]}}", "1:51: `A` is too short to be found"),
        ("{id: x, type: person, name: Xyz, flags: {case_sensitive: [Xzy]}}", "1:61: `Xzy` is flagged and is no name of x — did you mean `Xyz`?"),
        ("{id: x, type: person, name: Xyz, flags: {requires: {Abc: [word]}}}", "1:55: `Abc` is flagged and is no name of x — add it to the aliases"),
        ("{id: x, type: person, name: Xyz, short: {en: [Ab Cd]}}", "1:49: `Ab Cd` is no single word — put longer names among"),
        ("{id: x, type: person, name: Xyz, flags: {doubtful: {Abc: unsure}}}", "1:55: `Abc` is flagged and is no name of x"),
        ("{id: x, type: person}", "1:3: `name` is missing — add `name: Tehrik-i-Taliban Pakistan`"),
    ],
)  # fmt: skip
def test_a_wrong_entity_is_named_with_its_place(tmp_path: Path, entity: str, said: str) -> None:
    _, problems = read(tmp_path, f"- {entity}\n")
    assert [problem for problem in problems if problem.startswith(said)], problems


def test_a_broken_entity_does_not_hide_the_next(tmp_path: Path) -> None:
    entities, problems = read(tmp_path, "- {id: a}\n- {id: b, type: person, name: Bbb}\n- {id: C}\n")
    assert [entity.id for entity in entities] == ["b"]
    assert {problem.split(":")[0] for problem in problems} == {"1", "3"}


def test_a_name_resolves_folded_and_the_sure_owner_goes_first() -> None:
    sure = GazetteerEntity("sure", "person", "Śure")
    unsure = GazetteerEntity("unsure", "person", "Other", requires={"Other": ("x",)})
    late = GazetteerEntity("late", "person", "Late", aliases={"en": ("Other",)})
    gazetteer = gather({entity.id: entity for entity in (unsure, sure, late)})
    assert gazetteer.resolve("SURE") == "sure"
    assert gazetteer.resolve("other") == "late"
    assert gazetteer.resolve("unsure") == "unsure"
    assert gazetteer.resolve("nobody") is None


# --- what is shipped ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "entity"),
    [
        ("ttp", "ttp"),
        ("Tahreek-e-Taliban Pakistan", "ttp"),
        ("TEHRIK-I-TALIBAN PAKISTAN", "ttp"),
        ("تحریکِ طالبان پاکستان", "ttp"),
        ("ټي‌ټي‌پي", "ttp"),
        ("तहरीक-ए-तालिबान पाकिस्तान", "ttp"),
        ("Taliban", "afghan-taliban"),
        ("اسلامي امارت", "afghan-taliban"),
        ("Haqqani Network", "haqqani-network"),
        ("حقانی نیٹ ورک", "haqqani-network"),
        ("Mulla Brader", "abdul-ghani-baradar"),
        ("Islamic State of Khorasan", "isis-k"),
        ("ISKP", "isis-k"),
        ("East Turkestan Islamic Movement", "etim"),
        ("پاكستان", "pakistan"),
        ("U.S.", "united-states"),
        ("belt & road", "belt-and-road"),
        ("Tehreek-e-Taliban", "ttp"),
        ("Tehrik-i-Taliban", "ttp"),
        ("Tahreek-e-Taliban", "ttp"),
        ("Mullah Baradar", "abdul-ghani-baradar"),
        ("ISIS-K", "isis-k"),
        ("Paktya", "paktia"),
        ("Jawzjan", "jowzjan"),
        ("Oruzgan", "uruzgan"),
        ("طورخم", "torkham"),
        ("Zia ul Haq", "zia-ul-haq"),
        ("Fazal-ur-Rehman", "fazlur-rehman"),
    ],
)
def test_the_spellings_in_use_resolve(shipped: Catalogue, alias: str, entity: str) -> None:
    assert shipped.gazetteer.resolve(alias) == entity


def test_the_gazetteer_covers_the_topic(shipped: Catalogue) -> None:
    entities = shipped.gazetteer.entities
    assert len(entities) >= 700
    kinds = Counter(entity.type for entity in entities.values())
    assert {"country", "organization", "person", "place", "agreement", "project"} <= kinds.keys()
    in_arabic_script = sum(1 for entity in entities.values() if {"ur", "ps", "fa"} & entity.aliases.keys())
    assert in_arabic_script >= 0.9 * len(entities)


def test_provinces_and_crossings_are_all_there(shipped: Catalogue) -> None:
    entities = shipped.gazetteer.entities
    within = Counter(one.parent for one in entities.values() if one.type == "place")
    assert within["afghanistan"] >= 34
    assert {
        "punjab",
        "sindh",
        "balochistan",
        "khyber-pakhtunkhwa",
        "gilgit-baltistan",
        "azad-kashmir",
    } <= entities.keys()
    assert {"torkham", "chaman", "ghulam-khan", "angoor-adda", "kharlachi", "spin-boldak", "taftan", "islam-qala", "hairatan",
            "torghundi", "sher-khan-bandar", "wagah"} <= entities.keys()  # fmt: skip


def test_parents_lead_to_a_root(shipped: Catalogue) -> None:
    entities = shipped.gazetteer.entities
    for one in entities.values():
        seen = [one.id]
        while (parent := entities[seen[-1]].parent) is not None:
            assert parent not in seen, seen
            seen.append(parent)


def test_an_alias_is_written_in_the_script_of_its_language(shipped: Catalogue) -> None:
    """A name under the wrong language is a slip of whoever typed it."""
    for entity in shipped.gazetteer.entities.values():
        for names in (entity.aliases, entity.adjectives):
            for lang, aliases in names.items():
                strays = {
                    alias for alias in aliases for char in alias if _script(char) not in {None, SCRIPTS[lang]}
                }
                assert not strays, (entity.id, lang, strays)


def _script(char: str) -> str | None:
    return unicodedata.name(char).split()[0] if char.isalpha() else None


def test_no_alias_is_a_common_word_without_a_condition(shipped: Catalogue) -> None:
    """Short names and names that are words count only as spelled, or in company."""
    for entity in shipped.gazetteer.entities.values():
        for alias in entity.spellings():
            if alias.isupper() and alias.isascii() and len(tokenize(alias)) == 1 and len(alias) <= 3:
                guarded = alias in entity.case_sensitive or alias in entity.requires
                assert guarded, (entity.id, alias)


def test_no_entity_names_itself_twice(shipped: Catalogue) -> None:
    for entity in shipped.gazetteer.entities.values():
        for lang, aliases in entity.aliases.items():
            assert len(set(aliases)) == len(aliases), (entity.id, lang)


def test_wikidata_ids_are_not_shared(shipped: Catalogue) -> None:
    counts = Counter(entity.wikidata for entity in shipped.gazetteer.entities.values() if entity.wikidata)
    assert [item for item, count in counts.items() if count > 1] == []
