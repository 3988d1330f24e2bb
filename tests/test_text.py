"""Names of unknown origin are cleaned."""

from __future__ import annotations

import pytest

from flask_heapview.text import bars_text, clean


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "plain"),
        ("\u202eevil", "\\u202eevil"),
        ("a\nb", "a\\nb"),
        ("\ud800", "\\ud800"),
        ("größe", "größe"),
        ("x" * 1_000_000, "x" * 160 + "…"),
        (17, "?"),
    ],
)
def test_names_are_cleaned(name: object, shown: str) -> None:
    assert clean(name) == shown


def test_bars() -> None:
    assert bars_text([0, 50, 100]) == "▁▅█"
    assert bars_text([0, 0]) == "▁▁"
    assert bars_text([]) == ""
