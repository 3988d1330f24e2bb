"""What a run of one application showed, and the table of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .gallery import Application, AppServer

WARM_UP_ROUNDS, ROUNDS = 10, 20  # of each client, over all routes; ROUNDS between two snapshots
SNAPSHOTS = 3
HEADINGS = (
    "application",
    "version",
    "objects",
    "resident MB",
    "(other) %",
    "pause ms",
    "duration ms",
    "healthy",
    "module",
    "deep",
    "native",
)


@dataclass
class Row:
    """One line of the table."""

    version: str
    figures: list[str] = field(default_factory=lambda: ["-"] * 5)
    healthy: str = "-"
    leaks: dict[str, str] = field(default_factory=dict)

    def cells(self, name: str) -> list[str]:
        leaks = [self.leaks.get(depth, "-") for depth in ("module", "deep", "native")]
        return [name, self.version, *self.figures, self.healthy, *leaks]


def table(rows: Mapping[str, Row]) -> str:
    """The table as text, a line for each application."""
    lines = [list(HEADINGS), *(row.cells(name) for name, row in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    made = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    return "".join(line.rstrip() + "\n" for line in made)


@dataclass
class Outcome:
    """A served application that was driven: its snapshots, and the report on them."""

    server: AppServer
    captures: list[dict[str, Any]]
    report: dict[str, Any]
    asked: int  # by its clients between the first snapshot and the last
    calls: int  # of these, those of the endpoint that leaks if it is asked to

    @property
    def verdict(self) -> str:
        return str(self.report["verdict"])

    @property
    def application(self) -> Application:
        return self.server.app

    @property
    def suspects(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.report["suspects"]
        return found

    @property
    def top(self) -> dict[str, Any]:
        """The first suspect."""
        return self.suspects[0]

    def view(self, name: str) -> dict[str, Any]:
        """A view of the last snapshot."""
        status, answer = self.server.api("GET", f"/snapshots/{self.captures[-1]['id']}/{name}")
        assert status == 200, answer
        found: dict[str, Any] = answer["data"]
        return found

    def figures(self) -> list[str]:
        """Of the last snapshot, in the order of the table."""
        last, objects = self.captures[-1], self.view("heap")["objects"]
        lost = self.view("ownership")["truncated"] / objects
        return [
            f"{objects:,}",
            f"{self.view('process')['resident'] / 1e6:.0f}",
            f"{lost:.1%}",
            f"{last['pause_ms']:.1f}",
            f"{last['duration_ms']:.0f}",
        ]

    def words(self) -> str:
        """The verdict in one cell."""
        if not self.report["suspects"]:
            return self.verdict
        return f"{self.verdict} {self.top['confidence']:.2f}"

    def story(self) -> str:
        """For whoever reads a failure."""
        lines = [f"{self.verdict}: {self.report['summary']}"]
        for suspect in self.report["suspects"][:5]:
            lines.append(f"{suspect['confidence']} {suspect['cause']} {suspect['holder']}")
            lines += [suspect["summary"], f"{suspect['growing']}", f"{suspect['endpoints']}"]
            lines += [f"- {sentence}" for sentence in suspect["evidence"]]
        return "\n".join(lines)


def observe(server: AppServer) -> Outcome:
    """Warms it up, takes snapshots with its own traffic between, and asks for the report."""
    served = server.drive(WARM_UP_ROUNDS)
    captures, asked = [captured(server)], server.asked
    for _ in range(SNAPSHOTS - 1):
        served += server.drive(ROUNDS)
        captures.append(captured(server))
    first, last = captures[0], captures[-1]
    status, report = server.api("GET", f"/report?base={first['id']}&target={last['id']}")
    assert status == 200, report
    failed = [(path, status) for path, status in served if status >= 500]
    assert not failed, (failed[:5], server.log.read_text()[-2000:])
    calls = report["interval"]["endpoints"].get(server.app.leaky, 0)
    return Outcome(server, captures, report, server.asked - asked, calls)


def captured(server: AppServer) -> dict[str, Any]:
    done = server.capture()
    assert done["state"] == "done", done["error"]
    return done
