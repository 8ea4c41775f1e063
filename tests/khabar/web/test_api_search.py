"""Searching through the API, on both runtimes: pages, counts, exports, and queries that are refused."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import httpx
import pytest
from api_server import NOON, House, article, put

from khabar.codec import load
from khabar.models import Article
from khabar.runtime import working

COUNT = 60
ALIKE = {"query", "total", "took_ms", "hits", "facets", "timeline", "explain", "copies"}


def ask(client: httpx.Client, path: str, **parameters: Any) -> Any:
    answered = client.get(path, params=parameters)
    assert answered.status_code == 200, answered.text
    return answered.json()


def walk(client: httpx.Client, **parameters: Any) -> list[str]:
    """Return the ids of all pages, one after the other."""
    found: list[str] = []
    while True:
        page = ask(client, "/search", **parameters)
        found += [hit["article"]["id"] for hit in page["hits"]]
        if page["next"] is None:
            return found
        parameters["cursor"] = page["next"]


def test_a_search_answers_as_the_command_does_and_says_what_comes_next(client: httpx.Client) -> None:
    found = ask(
        client, "/search", query="entity:ttp gate", facets="true", timeline="month", explain="true", limit=3
    )
    assert set(found) == ALIKE | {"hints", "next"}
    assert (found["query"], found["total"], len(found["hits"])) == ("entity:ttp gate", 20, 3)
    hit = found["hits"][0]
    assert set(hit) == {"score", "article", "snippets"}
    assert "body" not in hit["article"] and "<mark>gate</mark>" in hit["snippets"][0]
    assert found["facets"]["source"] == {"paper": 10, "weekly": 10}
    assert sum(each["count"] for each in found["timeline"]) == 20
    explained = found["explain"][hit["article"]["id"]]
    assert {span["text"] for span in explained} >= {"gate"}
    assert found["next"] and found["hints"] == []


@pytest.mark.parametrize("sort", ["newest", "oldest", "relevance"])
def test_pages_tile_all_that_is_found(client: httpx.Client, sort: str) -> None:
    for query in ("*", "gate -peace"):
        whole = walk(client, query=query, sort=sort, limit=200)
        assert walk(client, query=query, sort=sort, limit=7) == whole
        assert len(set(whole)) == len(whole) == ask(client, "/search", query=query)["total"]


def test_newest_first_is_by_publication(client: httpx.Client) -> None:
    hits = ask(client, "/search", query="*", sort="newest", limit=COUNT)["hits"]
    times = [hit["article"]["published"] or hit["article"]["fetched"] for hit in hits]
    assert len(times) == COUNT and all(before > after for before, after in pairwise(times))


def test_a_page_of_nothing_counts_all_the_same(client: httpx.Client) -> None:
    found = ask(client, "/search", query="gate", limit=0)
    assert (found["total"], found["hits"], found["next"]) == (COUNT, [], None)


def test_small_operators_are_hinted_at(client: httpx.Client) -> None:
    assert "AND" in ask(client, "/search", query="gate and peace")["hints"][0]


def test_facets_and_timelines_are_had_alone(client: httpx.Client) -> None:
    facets = ask(client, "/facets", query="gate", fields=["source", "topic"])
    assert facets["total"] == COUNT
    assert facets["facets"] == {"source": {"paper": 30, "weekly": 30}, "topic": {"pak-taliban": 10}}
    assert set(ask(client, "/facets", query="*")["facets"]) == {
        "source", "country", "lang", "genre", "topic", "entity", "author",
    }  # fmt: skip
    days = ask(client, "/timeline", query="*", interval="day", timezone="Asia/Karachi")
    assert days["timezone"] == "Asia/Karachi"
    assert sum(each["count"] for each in days["timeline"]) == COUNT
    late = sum((article(n).published or article(n).fetched).hour >= 19 for n in range(COUNT))
    other = ask(client, "/timeline", query="*", interval="day", timezone="UTC")["timeline"]
    assert late and other != days["timeline"]


def test_an_export_streams_every_article_whole(client: httpx.Client) -> None:
    answered = client.get("/export", params={"query": "gate"})
    assert answered.headers["content-type"] == "application/x-ndjson"
    articles = [load(line, Article) for line in answered.text.splitlines()]
    assert [each.id for each in articles] == sorted(article(number).id for number in range(COUNT))
    assert {each.body for each in articles} == {article(number).body for number in range(COUNT)}
    assert client.get("/export", params={"query": "nothingatall"}).text == ""


@pytest.mark.parametrize(
    ("form", "media", "count"),
    [("csv", "text/csv", "paper.example/"), ("ris", "application/x-research-info-systems", "TY  -"), ("bibtex", "application/x-bibtex", "@")],
)  # fmt: skip
def test_an_export_comes_in_every_form(client: httpx.Client, form: str, media: str, count: str) -> None:
    answered = client.get("/export", params={"query": "entity:ttp", "format": form, "choose": "source=paper"})
    assert answered.headers["content-type"].startswith(media)
    assert "attachment" in answered.headers["content-disposition"]
    assert len(re.findall(f"(?m)^.*{count}.*$", answered.text)) >= 10


def test_what_is_chosen_narrows_and_copies_are_as_asked(client: httpx.Client) -> None:
    found = ask(client, "/search", query="gate", choose=["source=paper"], facets="true", copies="all")
    assert found["total"] == 30 and found["copies"] == "all"
    assert found["facets"]["source"] == {"paper": 30, "weekly": 30}  # as if nothing were chosen of it
    assert ask(client, "/facets", query="gate", choose=["entity=ttp", "source=paper"])["total"] == 10
    odd = ask(client, "/search", query="entity:ttp", unusual="true")["unusual"]
    assert set(odd) == {"articles", "entities", "terms"} and odd["articles"]
    for wrong in ("source", "=x", "source=", "colour=red"):
        answered = client.get("/search", params={"query": "gate", "choose": wrong})
        assert (answered.status_code, answered.json()["parameter"]) == (400, "choose")


def test_related_articles_come_nearest_first_with_what_they_share(client: httpx.Client) -> None:
    path = f"/articles/{article(3).id}/related"
    found = ask(client, path, limit=5, explain="true")
    ids = [hit["article"]["id"] for hit in found["hits"]]
    assert 1 <= len(ids) <= 5 and article(3).id not in ids
    assert set(found["explain"]) == set(ids)
    assert all("body" not in hit["article"] for hit in found["hits"])
    within = ask(client, path, limit=5, within="source:weekly")["hits"]
    assert {hit["article"]["source"] for hit in within} == {"weekly"}
    assert client.get(path, params={"within": "("}).json()["type"] == "urn:khabar:problem:bad-query"
    assert client.get(f"/articles/{'0' * 20}/related").status_code == 404


@pytest.mark.parametrize(
    ("query", "position", "suggestion"),
    [("gate AND (peace", 9, "gate AND (peace)"), ('"gate', 0, None), ("colour:red", 0, None), ("", 0, None)],
)
@pytest.mark.parametrize("path", ["/search", "/export", "/facets", "/timeline"])
def test_a_bad_query_is_told_its_place_and_reason(
    client: httpx.Client, path: str, query: str, position: int, suggestion: str | None
) -> None:
    answered = client.get(path, params={"query": query})
    problem = answered.json()
    assert answered.status_code == problem["status"] == 400
    assert answered.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:khabar:problem:bad-query" and problem["reason"]
    if suggestion:
        assert (problem["position"], problem["suggestion"]) == (position, suggestion)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "201"), ("limit", "-1"), ("limit", "1e2"), ("limit", "many"), ("sort", "random"),
        ("timeline", "year"), ("timezone", "Asia/Nowhere"), ("timezone", "../../etc/passwd"),
        ("timezone", "Asia"), ("timezone", "\0"), ("facets", "perhaps"), ("cursor", "x"), ("cursor", "e30"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_used_is_named(client: httpx.Client, parameter: str, value: str) -> None:
    answered = client.get("/search", params={"query": "gate", parameter: value})
    assert answered.status_code == 400, answered.text
    assert answered.json()["parameter"] == parameter


def test_a_cursor_serves_its_own_question_alone(client: httpx.Client) -> None:
    given = {"query": "gate", "sort": "newest", "limit": 5}
    cursor = ask(client, "/search", **given)["next"]
    assert ask(client, "/search", **given | {"cursor": cursor, "limit": 9})["total"] == COUNT
    for other in ({"query": "peace"}, {"sort": "oldest"}, {"timezone": "Asia/Kabul"}):
        answered = client.get("/search", params=given | other | {"cursor": cursor})
        assert answered.status_code == 400 and "another query" in answered.json()["detail"]


def test_pages_stay_in_place_while_articles_are_added(house: House, client: httpx.Client) -> None:
    asked = {"query": "*", "sort": "newest", "limit": 20}
    first = ask(client, "/search", **asked)
    whole = walk(client, query="*", sort="newest", limit=200)
    with working(house.settings, lambda: NOON) as runtime:
        put(runtime, -1, -2, -3)
        try:
            rest = walk(client, **asked, cursor=first["next"])
            newest = ask(client, "/search", **asked)
        finally:
            runtime.index.delete([article(number).id for number in (-1, -2, -3)])
    assert [hit["article"]["id"] for hit in first["hits"]] + rest == whole
    assert newest["total"] == COUNT + 3
    assert newest["hits"][0]["article"]["id"] == article(-3).id


def test_what_is_sent_is_small_json(client: httpx.Client) -> None:
    answered = client.get("/search", params={"query": "بندش", "limit": 1})
    assert "گیٹ" in answered.text, "letters are sent as they are"
    assert json.loads(answered.content)["total"] == 15
