"""Four workers of each real server: listed, reached, captured, compared and judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask_heapview.workers.base import Call
from flask_heapview.workers.client import Exchange

from ..e2e.apps import LEAKY
from ..live_server import Server, Traffic, serving
from .listing import done, listed
from .servers import SERVERS, on

WORKERS = 4


def each_reaches_each(server: Server, workers: list[dict[str, Any]]) -> None:
    """Every worker, asked over its own socket, passes a call on to every other."""
    for asked in workers:
        door = server.home / "heapview" / f"worker-{asked['id']}.sock"
        for meant in workers:
            call = Call("GET", f"/api/v1/status?worker={meant['number']}")
            answer = Exchange(door, call, 30.0).receive()
            assert (answer.status, json.loads(answer.body)["worker"]["id"]) == (200, meant["id"])


def capture_all(server: Server) -> None:
    status, made = server.api("POST", "/snapshots", {"worker": "all"})
    assert status == 202, made
    assert len(made["snapshots"]) == WORKERS
    for one in made["snapshots"]:
        assert done(server, one["id"])["state"] == "done"


@on(slow=SERVERS)
def test_the_whole_service(kind: type[Server], options: tuple[str, ...], tmp_path: Path) -> None:
    with serving(tmp_path, LEAKY, *options, "--workers", str(WORKERS), kind=kind) as server:
        workers = listed(server, WORKERS)
        with Traffic(server, "/fine/{i}") as traffic:
            each_reaches_each(server, workers)
            for turn in range(3):
                capture_all(server)
                for number in range(200):
                    assert server.get(f"/leak/{1000 * turn + number}")[0] == 200
            capture_all(server)
            status, across = server.api("GET", "/across")
            assert (status, len(across["workers"])) == (200, WORKERS), across
            status, report = server.api("GET", "/report?worker=all")
            assert (status, report["verdict"], report["live"]) == (200, "leak", WORKERS), report
        assert report["suspects"][0]["holder"]["path"] == "app.kept"
        assert (traffic.failed, traffic.answered > 100) == (0, True)
        assert "Traceback" not in server.log.read_text()
