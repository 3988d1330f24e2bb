"""A small service that takes snapshots of itself: a test runner's heap makes every answer slow."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from flask import Flask

from flask_heapview import HeapView

from ..helpers import API, BEARER, TOKEN, capture, wait_until
from ..run_isolated import alone

KEPT: dict[int, list[int]] = {}
CUSTOMERS: dict[str, str] = {}


def make_shop(directory: str, entry_items: int = 50, **settings: Any) -> Flask:
    """The app, with one route that leaks a list of so many items."""
    app = Flask("shop")

    @app.get("/keep/<int:number>")
    def keep(number: int) -> str:
        KEPT[number] = [number] * entry_items
        return "kept"

    HeapView(app, token=TOKEN, dir=directory, **settings)
    return app


def say_ids(ids: list[str]) -> None:
    """Prints them, when the captures have tidied up behind themselves."""
    wait_until(lambda: all(t.name != "heapview-capture" for t in threading.enumerate()))
    print(json.dumps(ids))


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
    say_ids(ids)


def snapshots_in(directory: Path) -> list[str]:
    """Has the service run in a process of its own. The ids of its snapshots, the oldest first."""
    code = f"from {__name__} import main\nmain(sys.argv[1])"
    found: list[str] = alone(code, str(directory))
    return found
