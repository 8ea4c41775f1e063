"""Which nodes have less disk space free than Elasticsearch's watermarks ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WATERMARK = "cluster.routing.allocation.disk.watermark."
_ENABLED = "cluster.routing.allocation.disk.threshold_enabled"
# From the worst on: of a node that is under several, one is said.
_STAGES = {
    "flood_stage": "it lets nothing be written to what lies there",
    "high": "it moves what lies there to other nodes, and a little later lets nothing be written",
    "low": "it puts no further copies there",
}
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


def findings(nodes: Mapping[str, Mapping[str, Any]], settings: Mapping[str, str]) -> Iterator[str]:
    """Yield which data nodes are too full; `settings` are the cluster's, flat, with their defaults."""
    if settings.get(_ENABLED) == "false":
        return
    for node in nodes.values():
        if not any(role == "data" or role.startswith("data_") for role in node["roles"]):
            continue
        total, free = (node["fs"]["total"][f"{each}_in_bytes"] for each in ("total", "available"))
        for stage, what in _STAGES.items():
            if free < least_free(total, settings[_WATERMARK + stage], _headroom(settings, stage)):
                place = node["name"] or "its node"
                yield (
                    f"has {free / 1e9:.1f} GB of {total / 1e9:.1f} free at {place}, less than its {stage} watermark "
                    f"asks for: {what}; free disk space there"
                )
                break


def least_free(total: int, watermark: str, headroom: str = "-1") -> float:
    """Return how many bytes must be free: a watermark is a share that may be used, or a size that is to stay free."""
    if watermark.endswith("%"):
        share = float(watermark[:-1]) / 100
    elif re.fullmatch(r"[\d.]+", watermark):
        share = float(watermark)
    else:
        return _bytes(watermark)
    wanted = total * (1 - share)
    return wanted if headroom == "-1" else min(wanted, _bytes(headroom))


def _headroom(settings: Mapping[str, str], stage: str) -> str:
    return settings.get(f"{_WATERMARK}{stage}.max_headroom", "-1")


def _bytes(text: str) -> float:
    match = re.fullmatch(r"([\d.]+)\s*([bkmgtp]?)b?", text.lower())
    if match is None:
        raise ValueError(f"{text!r} is no size")
    return float(match[1]) * _UNITS[match[2]]
