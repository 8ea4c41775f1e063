"""A digest as a page for mail and browser, as plain text, and as JSON; each a pure function of the digest."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
from markupsafe import Markup, escape

from khabar import codec
from khabar.digest import wording
from khabar.digest.plain import render_text
from khabar.digest.script import direction, face
from khabar.digest.wording import Names
from khabar.models import Digest

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_html", "render_json", "render_text"]

_MARK = re.compile("&lt;mark&gt;(.*?)&lt;/mark&gt;", re.DOTALL)
_LEFT_OUT = ("body", "archive", "fetched")  # empty in a digest, or not of its making


def render_html(digest: Digest, names: Names | None = None) -> str:
    """Return a page that needs nothing from elsewhere: no script, no font, no picture."""
    page = _templates().get_template("digest.html").render(digest=digest, names=names or {})
    return page + "\n"


def render_json(digest: Digest) -> str:
    """Return the digest as JSON, its articles without what a digest does not hold."""
    plain = cast("dict[str, Any]", codec.plain(digest))
    for line in plain["lines"]:
        for key in _LEFT_OUT:
            del line["article"][key]
    return msgspec.json.format(codec.dump(plain), indent=2).decode() + "\n"


def with_marks(text: str) -> Markup:
    """Return a snippet as HTML: everything is escaped but pairs of <mark> and </mark>."""
    return Markup(_MARK.sub(r"<mark>\1</mark>", str(escape(text))))  # noqa: S704  # escaped on this very line


def _web(url: str) -> str | None:
    """Return an address that a reader may follow; an article may also be named by a hash, or by something hostile."""
    return url if url.lower().startswith(("http://", "https://")) else None


@cache
def _templates() -> Environment:
    # Whoever looks what is due imports this module; few make a page.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - as said

    environment = Environment(
        loader=PackageLoader("khabar.digest"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The stubs admit only functions like Jinja's own.
    cast("dict[str, object]", environment.filters).update(
        marks=with_marks, web=_web, long_day=wording.long_day
    )
    cast("dict[str, object]", environment.globals).update(
        bars=wording.bars,
        direction=direction,
        face=face,
        heading=wording.heading,
        particulars=wording.particulars,
        summary=wording.summary,
        usual=wording.usual,
    )
    return environment
