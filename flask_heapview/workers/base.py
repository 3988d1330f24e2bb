"""What a way to reach the workers offers: local sockets are one, and others may follow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from ..errors import HeapViewError
from ..model.worker_info import WorkerInfo


class Call(msgspec.Struct, frozen=True):
    """A call of the API, with a path below the place where the page is mounted."""

    method: str
    path: str
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """What a worker said."""

    status: int
    headers: dict[str, str]  # their names in small letters
    body: bytes


class Outgoing(msgspec.Struct, frozen=True):
    """An answer that is being given: its body may come in pieces."""

    status: str
    headers: list[tuple[str, str]]
    body: Iterable[bytes]


class Workers(Protocol):
    """The workers of one app, this one among them."""

    def live(self) -> list[WorkerInfo]:
        """Every live worker, by number, with its figures of now."""

    def find(self, wanted: str) -> WorkerInfo:
        """A worker by its id or number. Raises NotFound."""

    def call(self, worker: WorkerInfo, call: Call, seconds: float) -> Answer:
        """One call. Raises Unreachable where no answer came in that time."""

    def call_each(
        self, workers: Sequence[WorkerInfo], call: Call, seconds: float
    ) -> list[Answer | HeapViewError]:
        """The same call of several at once: the answer of each, or why there is none."""
