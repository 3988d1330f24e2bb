"""A service with 8 million objects of 20,000 types in 400 modules, below as many containers."""

from __future__ import annotations

import gc
import sys
import types
from typing import Any

from flask import Flask

from flask_heapview import HeapView

MODULES, TYPES, EACH = 400, 50, 67  # types of a module, rows of a type: six objects each


class Table:
    """What a model keeps: rows, and an index of them."""

    def __init__(self, kind: type, name: str) -> None:
        self.kind, self.rows = kind, [kind(number) for number in range(EACH)]
        self.index = {f"{name}-{number}": number * 1.5 for number in range(EACH)}


def begin(self: Any, number: int) -> None:
    self.weight, self.parts = number + 0.5, [str(number)]


def fill(part: int) -> types.ModuleType:
    """A module with its tables."""
    module = types.ModuleType(f"shop.part_{part:03}")
    sys.modules[module.__name__] = module
    names = {"__module__": module.__name__, "__slots__": ("parts", "weight"), "__init__": begin}
    for number in range(TYPES):
        kind = type(f"Row{part * TYPES + number:05}", (), dict(names))
        setattr(module, f"table_{number:02}", Table(kind, kind.__name__))
    return module


def make_app() -> Flask:
    """The service. Making it takes some seconds."""
    app, seen = Flask(__name__), list[list[str]]()
    gc.disable()
    app.config["PARTS"] = [fill(part) for part in range(MODULES)]
    app.config["SEEN"] = seen
    gc.enable()
    gc.freeze()  # as a service does that forks its workers

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.get("/leak/<int:number>")
    def leak(number: int) -> str:
        seen.append([f"{number} {n}" for n in range(100)])
        return "kept"

    HeapView(app)
    return app


if __name__ == "app":  # gunicorn serves it
    app = make_app()
