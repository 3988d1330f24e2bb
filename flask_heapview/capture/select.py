"""Which engine: the native one wherever it was built and understands the interpreter."""

from __future__ import annotations

import logging

from ..core import loader as core_loader
from ..core.selfcheck import Unfit
from ..errors import ConfigError
from ..graphs import loader as graphs_loader
from ..model.snapshot import Kind
from .base import Capture, CaptureCost, Engine
from .native.engine import NativeEngine
from .no_engine import MissingEngine
from .portable.available import portable_engine

log = logging.getLogger("flask_heapview")


def fallback(why: str) -> Engine:
    """The portable engine, because of `why`. Where it cannot run either, none."""
    found = portable_engine(why)
    return MissingEngine(f"{why} {found}") if isinstance(found, str) else found


def build_log() -> str:
    """The compiler's last lines, where the build of a C extension failed at installation."""
    return core_loader.BUILD_LOG or graphs_loader.BUILD_LOG


class AutoEngine:
    """The native engine, until its self-check fails; from then on the portable one."""

    def __init__(self) -> None:
        self._engine: Engine = NativeEngine()

    @property
    def name(self) -> str:
        """As snapshots and the overview give it."""
        return self._engine.name

    @property
    def why(self) -> str:
        """Why it is this one, in a sentence."""
        return self._engine.why

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it can capture."""
        return self._engine.kinds

    def warm_up(self) -> None:
        """Makes sure that one of them works."""
        try:
            self._engine.warm_up()
        except Unfit as error:
            self._engine = fallback(str(error))
            log.warning("flask-heapview: the engine is now %s. %s", self.name, self.why)
            self._engine.warm_up()

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:
        """The cost of a capture now."""
        return self._engine.estimate(kind)

    def capture(self, capture: Capture) -> None:
        """See Engine.capture."""
        self._engine.capture(capture)


def select_engine(name: str) -> Engine:
    """The engine of that name: auto, native or portable. Raises ConfigError if it is not here.

    With `auto` there is always an answer: where no engine can run, one that refuses captures.
    """
    reason = NativeEngine.why_not()
    if name == "portable":
        found = portable_engine("HEAPVIEW_ENGINE=portable switches the native engine off.")
        if isinstance(found, str):
            raise ConfigError(f"HEAPVIEW_ENGINE asks for the portable engine. {found}")
        return found
    if reason is None:
        return AutoEngine()
    if name == "native":
        raise ConfigError(f"HEAPVIEW_ENGINE asks for the native engine. {reason}")
    return fallback(reason)
