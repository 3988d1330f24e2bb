"""`capture`: has a worker take a snapshot, and shows how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, get_args

import click

from ..errors import Unreachable
from ..model.api import Started
from ..model.snapshot import EngineName, SnapshotInfo
from ..text import bytes_text, ms_text
from .place import ServiceCommand
from .service_api import ServiceApi
from .targets import target, worker_options
from .terminal import cell, console, note, say, say_prose

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
POLL_SECONDS = 0.1
MAX_SILENT_SECONDS = 20.0  # that a service may take to start anew after its worker has ended


@click.command("capture", cls=ServiceCommand)
@worker_options
@click.option(
    "--kind",
    type=click.Choice(["ownership", "graph"]),
    default="ownership",
    show_default=True,
    help="`graph` keeps every reference, and takes longer.",
)
@click.option(
    "--engine",
    type=click.Choice(get_args(EngineName)),
    default="auto",
    show_default=True,
    help="`portable` asks for a second opinion.",
)
@click.option("--label", default="", help="A name for the snapshot.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")
def capture_command(
    worker: str | None, every: bool, kind: str, engine: str, label: str, wait: bool
) -> None:
    """Take a snapshot of a worker. The service keeps running.

    With --no-wait it prints the snapshot's id and ends.
    """
    meant = target(worker, every)
    wanted = {"kind": kind, "label": label, "engine": engine}
    begun = meant.ask("POST", "/snapshots", Started, wanted)
    ids = [one.id for one in meant.good(begun)]
    if not wait:
        say("\n".join(map(cell, ids)))
        return
    ends = _wait(meant.service, ids)
    for info in ends:
        _show(info, meant.title(info.worker))
    if len(ids) < len(begun) or any(info.state == "failed" for info in ends):
        raise SystemExit(1)


def _wait(service: ServiceApi, ids: Sequence[str]) -> list[SnapshotInfo]:
    """They are taken one after another."""
    with bars() as progress:
        return [_until_its_end(service, one, progress) for one in ids]


def _until_its_end(service: ServiceApi, snapshot_id: str, progress: Progress) -> SnapshotInfo:
    task = progress.add_task("starting", total=None)
    while True:
        info = patiently(lambda: service.snapshot(snapshot_id))
        far = info.progress
        phase = cell(far.phase) or "starting"
        progress.update(task, description=phase, total=far.total or None, completed=far.done)
        if info.state != "running":
            progress.update(task, description=info.state, total=1, completed=1)
            return info
        time.sleep(POLL_SECONDS)


def bars() -> Progress:
    """Progress bars on standard error; nothing where nobody looks on."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    shown = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=shown, disable=not shown.is_terminal, transient=True)


def patiently(ask: Callable[[], T]) -> T:
    """What it answers. A service whose worker ends may be silent for a moment."""
    until = time.monotonic() + MAX_SILENT_SECONDS
    while True:
        try:
            return ask()
        except Unreachable:
            if time.monotonic() >= until:
                raise
            time.sleep(POLL_SECONDS)


def _show(info: SnapshotInfo, name: str) -> None:
    if info.state == "failed":
        note(f"Error: The capture {cell(info.id)} of {name} failed: {cell(info.error or '')}")
        return
    requests = f"{info.requests.total:,}" if info.requests.known else "an unknown number of"
    say(f"Snapshot {cell(info.id)} of {name} is done, after {requests} requests.")
    say_prose(
        f"Paused for {ms_text(info.pause_ms)}, took {ms_text(info.duration_ms)}, needed "
        f"{bytes_text(info.extra_bytes)} of extra memory. {bytes_text(info.size)} on disk."
    )
