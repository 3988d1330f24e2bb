"""The workers of a real server, and the captures that they take."""

from __future__ import annotations

from typing import Any

from ..helpers import wait_until
from ..live_server import Server


def listed(server: Server, count: int) -> list[dict[str, Any]]:
    def look() -> list[dict[str, Any]] | None:
        status, told = server.api("GET", "/workers")
        assert status == 200, told
        workers = told["workers"]
        whole = len(workers) == count and all(w["number"] and w["answers"] for w in workers)
        return workers if whole else None

    found: list[dict[str, Any]] = wait_until(look, 60, f"{count} workers")
    return found


def done(server: Server, snapshot_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        state: dict[str, Any] = server.api("GET", f"/snapshots/{snapshot_id}")[1]
        return state if state["state"] != "running" else None

    found: dict[str, Any] = wait_until(look, 120, "the capture")
    return found
