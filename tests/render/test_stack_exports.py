"""Weighted stacks in the formats of other programs: the figures, the names, the order."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.model.snapshot import SnapshotInfo
from flask_heapview.model.stacks import Frame, Stacks, StacksBuilder
from flask_heapview.render import collapsed, pprof, speedscope
from flask_heapview.render.formats import file_name
from flask_heapview.render.weights import Weights, weights_of
from flask_heapview.views.icicle import Weighed

from ..helpers import needs
from ..profile_proto import Decoded

LATER = SnapshotInfo("20260101-000005-00000001", "done", "7-a", "2026-01-01T00:00:05Z", clock=12.5)
BEFORE = SnapshotInfo("20260101-000000-00000000", "done", "7-a", "2026-01-01T00:00:00Z", clock=10.0)


def shop() -> Stacks:
    made = StacksBuilder()
    app, kept = Frame("app", "module"), Frame(".kept", "dict")
    made.add([app], 1, 100)
    made.add([Frame("lib", "module"), Frame("[value]", "str")], 3, 300)
    made.add([app, kept], 1, 1000)
    made.add([app, kept, Frame("[value]", "app.Order")], 20, 5000)
    made.add([Frame("endpoint keep"), Frame("<module>", "", "/srv/app.py", 12)], 2, 70)
    return made.build()


def one(period: int = 1) -> Weights:
    return weights_of(Weighed(shop()), "ownership", LATER, None, period)


def two() -> Weights:
    delta = [0, 0, -300, 1000, 5000, 0, 1 << 40]
    return weights_of(Weighed(shop(), delta, [0, 0, -3, 0, 20, 0, 0]), "heap", LATER, BEFORE, 1)


# --- pprof


def test_pprof_says_what_the_tree_says() -> None:
    found = Decoded(pprof.render(one(4096), "1.2"))
    assert found.types == [("inuse_objects", "count"), ("inuse_space", "bytes")]
    assert found.stacks() == {
        ("app (module)",): [1, 100],
        ("app (module)", ".kept (dict)"): [1, 1000],
        ("app (module)", ".kept (dict)", "[value] (app.Order)"): [20, 5000],
        ("lib (module)", "[value] (str)"): [3, 300],
        ("endpoint keep", "<module>"): [2, 70],
    }
    message, strings = found.message, found.strings
    place = next(f for f in message.function if strings[f.name] == "<module>")
    assert strings[place.filename] == "/srv/app.py"
    assert {line.line for each in message.location for line in each.line} == {0, 12}
    assert (message.period, strings[message.period_type.type]) == (4096, "space")
    assert strings[message.default_sample_type] == "inuse_space"
    assert message.time_nanos == 1_767_225_605 * 10**9
    assert found.comments == [
        "flask-heapview 1.2",
        "view ownership",
        "worker 7-a",
        f"snapshot {LATER.id}",
    ]


def test_a_difference_has_negative_and_large_values() -> None:
    found = Decoded(pprof.render(two(), "1.2"))
    assert found.stacks()["lib (module)", "[value] (str)"] == [-3, -300]
    assert found.sums() == [17, 5700 + (1 << 40)]
    assert found.message.duration_nanos == 2_500_000_000
    assert f"base {BEFORE.id}" in found.comments


def test_equal_snapshots_give_equal_files() -> None:
    assert pprof.render(one(), "1.2") == pprof.render(one(), "1.2")


def test_nothing_at_all_is_a_profile_too() -> None:
    empty = weights_of(Weighed(Stacks()), "allocations", LATER, None, 0)
    found = Decoded(pprof.render(empty, "1.2"))
    assert (found.stacks(), found.message.period) == ({}, 1)
    assert collapsed.render(empty) == b""
    assert [p["samples"] for p in json.loads(speedscope.render(empty, "1"))["profiles"]] == [[], []]


@pytest.mark.slow  # Go is large: make test-all has it, make test has the schema
def test_go_reads_it(tmp_path: Path) -> None:
    go = shutil.which("go")
    needs(go, "go tool pprof comes with Debian's package golang-go")
    file = tmp_path / "difference.pb.gz"
    file.write_bytes(pprof.render(two(), "1.2"))
    words = [str(go), "tool", "pprof", "-raw", str(file)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "inuse_objects/count inuse_space/bytes[dflt]" in done.stdout
    assert f"Comment: snapshot {LATER.id}" in done.stdout
    assert any(line.split()[:2] == ["-3", "-300:"] for line in done.stdout.splitlines())
    top = [str(go), "tool", "pprof", "-top", "-inuse_objects", str(file)]
    shown = subprocess.run(top, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert "[value] (app.Order)" in shown


# --- speedscope


def profiles(weights: Weights) -> dict[str, Any]:
    """By name; what speedscope's schema demands is checked."""
    found = json.loads(speedscope.render(weights, "1.2"))
    assert found["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = found["shared"]["frames"]
    assert all(frame["name"] for frame in frames)
    for profile in found["profiles"]:
        assert profile["type"] == "sampled"
        assert profile["unit"] in ("bytes", "none")
        assert len(profile["samples"]) == len(profile["weights"])
        assert all(weight > 0 for weight in profile["weights"])
        assert profile["endValue"] - profile["startValue"] == sum(profile["weights"])
        for stack in profile["samples"]:
            assert all(0 <= number < len(frames) for number in stack)
    return {profile["name"]: profile for profile in found["profiles"]}


def test_speedscope_has_a_profile_for_each_weight() -> None:
    found = profiles(one())
    assert {name: each["endValue"] for name, each in found.items()} == {
        "bytes": 6470,
        "objects": 27,
    }


def test_speedscope_has_what_came_apart_from_what_went() -> None:
    found = profiles(two())
    assert {name: each["endValue"] for name, each in found.items()} == {
        "bytes that came": 6000 + (1 << 40),
        "bytes that went": 300,
        "objects that came": 20,
        "objects that went": 3,
    }


# --- collapsed


def test_collapsed_has_a_line_for_each_stack() -> None:
    assert collapsed.render(one()).decode().splitlines() == [
        "app (module) 100",
        "app (module);.kept (dict) 1000",
        "app (module);.kept (dict);[value] (app.Order) 5000",
        "lib (module);[value] (str) 300",
        "endpoint keep;<module> (/srv/app.py:12) 70",
    ]
    lines = collapsed.render(two(), "objects").decode().splitlines()
    assert lines == [
        "app (module);.kept (dict);[value] (app.Order) 20",
        "lib (module);[value] (str) -3",
    ]


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("a;b\nc", "a:b c"),
        ("\r\n\t ", "?"),
        ("", "?"),
        ("a\u2028b\x85c", "a b c"),
        ("naïve 数", "naïve 数"),
    ],
)
def test_any_name_is_harmless(label: str, shown: str) -> None:
    made = StacksBuilder()
    made.add([Frame(label), Frame("leaf")], 1, 9)
    odd = weights_of(Weighed(made.build()), "ownership", LATER, None, 1)
    assert collapsed.render(odd).decode() == f"{shown};leaf 9\n"
    assert Decoded(pprof.render(odd, "1.2")).sums() == [1, 9]
    assert len(profiles(odd)) == 2


def test_names_of_files_are_plain() -> None:
    assert file_name("pprof", ["a", None, "b"]) == "heapview-a-b.pb.gz"
    assert file_name("csv", ['x"\n/..ü', "t"]) == "heapview-x______-t.csv"
