"""What all tests share: where the labelled data lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A slow or busy machine is no failure; floors and counts are what tests hold, benchmarks measure time.
settings.register_profile("khabar", deadline=None)
settings.load_profile("khabar")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real pages and labelled texts beside the checkout; without it the test is left out."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no labelled data at {folder.name}: ../shared/data is absent")
    return folder
