"""How many requests a process has served that never mounted us: gunicorn's workers count them."""

from __future__ import annotations

import signal
import types

from ..inspection.type_info import mro_of
from ..model.snapshot import Requests

_GUNICORN = "gunicorn.workers.base"


def read_requests() -> Requests:
    """The server's own count, or that nobody counts.

    A gunicorn worker handles SIGTERM by a method of its own, and counts its requests in `nr`
    (gunicorn/workers/base.py, for max_requests). Nothing of the application is called.
    """
    handler = signal.getsignal(signal.SIGTERM)
    if type(handler) is types.MethodType:
        worker = handler.__self__
        if any(base.__module__ == _GUNICORN for base in mro_of(type(worker))):
            count = object.__getattribute__(worker, "__dict__").get("nr")
            if type(count) is int and count >= 0:
                return Requests(total=count, counted_by="server")
    return Requests(counted_by="nobody")
