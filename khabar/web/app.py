"""The application: routes, what stands before them, and how errors are told, over one runtime."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from khabar.access import Ring
from khabar.runtime import Runtime
from khabar.web import problems
from khabar.web.api import articles, attempts, digests, export, health, related, search, sources, topics
from khabar.web.asked import House
from khabar.web.checkup import Checkup
from khabar.web.current import Current
from khabar.web.description import describe
from khabar.web.gate import Gate
from khabar.web.limits import Limit

PREFIX = "/api/v1"

_TAGS = [
    {"name": "search", "description": "Hits, counts and everything that is found."},
    {"name": "articles", "description": "One article, and why it matches."},
    {"name": "topics", "description": "What is followed."},
    {"name": "digests", "description": "A topic's day."},
    {"name": "sources", "description": "What is crawled."},
    {"name": "attempts", "description": "What became of everything that was discovered."},
    {"name": "health", "description": "Whether it lives, answers, and what is wrong."},
]


def create_app(runtime: Runtime, require_keys: bool, share: int = 1) -> FastAPI:
    """Return the application over an opened runtime, which stays its opener's; without keys it answers loopback alone.

    Where `share` processes answer, each gives a caller that part of what may be asked in a minute.
    """
    app, current, settings = routed(), Current(runtime), runtime.settings
    app.state.house = House(current, Limit(-(-settings.api_points // share)), Checkup(current))
    requests = Limit(-(-settings.api_requests // share))
    app.add_middleware(Gate, ring=Ring(runtime.store), requests=requests, require_keys=require_keys)
    return app


def routed() -> FastAPI:
    """Return the application with its routes and its description, over nothing yet."""
    # No pages of documentation: they would load scripts from elsewhere. docs/api.md says the same.
    app = FastAPI(
        title="Khabar",
        version=version("khabar"),
        docs_url=None,
        redoc_url=None,
        openapi_tags=_TAGS,
        redirect_slashes=False,
    )
    routes = APIRouter(prefix=PREFIX)
    for module in (search, export, articles, related, topics, digests, sources, attempts, health):
        routes.include_router(module.router)
    app.include_router(routes)
    app.include_router(health.probes)
    problems.install(app)
    app.openapi = lambda: describe(app)
    return app
