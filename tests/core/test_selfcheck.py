"""The self-check, and what is said where the core cannot be used."""

from __future__ import annotations

import os
import signal
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from flask_heapview.capture import select
from flask_heapview.capture.native import engine
from flask_heapview.capture.native.engine import NativeEngine
from flask_heapview.capture.select import select_engine
from flask_heapview.core import selfcheck
from flask_heapview.errors import ConfigError, NoEngine

from ..helpers import why_not_portable

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)

from flask_heapview.core import _core, offsets

TYPE_TABLE = offsets.type_table(_core)


def test_the_self_check_passes_here() -> None:
    selfcheck.verify(_core, TYPE_TABLE)


@pytest.mark.parametrize("folly", ["size", "references", "count", "crash"])
def test_a_core_that_misunderstands_is_not_used(
    folly: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong:
        @staticmethod
        def look(type_table: Any, obj: object) -> tuple[int, list[int]]:
            if folly == "crash":
                import ctypes

                ctypes.string_at(16)
            size, edges = _core.look(type_table, obj)
            return size + (folly == "size"), [] if folly == "references" else edges

        @staticmethod
        def tracked() -> int:
            return _core.tracked() + (1000 if folly == "count" else 0)

        words = _core.words
        SIGN_DESCRIPTOR, SIGN_POINTER = _core.SIGN_DESCRIPTOR, _core.SIGN_POINTER
        SIGN_UNKNOWN = _core.SIGN_UNKNOWN

    monkeypatch.setattr(engine, "core", Wrong)
    chosen = select_engine("auto")
    assert chosen.name == "native"
    if why_not_portable() is None:
        chosen.warm_up()
        assert chosen.name == "portable"
    else:
        with pytest.raises(NoEngine, match="self-check failed"):
            chosen.warm_up()
        assert chosen.name == "none"
    assert "self-check failed" in chosen.why
    assert {"size": "bytes", "references": "misses", "count": "counts", "crash": "SIGSEGV"}[
        folly
    ] in chosen.why


@pytest.mark.parametrize(("lost", "passes"), [(1, True), (selfcheck.ATTEMPTS, False)])
def test_a_child_that_is_killed_says_nothing_of_the_core(
    lost: int, passes: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel takes it first where memory ends: no reason to give the core up for good."""
    run = selfcheck.run

    def often_killed(core: Any, type_table: Any) -> None:
        if len(list(tmp_path.iterdir())) < lost:
            (tmp_path / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        run(core, type_table)

    monkeypatch.setattr(selfcheck, "run", often_killed)
    chosen = NativeEngine()
    with nullcontext() if passes else pytest.raises(selfcheck.Unfit, match="SIGKILL"):
        chosen.warm_up()
    assert len(list(tmp_path.iterdir())) == lost


def test_asking_for_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "core", None)
    monkeypatch.setattr(engine, "WHY_NOT", "It was not built.")
    assert "It was not built." in select.select_engine("auto").why
    with pytest.raises(ConfigError, match="It was not built"):
        select.select_engine("native")
