"""Which engine: the native one wherever it was built and understands the interpreter."""

from __future__ import annotations

import logging

from ..core.selfcheck import Unfit
from ..errors import ConfigError
from ..model.snapshot import Kind
from .base import Capture, CaptureCost, Engine
from .native.engine import NativeEngine

log = logging.getLogger("flask_heapview")


def portable_engine(why: str) -> Engine:
    """The portable engine. Its packages are imported here and not before: they are large."""
    from .portable.engine import PortableEngine

    return PortableEngine(why)


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
            log.warning("flask-heapview: %s The portable engine is used instead.", error)
            self._engine = portable_engine(str(error))
            self._engine.warm_up()

    def estimate(self, kind: Kind = "ownership") -> CaptureCost:
        """The cost of a capture now."""
        return self._engine.estimate(kind)

    def capture(self, capture: Capture) -> None:
        """See Engine.capture."""
        self._engine.capture(capture)


def select_engine(name: str) -> Engine:
    """The engine of that name: auto, native or portable. Raises ConfigError if it is not here."""
    reason = NativeEngine.why_not()
    if name == "portable":
        return portable_engine("HEAPVIEW_ENGINE asks for it.")
    if reason is None:
        return AutoEngine()
    if name == "native":
        raise ConfigError(f"HEAPVIEW_ENGINE asks for the native engine. {reason}")
    return portable_engine(reason)
