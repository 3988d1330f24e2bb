"""A real capture of a process full of known objects by each engine, looked at from every side."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import Any

import pytest

from flask_heapview.model.snapshot import Snapshot
from flask_heapview.store.snapshots import Store

from .. import sample_objects
from .sample_process import snapshots_of


@pytest.fixture(scope="module", params=["portable", "native"])
def taken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Store, dict[str, Any]]:
    """The store with two snapshots, and what the process that took them has said."""
    place = tmp_path_factory.mktemp("zoo") / "heapview"
    return Store(place), snapshots_of(place, request.param)


@pytest.fixture(scope="module")
def snapshot(taken: tuple[Store, dict[str, Any]]) -> Snapshot:
    store, said = taken
    found = store.load(said["plain"])
    assert found.ownership.truncated == 0
    return found


def entries(snapshot: Snapshot) -> dict[str, int]:
    return {h.path: h.entries for h in reversed(snapshot.ownership.holders)}


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("tests.sample_objects.text_cache", 1000),
        ("tests.sample_objects.ring", 300),
        ("tests.sample_objects.numbers", 3000),
        ("tests.sample_objects.seen_words", 64),
        ("tests.sample_objects.Store.entries", 77),
        ("tests.sample_objects.store.orders", 333),
        ("tests.sample_objects.counter closure hidden", 123),
        ("tests.sample_objects.slotted.left", 40),
        ("tests.sample_objects.hostile_dict", 50),
        ("tests.sample_objects.square", 50),
        ("tests.sample_objects.filed[store].notes", 61),
        ("tests.sample_objects.filed[value].notes", 62 + 63),
        ("tests.sample_objects.filed_weakly.data[pool].notes", 65),
        ("thread bg: local rows", 444),
    ],
)
def test_containers_are_found_under_their_names(snapshot: Snapshot, path: str, count: int) -> None:
    assert entries(snapshot)[path] == count


def test_limits_are_known_where_containers_know_them(snapshot: Snapshot) -> None:
    limits = {h.path: h.limit for h in snapshot.ownership.holders}
    assert limits["tests.sample_objects.ring"] == 500
    assert limits["tests.sample_objects.bounded"] == 200
    assert limits["tests.sample_objects.square"] == 50
    assert limits["tests.sample_objects.text_cache"] is None


def test_a_limit_of_the_object_that_holds_a_container_may_not_be_its(snapshot: Snapshot) -> None:
    guessed = {h.path: h.limit_guessed for h in snapshot.ownership.holders if h.limit is not None}
    assert guessed["tests.sample_objects.pool.seen"]
    assert not guessed["tests.sample_objects.pool.data"]  # where caches keep their entries
    assert not guessed["tests.sample_objects.ring"]
    assert not guessed["tests.sample_objects.bounded"]


def test_a_long_chain_is_folded_into_one_node(snapshot: Snapshot) -> None:
    stacks = snapshot.ownership.stacks
    nodes = [
        n for n in range(len(stacks)) if stacks.frame_at(n).type == "tests.sample_objects.Chain"
    ]
    assert sum(stacks.count[n] for n in nodes) == 2000
    assert len(nodes) < 20


def test_the_tree_and_the_census_agree(snapshot: Snapshot) -> None:
    stacks = snapshot.ownership.stacks
    assert sum(stacks.count) == snapshot.heap.objects
    assert sum(stacks.size) == snapshot.heap.size
    assert sum(row.count for row in snapshot.heap.types) == snapshot.heap.objects


def test_the_census_counts_what_is_there(snapshot: Snapshot) -> None:
    rows = {row.type: row for row in snapshot.heap.types}
    chain = rows["tests.sample_objects.Chain"]
    assert (chain.count, chain.module) == (2000, "tests.sample_objects")
    assert chain.size == 2000 * sys.getsizeof(sample_objects.chain)
    assert rows["tests.sample_objects.Order"].count == 25
    assert rows["float"].count >= 3000
    assert rows["float"].tracked == 0
    assert rows["tests.sample_objects.Hostile"].count == 3


def test_garbage_is_found_and_told_from_live_cycles(snapshot: Snapshot) -> None:
    chain = "Line.order → Order.items → list[0] → Line"
    groups = {g.garbage: g for g in snapshot.cycles.groups if g.chain == chain}
    assert groups[True].components == 20
    assert groups[False].components == 5
    assert snapshot.cycles.garbage_objects >= 60
    assert groups[True].fingerprint == groups[False].fingerprint


def test_a_function_that_refers_to_itself_is_garbage_of_its_own(snapshot: Snapshot) -> None:
    garbage = [g for g in snapshot.cycles.groups if g.garbage]
    assert any(g.components >= 20 and {"function", "cell"} <= set(g.types) for g in garbage)


def test_modules_classes_and_functions_are_no_news(snapshot: Snapshot) -> None:
    for group in snapshot.cycles.groups:
        assert group.garbage or not {"module", "function", "type"} & set(group.types)


def test_caches_are_discovered(snapshot: Snapshot) -> None:
    caches = {c.path: c for c in reversed(snapshot.caches.caches)}
    square = caches["tests.sample_objects.square"]
    assert (square.source, square.entries, square.limit, square.misses) == ("functools", 50, 50, 80)
    total = caches["tests.sample_objects.Store.total"]
    assert (total.entries, total.limit, total.limit_known) == (250, None, True)
    bounded = caches["tests.sample_objects.bounded"]
    assert (bounded.source, bounded.entries, bounded.limit) == ("cachetools", 150, 200)
    plain = caches["tests.sample_objects.text_cache"]
    assert (plain.source, plain.entries, plain.limit_known) == ("container", 1000, False)


def test_registered_caches_are_asked(snapshot: Snapshot) -> None:
    caches = {c.path: c for c in snapshot.caches.caches if c.source == "registered"}
    assert caches["by hand"].entries == 1000
    asked = caches["asked"]
    assert (asked.entries, asked.limit, asked.hits, asked.misses, asked.size) == (5, 9, 1, 2, 3)
    assert caches["counted"].entries == 17
    assert caches["broken"].error == "ZeroDivisionError"


def test_open_things_are_listed_with_their_owner(snapshot: Snapshot) -> None:
    held = {(o.type, o.path) for o in snapshot.resources.open_objects}
    assert any(
        k == "_io.FileIO" and p.startswith("tests.sample_objects.open_file") for k, p in held
    )
    assert ("sqlite3.Connection", "tests.sample_objects.connection") in held
    names = {t.name for t in snapshot.resources.threads}
    assert {"MainThread", "bg"} <= names
    assert snapshot.resources.descriptors > 3


def test_the_process_is_measured(snapshot: Snapshot) -> None:
    process = snapshot.process
    assert process.resident > 10_000_000
    assert process.allocators.pymalloc_used is not None
    assert process.bridge.python_objects == snapshot.heap.size
    assert process.bridge.unexplained is not None
    assert abs(process.bridge.unexplained) < process.resident


def test_nothing_of_the_app_is_called(
    snapshot: Snapshot, taken: tuple[Store, dict[str, Any]]
) -> None:
    assert snapshot.heap.objects
    assert taken[1]["touched"] == []


def test_hostile_names_are_made_harmless(snapshot: Snapshot) -> None:
    names = [row.type for row in snapshot.heap.types]
    assert all(len(name) < 400 for name in names)
    joined = "".join(names)
    assert "\u202e" not in joined
    assert "\ud800" not in joined
    assert any("\\u202e" in name for name in names)


def test_no_value_and_no_key_is_kept(snapshot: Snapshot) -> None:
    import msgspec

    data = msgspec.json.encode(snapshot)
    assert b"hunter2" not in data
    assert b"password-of-somebody" not in data
    assert b"value 12" not in data


def test_the_child_imports_nothing(snapshot: Snapshot) -> None:
    assert snapshot.imported == []


def test_it_says_what_it_cost(snapshot: Snapshot) -> None:
    info = snapshot.info
    assert info.state == "done"
    assert info.pause_ms is not None
    assert info.duration_ms is not None
    assert info.pause_ms < info.duration_ms
    assert info.extra_bytes
    assert info.progress.done == info.progress.total > 0


def test_values_are_shown_when_asked(taken: tuple[Store, dict[str, Any]]) -> None:
    store, said = taken
    keys = {c.path: c.keys for c in store.load(said["shown"]).caches.caches}
    assert "'key 0'" in keys["tests.sample_objects.text_cache"]


def test_libraries_are_told_with_their_versions(snapshot: Snapshot) -> None:
    known = snapshot.libraries
    assert known.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    owner = known.owner_of("cachetools.LRUCache")
    assert owner is not None
    assert (owner.name, owner.version) == ("cachetools", importlib.metadata.version("cachetools"))
    assert known.own is None  # no app is mounted here


def test_deep_sizes_have_error_bars(snapshot: Snapshot) -> None:
    if snapshot.info.engine_kind != "portable":
        pytest.skip("the native engine measures no entries")
    caches = {c.path: c for c in reversed(snapshot.caches.caches)}
    plain, exact_one = (
        caches["tests.sample_objects.text_cache"],
        caches["tests.sample_objects.square"],
    )
    assert plain.size is not None
    assert plain.size_error is not None
    assert plain.sampled == 24
    exact = sum(sys.getsizeof(k) + sys.getsizeof(v) for k, v in sample_objects.text_cache.items())
    tuples = 1000 * sys.getsizeof(("", ""))  # an entry is measured as (key, value)
    assert abs(plain.size - exact - tuples) <= 0.1 * exact
    assert exact_one.sampled > 0
