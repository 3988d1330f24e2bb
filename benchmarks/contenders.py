"""What is measured: one look at the heap, by each contender, the way its manual says."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

Look = Callable[[], None]


def nothing(_: Path) -> Look:
    return lambda: None


def fork(_: Path) -> Look:
    """The bare minimum of every capture in a child."""

    def look() -> None:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    return look


def collector_in_child(_: Path) -> Look:
    """gc.get_objects() in a forked child: the obvious thing to do."""

    def look() -> None:
        pid = os.fork()
        if pid == 0:
            len(gc.get_objects())
            time.sleep(0.2)  # so that its memory can be seen
            os._exit(0)
        os.waitpid(pid, 0)

    return look


def _heapview(home: Path, engine: str, kind: str) -> Look:
    from flask_heapview.capture.base import CaptureRequest
    from flask_heapview.capture.runner import Runner
    from flask_heapview.capture.select import select_engine
    from flask_heapview.store.snapshots import Store

    chosen = select_engine(engine)
    chosen.warm_up()
    runner, store = Runner(chosen, 1800), Store(home / "heapview")

    def look() -> None:
        info = runner.start(CaptureRequest(worker="w", kind=kind), store)  # type: ignore[arg-type]
        while store.info(info.id).state == "running":
            time.sleep(0.01)
        assert store.info(info.id).state == "done", store.info(info.id).error

    return look


def native(home: Path) -> Look:
    return _heapview(home, "native", "ownership")


def native_graph(home: Path) -> Look:
    return _heapview(home, "native", "graph")


def portable(home: Path) -> Look:
    return _heapview(home, "portable", "ownership")


def guppy3(_: Path) -> Look:
    from guppy import hpy

    return lambda: print(hpy().heap(), file=open(os.devnull, "w"))


def pympler(_: Path) -> Look:
    from pympler import muppy, summary

    return lambda: summary.summarize(muppy.get_objects())  # type: ignore[no-any-return]


def objgraph(_: Path) -> Look:
    import objgraph as graph

    return lambda: graph.most_common_types(limit=20)  # type: ignore[no-any-return]


CONTENDERS: dict[str, Callable[[Path], Look]] = {
    "nothing": nothing,
    "os.fork": fork,
    "heapview": native,
    "heapview, graph": native_graph,
    "heapview, portable": portable,
    "gc in a child": collector_in_child,
    "guppy3": guppy3,
    "Pympler": pympler,
    "objgraph": objgraph,
}
LIGHT = frozenset(("nothing", "os.fork", "heapview"))  # repeated; the median counts
