"""Files for other programs from the command line, where no service lives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.model.ownership import Ownership
from flask_heapview.model.snapshot import Snapshot, SnapshotInfo
from flask_heapview.model.stacks import Frame, StacksBuilder
from flask_heapview.store.snapshots import Store

from ..profile_proto import Decoded
from .test_stores import run

__all__ = ["run"]  # the fixture
Run = Callable[..., Any]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two snapshots: `before` with 100 bytes in one object, `after` with 500 in five."""
    made = Store(tmp_path / "store")
    made.open()
    for clock, (label, count) in enumerate((("before", 1), ("after", 5)), 1):
        builder = StacksBuilder()
        builder.add([Frame("app", "module"), Frame(".kept", "dict")], count, 100 * count)
        info = SnapshotInfo(
            id=f"20260101-00000{clock}-0000000{clock}",
            state="done",
            worker="1-1",
            taken_at=f"2026-01-01T00:00:0{clock}Z",
            label=label,
            clock=float(clock),
        )
        made.save(Snapshot(info=info, ownership=Ownership(stacks=builder.build())))
    return made.directory


def test_a_view_and_a_difference(run: Run, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    for words, sums in (
        ((), [5, 500]),
        (("before",), [1, 100]),
        (("before", "after", "--view", "ownership"), [4, 400]),
    ):
        answer = run("export", "--dir", store, *words, "--format", "pprof", "-o", file)
        assert answer.exit_code == 0, answer.output
        assert Decoded(file.read_bytes()).sums() == sums
        assert file.stat().st_mode & 0o777 == 0o600
    wanted = ("--format", "collapsed", "--weight", "objects")
    answer = run("export", "--dir", store, "before", "after", *wanted, "-o", "-")
    assert answer.output == "app (module);.kept (dict) 4\n"
    answer = run("export", "--dir", store, "--format", "csv", "--table", "tree", "-o", "-")
    assert answer.output.splitlines() == ["name,type,count,size_bytes", "app,module,5,500"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--view", "heap", "--format", "pprof"), 2, "It has json and csv."),
        (("--view", "heap"), 2, "Name the format"),
        (("--snapshot", "after", "--format", "csv"), 2, "without --format"),
        (("before", "after", "--format", "heapsnapshot"), 2, "has no views"),
        (("--format", "csv", "--table", "x"), 1, "There is tree and containers."),
        (("--format", "heapsnapshot"), 1, "has no graph"),
        (("nothing", "--format", "csv"), 1, "`list` shows them"),
        (("after", "before", "--format", "csv"), 1, "swap them"),
    ],
)
def test_what_cannot_be_written(
    run: Run, store: Path, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    file = tmp_path / "none"
    answer = run("export", "--dir", store, *words, "-o", file)
    assert (answer.exit_code, file.exists()) == (code, False)
    assert says in " ".join(answer.output.split())
