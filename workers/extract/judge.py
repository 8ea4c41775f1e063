"""How likely each block of a page is the article's: a small network over what was measured of it.

Its weights were learned by tests/quality/learn.py from pages of several hundred sites, each page's text marked by people.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("weights.npz")
Numbers = NDArray[np.float32]
Layers = tuple[Numbers, Numbers, Numbers, Numbers]
Nets = tuple[Layers, ...]


def judge(rows: Numbers, nets: Nets | None = None) -> Numbers:
    """Return for each row how likely its block is of the article, as the mean of several networks."""
    nets = nets or shipped()
    return np.asarray(sum(chance(layers, rows) for layers in nets) / len(nets), dtype=np.float32)


def chance(layers: Layers, rows: Numbers) -> Numbers:
    """Return what one network says of each row."""
    weights, bias, out, base = layers
    hidden = np.maximum(rows @ weights + bias, 0)
    return np.asarray(1 / (1 + np.exp(-np.clip(hidden @ out + base, -20, 20))), dtype=np.float32)


@cache
def shipped() -> Nets:
    """Return the networks that come with Khabar."""
    return load(WEIGHTS)


def load(path: Path) -> Nets:
    """Return the networks in a file."""
    with np.load(path) as kept:
        stacked = [kept[name].astype(np.float32) for name in ("weights", "bias", "out", "base")]
    return tuple(zip(*stacked, strict=True))
