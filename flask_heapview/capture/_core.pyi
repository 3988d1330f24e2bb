"""The native core; its source is csrc/module.c."""

from collections.abc import Sequence
from contextvars import ContextVar
from mmap import mmap
from types import CodeType

def capture(
    fd: int,
    knowledge: tuple[object, ...],
    roots: list[tuple[str, object, dict[str, object] | None, int]],
    threads: list[tuple[int, str]],
    *,
    board: mmap | None = None,
    fork: bool = True,
    deadline: float = 120.0,
    node_limit: int = 100_000,
    expected: int = 0,
    traced: bool = False,
    keys: bool = False,
    graph_fd: int = -1,
) -> tuple[int, int]: ...
def audit(
    knowledge: tuple[object, ...],
    roots: list[tuple[str, object, dict[str, object] | None, int]],
    threads: list[tuple[int, str]],
) -> bytes: ...
def look(knowledge: tuple[object, ...], obj: object) -> tuple[int, list[int]]: ...
def tracked() -> int: ...
def traceback_of(address: int) -> Sequence[tuple[str, int]] | None: ...
def words(obj: object) -> tuple[int, ...]: ...
def sampling_start(
    endpoint: ContextVar[str | None],
    threads: dict[int, object],
    frames: int = 32,
    sample_bytes: float = 0.0,
    seed: int = 0,
) -> None: ...
def sampling_stop() -> None: ...
def sampling_freeze() -> None: ...
def sampling() -> tuple[int, float, float, int, int, float, int] | None: ...
def sampling_heal() -> bool: ...
def sampling_dump() -> bytes: ...
def where() -> list[tuple[CodeType, int]]: ...
