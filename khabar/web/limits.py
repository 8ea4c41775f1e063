"""How much a caller may ask: requests, and points for what they cost; both fill up again evenly over a minute."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_CALLERS = 10_000  # remembered at once; the one not heard of for longest is forgotten, and has its whole minute again


class Limit:
    """So many a minute for each caller, 0 for any number; all of a minute's may come at once."""

    def __init__(self, minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._minute, self._monotonic = minute, monotonic
        self._turn = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, amount: float = 1.0) -> int:
        """Take from what a caller has left; returns 0, or in how many seconds there will be enough.

        More than a whole minute's is given to whoever has a whole minute's left, as a debt.
        """
        if not self._minute:
            return 0
        with self._turn:
            now = self._monotonic()
            left, at = self._left.pop(caller, (float(self._minute), now))
            left = min(self._minute, left + (now - at) * self._minute / 60)
            lacking = min(amount, self._minute) - left
            self._left[caller] = (left if lacking > 0 else left - amount, now)
            if len(self._left) > _CALLERS:
                self._left.popitem(last=False)
            return math.ceil(lacking * 60 / self._minute) if lacking > 0 else 0
