"""The pytest fixture `assert_no_leak`; pytest finds it by the package's entry point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest


class AssertNoLeak(Protocol):
    """What the fixture is."""

    def __call__(self, call: Callable[[int], object], requests: int = 300) -> None:
        """Fails with the verdict when `call(n)` leaks over so many calls, n = 0, 1, 2, …"""


@pytest.fixture
def assert_no_leak() -> AssertNoLeak:
    """Fails the test when a call leaks: `assert_no_leak(lambda n: client.get(f"/x?i={n}"))`."""
    # not before it is asked for: pytest loads this file for every project that has the package
    from .checker import check, in_words

    def verdict(call: Callable[[int], object], requests: int = 300) -> None:
        __tracebackhide__ = True
        report = check(call, requests)
        if report.verdict == "leak":
            pytest.fail(in_words(report), pytrace=False)

    return verdict
