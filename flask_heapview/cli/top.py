"""`top`: the figures of all workers, live."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from ..errors import HeapViewError
from ..model.api import NotDone, Status
from ..model.base import Model
from ..model.worker_info import WorkerInfo
from ..text import bytes_text, number_text, percent_text
from .place import ServiceCommand, require_service
from .service_api import ServiceApi
from .targets import title
from .terminal import cell, console, table

if TYPE_CHECKING:
    from rich.console import Group

MAX_ENDPOINTS = 5


class _Statuses(Model, frozen=True):
    workers: list[Status]
    errors: list[NotDone] = []


class Frame(msgspec.Struct, frozen=True):
    """The figures of one moment."""

    clock: float  # seconds
    workers: list[WorkerInfo]
    statuses: dict[str, Status]  # by worker, of those that answer
    errors: dict[str, str]


def read(service: ServiceApi) -> Frame:
    """Those of now. Raises HeapViewError where no worker answers."""
    workers = service.workers()
    found = service.get(_Statuses, "/status", worker="all")
    return Frame(
        clock=time.monotonic(),
        workers=workers,
        statuses={status.worker.id: status for status in found.workers},
        errors={one.worker: one.error for one in found.errors},
    )


@click.command("top", cls=ServiceCommand)
@click.option(
    "--interval",
    default=2.0,
    show_default=True,
    type=click.FloatRange(min=0.2, max=3600),
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Print the figures once, after one interval.")
def top_command(interval: float, once: bool) -> None:
    """Show the figures of all workers, live. `q` leaves.

    Where the output is no terminal, it prints them once.
    """
    service = require_service()
    first = read(service)
    if once or not sys.stdout.isatty():
        time.sleep(interval)
        console().print(shown(first, read(service)))
        return
    try:
        _live(service, first, interval)
    except KeyboardInterrupt:
        pass


def _live(service: ServiceApi, first: Frame, interval: float) -> None:
    from rich.live import Live

    before = now = first
    problem = ""
    with _keys() as quits, Live(console=console(), screen=True, auto_refresh=False) as live:
        while True:
            live.update(shown(before, now, problem), refresh=True)
            if quits(interval):
                return
            try:
                before, now, problem = now, read(service), ""
            except HeapViewError as error:
                problem = error.detail


class _Quits:
    """Waits for a key; says whether it is the one that leaves."""

    def __init__(self, watched: bool) -> None:
        self._watched = watched

    def __call__(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self._watched:
                time.sleep(left)
            elif select.select([sys.stdin], [], [], left)[0]:
                key = sys.stdin.read(1)
                if key in ("q", "Q", "\x03", "\x04"):
                    return True
                self._watched = bool(key)  # nothing more comes
        return False


@contextmanager
def _keys() -> Iterator[_Quits]:
    """Single keys come at once, and are not shown; at the end the terminal is as it was."""
    if not sys.stdin.isatty():
        yield _Quits(watched=False)
        return
    import termios
    import tty

    saved = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield _Quits(watched=True)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


# --- what is shown


def shown(before: Frame, now: Frame, problem: str = "") -> Group:
    """A frame, with the rates since the one before."""
    from rich.console import Group
    from rich.text import Text

    rows = [_row(before, now, worker) for worker in now.workers]
    titles = ["Worker", "Pid", "Resident", "Unique", "Requests", "Req/s", "Collector", "Tracing"]
    parts: list[object] = [
        Text(cell(_container(now))),
        Text(""),
        table(titles, [*rows, _totals(before, now)], "rrrrrrl"),
        Text(""),
        *_endpoints(before, now),
    ]
    for worker in now.workers:
        why = now.errors.get(worker.id) or worker.why
        if why:
            parts.append(Text(f"{title(now.workers, worker.id)}: {cell(why)}"))
    if problem:
        parts.append(Text(f"No new figures: {cell(problem)}"))
    return Group(*parts)  # type: ignore[arg-type]


def _row(before: Frame, now: Frame, worker: WorkerInfo) -> list[str]:
    status = now.statuses.get(worker.id)
    name, pid = str(worker.number or "–"), str(worker.pid)
    if status is None:
        return [name, pid, bytes_text(worker.rss), "–", "–", "–", "does not answer", ""]
    memory = status.process
    return [
        name,
        pid,
        bytes_text(memory.resident),
        bytes_text(memory.unique),
        number_text(sum(status.requests.values())),
        _rate(_total(before, worker.id), _total(now, worker.id), now.clock - before.clock),
        _collector(before.statuses.get(worker.id), status),
        worker.allocations.get("mode", "–"),
    ]


def _totals(before: Frame, now: Frame) -> list[str]:
    """Workers that do not answer are left out of the requests."""
    residents = [worker.rss or 0 for worker in now.workers]
    uniques = [status.process.unique for status in now.statuses.values()]
    known = [value for value in uniques if value is not None]
    both = [one for one in now.statuses if one in before.statuses]
    old = sum(_total(before, one) or 0 for one in both)
    new = sum(_total(now, one) or 0 for one in both)
    return [
        "all",
        "",
        bytes_text(sum(residents)),
        bytes_text(sum(known) if known else None),
        number_text(sum(_total(now, one) or 0 for one in now.statuses)),
        _rate(old if both else None, new, now.clock - before.clock),
        "",
        "",
    ]


def _total(frame: Frame, worker_id: str) -> int | None:
    status = frame.statuses.get(worker_id)
    return None if status is None else sum(status.requests.values())


def _rate(before: int | None, now: int | None, seconds: float) -> str:
    if before is None or now is None or seconds <= 0:
        return "–"
    return f"{max(0, now - before) / seconds:,.1f}"


def _collector(before: Status | None, now: Status) -> str:
    if not now.gc.enabled:
        return "off"
    runs = sum(one.collections for one in now.gc.generations)
    if before is None:
        return "on"
    return f"on, {max(0, runs - sum(one.collections for one in before.gc.generations)):,} runs"


def _container(now: Frame) -> str:
    """All of them share one."""
    found = next((status.container for status in now.statuses.values()), None)
    count = len(now.workers)
    head = f"{count} worker{'' if count == 1 else 's'}"
    if found is None or found.usage is None:
        return f"{head}. No container's figures."
    if not found.limit:
        return f"{head}. The container uses {bytes_text(found.usage)}, without a limit."
    share = percent_text(found.usage / found.limit)
    kills = found.events.get("oom_kill")
    more = f" {kills} OOM kills." if kills else ""
    return (
        f"{head}. The container uses {bytes_text(found.usage)} of {bytes_text(found.limit)} "
        f"({share}).{more}"
    )


def _endpoints(before: Frame, now: Frame) -> Sequence[object]:
    """The busiest ones since the last frame, then those with the most requests."""
    counts, older = _by_endpoint(now), _by_endpoint(before)
    if not counts:
        return ()
    seconds = now.clock - before.clock
    new = {name: max(0, count - older.get(name, 0)) for name, count in counts.items()}
    biggest = sorted(counts, key=lambda name: (-new[name], -counts[name], name))[:MAX_ENDPOINTS]
    rows = [
        [name, number_text(counts[name]), _rate(older.get(name, 0), counts[name], seconds)]
        for name in biggest
    ]
    return (table(["Endpoint", "Requests", "Req/s"], rows, "lrr"),)


def _by_endpoint(frame: Frame) -> dict[str, int]:
    counts: dict[str, int] = {}
    for status in frame.statuses.values():
        for name, count in status.requests.items():
            counts[name] = counts.get(name, 0) + count
    return counts
