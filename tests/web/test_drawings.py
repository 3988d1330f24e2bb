"""Pages with pictures, and the one that says what releasing memory would give back."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.process import glibc

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


@pytest.mark.skipif(not glibc.can_trim(), reason="this C library has no malloc_trim")
def test_releasing_can_be_tried_first(client: Any) -> None:
    overview = page(client, "/")
    assert f'formaction="{PREFIX}/trim/rehearsal"' in overview
    answer = client.post(f"{API}/trim/rehearsal", headers=BEARER, json={})
    assert answer.status_code == 200, answer.text
    assert answer.json["before"] - answer.json["freed"] == answer.json["after"]
    shown = client.post(f"{PREFIX}/trim/rehearsal", headers=BEARER)
    assert "would be released" in shown.text
    assert "Release free memory now" in shown.text
    everyone = client.post(f"{PREFIX}/trim/rehearsal", headers=BEARER, data={"worker": "all"})
    assert everyone.status_code == 200, everyone.text
    assert client.post(f"{API}/trim/rehearsal").status_code == 401
