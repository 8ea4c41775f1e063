"""Errors as application/problem+json (RFC 9457): what is wrong and how to mend it, and nothing of our inside."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from khabar.codec import dump
from khabar.errors import KhabarError
from search.refusal import QueryError

log = logging.getLogger(__name__)

MEDIA = "application/problem+json"
AGAIN = 5  # seconds after which to ask again what is not available now
_KIND = "urn:khabar:problem:"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is sent; `position`, `reason` and `suggestion` are of a query, `parameter` of a parameter."""

    type: str
    title: str
    status: int
    detail: str
    parameter: str | None = None
    position: int | None = None  # of a query: code points from 0
    reason: str | None = None
    suggestion: str | None = None
    incident: str | None = None  # by which the operator finds it in the log


class ProblemError(Exception):
    """Raised by a handler in place of an answer."""

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(_KIND + kind, HTTPStatus(status).phrase, status, detail, **more)
        self.headers = dict(headers or {})


def respond(error: ProblemError) -> Response:
    """Return the response that tells a problem; what is None is left out."""
    told = error.problem
    body = {name: value for name in Problem.__slots__ if (value := getattr(told, name)) is not None}
    return Response(dump(body), told.status, error.headers | {"Cache-Control": "no-store"}, MEDIA)


def bad_parameter(name: str, detail: str) -> ProblemError:
    """Return what to raise for a parameter that cannot be used."""
    return ProblemError(400, "bad-parameter", f"{name}: {detail}", parameter=name)


def not_found(what: str) -> ProblemError:
    """Return what to raise where there is no such thing."""
    return ProblemError(404, "not-found", what)


def busy(detail: str, seconds: int, status: int = 429, kind: str = "too-many-requests") -> ProblemError:
    """Return what to raise for what may be asked again in so many seconds."""
    return ProblemError(status, kind, detail, headers={"Retry-After": str(seconds)})


def install(app: FastAPI) -> None:
    """Have an application answer every error as a problem."""
    app.add_exception_handler(ProblemError, _told)
    app.add_exception_handler(QueryError, _bad_query)
    app.add_exception_handler(KhabarError, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


def bad_query(error: QueryError) -> ProblemError:
    """Return a query's error as a problem."""
    return ProblemError(
        400,
        "bad-query",
        str(error),
        parameter="query",
        position=error.position,
        reason=error.reason,
        suggestion=error.suggestion,
    )


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return respond(error)


async def _bad_query(_request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryError)
    return respond(bad_query(error))


async def _unavailable(request: Request, error: Exception) -> Response:
    """Say that it is not available: the reason, which names files and servers, is the operator's alone."""
    incident = _logged(request, error)
    detail = "what this needs is not available now; `khabar doctor` tells the operator why"
    headers = {"Retry-After": str(AGAIN)}
    return respond(ProblemError(503, "unavailable", detail, headers=headers, incident=incident))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return respond(bad_parameter(name, str(first["msg"])))


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kinds = {404: "not-found", 405: "method-not-allowed"}
    kind = kinds.get(error.status_code, "bad-request")
    return respond(ProblemError(error.status_code, kind, str(error.detail), headers=error.headers))


async def _broken(request: Request, error: Exception) -> Response:
    incident = _logged(request, error)
    detail = "this is a fault of the server; its log has the reason under this incident"
    return respond(ProblemError(500, "fault", detail, incident=incident))


def _logged(request: Request, error: Exception) -> str:
    incident = secrets.token_hex(6)
    trace = None if isinstance(error, KhabarError) else error  # the server logs its trace
    log.error("incident %s: %s %s: %s", incident, request.method, request.url.path, error, exc_info=trace)
    return incident
