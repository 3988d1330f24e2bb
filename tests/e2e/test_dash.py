"""A real Dash app on a real server: the report names the callback, not the endpoint of them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..helpers import needs
from ..live_server import Server, serving
from .apps import DASH

try:
    import dash
except ImportError:
    dash = None  # type: ignore[assignment]

ENDPOINT = "/_dash-update-component"
FINE, LEAK = "fine.children", "..left.children...right.children.."


def press(server: Server, callback: str, number: int) -> Any:
    """What Dash's page sends when the input changes."""
    outputs = [
        {"id": name, "property": prop}
        for name, _, prop in (one.partition(".") for one in callback.strip(".").split("..."))
    ]
    body = {
        "output": callback,
        "outputs": outputs if len(outputs) > 1 else outputs[0],
        "inputs": [{"id": "n", "property": "value", "value": number}],
        "changedPropIds": ["n.value"],
        "state": [],
    }
    status, answer, _ = server.call("POST", ENDPOINT, body)
    assert status == 200, answer
    return answer["response"]


@pytest.mark.parametrize("setting", ["dash", None])
def test_one_of_two_callbacks_leaks(setting: str | None, tmp_path: Path) -> None:
    needs(dash is not None, "Dash is not installed")
    env = {"HEAPVIEW_REQUEST_NAME": setting} if setting else {}
    with serving(tmp_path, DASH, "gthread", "--threads", "4", **env) as server:
        ids = []
        for turn in range(3):
            for number in range(60):
                assert press(server, FINE, number)["fine"] == {"children": str(sum(range(number)))}
                assert press(server, LEAK, number)["left"] == {"children": str(number)}
            ids.append(server.capture(label=f"turn {turn}")["id"])
        status, report = server.api("GET", f"/report?base={ids[0]}&target={ids[2]}")
        assert "Traceback" not in server.log.read_text()
    assert (status, report["verdict"]) == (200, "leak")
    top = report["suspects"][0]
    assert top["holder"]["path"] == "app.kept"
    if setting is None:
        expected, served = ENDPOINT, {ENDPOINT: 240}
    else:
        expected = f"{ENDPOINT}: left.children, right.children"
        served = {f"{ENDPOINT}: fine.children": 120, expected: 120}
    assert top["endpoints"] == [{"endpoint": expected, "share": 1.0}]
    assert report["interval"]["endpoints"] == served
