"""Native memory, sampled: switches the sampler of malloc, and reads it."""

from __future__ import annotations

import atexit
import logging
from typing import Literal

from ..core.loader import WHY_NOT, core
from ..errors import Conflict
from ..request_context import SERVING

log = logging.getLogger("flask_heapview")
Setting = Literal["off", "auto", "on"]
REFUSED = "Native memory cannot be sampled here"


class _Wanted:
    """What the settings of the apps of this process say; the first refusal is the last try."""

    first_capture = False  # whether the first capture or watch switches it on
    refused = False
    at_exit = False


def is_on() -> bool:
    """Whether native memory is sampled now."""
    return core is not None and core.native() is not None


def state() -> Literal["on", "off", ""]:
    """Whether it is; nothing where it can never be: without the native core."""
    return "" if core is None else "on" if is_on() else "off"


def begin(setting: Setting) -> None:
    """As HEAPVIEW_NATIVE says, when an app is mounted. What is on already goes on."""
    if setting == "auto":
        _Wanted.first_capture = True
    if setting == "on" and not is_on():
        _try()


def before_capture() -> None:
    """Hooks what was loaded meanwhile; with `auto`, the first one switches it on."""
    if core is None:
        return
    if is_on():
        core.native_rescan()
    elif _Wanted.first_capture and not _Wanted.refused:
        _try()


def switch(on: bool, sample_bytes: float = 0.0) -> None:
    """On or off; what is on goes on. Raises Conflict with the reason where it cannot be on."""
    if not on:
        _Wanted.first_capture = False  # somebody has decided
        if core is not None:
            core.native_stop()
        return
    if is_on():
        return
    reason = _start(sample_bytes)
    if reason is not None:
        raise Conflict(f"{REFUSED}: {reason}.")


def read() -> bytes:
    """All that it knows, for native_samples.parse_native; nothing while it is off."""
    return (core.native_read() or b"") if core is not None else b""


def freeze() -> None:
    """In a child: nothing is sampled any more, what was can still be read."""
    if core is not None:
        core.native_freeze()


def _try() -> None:
    reason = _start()
    if reason is not None:
        _Wanted.refused = True
        log.info("flask-heapview: %s: %s.", REFUSED, reason)


def _start(sample_bytes: float = 0.0) -> str | None:
    """None when it is on, else the reason why it is not."""
    if core is None:
        return f"it needs the native core. {WHY_NOT}".rstrip(".")
    if not _Wanted.at_exit:
        atexit.register(core.native_stop)  # libraries are taken down without us
        _Wanted.at_exit = True
    return core.native_start(SERVING, sample_bytes)
