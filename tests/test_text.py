"""Names of unknown origin are cleaned."""

from __future__ import annotations

import pytest

from flask_heapview.text import bars_text, clean, duration_text, percent_text


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


def test_durations() -> None:
    texts = [duration_text(seconds) for seconds in (40, 119, 120, 50_400, 260_000, 1e9)]
    assert texts == ["40 seconds", "119 seconds", "2 minutes", "14 hours", "3 days", "32 years"]


def test_percent() -> None:
    shares = (0.95, 2 / 3, 1.0, 0.9999, 0.0, 12.5, None)
    texts = [percent_text(share) for share in shares]
    assert texts == ["95 %", "66.7 %", "100 %", "100 %", "0 %", "1,250 %", "–"]
