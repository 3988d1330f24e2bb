"""How many requests this process serves at a time, and whether its server wants it to end.

Of the servers that are known. Of any other one nothing is assumed: its `wsgi.multithread` does not
say how many threads there are, and one may be all.
"""

from __future__ import annotations

import select
import sys
import threading
from collections.abc import Mapping
from typing import Any

from ..isolation.unpatched import is_green, is_ready
from .server_role import gunicorn_worker

# a thread for each request: as many as come. This is merely more than anybody asks for
UNLIMITED = 1000
_HUNG_UP = getattr(select, "POLLRDHUP", 0)  # elsewhere it is seen when it is written to


def request_slots(environ: Mapping[str, Any]) -> int:
    """How many requests may be open at a time; 1 where it is not known to be more."""
    if not environ.get("wsgi.multithread"):
        return 1
    worker = gunicorn_worker()
    if worker is not None:
        return _of_gunicorn(worker)
    if "uwsgi" in sys.modules:
        return _of_uwsgi(sys.modules["uwsgi"])
    # Werkzeug's own server, as `flask run` starts it
    named = str(environ.get("SERVER_SOFTWARE", "")).startswith("Werkzeug/")
    return UNLIMITED if named and "werkzeug.socket" in environ else 1


def _of_gunicorn(worker: Any) -> int:
    if _is_a(worker, "gunicorn.workers.gthread", "ThreadWorker"):
        return int(worker.cfg.threads)
    # eventlet is one of those, too, and is not tested
    if is_green() and _is_a(worker, "gunicorn.workers.base_async", "AsyncWorker"):
        return int(worker.cfg.worker_connections)
    return 1


def _is_a(worker: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and issubclass(type(worker), kind)


def _of_uwsgi(uwsgi: Any) -> int:
    given = getattr(uwsgi, "opt", {})
    found = given.get("threads", given.get(b"threads", 1))
    try:
        return int(found)
    except (TypeError, ValueError):  # given without a number
        return 1


def client_has_gone(environ: Mapping[str, Any]) -> bool:
    """Whether who asked has hung up, where the server hands its connection out."""
    link = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if link is None:
        return False
    try:
        return is_ready(link.fileno(), _HUNG_UP)
    except (OSError, ValueError):  # it is closed here, too
        return True


def is_ending() -> bool:
    """Whether the server has told this process to end: whoever waits for something stops."""
    if not threading.main_thread().is_alive():  # the interpreter waits for its threads
        return True
    worker = gunicorn_worker()
    return worker is not None and not worker.alive
