"""The connection to Elasticsearch: patient where it is busy or away, plain about what stands in the way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import msgspec
from elasticsearch import (
    ApiError,
    Elasticsearch,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import JsonSerializer, NdjsonSerializer

from khabar.errors import KhabarError

T = TypeVar("T")

_BUSY = frozenset({429, 502, 503, 504})  # it, or what stands before it, will take it later
_EXCEEDED = "Time exceeded"
_NAMED = "authorization"
_UNKNOWN, _FORBIDDEN, _TOO_LARGE, _BROKEN = 401, 403, 413, 500
_FIRST, _LONGEST = 0.05, 2.0  # seconds between two tries
_TIMEOUT = 30.0  # seconds for one answer


class SearchServerError(KhabarError):
    """Elasticsearch cannot do what it was asked, for a reason that its operator can do something about."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"Elasticsearch at {place}: {reason}")
        self.reason = reason


class MissingIndexError(SearchServerError):
    """There is no such index (any more): another generation may be in use."""


class TooLargeError(SearchServerError):
    """A request is longer than it takes at once."""


class TooSlowError(SearchServerError):
    """A search was given so much time, and took it all."""


class _Json(JsonSerializer):
    """JSON by msgspec: several times as fast, and our models as they are."""

    def json_dumps(self, data: Any) -> bytes:
        return msgspec.json.encode(data)

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class _Ndjson(_Json, NdjsonSerializer):
    """The same, a line each."""


class Patience:
    """How long what failed is tried again: until a time, with pauses that grow and never fall into step."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._tries = 0

    def wait(self) -> bool:
        """Pause before the next try; False when it is time to give up."""
        longest = min(_LONGEST, _FIRST * 2**self._tries)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 - keeps writers apart, no secret
        self._tries += 1
        if time.monotonic() + pause > self._until:
            return False
        time.sleep(pause)
        return True


class Server:
    """An Elasticsearch; `patience` is how many seconds it may be busy or away before that is an error."""

    def __init__(self, client: Elasticsearch, patience: float) -> None:
        self._client = client
        self._welcome = False  # it has answered us before
        self.seconds = patience
        self.place = ", ".join(
            f"{node.scheme}://{node.host}:{node.port}"
            for node in (each.config for each in client.transport.node_pool.all())
        )

    def ask(self, call: Callable[[Elasticsearch], T], patience: float | None = None) -> T:
        """Return what a call of the client gives; raises SearchServerError, or ApiError where the request is wrong."""
        waiting = Patience(self.seconds if patience is None else patience)
        while True:
            try:
                answer = call(self._client)
                self._welcome = True
                return answer
            except ApiError as error:
                # A node that has just started knows no users yet.
                forgotten = error.status_code == _UNKNOWN and self._welcome
                if error.status_code not in _BUSY and not forgotten:
                    raise self._explained(error) from error
                reason = reason_of(error.body)
                if reason == _EXCEEDED:  # it would take as long again
                    raise TooSlowError(self.place, reason) from error
            except SSLError as error:
                reason = f"its certificate is not trusted ({error.message}); name the file of the one that signed it"
                raise self.trouble(reason) from error
            except TransportError as error:
                reason = f"no answer ({error.message}); start it, or mend KHABAR_ELASTICSEARCH_URL"
            if not waiting.wait():
                raise self.trouble(reason)

    def trouble(self, reason: str) -> SearchServerError:
        """Return what to raise for a reason that will not pass by itself soon."""
        if "block]" in reason or "blocked by" in reason:
            reason = (
                f"the index takes no writes ({reason}); free disk space: it lifts a block of its own by itself below "
                "the high watermark, others are lifted with index.blocks"
            )
        return SearchServerError(self.place, reason)

    def missing(self, name: str) -> MissingIndexError:
        """Return what to raise where an index is not there."""
        return MissingIndexError(
            self.place, f"there is no index {name}; `khabar reindex` builds it from the archive"
        )

    def lets_anyone_in(self) -> bool:
        """Tell whether it answers who names no user and no key."""
        configured = [each.config for each in self._client.transport.node_pool.all()]
        unnamed = [
            config.replace(headers={name: value for name, value in config.headers.items() if name != _NAMED})
            for config in configured
        ]
        with closing(Elasticsearch(unnamed, max_retries=0, request_timeout=_TIMEOUT)) as nobody:
            try:
                nobody.info()
            except (ApiError, TransportError):
                return False
            return True

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _explained(self, error: ApiError) -> Exception:
        kind = error_type(error.body)
        if kind == "index_not_found_exception":
            return self.missing(error.body["error"].get("index", "of this name"))
        if kind == "cluster_block_exception":
            return self.trouble(reason_of(error.body))
        if isinstance(error, UnsupportedProductError) or kind == "media_type_header_exception":
            return self.trouble("it is no Elasticsearch 9, and Khabar speaks to no other: install that")
        what = _WHAT.get(error.status_code)
        if what is None:
            return error
        kind_of_trouble = TooLargeError if error.status_code == _TOO_LARGE else SearchServerError
        return kind_of_trouble(self.place, f"{what} ({reason_of(error.body)})")


_WHAT = {
    _UNKNOWN: "the user, password or API key is refused",
    _FORBIDDEN: "this user or API key may not do that",
    _TOO_LARGE: "no request as long as this is taken",
    _BROKEN: "something broke in it; look into its log",
}


def connect(
    url: str,
    *,
    user: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    authority: str | None = None,
    patience: float = 30.0,
) -> Server:
    """Return an Elasticsearch at one or several addresses joined by commas; nothing is sent yet.

    `authority` is the file of the certificate that its own is signed with, where the system does not know it.
    """
    options: dict[str, Any] = {
        "basic_auth": (user, password or "") if user else None,
        "api_key": api_key,
        "serializers": {"application/json": _Json(), "application/x-ndjson": _Ndjson()},
        "request_timeout": _TIMEOUT,
        # It would try again at once; patience is ours.
        "max_retries": 0,
        "retry_on_timeout": False,
    }
    if authority:
        options["ca_certs"] = authority
    client = Elasticsearch(url.split(","), **options)
    return Server(client, patience)


def is_busy(status: int) -> bool:
    """Tell whether a status means: later."""
    return status in _BUSY


def error_type(body: Any) -> str:
    """Return the name that Elasticsearch gives to an error."""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("type")) if isinstance(error, dict) else ""


def reason_of(body: Any) -> str:
    """Return what Elasticsearch says of an error, the innermost cause first found."""
    error = body.get("error", body) if isinstance(body, dict) else body
    while isinstance(error, dict):
        inner = error.get("caused_by") or next(iter(error.get("root_cause") or ()), None)
        if not inner or inner.get("reason") is None:
            return str(error.get("reason") or error.get("type") or error)
        error = inner
    return str(error)
