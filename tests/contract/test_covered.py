"""The suites over the seams leave nothing out: each method and each keyword of a protocol is asked, of each implementation."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from khabar.ledger.redis import RedisLedger
from khabar.ledger.sqlite import SqliteLedger
from khabar.ports import Index, Ledger
from search.elastic import ElasticIndex
from search.tantivy import TantivyIndex

HERE = Path(__file__).parent
SUITES = {
    Index: (["test_index.py", "test_results.py"], (TantivyIndex, ElasticIndex), {"tantivy", "elasticsearch"}),
    Ledger: (["test_ledger.py"], (SqliteLedger, RedisLedger), {"sqlite", "redis"}),
}
SHORT = {"found": "search"}  # a suite's own short form, which passes its keywords on


def methods(protocol: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(member)
        for name, member in vars(protocol).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


def asked(files: list[str]) -> dict[str, set[str]]:
    """Return the methods that the suites call, each with the keywords it is given there."""
    calls: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for node in ast.walk(ast.parse((HERE / file).read_text("utf-8"))):
            if isinstance(node, ast.Call):
                match node.func:
                    case ast.Attribute(attr=name) | ast.Name(id=name):
                        calls[SHORT.get(name, name)] |= {given.arg for given in node.keywords if given.arg}
    return calls


@pytest.mark.parametrize("protocol", SUITES)
def test_every_method_and_keyword_of_a_protocol_is_asked(protocol: type) -> None:
    calls = asked(SUITES[protocol][0])
    missing = [name for name in methods(protocol) if name not in calls]
    missing += [
        f"{name}({parameter.name}=…)"
        for name, signature in methods(protocol).items()
        for parameter in signature.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in calls.get(name, ())
    ]
    assert missing == []


@pytest.mark.parametrize("protocol", SUITES)
def test_implementations_take_what_the_protocol_says(protocol: type) -> None:
    for implementation in SUITES[protocol][1]:
        for name, signature in methods(protocol).items():
            taken = inspect.signature(getattr(implementation, name))
            assert shape(taken) == shape(signature), f"{implementation.__name__}.{name}"


def shape(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    return [(each.name, each.kind, each.default) for each in signature.parameters.values()]


@pytest.mark.parametrize("protocol", SUITES)
def test_a_suite_runs_on_both_implementations(protocol: type) -> None:
    for file in SUITES[protocol][0]:
        text = (HERE / file).read_text("utf-8")
        params = [
            {value.value for value in ast.walk(node) if isinstance(value, ast.Constant)}
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.keyword) and node.arg == "params"
        ]
        named = set[object]().union(*params)
        assert SUITES[protocol][2] <= named, (file, named)
