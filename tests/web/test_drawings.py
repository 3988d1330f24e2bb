"""Pages with pictures: cycles as rings."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import BEARER, PREFIX, capture

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)


class Parcel:
    """Refers to its label, and that to it."""

    def __init__(self) -> None:
        self.tag = Tag(self)


class Tag:
    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel


def page(client: Any, path: str) -> str:
    answer = client.get(PREFIX + path, headers=BEARER)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_cycles_are_drawn(client: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        first = capture(client)["id"]
        for _ in range(2000):
            Parcel()
        second = capture(client)["id"]
    finally:
        gc.enable()
        gc.collect()
    for path in (f"/snapshots/{second}/cycles", f"/compare/cycles?base={first}&target={second}"):
        text = page(client, path)
        assert 'class="card ring garbage"' in text
        assert "in 2,000 cycles, 4,000 objects" in text
        assert "<code>Parcel.tag → Tag.parcel → Parcel</code>" in text.replace(
            "Tag.parcel → Parcel.tag → Tag", "Parcel.tag → Tag.parcel → Parcel"
        )
        assert "style=" not in text
