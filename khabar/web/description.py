"""The API's own description (OpenAPI): schemas made from the very models that are sent, with an example each."""

from __future__ import annotations

from copy import deepcopy
from importlib.metadata import version
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from khabar.models import Article, Digest
from khabar.web.asked import JSON
from khabar.web.problems import MEDIA, Problem

_REFUSALS = {
    400: "A parameter or the query cannot be used; of a query, where and why.",
    401: "No key, or none that is in use.",
    429: "This key has asked for too much; `Retry-After` says in how many seconds to ask again.",
    503: "Not available now; ask again after `Retry-After` seconds.",
}
_ABOUT = """Search, articles, topics, digests and sources of one Khabar.

Send a key as `Authorization: Bearer KEY`; `khabar keys add NAME` makes one. On loopback no key is needed. Pages follow one
another by `next`, to be given back as `cursor`. Errors are `application/problem+json` (RFC 9457)."""

_kinds: dict[str, type] = {"Problem": Problem, "Article": Article, "Digest": Digest}


def answers(kind: type, example: object, *also: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route that answers with a model as JSON, and every refusal there may be."""
    _kinds[kind.__name__] = kind
    content = {JSON: {"schema": _reference(kind.__name__), "example": example}}
    return {200: {"description": "What was asked for.", "content": content}} | refusals(*also)


def texts(
    media: dict[str, tuple[dict[str, Any], object]], *also: tuple[int, str]
) -> dict[int | str, dict[str, Any]]:
    """Return the responses of a route that answers with text of these media types."""
    content = {name: {"schema": schema, "example": example} for name, (schema, example) in media.items()}
    return {200: {"description": "What was asked for.", "content": content}} | refusals(*also)


def refusals(*also: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the responses that are problems: those of every route, and others with their description."""
    content = {MEDIA: {"schema": _reference("Problem")}}
    told = sorted((_REFUSALS | dict(also)).items())
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": text} | ({} if status == 304 else {"content": content})
        for status, text in told
    }
    for status in (429, 503):
        found[status]["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return found | {"default": {"description": "Any other error.", "content": content}}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of an application, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="Khabar",
            version=version("khabar"),
            description=_ABOUT,
            routes=app.routes,
            tags=app.openapi_tags,
        )
        components = made.setdefault("components", {})
        components["schemas"] = _schemas()
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "As `khabar keys add` printed it."}
        }
        made["security"] = [{"key": []}, {}]  # none on loopback
        app.openapi_schema = made
    return app.openapi_schema


def _schemas() -> dict[str, Any]:
    _, made = msgspec.json.schema_components(
        list(_kinds.values()), ref_template="#/components/schemas/{name}"
    )
    made["Headline"] = _without(made["Article"], "An article as lists hold it.", "body")
    made["DigestArticle"] = _without(
        made["Article"], "An article as a digest holds it.", "body", "archive", "fetched"
    )
    made["DigestLine"]["properties"]["article"] = _reference("DigestArticle")
    return dict(sorted(made.items()))


def _without(schema: dict[str, Any], description: str, *names: str) -> dict[str, Any]:
    """Return a schema of the same model with some fields left out."""
    kept = {name: deepcopy(field) for name, field in schema["properties"].items() if name not in names}
    required = [name for name in schema["required"] if name not in names]
    return schema | {"properties": kept, "required": required, "description": description}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
