"""What every test may use."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real CT data beside the repository."""
    if not SHARED.is_dir():
        pytest.skip("needs the real CT data in ../shared/data, which is not here")
    return SHARED
