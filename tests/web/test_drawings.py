"""Pages with pictures: cycles as rings, the collector on a time axis."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import API, BEARER, PREFIX, capture

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


def test_cycles_and_collections_are_drawn(client: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        first = capture(client)["id"]
        gc.collect()  # recorded, since somebody has visited
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
    text = page(client, f"/snapshots/{second}/gc")
    assert '<svg class="lane generation2"' in text
    assert "The last collections, the newest first" in text
    recent = client.get(f"{API}/snapshots/{second}/gc", headers=BEARER).json["data"]["recent"]
    assert recent["generation"][-1] == 2
    assert recent["pause"][-1] > 0
    status = client.get(f"{API}/status", headers=BEARER).json
    assert status["gc"]["recent"]["pause"] == []
