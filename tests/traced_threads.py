"""Coverage in threads that `threading` does not know of."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

_start = _thread.start_new_thread


def trace_raw_threads() -> None:
    """From now on, a thread that `_thread` starts is measured, as one of `threading` is."""
    _thread.start_new_thread = _start_traced  # type: ignore[assignment]


def _start_traced(
    work: Callable[..., object], given: tuple[Any, ...], named: Mapping[str, Any] | None = None
) -> int:
    trace = threading.gettrace()

    def traced() -> None:
        sys.settrace(trace)
        work(*given, **(named or {}))

    return _start(traced, ())
