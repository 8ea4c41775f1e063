"""How likely each block of a page is the article's: a small network over what was measured of it.

Its weights were learned by tests/quality/learn.py from pages of several hundred sites, each page's text marked by people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("weights.npz")
Numbers = NDArray[np.float32]
AT_ONCE = 24  # rows; OpenBLAS starts threads for larger products, which cost more than they bring here


@dataclass(frozen=True, slots=True)
class Nets:
    """Several networks of one hidden layer, stacked: what of each row leads to each hidden unit, and from there out."""

    weights: Numbers  # nets x numbers of a row x units
    bias: Numbers  # nets x units
    out: Numbers  # nets x units
    base: Numbers  # nets x 1

    def of(self, start: int, end: int) -> Nets:
        """Return some of the networks."""
        return Nets(self.weights[start:end], self.bias[start:end], self.out[start:end], self.base[start:end])


def judge(rows: Numbers, nets: Nets) -> Numbers:
    """Return for each row how likely its block is of the article, as the mean of several networks."""
    count, width = rows.shape
    parts = -(-count // AT_ONCE)
    padded = np.zeros((parts * AT_ONCE, width), dtype=np.float32)
    padded[:count] = rows
    hidden = padded.reshape(1, parts, AT_ONCE, width) @ nets.weights[:, None]
    hidden += nets.bias[:, None, None]
    np.maximum(hidden, 0, out=hidden)
    odds = (hidden * nets.out[:, None, None]).sum(-1).reshape(len(nets.base), -1)[:, :count] + nets.base
    return np.asarray((1 / (1 + np.exp(-np.clip(odds, -20, 20)))).mean(0), dtype=np.float32)


@cache
def shipped() -> Nets:
    """Return the networks that come with Khabar."""
    return load(WEIGHTS)


def load(path: Path) -> Nets:
    """Return the networks in a file."""
    with np.load(path) as kept:
        return Nets(*(kept[name].astype(np.float32) for name in ("weights", "bias", "out", "base")))
