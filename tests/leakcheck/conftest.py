from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def alone_with_tmpfs(judges_growth: None) -> None:
    """The checker sees the whole host's tmpfs: what other tests write there is not the route's."""
