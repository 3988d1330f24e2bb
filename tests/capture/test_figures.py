"""The figures of real snapshots agree with one another, where the tree of owners is full, too."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_heapview.capture.native import engine as native_engine
from flask_heapview.capture.portable import walk
from flask_heapview.store.snapshots import Store

from ..figures import contradictions, differences, sections
from ..helpers import needs_portable
from ..run_isolated import alone
from .sample_process import take


class Node:
    """One of a circle."""

    def __init__(self) -> None:
        self.around = [self]
        self.text = f"{id(self)} " * 20


@pytest.fixture
def garbage() -> Iterator[int]:
    """Circles that nobody holds any more, and no collector that takes them."""
    was = gc.isenabled()
    gc.collect()
    gc.disable()
    for _ in range(500):
        Node()
    yield 500
    if was:
        gc.enable()


@pytest.mark.parametrize("room", [3_000, 2_000_000])
@pytest.mark.parametrize(
    "engine", ["native", pytest.param("portable", marks=[needs_portable, pytest.mark.slow])]
)
def test_a_snapshot_does_not_contradict_itself(
    engine: str, room: int, garbage: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (walk, native_engine):
        monkeypatch.setattr(module, "MAX_NODES", room)
    store = Store(tmp_path / "heapview")
    base, target = take(store, engine), take(store, engine)
    assert (target.ownership.truncated > 0) == (room == 3_000)
    assert target.cycles.garbage_objects >= 2 * garbage
    assert target.cycles.garbage_bytes >= 400 * garbage
    found = contradictions(sections(base), sections(target), views=differences(base, target))
    assert found == []


FULL = """
from flask_heapview.capture.portable import walk

walk.MAX_NODES = 3_000
engine = select_engine("portable")
runner = Runner(engine, 120)
owners = taken().ownership
stacks = owners.stacks
rest = [n for n in range(len(stacks)) if stacks.frame_at(n).label == "(other)"]
say(counts=[stacks.count[n] for n in rest], parents=[stacks.parent[n] for n in rest],
    truncated=owners.truncated)
"""


@needs_portable
def test_who_holds_it_is_known_where_the_tree_is_full() -> None:
    """What finds no path of its own is counted below its holder, not below nobody."""
    found = alone(FULL)
    assert 0 < sum(found["counts"]) <= found["truncated"]
    assert all(parent >= 0 for parent in found["parents"])
