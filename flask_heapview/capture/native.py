"""The native engine: a walk in C, in a child of a bare fork; see csrc/ and docs/capture.md."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType

import msgspec
import psutil

from .. import fresh
from ..model.allocations import Allocations
from ..model.base import to_json
from ..model.caches import Cache
from ..model.snapshot import Kind
from . import allocations, child, layout, selfcheck, traces
from .assemble import Sites, Work
from .engine import Estimate, Task
from .registered import registered
from .roots import known_threads, module_dict, modules
from .safe import Types

_core: ModuleType | None = None
_WHY_NOT = "The native core was not built: there was no C compiler at the installation."
try:
    _core = import_module("flask_heapview.capture._core")
except ModuleNotFoundError:
    pass
except ImportError as error:  # built, but for something else
    _WHY_NOT = f"The native core could not be loaded ({error})."

NODE_LIMIT = 100_000  # path nodes; what does not fit is counted under "(other)"
BYTES_PER_BLOCK = 3.5  # the bitmap, the queue, the tree: measured, see docs/capture.md
FIXED_BYTES = 12_000_000  # the tree of a small service, and the candidates for cycles
TRACED_BYTES_PER_BLOCK = 190  # while tracemalloc is on, its traces are copied
GRAPH_BYTES_PER_BLOCK = 90  # the file, which may lie in memory, and its analysis
SECONDS_PER_BLOCK = 1.5e-7
FORK_SECONDS, FORK_SECONDS_PER_BYTE = 0.001, 2.5e-11
ASSEMBLY_SECONDS = 300.0  # that putting the snapshot together may take


class NativeEngine:
    """See the module's head."""

    kinds: frozenset[Kind] = frozenset(("ownership", "graph"))

    def __init__(self) -> None:
        self._knowledge: tuple[object, ...] | None = None
        self._safe_in_process = False

    @staticmethod
    def why_not() -> str | None:
        """None where the core can be loaded, else the reason."""
        return None if _core is not None else _WHY_NOT

    @property
    def name(self) -> str:
        """As snapshots and the overview give it."""
        return "native"

    @property
    def why(self) -> str:
        """Why it is this one, in a sentence."""
        if self._knowledge is None:
            return "The native core is built; it checks itself before the first capture."
        return "The native core is built, and its self-check passed."

    def warm_up(self) -> None:
        """Finds the layouts out, and has the self-check run in a child. Raises Unfit."""
        if self._knowledge is None:
            assert _core is not None
            known = layout.knowledge(_core)
            selfcheck.check(_core, known)
            self._knowledge = known

    def estimate(self, kind: Kind = "ownership") -> Estimate:
        """The cost of a capture now."""
        blocks = sys.getallocatedblocks()
        each = TRACED_BYTES_PER_BLOCK if allocations.mode() != "off" else BYTES_PER_BLOCK
        each += GRAPH_BYTES_PER_BLOCK if kind == "graph" else 0
        return Estimate(
            bytes=FIXED_BYTES + int(each * blocks),
            seconds=0.4 + SECONDS_PER_BLOCK * blocks,
            stall_seconds=min(_fork_seconds(), SECONDS_PER_BLOCK * blocks),
        )

    def _forks(self) -> bool:
        """A small heap is walked in less time than a fork takes; but first a child has to show
        that no type of the service's breaks under it."""
        walk = SECONDS_PER_BLOCK * sys.getallocatedblocks()
        return not self._safe_in_process or walk > _fork_seconds()

    def take(self, task: Task) -> None:
        """See Engine.take."""
        began = time.monotonic()
        path = task.sink.part(task.info.id)
        facts = task.facts(forked=True, threads=())
        named = [_registered(name, obj) for name, obj in facts.caches.items()]
        graph = path.with_name(path.name.replace(".raw.", ".arrays."))
        wanted = task.wanted.kind == "graph"
        forks = wanted or self._forks()
        fd = _create(path)
        graph_fd = _create(graph) if wanted else -1
        try:
            pause = self._walk(fd, graph_fd, task, forks)
        finally:
            os.close(fd)
            if wanted:
                os.close(graph_fd)
        self._safe_in_process = True
        total = task.board.progress().done
        traced, sites = Allocations(note=allocations.OFF), Sites()
        if allocations.mode() != "off":
            task.board.advance("allocations", total, total)
            traced, sites = traces.read(task, path)
        task.board.advance("putting together", total, total)
        work = Work(
            directory=str(task.sink.directory),
            raw=str(path),
            info=msgspec.structs.replace(
                task.info, engine="native" if forks else "native, in-process"
            ),
            began=began,
            forked=forks,
            pause_ms=pause,
            thread_rows=facts.thread_rows,
            process=facts.process,
            gc=facts.gc,
            registered=named,
            allocations=traced,
            sites=sites,
            graph=str(graph) if wanted else None,
        )
        fresh.ask("flask_heapview.assembly", to_json(work), ASSEMBLY_SECONDS)

    def _walk(self, fd: int, graph_fd: int, task: Task, forks: bool) -> float:
        """Walks, and returns for how many milliseconds the service stood still."""
        assert _core is not None
        roots = [(r.name, r.module, module_dict(r.module), r.rank) for r in modules()]
        names = [(ident, name) for ident, (name, _) in known_threads().items()]
        pid, pause = _core.capture(
            fd,
            self._knowledge,
            roots,
            names,
            board=task.board.page,
            fork=forks,
            deadline=task.deadline,
            node_limit=NODE_LIMIT,
            expected=sys.getallocatedblocks(),
            traced=allocations.mode() != "off",
            keys=task.wanted.show_values,
            graph_fd=graph_fd,
        )
        task.board.pause_ns = pause
        if pid:
            self._watch(child.Child(pid), task)
        return float(pause) / 1e6

    def _watch(self, forked: child.Child, task: Task) -> None:
        try:
            forked.watch(task.board, task.deadline)
        except TimeoutError:
            raise child.ChildFailed("the child hung at its very start") from None
        finally:
            forked.close()
        if forked.status != 0:
            raise child.ChildFailed("the child process ended without a result: it was killed")


def _create(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _fork_seconds() -> float:
    return FORK_SECONDS + FORK_SECONDS_PER_BYTE * float(psutil.Process().memory_info().rss)


def _registered(name: str, obj: object) -> Cache:
    return registered(name, obj, Types())
