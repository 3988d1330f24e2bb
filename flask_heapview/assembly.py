"""Makes a snapshot of what the native core wrote, in a process of its own; see fresh.py."""

from __future__ import annotations

from pathlib import Path

from . import fresh
from .capture.assemble import Work, assemble
from .errors import HeapViewError
from .model.base import from_json
from .store import Store


def answer(data: bytes) -> bytes:
    """Takes a Work as JSON, saves the snapshot, answers nothing. Raises HeapViewError."""
    work = from_json(data, Work)
    try:
        Store(Path(work.directory)).save(assemble(work))
    except (OSError, ValueError) as error:
        raise HeapViewError(f"the snapshot could not be put together: {error}") from error
    return b""


if __name__ == "__main__":
    raise SystemExit(fresh.serve(answer))
