"""The native core; its source is csrc/module.c."""

from collections.abc import Sequence
from mmap import mmap

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
