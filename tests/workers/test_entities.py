"""Entities in text: spans cut from the original, names inside names, and passages that were made to mislead."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.catalogue import SHIPPED, GazetteerEntity, load
from khabar.catalogue.entity import gather
from khabar.models import Article, Entity
from workers.entities import Matcher, compile_gazetteer, salience, tag_entities

HERE = Path(__file__).parent
PASSAGES: list[dict[str, Any]] = [
    passage
    for name in ("passages", "passages_aside", "passages_blind")
    for passage in yaml.safe_load((HERE / f"{name}.yaml").read_text("utf-8"))
]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def article(body: str, title: str = "", lang: str = "en") -> Article:
    return Article(
        id="x", url="https://a.example/x", source="a", title=title, body=body, fetched=NOW, lang=lang
    )


def matcher(*entities: GazetteerEntity) -> Matcher:
    return compile_gazetteer(gather({entity.id: entity for entity in entities}))


@pytest.fixture(scope="module")
def shipped() -> Matcher:
    return compile_gazetteer(load([SHIPPED]).gazetteer)


def found(tagged: Article) -> dict[str, list[str]]:
    return {entity.id: [mention.text for mention in entity.mentions] for entity in tagged.entities}


# --- passages -----------------------------------------------------------------------------------------------


def test_there_are_passages_enough_in_languages_enough() -> None:
    assert len(PASSAGES) >= 60
    assert {passage["lang"] for passage in PASSAGES} >= {"en", "ur", "ps", "fa", "prs", "hi", "bn", "ar"}


@pytest.mark.parametrize("passage", PASSAGES, ids=[passage["trap"] for passage in PASSAGES])
def test_a_passage_holds_what_it_says_and_nothing_it_only_seems_to(
    shipped: Matcher, passage: dict[str, Any]
) -> None:
    tagged = tag_entities(article(passage["text"], passage.get("title", ""), passage["lang"]), shipped)
    counts = {entity.id: len(entity.mentions) for entity in tagged.entities}
    assert set(passage.get("has", ())) <= set(counts)
    assert not set(counts) & set(passage.get("not", ()))
    assert {name: counts.get(name, 0) for name in passage.get("counts", ())} == passage.get("counts", {})


# --- spans --------------------------------------------------------------------------------------------------

NAMES = ["Taliban", "TTP", "Tehrik-i-Taliban Pakistan", "U.S.", "پاکستان", "ټي‌ټي‌پي", "تحریکِ طالبان پاکستان", "अफ़ग़ानिस्तान",
         "পাকিস্তানের", "Türkiye", "TURKİYE", "Isla\u0301mic Emirate", "Faiz Hameed", "Hameed", "Hameed's", "KABUL:", "کابل:",
         "Xi Jinping", "Xi", "ইসলামাবাদে", "9/11", "US", "TURKEY"]  # fmt: skip
OTHERS = [
    "and",
    "حکومت",
    "की",
    "𝒳",
    "🙂",
    "a\u0301b",
    "\u200f",
    "١٢٣",
    "ﷺ",
    "ß",
    "\u00ad",
    "—",
    ".",
    "،",
    "।",
    "\n\n",
    "x\u200cy",
]


@given(
    title=st.lists(st.sampled_from(NAMES + OTHERS), max_size=4),
    body=st.lists(st.sampled_from(NAMES + OTHERS), max_size=25),
    joint=st.sampled_from([" ", "\n", "  ", "-"]),
    lang=st.sampled_from(["en", "ur", "ps", "fa", "hi", "ar", "und"]),
)
@settings(max_examples=200, deadline=None)
def test_a_span_cuts_its_text_out_of_the_original(
    shipped: Matcher, title: list[str], body: list[str], joint: str, lang: str
) -> None:
    tagged = tag_entities(article(joint.join(body), joint.join(title), lang), shipped)
    for entity in tagged.entities:
        assert entity.mentions
        assert 0 <= entity.salience <= 1
        for mention in entity.mentions:
            field = tagged.title if mention.field == "title" else tagged.body
            assert field[mention.start : mention.end] == mention.text
            assert mention.text.strip() == mention.text != ""
        order = [(mention.field == "body", mention.start, mention.end) for mention in entity.mentions]
        assert order == sorted(set(order))
        assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(order))


@given(st.text(max_size=80), st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_tagged(shipped: Matcher, title: str, body: str) -> None:
    tagged = tag_entities(article(body, title), shipped)
    assert tagged.body == body


def test_a_name_before_and_after_anything_that_is_no_letter_is_found(shipped: Matcher) -> None:
    for around in ("({})", "“{}”", "{}'s", "«{}»", "\u200f{}\u200f", "🙂{}🙂", "،{}۔", "/{}/", "{}\u0085x"):
        assert "afghan-taliban" in found(tag_entities(article(around.format("Taliban")), shipped)), around


@pytest.mark.parametrize(
    "word", ["Talibans1", "xTaliban", "طالبانی", "तालिबानी", "Taliban\u0301", "Ta\u200cliban"]
)
def test_a_word_that_holds_a_name_is_another_word_unless_it_is_spelled_alike(
    shipped: Matcher, word: str
) -> None:
    alike = word in {"Taliban\u0301", "Ta\u200cliban"}  # an accent and a joiner are no difference
    assert ("afghan-taliban" in found(tag_entities(article(word), shipped))) is alike


# --- names inside names -------------------------------------------------------------------------------------

ARMY = GazetteerEntity("army", "organization", "Pakistan Army")
STATE = GazetteerEntity("state", "country", "Pakistan", decoys=("Pakistan Times",))
CHIEF = GazetteerEntity("chief", "person", "Army Chief", aliases={"en": ("Chief of Army",)})


def test_what_lies_inside_a_longer_name_does_not_count() -> None:
    tagged = tag_entities(article("Pakistan Army. Pakistan."), matcher(ARMY, STATE))
    assert found(tagged) == {"army": ["Pakistan Army"], "state": ["Pakistan"]}
    assert tagged.entities[0].mentions[0].start == 0


def test_names_that_overlap_without_containing_each_other_both_count() -> None:
    assert found(tag_entities(article("Pakistan Army Chief"), matcher(ARMY, STATE, CHIEF))) == {
        "army": ["Pakistan Army"],
        "chief": ["Army Chief"],
    }


def test_two_names_of_one_entity_that_overlap_are_one_mention() -> None:
    general = GazetteerEntity("faiz", "person", "Faiz Hameed", aliases={"en": ("General Faiz",)})
    assert found(tag_entities(article("General Faiz Hameed came"), matcher(general))) == {
        "faiz": ["General Faiz Hameed"]
    }


def test_a_decoy_shields_its_own_entity_alone() -> None:
    times = GazetteerEntity("times", "organization", "Times")
    assert found(tag_entities(article("Pakistan Times"), matcher(STATE, times))) == {"times": ["Times"]}


def test_a_long_name_that_does_not_count_hides_nothing() -> None:
    army = GazetteerEntity("army", "organization", "Pakistan Army", requires={"Pakistan Army": ("soldiers",)})
    assert found(tag_entities(article("Pakistan Army"), matcher(army, STATE))) == {"state": ["Pakistan"]}
    with_company = tag_entities(article("Pakistan Army", title="On soldiers"), matcher(army, STATE))
    assert found(with_company) == {"army": ["Pakistan Army"]}


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("Abu Bakr", True), ("Abu-Bakr", True), ("Abu\nBakr", True), ("Abu’Bakr", True), ("Abu (Bakr", True),
        ("Abu, Bakr", False), ("Abu; Bakr", False), ("Abu\n\nBakr", False), ("Abu – Bakr", False), ("Abu–Bakr", False),
        ("Abu / Bakr", False), ("Abu” “Bakr", False), ("Abu۔ Bakr", False), ("Abu: Bakr", False), ("Abu. Bakr", True),
        ("Abdul. Bakr", False), ("Abdul Bakr", True),
    ],
)  # fmt: skip
def test_punctuation_parts_the_words_of_a_name(text: str, one: bool) -> None:
    entity = GazetteerEntity("x", "person", "Abu Bakr", aliases={"en": ("Abdul Bakr",)})
    assert ("x" in found(tag_entities(article(text), matcher(entity)))) is one


# --- when a name counts -------------------------------------------------------------------------------------


def test_a_case_sensitive_name_counts_only_as_it_is_spelled() -> None:
    entity = GazetteerEntity(
        "us", "country", "United States", aliases={"en": ("US",)}, case_sensitive=frozenset({"US"})
    )
    assert found(tag_entities(article("Tell us of the US, Us said."), matcher(entity))) == {"us": ["US"]}


def test_capitals_say_nothing_in_a_headline_of_capitals() -> None:
    entity = GazetteerEntity(
        "us", "country", "United States", aliases={"en": ("US",)}, case_sensitive=frozenset({"US"})
    )
    tagged = tag_entities(article("The US agreed.", title="LET US BEGIN AT LAST"), matcher(entity))
    assert [mention.field for mention in tagged.entities[0].mentions] == ["body"]


def test_a_name_does_not_count_in_a_language_where_it_is_a_word() -> None:
    entity = GazetteerEntity(
        "t", "organization", "Taliban", aliases={"fa": ("طالبان",)}, not_in={"طالبان": ("ar",)}
    )
    assert found(tag_entities(article("طالبان", lang="fa"), matcher(entity)))
    assert not found(tag_entities(article("طالبان", lang="ar"), matcher(entity)))


def test_two_entities_may_share_a_name_where_both_conditions_hold() -> None:
    river = GazetteerEntity("river", "place", "Kunar", requires={"Kunar": ("river",)})
    province = GazetteerEntity("province", "place", "Kunar", requires={"Kunar": ("province",)})
    assert set(found(tag_entities(article("The river Kunar"), matcher(river, province)))) == {"river"}
    both = tag_entities(article("The river and province Kunar"), matcher(river, province))
    assert set(found(both)) == {"river", "province"}


def test_an_empty_gazetteer_and_an_empty_article_are_no_trouble(shipped: Matcher) -> None:
    assert tag_entities(article("Taliban"), matcher()).entities == ()
    assert tag_entities(article(""), shipped).entities == ()


# --- salience -----------------------------------------------------------------------------------------------


def test_salience_rises_with_title_lead_frequency_and_spread() -> None:
    passing = salience(False, [700], 800)
    assert 0 < passing < 0.1
    assert salience(True, [700], 800) > passing
    assert salience(False, [5], 800) > passing
    assert salience(False, [700, 701, 702], 800) > passing
    assert salience(False, [100, 700], 800) > salience(False, [690, 700], 800)
    assert salience(True, list(range(0, 800, 20)), 800) == 1.0
    assert salience(True, [], 0) > 0


def test_the_subject_of_an_article_comes_first(shipped: Matcher) -> None:
    text = (
        "The TTP struck again. "
        + "Militants of the TTP fled to Kabul, officials said. " * 6
        + "Moscow was silent."
    )
    tagged = tag_entities(article(text, title="What the TTP wants"), shipped)
    assert [entity.id for entity in tagged.entities] == ["ttp", "kabul", "moscow"]
    assert tagged.entities[0].salience >= 0.5 > tagged.entities[2].salience


# --- real text ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> Article:
    text = (shared_data / "reference" / "op-ed.txt").read_text("utf-8")
    body = text[text.index("A delegation") : text.index("RELATED ARTICLES")].strip()
    return article(body, title=text.split("\n\n")[1])


def entity(tagged: Article, name: str) -> Entity:
    return next(each for each in tagged.entities if each.id == name)


def test_the_reference_op_ed_speaks_of_its_actors(shipped: Matcher, reference: Article) -> None:
    tagged = tag_entities(reference, shipped)
    expected = {"ttp", "haqqani-network", "afghan-taliban", "pakistan", "china", "russia", "etim", "isis-k"}
    assert expected <= set(found(tagged))
    assert {"TTP", "Tahreek-e-Taliban Pakistan"} == set(found(tagged)["ttp"])
    assert entity(tagged, "pakistan").salience > entity(tagged, "russia").salience


def test_an_article_is_tagged_in_a_millisecond(shipped: Matcher) -> None:
    """Measured as processor time, best of several rounds, with room for a slow machine."""
    text = (
        "Officials in Islamabad said that the border would stay closed until Kabul acted against militants. "
        * 55
    )[:5200]
    sample = article(text, title="Border")
    rounds: list[float] = []
    for _ in range(5):
        start = process_time()
        for _ in range(10):
            tag_entities(sample, shipped)
        rounds.append((process_time() - start) / 10)
    assert min(rounds) < 0.004
