"""Runs the services of apps/ over gunicorn with traffic, and holds the report against the truth."""

from __future__ import annotations

import concurrent.futures
import http.client
import itertools
import re
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_heapview.store.snapshots import DONE

from ..figures import contradictions
from ..live_server import Server, serving
from .packages import search_path

APPS = Path(__file__).parent / "apps"
MOUNT = "\nfrom flask_heapview import HeapView\nHeapView(app)\n"
WARM_UP = 30
FIGURES = ("heap", "ownership", "gc", "cycles", "caches", "resources")  # views that are checked


@dataclass(frozen=True)
class Case:
    """A service and its truth; the fields are those of the truth*.toml."""

    name: str
    causes: tuple[str, ...] = ()
    holder: str = ""
    endpoint: str = ""
    beside: str = "quiet"
    requests: int = 300
    seconds: float = 0  # that they take at least: what goes with time needs some
    bytes_each: int = 0
    app: str = ""
    packages: tuple[str, ...] = ()

    @property
    def leaks(self) -> bool:
        return bool(self.causes)

    def is_leak(self, cause: str, path: str | None) -> bool:
        """Whether that suspect is the leak."""
        return cause in self.causes and self.held_at(path or "")

    def held_at(self, path: str) -> bool:
        """Whether that is the holder."""
        return not self.holder or re.search(self.holder, path) is not None

    @property
    def needs(self) -> list[str]:
        """What it imports: some of it may not be installed."""
        return re.findall(r"^import ([\w.]+)", self.source, re.MULTILINE)

    @property
    def source(self) -> str:
        return (APPS / f"{self.app or self.name}.py").read_text() + MOUNT

    @property
    def paths(self) -> list[str]:
        """The guilty path, and the innocent one."""
        routes = re.findall(r'@app\.get\("(/\w+/)<int:n>"\)', self.source)
        return [f"{route}{{}}" for route in routes]


@dataclass
class Outcome:
    """What the report said, and what of it is right."""

    case: Case
    verdict: str
    top: dict[str, Any] | None
    cause: bool = False
    holder: bool = False
    endpoint: bool = False
    bytes: bool = True
    suspects: list[dict[str, Any]] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Named in full; of a healthy service: not accused."""
        if not self.case.leaks:
            return self.verdict != "leak"
        named = self.cause and self.holder and self.endpoint
        return self.verdict == "leak" and named and self.bytes

    def line(self) -> str:
        said = "no suspect"
        if self.top is not None:
            path = (self.top["holder"] or {}).get("path")
            said = f"{self.top['cause']} {self.top['confidence']} at {path}"
            said += f" {[e['endpoint'] for e in self.top['endpoints'][:2]]}"
        wrong = [] if self.right else ["WRONG"]
        if self.case.leaks:
            marks = ("cause", "holder", "endpoint", "bytes")
            wrong += [n for n in marks if not getattr(self, n)]
        line = f"{self.case.name:36} {' '.join(wrong) or 'right':24} {self.verdict}: {said}"
        return "\n    contradiction: ".join([line, *self.contradictions])


def cases() -> list[Case]:
    """All of them, in the order of the truth*.toml."""
    files = sorted(APPS.parent.glob("truth*.toml"))
    rows = [row for file in files for row in tomllib.loads(file.read_text()).items()]
    found = [
        Case(name=name, **{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})
        for name, row in rows
    ]
    assert len({case.name for case in found}) == len(found)
    assert {case.app or case.name for case in found} == {path.stem for path in APPS.glob("*.py")}
    return found


def drive(
    server: Server,
    paths: list[str],
    numbers: Iterator[int],
    count: int,
    clients: int,
    seconds: float = 0,
) -> None:
    """So many requests, the paths taking turns, by so many clients at a time; evenly over the
    seconds, where that is slower than the server."""
    began = time.monotonic()

    def client(wanted: list[str]) -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for turn, path in enumerate(wanted):
            time.sleep(max(0.0, began + seconds * turn / len(wanted) - time.monotonic()))
            link.request("GET", path)
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
        link.close()

    wanted = [paths[n % len(paths)].format(n) for n in itertools.islice(numbers, count)]
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, [wanted[n::clients] for n in range(clients)]))


def run(
    case: Case,
    clients: int = 2,
    scale: float = 1.0,
    engine: str = "auto",
    keep: Path | None = None,
) -> Outcome:
    """Serves the case, takes three snapshots with traffic between, and judges the report.

    The snapshots are kept in that directory, below the case's name.
    """
    numbers = itertools.count()
    env = {"HEAPVIEW_ENGINE": engine, **search_path(case.packages)}
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home), case.source, "gthread", "--threads", "4", **env) as server,
    ):
        drive(server, case.paths, numbers, WARM_UP, clients)
        taken = [server.capture()["id"]]
        for _ in range(2):
            count = int(case.requests * scale)
            drive(server, case.paths, numbers, count, clients, case.seconds)
            taken.append(server.capture()["id"])
        if keep is not None:
            _keep(server, taken, keep / case.name)
        base, target = taken[0], taken[2]
        report = _asked(server, f"/report?base={base}&target={target}")
        views = _asked(server, f"/diff?base={base}&target={target}")["views"]
        outcome = judged(case, report)
        outcome.contradictions = contradictions(
            _figures(server, base), _figures(server, target), report, views
        )
    return outcome


def _keep(server: Server, taken: list[str], place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for snapshot in taken:
        (file,) = server.home.rglob(f"{snapshot}{DONE}")
        shutil.copy(file, place)


def _asked(server: Server, path: str) -> dict[str, Any]:
    status, found = server.api("GET", path)
    assert status == 200, found
    return dict(found)


def _figures(server: Server, snapshot: str) -> dict[str, Any]:
    return {view: _asked(server, f"/snapshots/{snapshot}/{view}")["data"] for view in FIGURES}


def judged(case: Case, report: dict[str, Any]) -> Outcome:
    suspects = report["suspects"]
    outcome = Outcome(case, report["verdict"], suspects[0] if suspects else None, suspects=suspects)
    top = outcome.top
    if top is None or not case.leaks:
        return outcome
    path = (top["holder"] or {}).get("path") or ""
    outcome.cause = top["cause"] in case.causes
    outcome.holder = case.held_at(path)
    growing = top["growing"]
    outcome.bytes = growing["bytes"] >= case.bytes_each * growing["objects"]
    shares = sorted(top["endpoints"], key=lambda e: -e["share"])
    guilty = {view_of(case)} if case.endpoint else set()
    if case.beside != "quiet":
        guilty.add(case.beside)
    outcome.endpoint = not case.endpoint or bool(shares and shares[0]["endpoint"] in guilty)
    return outcome


def view_of(case: Case) -> str:
    """The guilty route's view function: endpoints have its name."""
    match = re.search(rf'@app\.get\("/{case.endpoint}/<int:n>"\)\n(?:@.*\n)*def (\w+)', case.source)
    assert match is not None, case.name
    return match[1]
