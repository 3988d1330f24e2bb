"""Why there is no native core, in the words that the overview shows."""

from __future__ import annotations

import pytest

from flask_heapview.core.loader import why_not_built

ELSEWHERE = ["_core.cpython-399-x86_64-linux-gnu.so"]


@pytest.mark.parametrize(
    ("platform", "implementation", "built", "words"),
    [
        ("win32", "cpython", [], "on Linux only, and this is win32"),
        ("linux", "pypy", [], "for CPython only, and this is pypy"),
        ("linux", "cpython", ELSEWHERE, "for another Python (_core.cpython-399"),
        ("linux", "cpython", [], "there was no C compiler"),
    ],
)
def test_each_reason_has_its_words(
    platform: str, implementation: str, built: list[str], words: str
) -> None:
    reason = why_not_built(platform, implementation, built)
    assert words in reason
    assert reason.endswith(".")
    assert ("compiler" in reason) == (words == "there was no C compiler")
