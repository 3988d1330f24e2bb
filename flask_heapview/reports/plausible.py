"""What becomes of figures in a snapshot that contradict one another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..errors import CorruptSnapshot


@contextlib.contextmanager
def plausible() -> Iterator[None]:
    """Raises CorruptSnapshot for figures that no capture writes: no reader can foresee them all."""
    try:
        yield
    except (LookupError, ArithmeticError, ValueError) as error:
        raise CorruptSnapshot(
            "The figures of a snapshot contradict one another. Delete it, and take another one. "
            f"If that does not help, this is a bug: {type(error).__name__}."
        ) from error
