"""What becomes of a test whose server is not there."""

from __future__ import annotations

import os

import pytest


def demand(missing: str | None) -> None:
    """Leave the test out, saying what it misses; fail it where KHABAR_REQUIRE_SERVICES=1. None: nothing is missing."""
    if missing is not None:
        if os.environ.get("KHABAR_REQUIRE_SERVICES") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
