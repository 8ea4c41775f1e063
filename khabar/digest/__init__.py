"""The daily digest of a topic: built from the index alone, then rendered as HTML, text or JSON."""

from khabar.digest.build import build
from khabar.digest.render import render_html, render_json, render_text

__all__ = ["build", "render_html", "render_json", "render_text"]
