"""The API against its own description: whatever may be asked by it is answered as it says, whatever may not is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from api_server import House
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import positive_data_acceptance

DOCS = Path(__file__).resolve().parents[3] / "docs"
# positive_data_acceptance is left out: no schema tells which texts are queries, web addresses or time zones.
EXAMPLES, LONG = 5, 150  # of each route, and as many that it does not allow


@pytest.fixture
def description(embedded: House) -> dict[str, Any]:
    return httpx.get(f"{embedded.api.address}/openapi.json").json()


def try_out(embedded: House, examples: int) -> int:
    """Ask each route whatever its description allows, and what it does not; return how much was asked."""
    schema = schemathesis.openapi.from_url(f"{embedded.api.address}/openapi.json")
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in schemathesis.GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
            @given(case=strategy)
            def run(case: schemathesis.Case) -> None:
                nonlocal asked
                asked += 1
                headers = {"Authorization": f"Bearer {embedded.writer}"}
                case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

            with suppress(Unsatisfiable):  # a route without parameters can be asked nothing that is wrong
                run()
    return asked


def test_whatever_is_asked_is_answered_as_described(embedded: House) -> None:
    assert try_out(embedded, EXAMPLES) > 15 * EXAMPLES


@pytest.mark.soak
def test_whatever_is_asked_is_answered_as_described_at_length(embedded: House) -> None:
    assert try_out(embedded, LONG) > 15 * LONG


def test_every_route_has_words_an_example_and_all_refusals(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    routes = [
        (path, verb, told) for path, verbs in description["paths"].items() for verb, told in verbs.items()
    ]
    assert len(routes) >= 19
    for path, verb, told in routes:
        assert told["summary"] and told["description"] and told["tags"], path
        for media, content in told["responses"]["200"]["content"].items():
            assert "example" in content, (path, media)
        assert {"400", "401", "429", "503", "default"} <= set(told["responses"]), path
        assert "422" not in told["responses"]
        for parameter in told.get("parameters", ()):
            assert parameter.get("description"), (path, parameter["name"])
        assert verb == "get" or told["responses"]["403"]


def test_every_example_fits_its_schema(description: dict[str, Any]) -> None:
    for path, verbs in description["paths"].items():
        for told in verbs.values():
            for media, content in told["responses"]["200"]["content"].items():
                if media == "application/json":
                    schema = content["schema"] | {"components": description["components"]}
                    jsonschema_rs.validate(schema, content["example"]), path


def test_the_docs_name_every_route_and_parameter(description: dict[str, Any]) -> None:
    page = (DOCS / "api.md").read_text("utf-8")
    for path, verbs in description["paths"].items():
        for verb, told in verbs.items():
            assert f"{verb.upper()} {path}" in page
            for parameter in told.get("parameters", ()):
                assert f"`{parameter['name']}`" in page, (path, parameter["name"])


def test_the_description_is_plain_json_and_says_nothing_of_this_machine(
    embedded: House, description: dict[str, Any]
) -> None:
    text = json.dumps(description)
    assert str(embedded.settings.home) not in text and "127.0.0.1" not in text
