"""The table of addresses, and that nothing is loaded before somebody looks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from flask_heapview.views import VIEWS
from flask_heapview.web.routes import ALL, VIEW_NAMES, WORKER_ROUTES, answers
from flask_heapview.web.worker_calls import CALLS

from ..helpers import ROOT

# rooms that only who looks needs: with the engines, most of the package
BACK_ROOMS = ("analysis", "capture", "graphs", "inspection", "render", "reports", "views")
SERVICE = """
import json, sys
from flask import Flask
from flask_heapview import HeapView
from flask_heapview.workers.connection import LOCAL

def loaded():
    return sorted(name for name in sys.modules if name.startswith("flask_heapview"))

app = Flask(__name__)
app.add_url_rule("/", "index", lambda: "hello")
HeapView(app, token="t" * 40, dir=sys.argv[1], hosts=("localhost",))
client, steps = app.test_client(), {}
bearer = {"Authorization": "Bearer " + "t" * 40}

def get(path, **more):
    answer = client.get("/_debug/memory" + path, **more)
    return answer.status_code, answer

client.get("/")
steps["mounted"] = loaded()
steps["strangers"] = [get("/")[0], get("/api/v1/status")[0], get("/nothing/here")[0]]
steps["after strangers"] = loaded()
another = {"environ_overrides": {LOCAL: True}, "headers": {"Host": "localhost"}}
steps["another's call"] = get("/api/v1/worker", **another)[0]
steps["called by another"] = loaded()
steps["first"] = get("/api/v1/snapshots", headers=bearer)[0]
steps["looked at"] = loaded()
"""
CAPTURES = """
import time

def capture():
    made = client.post("/_debug/memory/api/v1/snapshots", json={}, headers=bearer).json["id"]
    while get(f"/api/v1/snapshots/{made}", headers=bearer)[1].json["state"] == "running":
        time.sleep(0.02)
    return made

ids = [capture(), capture()]
steps["captured"] = loaded()
pages = [f"/snapshots/{ids[0]}/{name}" for name in json.loads(sys.argv[2])]
pages += ["/", f"/report?base={ids[0]}&target={ids[1]}", "/login", "/nothing/here", "/metrics"]
steps["pages"] = [get(page, headers=bearer)[0] for page in pages]
steps["browsed"] = loaded()
"""
PRINT = "print(json.dumps(steps))"


def run(source: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", source, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rooms(modules: list[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if "." in name}


def test_every_address_has_its_function() -> None:
    assert all(callable(answers(route)) for route in ALL)
    assert len({route.name for route in ALL}) == len(ALL)


def test_the_names_are_those_of_the_views_and_calls() -> None:
    assert tuple(view.name for view in VIEWS) == VIEW_NAMES
    assert [call.name for call in CALLS] == [route.first for route in WORKER_ROUTES]


def test_who_is_mounted_carries_no_pages(tmp_path: Any) -> None:
    found = run(SERVICE + PRINT, str(tmp_path))
    assert not rooms(found["mounted"]) & set(BACK_ROOMS)
    assert "flask_heapview.store.snapshots" not in found["mounted"]
    assert found["strangers"] == [303, 401, 303]
    assert found["after strangers"] == found["mounted"]
    assert found["another's call"] == 200
    assert not rooms(found["called by another"]) & {"analysis", "capture", "reports", "views"}
    assert found["first"] == 200
    assert rooms(found["looked at"]) >= set(BACK_ROOMS)


def test_nothing_is_loaded_between_two_snapshots(tmp_path: Any) -> None:
    """It would be growth that no request of the app has made."""
    found = run(SERVICE + CAPTURES + PRINT, str(tmp_path), json.dumps(VIEW_NAMES))
    assert found["captured"] == found["looked at"]
    assert set(found["pages"]) <= {200, 404}, found["pages"]
    assert found["browsed"] == found["captured"]
