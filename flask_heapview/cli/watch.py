"""`watch`: a series of snapshots while the service serves, and the verdict at its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..model.api import NotDone, Nothing, WatchState, WorkerInfo
from .capture import bars, patiently
from .place import ServiceCommand, require_service
from .service_api import ServiceApi
from .targets import ask_workers, choose, tell, title, worker_options
from .terminal import cell, note, say, say_prose

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

POLL_SECONDS = 0.5
Rows = Sequence[WatchState | NotDone]


@click.command("watch", cls=ServiceCommand)
@click.option("--times", type=click.IntRange(min=2), help="How many snapshots. Default: 4.")
@click.option(
    "--every-requests",
    type=click.IntRange(min=1),
    help="Requests between two of them. Default: 100.",
)
@click.option("--every-seconds", type=click.FloatRange(min=1), help="Seconds between two of them.")
@worker_options
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the verdict.")
def watch_command(
    times: int | None,
    every_requests: int | None,
    every_seconds: float | None,
    worker: str | None,
    every: bool,
    wait: bool,
) -> None:
    """Take a series of snapshots while the service serves, then say what leaks.

    Ctrl-C stops the watch. The snapshots stay.
    """
    service = require_service()
    whom = choose(service, worker, every)
    workers = service.workers()
    wanted = {"times": times, "every_requests": every_requests, "every_seconds": every_seconds}
    begun = ask_workers(service, "POST", "/watch", WatchState, whom, wanted)
    if not wait:
        say("The watch has begun. `GET watch` and the page show how far it is.")
        _tell_errors(begun, workers)
        return
    try:
        ends = _wait(service, whom, workers)
    except KeyboardInterrupt:
        ask_workers(service, "DELETE", "/watch", Nothing, whom)
        note("The watch is stopped. Its snapshots stay.")
        raise SystemExit(0) from None
    good = _show(ends, whom, workers)
    if _tell_errors(begun, workers) or not good:
        raise SystemExit(1)


def _wait(service: ServiceApi, whom: str, workers: Sequence[WorkerInfo]) -> Rows:
    """Until no watch runs any more. Raises HeapViewError where a worker has ended meanwhile."""
    with bars() as progress:
        tasks: dict[str, TaskID] = {}
        while True:
            rows = patiently(lambda: ask_workers(service, "GET", "/watch", WatchState, whom))
            for row in rows:
                if isinstance(row, WatchState):
                    _draw(progress, tasks, row, title(workers, row.worker or whom))
            if not any(isinstance(row, WatchState) and row.state == "running" for row in rows):
                return rows
            time.sleep(POLL_SECONDS)


def _draw(progress: Progress, tasks: dict[str, TaskID], row: WatchState, name: str) -> None:
    if name not in tasks:
        tasks[name] = progress.add_task(name, total=row.times)
    until = f", {row.requests:,} of {row.every_requests:,} requests" if row.every_requests else ""
    words = f"{name}: {len(row.snapshots)} of {row.times} snapshots{until}"
    progress.update(tasks[name], description=words, completed=len(row.snapshots))


def _show(rows: Rows, whom: str, workers: Sequence[WorkerInfo]) -> bool:
    """Says how each of them ended; whether all have done it."""
    good = True
    for row in rows:
        name = title(workers, row.worker or whom)
        if isinstance(row, NotDone):
            note(f"{name}: {cell(row.error)}")
        elif row.state == "failed":
            note(f"Error: {name} failed: {cell(row.error or '')}")
            good = False
        elif row.state == "stopped":
            note(f"{name} was stopped after {len(row.snapshots)} snapshots.")
        else:
            say_prose(f"{name}: {cell(row.verdict or '')}. {cell(row.summary)}")
            say(f"The evidence: report {cell(row.snapshots[0])} {cell(row.snapshots[-1])}")
    return good


def _tell_errors(begun: Rows, workers: Sequence[WorkerInfo]) -> bool:
    """Says which workers have not begun; whether there are any."""
    errors = [row for row in begun if isinstance(row, NotDone)]
    for row in errors:
        tell(title(workers, row.worker), row.error)
    return bool(errors)
