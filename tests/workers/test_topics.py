"""Topics: gates, each kind of signal, vetoes, thresholds and evidence; and the topic that is shipped."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khabar.catalogue import SHIPPED, Catalogue, GazetteerEntity, Topic, load
from khabar.catalogue.entity import gather
from khabar.catalogue.problems import Problems
from khabar.catalogue.topic import read_topic
from khabar.models import Article, TopicMatch
from workers.entities import Matcher, compile_gazetteer, tag_entities
from workers.topics import EVIDENCE, Compiled, compile_topics, tag_topics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GAZETTEER = gather(
    {name.lower(): GazetteerEntity(name.lower(), "person", name) for name in ("Alpha", "Beta", "Gamma")}
)
NAMES = compile_gazetteer(GAZETTEER)
FILLER = "word " * 40


def article(body: str, title: str = "", lang: str = "en") -> Article:
    bare = Article(
        id="x", url="https://a.example/x", source="a", title=title, body=body, fetched=NOW, lang=lang
    )
    return tag_entities(bare, NAMES)


def topic(tmp_path: Path, rest: str, query: str = "'*'") -> Topic:
    path = tmp_path / "t.yaml"
    path.write_text(f"id: t\ntitle: T\nquery: {query}\n{rest}\n", "utf-8")
    problems = Problems()
    found = read_topic(path, GAZETTEER, problems)
    assert found is not None, problems.found
    return found[1]


def match(topic: Topic, article: Article) -> TopicMatch | None:
    matches = tag_topics(article, compile_topics([topic])).topics
    return matches[0] if matches else None


def score(topic: Topic, article: Article) -> float:
    found = match(replace(topic, threshold=-1000.0, veto=()), article)
    assert found is not None
    return found.score


# --- gate, threshold, veto ----------------------------------------------------------------------------------


def test_the_gate_lets_in_what_its_query_finds(tmp_path: Path) -> None:
    gate = topic(tmp_path, "", "entity:alpha AND border")
    found = match(gate, article("Alpha closed the borders.", title="News"))
    assert found is not None
    assert [span.text for span in found.evidence] == ["Alpha", "borders"]
    assert match(gate, article("Alpha closed the door.")) is None


def test_signals_must_add_up_to_the_threshold(tmp_path: Path) -> None:
    rules = "signals: [{query: talks, weight: 2}, {query: peace, weight: 1.5}, {query: war, weight: -1}]\nthreshold: 3"
    wanted = topic(tmp_path, rules)
    assert match(wanted, article("peace")) is None
    assert match(wanted, article("peace talks, and war")) is None
    found = match(wanted, article("peace talks"))
    assert found is not None
    assert (found.id, found.score, found.version) == ("t", 3.5, 1)


def test_a_veto_rules_out_unless_the_score_is_high(tmp_path: Path) -> None:
    rules = "signals: [{query: talks, weight: 5}, {query: peace, weight: 5}]\nveto: [{query: cricket, unless_score: 10}, {query: hockey}]"
    wanted = topic(tmp_path, rules)
    assert match(wanted, article("talks about cricket")) is None
    assert match(wanted, article("peace talks about cricket")) is not None
    assert match(wanted, article("peace talks about hockey")) is None
    assert match(wanted, article("talks")) is not None


def test_a_topic_that_is_switched_off_is_not_looked_for(tmp_path: Path) -> None:
    assert compile_topics([topic(tmp_path, "enabled: false")]) == Compiled(())


def test_topics_are_given_anew_in_the_order_of_their_ids(tmp_path: Path) -> None:
    weak = replace(topic(tmp_path, "signals: [{query: talks, weight: 1}]"), id="a-weak")
    strong = replace(topic(tmp_path, "signals: [{query: talks, weight: 2}]"), id="strong", version=4)
    alike = replace(strong, id="alike")
    compiled = compile_topics([weak, strong, alike])
    once = tag_topics(article("talks"), compiled)
    assert [(each.id, each.version) for each in once.topics] == [("a-weak", 1), ("alike", 4), ("strong", 4)]
    assert tag_topics(once, compiled) == once
    assert tag_topics(once, Compiled(())).topics == ()


# --- signals ------------------------------------------------------------------------------------------------


def test_a_query_counts_once_however_often_it_holds(tmp_path: Path) -> None:
    wanted = topic(tmp_path, "signals: [{query: talks, weight: 2}]")
    assert score(wanted, article("talks talks talks")) == 2
    assert score(wanted, article("silence")) == 0


def test_an_entity_counts_towards_the_number_wanted(tmp_path: Path) -> None:
    wanted = topic(tmp_path, "signals: [{entity: alpha, times: 4, weight: 2}]")
    assert [score(wanted, article("Alpha. " * times)) for times in (0, 1, 2, 4, 9)] == [0, 0.5, 1, 2, 2]


def test_several_entities_count_as_often_as_the_rarest(tmp_path: Path) -> None:
    wanted = topic(
        tmp_path, "groups: {greek: [alpha, beta]}\nsignals: [{entity: [greek, gamma], times: 2, weight: 2}]"
    )
    assert score(wanted, article("Alpha. Beta. Alpha.")) == 0
    assert score(wanted, article("Alpha. Gamma.")) == 1
    assert score(wanted, article("Alpha. Beta. Gamma. Gamma.")) == 2


def test_times_per_words_is_a_density_from_that_many_words_on(tmp_path: Path) -> None:
    wanted = topic(tmp_path, "signals: [{entity: alpha, times: 2, per: 40, weight: 4}]")
    assert score(wanted, article("Alpha.")) == 2
    assert score(wanted, article("Alpha. Alpha.")) == 4
    assert score(wanted, article("Alpha. Alpha. " + FILLER * 4)) == pytest.approx(1, abs=0.05)
    assert score(wanted, article(("Alpha. Alpha. " + FILLER) * 4)) == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(
    ("where", "title", "body", "points"),
    [
        ("title", "Alpha", "x", 1),
        ("title", "x", "Alpha", 0),
        ("lead", "Alpha", "x", 0),
        ("lead", "x", "Alpha " + FILLER * 3, 1),
        ("lead", "x", FILLER * 3 + "Alpha", 0),
        ("text", "Alpha", "x", 1),
        ("text", "x", FILLER * 3 + "Alpha", 1),
    ],
)
def test_a_place_can_be_asked_for(tmp_path: Path, where: str, title: str, body: str, points: float) -> None:
    wanted = topic(tmp_path, f"signals: [{{entity: alpha, in: {where}, weight: 1}}]")
    assert score(wanted, article(body, title)) == points


def test_about_counts_as_far_as_the_article_is_about_the_least_of_them(tmp_path: Path) -> None:
    one = topic(tmp_path, "signals: [{about: alpha, weight: 10}]")
    both = topic(tmp_path, "signals: [{about: [alpha, beta], weight: 10}]")
    story = article("Alpha came. " * 20 + FILLER * 3 + "Beta.", title="Alpha")
    assert score(one, story) == 10
    assert 0 < score(both, story) < 5
    assert score(both, article("Alpha " * 20, title="Alpha")) == 0
    assert score(both, article("Alpha met Beta. " * 20, title="Alpha and Beta")) == 10


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("Alpha met Beta.", 1),
        ("Beta was met by old Alpha.", 1),
        ("Alpha one two three four Beta", 1),
        ("Alpha one two three four five Beta", 0),
        ("Alpha", 0),
        ("Alpha met Beta. " + FILLER + "Alpha met Beta.", 2),
        ("Alpha met Beta. " + FILLER + "Alpha met nobody.", 1),
    ],
)
def test_nearness_is_counted_in_words(tmp_path: Path, body: str, points: float) -> None:
    wanted = topic(tmp_path, "signals: [{near: [alpha, beta], within: 5, times: 2, weight: 2}]")
    assert score(wanted, article(body)) == points


def test_a_mention_is_not_near_itself(tmp_path: Path) -> None:
    wanted = topic(
        tmp_path,
        "groups: {a: [alpha, beta], b: [beta, gamma]}\nsignals: [{near: [a, b], within: 5, weight: 1}]",
    )
    assert score(wanted, article("Beta")) == 0
    assert score(wanted, article("Beta Beta")) == 1


# --- evidence -----------------------------------------------------------------------------------------------


def test_evidence_is_the_strongest_signals_words_and_bounded(tmp_path: Path) -> None:
    rules = "signals:\n" + "".join(f"  - {{query: word{i}, weight: {i + 1}}}\n" for i in range(9))
    wanted = topic(tmp_path, rules + "  - {query: against, weight: -1}\n  - {query: absent, weight: 99}")
    text = "against " + " ".join(f"word{i}" for i in range(9)) * 5
    found = match(wanted, article(text))
    assert found is not None
    assert len(found.evidence) == EVIDENCE
    assert found.evidence[0].text == "word8"
    assert "against" not in {span.text for span in found.evidence}


@given(
    st.lists(
        st.sampled_from(["Alpha", "Beta", "و", "talks", "पीस", "🙂", "a\u0301", ".", "\n\n"]), max_size=30
    )
)
@settings(max_examples=60, deadline=None)
def test_evidence_cuts_its_text_out_of_the_original(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    rules = (
        "signals: [{near: [alpha, beta], weight: 1}, {query: talks, weight: 1}, {about: alpha, weight: 1}]"
    )
    wanted = topic(tmp_path_factory.mktemp("t"), rules)
    tagged = article(" ".join(words), title="Alpha talks")
    found = match(wanted, tagged)
    assert found is not None
    for span in found.evidence:
        text = tagged.title if span.field == "title" else tagged.body
        assert text[span.start : span.end] == span.text


# --- the topic that is shipped ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load([SHIPPED])


@pytest.fixture(scope="module")
def names(shipped: Catalogue) -> Matcher:
    return compile_gazetteer(shipped.gazetteer)


ON = [
    ("en", "What Kabul owes Islamabad", "Pakistan asked the Taliban government to act against the TTP. The Taliban told Pakistan that it would not."),
    ("en", "Five TTP men killed in Bannu", "Security forces killed five militants of the TTP, officials in Pakistan said."),
    ("ur", "کابل اور اسلام آباد", "پاکستان نے افغان طالبان سے کہا کہ وہ ٹی ٹی پی کے خلاف کارروائی کریں۔ طالبان حکومت نے پاکستان کا مطالبہ مسترد کر دیا۔"),
    ("ps", "د پاکستان او طالبانو خبرې", "پاکستان له طالبانو وغوښتل چې د ټي ټي پي مخه ونیسي. اسلامي امارت وویل چې د پاکستان ستونزه کورنۍ ده."),
    ("prs", "پاکستان و طالبان", "پاکستان از طالبان خواست که با تحریک طالبان پاکستان مقابله کنند. طالبان گفتند که این مشکل داخلی پاکستان است."),
    ("hi", "पाकिस्तान और तालिबान", "पाकिस्तान ने तालिबान से टीटीपी पर कार्रवाई की मांग की। तालिबान ने पाकिस्तान का आरोप खारिज किया।"),
]  # fmt: skip
OFF = [
    ("en", "Afghanistan beat Pakistan by three wickets", "Afghanistan chased the target in Kabul's favourite format; Pakistan lost the cricket match in the last over. The Taliban congratulated the side, and Pakistan did too."),
    ("en", "Schools for girls", "The Taliban closed schools in Afghanistan again. " * 6 + "Teachers left for Iran and Pakistan."),
    ("en", "A budget for the poor", "Pakistan needs a budget for the poor. " * 8 + "Its neighbour Afghanistan is no model."),
    ("ur", "بجٹ اور عوام", "پاکستان کے بجٹ میں غریب کے لیے کچھ نہیں۔ " * 8 + "افغانستان میں بھی یہی حال ہے۔"),
]  # fmt: skip


@pytest.mark.parametrize(("lang", "title", "body"), ON)
def test_what_pakistan_has_to_do_with_the_taliban_is_on_the_topic(
    shipped: Catalogue, names: Matcher, lang: str, title: str, body: str
) -> None:
    found = match(shipped.topics["pak-taliban"], tag_entities(article(body, title, lang), names))
    assert found is not None
    assert found.evidence


@pytest.mark.parametrize(("lang", "title", "body"), OFF)
def test_what_mentions_both_is_not_yet_on_the_topic(
    shipped: Catalogue, names: Matcher, lang: str, title: str, body: str
) -> None:
    assert match(shipped.topics["pak-taliban"], tag_entities(article(body, title, lang), names)) is None


def test_the_reference_op_ed_is_on_the_topic(shipped: Catalogue, names: Matcher, shared_data: Path) -> None:
    text = (shared_data / "reference" / "op-ed.txt").read_text("utf-8")
    body = text[text.index("A delegation") : text.index("RELATED ARTICLES")].strip()
    found = match(shipped.topics["pak-taliban"], tag_entities(article(body, text.split("\n\n")[1]), names))
    assert found is not None
    assert found.score >= 2 * shipped.topics["pak-taliban"].threshold
    assert {"TTP", "Taliban"} <= {span.text for span in found.evidence}
