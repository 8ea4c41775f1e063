"""Articles, topics, digests, sources, attempts and health through the API, on both runtimes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from api_server import House, article

from khabar.codec import load
from khabar.models import Article

UNKNOWN = "0" * 20


def ask(client: httpx.Client, path: str, **parameters: Any) -> Any:
    answered = client.get(path, params=parameters)
    assert answered.status_code == 200, answered.text
    return answered.json()


def refused(client: httpx.Client, status: int, path: str, **parameters: Any) -> dict[str, Any]:
    answered = client.get(path, params=parameters)
    assert answered.status_code == status, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answered.json()
    assert problem["status"] == status and problem["detail"]
    return problem


# --- articles -----------------------------------------------------------------------------------------------


def test_an_article_is_given_whole_by_its_id_and_by_its_url(client: httpx.Client) -> None:
    wanted = article(3)
    answered = client.get(f"/articles/{wanted.id}")
    assert load(answered.content, Article).body == wanted.body
    assert answered.json()["first"] == wanted.id
    for url in (wanted.url, f"{wanted.url}/?utm_source=mail#top", wanted.url.replace("https", "http")):
        assert client.get("/articles", params={"url": url}).content == answered.content


def test_an_article_that_has_not_changed_is_not_sent_again(client: httpx.Client) -> None:
    path = f"/articles/{article(3).id}"
    tag = client.get(path).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(f"/articles/{article(4).id}", headers={"If-None-Match": tag}).status_code == 200


def test_an_unknown_article_is_not_found_and_no_address_is_refused(client: httpx.Client) -> None:
    refused(client, 404, f"/articles/{UNKNOWN}")
    refused(client, 404, f"/articles/{UNKNOWN}/why", query="gate")
    refused(client, 404, "/articles", url="https://paper.example/nothing")
    for url in ("gate", "ftp://paper.example/1", "http://", UNKNOWN, "https://[", "https://a b/"):
        assert refused(client, 400, "/articles", url=url)["parameter"] == "url"


def test_why_says_what_matches_and_what_does_not(client: httpx.Client) -> None:
    path = f"/articles/{article(3).id}/why"
    told = ask(client, path, query="entity:ttp gate")
    assert told["matches"] and {span["text"] for span in told["spans"]} >= {"TTP", "gate"}
    text = {"title": article(3).title, "body": article(3).body}
    assert all(text[each["field"]][each["start"] : each["end"]] == each["text"] for each in told["spans"])
    assert "<mark>TTP</mark>" in "".join(told["snippets"])
    assert ask(client, path, query="cricket") == {
        "query": "cricket", "article": article(3).id, "matches": False, "spans": [], "snippets": [], "hints": [],
    }  # fmt: skip
    assert ask(client, path, query="-cricket")["matches"]


# --- topics and digests -------------------------------------------------------------------------------------


def test_topics_are_listed_with_their_articles(client: httpx.Client) -> None:
    listed = ask(client, "/topics")["topics"]
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    told = next(each for each in listed if each["id"] == "pak-taliban")
    assert told["articles"] == 10 and told["enabled"] and told["digest"] == "06:30"
    assert ask(client, "/topics/pak-taliban") == told
    refused(client, 404, "/topics/nothing")


def test_kept_digests_are_listed_newest_first_in_pages(client: httpx.Client) -> None:
    listed = [{"topic": "pak-taliban", "day": "2025-02-20"}, {"topic": "gone", "day": "2025-02-19"}]
    assert ask(client, "/digests") == {"digests": listed, "next": None}
    first = ask(client, "/digests", limit=1)
    assert first["digests"] == listed[:1]
    assert ask(client, "/digests", limit=1, cursor=first["next"]) == {"digests": listed[1:], "next": None}
    assert ask(client, "/digests", topic="gone")["digests"] == listed[1:]
    refused(client, 400, "/digests", topic="gone", cursor=first["next"])


@pytest.mark.parametrize(
    ("shape", "media", "kept"),
    [
        ("json", "application/json", "kept as json"),
        ("html", "text/html; charset=utf-8", "kept as html"),
        ("text", "text/plain; charset=utf-8", "kept as txt"),
    ],
)
def test_a_digest_that_was_sent_stays_as_it_was_and_another_is_built(
    client: httpx.Client, shape: str, media: str, kept: str
) -> None:
    sent = client.get("/digests/pak-taliban/2025-02-20", params={"format": shape})
    assert (sent.text, sent.headers["khabar-digest"], sent.headers["content-type"]) == (kept, "kept", media)
    built = client.get("/digests/pak-taliban/2025-03-01", params={"format": shape})
    assert (built.status_code, built.headers["khabar-digest"]) == (200, "built")
    assert article(0).title in built.text
    assert "sandbox" in built.headers["content-security-policy"]


def test_a_digest_is_of_a_topic_and_of_a_day_that_was(client: httpx.Client) -> None:
    assert client.get("/digests/gone/2025-02-19").text == '{"kept": true}'
    refused(client, 404, "/digests/gone/2025-02-18")
    for day in ("2025-02-30", "1989-12-31", "9999-12-31", "0001-01-01", "today", "0", "20250301"):
        assert refused(client, 400, f"/digests/pak-taliban/{day}")["parameter"] == "day"


# --- sources and attempts -----------------------------------------------------------------------------------


def test_sources_are_listed_with_what_the_last_look_found(client: httpx.Client) -> None:
    listed = ask(client, "/sources")["sources"]
    told = next(each for each in listed if each["id"] == "paper")
    assert (told["name"], told["articles"], told["crawled"]) == ("The Paper", 30, None)
    assert told["endpoints"] == [
        {
            "kind": "feed",
            "url": "https://paper.example/feed",
            "checked": "2025-03-01T12:00:00Z",
            "newest": "2025-03-01T12:00:00Z",
            "failures": 0,
            "error": None,
        }
    ]
    assert ask(client, "/sources/paper") == told
    refused(client, 404, "/sources/nothing")


def test_a_source_is_put_on_the_schedule_and_taken_off(house: House) -> None:
    with house.api.client(house.writer) as writer:
        assert writer.post("/sources/paper/enable").json()["enabled"] is True
        assert "enabled: true" in (house.settings.catalogue / "sources/pk/paper.yaml").read_text()
        assert writer.post("/sources/paper/disable").json()["enabled"] is False
        assert "enabled: false" in (house.settings.catalogue / "sources/pk/paper.yaml").read_text()
        assert writer.post("/sources/nothing/enable").status_code == 404


def test_what_was_missed_is_listed_in_pages_with_reasons(client: httpx.Client) -> None:
    whole = ask(client, "/missed")["missed"]
    assert [each["state"] for each in whole] == ["rejected"] * 5 + ["in the frontier"]
    assert (whole[0]["reason"], whole[-1]["url"]) == ("robots", "https://paper.example/waits")
    assert [each["attempt"] for each in whole] == sorted(each["attempt"] for each in whole)
    pages: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(client, "/missed", limit=2, **cursor)
        pages += page["missed"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages == whole
    assert ask(client, "/missed", date="2025-03-01")["missed"] == whole[-1:]
    assert ask(client, "/missed", date="2025-02-28", source="paper")["missed"] == whole[:5]
    assert ask(client, "/missed", source="weekly")["missed"] == []


def test_a_url_tells_its_steps(client: httpx.Client) -> None:
    told = ask(client, "/trace", url="https://paper.example/waits?utm_source=mail")
    assert told["url"] == "https://paper.example/waits"
    assert [step["what"] for step in told["steps"]] == [
        "claimed (new) from https://paper.example/feed: in the frontier"
    ]
    refused(client, 404, "/trace", url="https://paper.example/never")
    refused(client, 400, "/trace", url="never")


# --- health -------------------------------------------------------------------------------------------------


def test_health_is_told_and_probes_need_no_key(house: House, client: httpx.Client) -> None:
    told = ask(client, "/health")
    assert told["ready"] and told["articles"] == 60 and isinstance(told["findings"], list)
    assert httpx.get(f"{house.api.address}/health/live").json() == {"alive": True}
    assert httpx.get(f"{house.api.address}/health/ready").json() == {"ready": True}


def test_models_come_as_they_are_in_the_index(client: httpx.Client) -> None:
    sent = load(client.get(f"/articles/{article(6).id}").content, Article)
    assert replace(sent, first="") == article(6)
