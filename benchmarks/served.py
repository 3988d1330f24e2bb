"""The service that `reports_under_load` measures: a heap, a route, and what its threads do."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any

from flask import Flask, jsonify

from flask_heapview import HeapView

from .__main__ import heap

PREFIX = "/_debug/memory"
THREADS = int(os.environ.get("BENCH_THREADS", "4"))


class Threads:
    """How long all threads of this worker were in the hands of our own pages at once."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._ours = 0
        self._since = 0.0
        self.longest = 0.0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/threads":
            start("200 OK", [("Content-Type", "text/plain")])
            return [f"{os.getpid()} {self.longest}".encode()]
        if not path.startswith(PREFIX):
            return self._inner(environ, start)  # type: ignore[no-any-return]
        self._change(1)
        try:
            return [b"".join(self._inner(environ, start))]
        finally:
            self._change(-1)

    def _change(self, step: int) -> None:
        with self._lock:
            now = time.perf_counter()
            if self._ours == THREADS:
                self.longest = max(self.longest, now - self._since)
            self._ours += step
            self._since = now


def make_app() -> Flask:
    """The service, with so many objects as the environment says."""
    app, grown = Flask(__name__), list[list[str]]()
    app.config["KEPT"] = heap(int(os.environ.get("BENCH_OBJECTS", "1000000")))

    @app.get("/work/<int:number>")
    def work(number: int) -> Any:
        """About a millisecond: what a small answer costs."""
        last = number + 300
        return jsonify(
            [{"id": n, "name": f"row {n}", "price": n * 1.5} for n in range(number, last)]
        )

    @app.get("/grow")
    def grow() -> str:
        grown.append([f"{len(grown)} {n}" for n in range(200)])
        return "grown"

    logging.getLogger("flask_heapview").addHandler(logging.NullHandler())  # each access is logged
    HeapView(app)
    app.wsgi_app = Threads(app.wsgi_app)  # type: ignore[method-assign]
    gc.collect()
    gc.freeze()  # as a service does that forks its workers
    return app
