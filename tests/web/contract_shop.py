"""A small service that takes snapshots of itself: a test runner's heap makes every answer slow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask

from flask_heapview import HeapView

from ..helpers import API, BEARER, TOKEN, capture
from ..run_isolated import alone

KEPT: dict[int, list[int]] = {}


def make_shop(directory: str, **settings: Any) -> Flask:
    """The app, with one route that leaks."""
    app = Flask("shop")

    @app.get("/keep/<int:number>")
    def keep(number: int) -> str:
        KEPT[number] = [number] * 50
        return "kept"

    HeapView(app, token=TOKEN, dir=directory, **settings)
    return app


def main(directory: str) -> None:
    """Takes three snapshots with traffic in between. Prints their ids."""
    client = make_shop(directory).test_client()
    for number in range(20):
        client.get(f"/keep/{number}")
    ids = []
    for turn in range(3):
        ids.append(capture(client, label=f"turn {turn}")["id"])
        for number in range(60):
            client.get(f"/keep/{100 * (turn + 1) + number}")
    client.post(f"{API}/allocations", headers=BEARER, json={"mode": "off"})
    print(json.dumps(ids))


def snapshots_in(directory: Path) -> list[str]:
    """Has the service run in a process of its own. The ids of its snapshots, the oldest first."""
    code = f"from {__name__} import main\nmain(sys.argv[1])"
    found: list[str] = alone(code, str(directory))
    return found
