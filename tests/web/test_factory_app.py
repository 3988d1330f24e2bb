"""An app that a factory made, and that no module has: its paths are the same at each capture."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ..live_server import Server, serving

FACTORY = """
from flask import Flask
from flask_heapview import HeapView
def create_app():
    app, kept = Flask("shop"), []
    HeapView(app)
    @app.get("/health")
    def health():
        return "ok"
    @app.get("/work")
    def work():
        return str(sum(range(20_000)))
    @app.get("/keep")
    def keep():
        kept.append([f"{len(kept)} {n}" for n in range(100)])
        return "kept"
    return app
"""


class Factory(Server):
    def command(self, worker_class: str, *options: str) -> list[str]:
        return [*super().command(worker_class, *options)[:-1], "app:create_app()"]


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "busy"])
def test_a_leak_in_its_view_is_named(busy: bool, tmp_path: Path) -> None:
    """A busy thread has the app in its local variables, and leads to it by another way."""
    with serving(tmp_path, FACTORY, "gthread", "--threads", "4", kind=Factory) as server:
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                server.get("/work")

        threads = [threading.Thread(target=work) for _ in range(3 if busy else 0)]
        for thread in threads:
            thread.start()
        taken = []
        for _ in range(3):
            for _ in range(100):
                server.get("/keep")
            taken.append(server.capture()["id"])
        over.set()
        for thread in threads:
            thread.join()
        report = server.api("GET", f"/report?base={taken[0]}&target={taken[-1]}")[1]
    assert report["verdict"] == "leak", report
    top = report["suspects"][0]
    assert top["holder"]["path"] == "current_app.view_functions[value] closure kept"
    assert top["endpoints"][0]["endpoint"] == "keep"
