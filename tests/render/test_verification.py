"""The rate of a place and its error, as people read them."""

from __future__ import annotations

import pytest

from flask_heapview.render.sentences.verification import rate_text


@pytest.mark.parametrize(
    ("rate", "margin", "said"),
    [
        (9230.0, 180.0, "9.2 ± 0.2 kB"),
        (0.0, 95.0, "0 ± 95 B"),
        (0.0, 2400.0, "0 ± 2.4 kB"),
        (-0.01, 0.0, "0 ± 0 B"),
        (-120.0, 3.0, "−120 ± 3 B"),
        (12_500_000.0, 250_000.0, "12.5 ± 0.2 MB"),
        (999.0, None, "999 B"),
    ],
)
def test_both_have_one_unit(rate: float, margin: float | None, said: str) -> None:
    assert rate_text(rate, margin) == said
