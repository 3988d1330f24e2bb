"""What this process holds open for our own work: a capture does not list it as the app's."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any, Protocol


class Holder(Protocol):
    """An object of ours that holds resources open for as long as it lives."""

    def held_open(self) -> Iterable[object]: ...


_HOLDERS: set[weakref.ref[Holder]] = set()


def announce(holder: Holder) -> None:
    """From now on, what it holds is known as ours."""
    _HOLDERS.add(weakref.ref(holder, _HOLDERS.discard))


def addresses() -> list[int]:
    """Those of the objects that hold a resource."""
    holders = [known() for known in _HOLDERS.copy()]
    return [id(one) for found in holders if found is not None for one in found.held_open()]


def of_process(process: Any) -> list[object]:
    """A subprocess.Popen, with the files of its pipes."""
    pipes = (process.stdin, process.stdout, process.stderr)
    return [process, *(getattr(pipe, "raw", pipe) for pipe in pipes if pipe is not None)]
