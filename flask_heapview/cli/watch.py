"""`watch`: a series of snapshots while the service serves, and the verdict at its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..model.api import NotDone, Nothing, WatchState
from .capture import bars, patiently
from .place import ServiceCommand
from .targets import Target, target, worker_options
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
    meant = target(worker, every)
    wanted = {"times": times, "every_requests": every_requests, "every_seconds": every_seconds}
    begun = meant.ask("POST", "/watch", WatchState, wanted)
    if not wait:
        say("The watch has begun. `GET watch` and the page show how far it is.")
        _all_good(meant, begun)
        return
    try:
        ends = _wait(meant)
    except KeyboardInterrupt:
        meant.ask("DELETE", "/watch", Nothing)
        note("The watch is stopped. Its snapshots stay.")
        raise SystemExit(0) from None
    good = _show(meant, ends)
    if not _all_good(meant, begun) or not good:
        raise SystemExit(1)


def _all_good(meant: Target, begun: Rows) -> bool:
    """Whether all have begun; says which have not."""
    return len(list(meant.good(begun))) == len(begun)


def _wait(meant: Target) -> Rows:
    """Until no watch runs any more. Raises HeapViewError where a worker has ended meanwhile."""
    with bars() as progress:
        tasks: dict[str, TaskID] = {}
        while True:
            rows = patiently(lambda: meant.ask("GET", "/watch", WatchState))
            for row in rows:
                if isinstance(row, WatchState):
                    _draw(progress, tasks, row, meant.title(row.worker))
            if not any(isinstance(row, WatchState) and row.state == "running" for row in rows):
                return rows
            time.sleep(POLL_SECONDS)


def _draw(progress: Progress, tasks: dict[str, TaskID], row: WatchState, name: str) -> None:
    if name not in tasks:
        tasks[name] = progress.add_task(name, total=row.times)
    until = f", {row.requests:,} of {row.every_requests:,} requests" if row.every_requests else ""
    words = f"{name}: {len(row.snapshots)} of {row.times} snapshots{until}"
    progress.update(tasks[name], description=words, completed=len(row.snapshots))


def _show(meant: Target, rows: Rows) -> bool:
    """Says how each of them ended; whether none has failed."""
    good = True
    for row in meant.good(rows):
        name = meant.title(row.worker)
        if row.state == "failed":
            note(f"Error: {name} failed: {cell(row.error or '')}")
            good = False
        elif row.state == "stopped":
            note(f"{name} was stopped after {len(row.snapshots)} snapshots.")
        else:
            say_prose(f"{name}: {cell(row.verdict or '')}. {cell(row.summary)}")
            say(f"The evidence: report {cell(row.snapshots[0])} {cell(row.snapshots[-1])}")
    return good
