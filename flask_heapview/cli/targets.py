"""Which workers a command is meant for: the only one, one that is named, or all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ..errors import BadRequest, NotFound
from ..model.api import NotDone, WorkerInfo
from .service_api import ServiceApi, converted, decoded
from .service_link import Fields
from .terminal import cell, note

ALL = "all"
NOT_DONE = {"worker", "error"}  # what a row has of a worker that met an error
T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])


def worker_options(function: Function) -> Function:
    """--worker and --all."""
    every = click.option("--all", "every", is_flag=True, help="Every live worker.")
    one = click.option("--worker", metavar="ID|N", help="One worker, by its id or number.")
    return one(every(function))


def choose(service: ServiceApi, wanted: str | None, every: bool) -> str:
    """What to put into the field `worker`. Raises HeapViewError, or click's error for both."""
    if wanted and every:
        raise click.UsageError("Use either --worker or --all.")
    if every:
        return ALL
    workers = service.workers()
    if wanted:
        return find(workers, wanted).id
    if len(workers) == 1:
        return workers[0].id
    if not workers:
        raise NotFound("No worker is listed yet. Send a request to the service first.")
    raise BadRequest(
        f"There are {len(workers)} workers: {_named(workers)}. Use --worker to name one, or --all."
    )


def find(workers: Sequence[WorkerInfo], wanted: str) -> WorkerInfo:
    """Raises NotFound."""
    for worker in workers:
        if wanted in (worker.id, str(worker.number or "")):
            return worker
    raise NotFound(f"There is no live worker {cell(wanted)!r}. There is {_named(workers)}.")


def _named(workers: Sequence[WorkerInfo]) -> str:
    return ", ".join(f"{worker.number or worker.id} (pid {worker.pid})" for worker in workers)


def title(workers: Sequence[WorkerInfo], worker_id: str) -> str:
    """A worker as people know it."""
    number = next((w.number for w in workers if w.id == worker_id), 0)
    return f"worker {number or cell(worker_id)}"


def ask_workers(
    service: ServiceApi,
    method: str,
    path: str,
    kind: type[T],
    worker: str,
    fields: Fields | None = None,
) -> list[T | NotDone]:
    """The answer of that worker, or of each of them. Raises what it, or all of them, have met."""
    given = {name: value for name, value in (fields or {}).items() if value is not None}
    if method == "POST":
        data = service.ask(method, path, {**given, "worker": worker})
    else:
        data = service.ask(method, path, query={**given, "worker": worker})
    if worker != ALL:
        return [decoded(data, kind)] if data else []
    if not data:
        return []
    (rows,) = decoded(data, dict[str, list[dict[str, Any]]]).values()
    return [
        converted(row, NotDone) if set(row) == NOT_DONE else converted(row, kind) for row in rows
    ]


def tell(worker: str, problem: str) -> None:
    """One of several workers has not done it."""
    note(f"{worker}: {cell(problem)}")
