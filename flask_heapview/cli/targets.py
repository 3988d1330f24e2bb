"""Which workers a command is meant for: the only one, one that is named, or all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import click
import msgspec

from ..errors import BadRequest, NotFound
from ..model.api import NotDone
from ..model.worker_info import WorkerInfo
from .place import require_service
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


class Target(msgspec.Struct, frozen=True):
    """The workers that a command is meant for: one of the service, or all of them."""

    service: ServiceApi
    workers: Sequence[WorkerInfo]  # that live
    whom: str  # what to put into the field `worker`

    def title(self, worker_id: str) -> str:
        """A worker as people know it; the one that is meant where the id is empty."""
        return title(self.workers, worker_id or self.whom)

    def ask(
        self, method: str, path: str, kind: type[T], fields: Fields | None = None
    ) -> list[T | NotDone]:
        """The answer of that worker, or of each. Raises what it, or all of them, have met."""
        given = {name: value for name, value in (fields or {}).items() if value is not None}
        given["worker"] = self.whom
        if method == "POST":
            data = self.service.ask(method, path, given)
        else:
            data = self.service.ask(method, path, query=given)
        if not data:
            return []
        if self.whom != ALL:
            return [decoded(data, kind)]
        (rows,) = decoded(data, dict[str, list[dict[str, Any]]]).values()
        return [
            converted(row, NotDone) if set(row) == NOT_DONE else converted(row, kind)
            for row in rows
        ]

    def tell(self, problem: NotDone) -> None:
        """One of several workers has not done it."""
        note(f"{self.title(problem.worker)}: {cell(problem.error)}")

    def good(self, rows: Iterable[T | NotDone]) -> Iterator[T]:
        """The answers of those that have done it. Says why the others have not."""
        for row in rows:
            if isinstance(row, NotDone):
                self.tell(row)
            else:
                yield row


def target(wanted: str | None, every: bool) -> Target:
    """The one of the options. Raises HeapViewError, or click's error for both."""
    service = require_service()
    if wanted and every:
        raise click.UsageError("Use either --worker or --all.")
    workers = service.workers()
    return Target(service, workers, ALL if every else _one(workers, wanted).id)


def _one(workers: Sequence[WorkerInfo], wanted: str | None) -> WorkerInfo:
    """The one that is named, or the only one. Raises NotFound, BadRequest."""
    if wanted:
        return find(workers, wanted)
    if len(workers) == 1:
        return workers[0]
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
