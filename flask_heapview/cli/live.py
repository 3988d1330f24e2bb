"""The commands for live workers: who they are, allocation tracing, collecting, trimming."""

from __future__ import annotations

import click

from ..model.api import Collected, Tracing, Trimmed
from ..model.worker_info import WorkerInfo
from ..render.html import ago_text
from ..text import bytes_text, number_text
from .place import ServiceCommand, require_service
from .targets import target, title, worker_options
from .terminal import cell, note, say, say_prose, show_table

MAX_TYPES = 20


@click.command("workers", cls=ServiceCommand)
@click.option("--json", "raw", is_flag=True, help="Print the answer as JSON.")
def workers_command(raw: bool) -> None:
    """List the live workers, and whether each of them answers."""
    service = require_service()
    if raw:
        say(service.ask("GET", "/workers").decode())
        return
    workers = service.workers()
    titles = ["Worker", "Pid", "Started", "Resident", "Requests", "Tracing", "Answers"]
    show_table(titles, [_row(worker) for worker in workers], "rrlrr")
    for worker in workers:
        if worker.why:
            note(f"{title(workers, worker.id)}: {cell(worker.why)}")


def _row(worker: WorkerInfo) -> list[str]:
    return [
        str(worker.number or "–"),
        str(worker.pid),
        ago_text(worker.started_at),
        bytes_text(worker.rss),
        number_text(worker.requests) if worker.answers else "–",
        worker.allocations.get("mode", "–"),
        "yes" if worker.answers else "no",
    ]


def trace(state: str, exact: bool, frames: int | None, worker: str | None, every: bool) -> None:
    """Switches allocation tracing `on` or `off`. It samples, unless it has to be exact."""
    if state == "off" and (exact or frames):
        raise click.UsageError("--exact and --frames are for `on`.")
    mode = "off" if state == "off" else "exact" if exact else "sampled"
    meant = target(worker, every)
    wanted = {"mode": mode, "frames": frames}
    for answer in meant.good(meant.ask("POST", "/allocations", Tracing, wanted)):
        name = meant.title(answer.worker)
        if answer.mode == "off":
            say(f"{name}: allocation tracing is off.")
        else:
            say(f"{name}: allocation tracing is {cell(answer.mode)}, {answer.frames} frames deep.")


def sample_native(state: str, worker: str | None, every: bool) -> None:
    """Switches the sampling of native memory `on` or `off`."""
    meant = target(worker, every)
    for answer in meant.good(meant.ask("POST", "/allocations", Tracing, {"native": state == "on"})):
        done = "sampled" if answer.native else "not sampled"
        say(f"{meant.title(answer.worker)}: native memory is {done}.")


def collect(worker: str | None, every: bool) -> None:
    """Runs a full collection, and shows what it freed."""
    meant = target(worker, every)
    for answer in meant.good(meant.ask("POST", "/gc/collect", Collected)):
        name = meant.title(answer.worker)
        say_prose(
            f"{name}: found {answer.found:,} unreachable objects in "
            f"{answer.seconds * 1000:,.1f} ms. "
            f"{answer.garbage:,} cannot be freed."
        )
        kinds = sorted(answer.freed.items(), key=lambda row: -row[1])
        if kinds:
            rows = [[name, number_text(count)] for name, count in kinds[:MAX_TYPES]]
            show_table(["Type", "Freed"], rows, "lr")
        if len(kinds) > MAX_TYPES:
            say(f"… {len(kinds) - MAX_TYPES:,} more types")


@click.command("trim", cls=ServiceCommand)
@worker_options
def trim_command(worker: str | None, every: bool) -> None:
    """Have the C library release free memory, and show what came back."""
    meant = target(worker, every)
    for answer in meant.good(meant.ask("POST", "/trim", Trimmed)):
        name = meant.title(answer.worker)
        say_prose(
            f"{name}: {bytes_text(answer.freed)} released, resident memory went from "
            f"{bytes_text(answer.before)} to {bytes_text(answer.after)}. {cell(answer.meaning)}"
        )
