"""Health: whether the server lives, whether it can answer, and what it finds wrong."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from khabar.web import examples
from khabar.web.asked import answer, charge, house
from khabar.web.checkup import Health
from khabar.web.description import answers

router = APIRouter(tags=["health"])
probes = APIRouter(prefix="/health", tags=["health"])


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers."""

    alive: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether searches can be answered now; the reasons are told to those who have a key."""

    ready: bool


@probes.get("/live", responses=answers(Alive, {"alive": True}), openapi_extra={"security": []})
async def live() -> Response:
    """Say that the process answers; asks nothing of anybody."""
    return answer(Alive(True))


@probes.get(
    "/ready",
    responses=answers(Ready, {"ready": True}) | {503: {"description": "Searches cannot be answered now."}},
    openapi_extra={"security": []},
)
def ready(request: Request) -> Response:
    """Say whether searches can be answered now: 200, or 503."""
    found = house(request).checkup.health()
    return answer(Ready(found.ready), 200 if found.ready else 503)


@router.get("/health", responses=answers(Health, examples.HEALTH))
def health(request: Request) -> Response:
    """Say what is wrong with the index, the disk and every server, and how to mend it."""
    charge(request, 5)
    return answer(house(request).checkup.health())
