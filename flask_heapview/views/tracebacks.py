"""What the views of Python's allocations and of native memory share: trees of tracebacks, bounds of
estimates, and what a request leaves."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.allocations import Allocations
from ..model.diff import AllocationsDiff, NativeDiff
from ..model.native import NativeMemory
from ..model.query import TableQuery
from ..model.snapshot import Snapshot, requests_of
from ..model.stacks import Stacks
from .icicle import Weighed
from .narrowed import ENDPOINT as ENDPOINT_LABEL
from .table import Column, Table, table
from .tree import level

TRACEBACK, ENDPOINT = "traceback", "endpoint"  # ways to group
SIZE = Column("size", "Alive", "bytes")
SIZE_CHANGE = Column("size_delta", "Alive +/−", "delta_bytes")
COUNT_CHANGE = Column("count_delta", "Blocks +/−", "delta")
BETWEEN = [Column("low", "At least", "bytes"), Column("high", "At most", "bytes")]
CHANGE_BETWEEN = [
    Column("low", "At least", "delta_bytes"),
    Column("high", "At most", "delta_bytes"),
]
REQUESTS = [
    Column("requests", "Requests", "int"),
    Column("per_request", "Alive per request", "delta_bytes"),
]


def tree_table(stacks: Stacks, query: TableQuery, empty: str, *deltas: list[int]) -> Table:
    """One level of a tree; `deltas` are the changes of its blocks and bytes."""
    columns = [
        Column("name", "Called through", "code"),
        Column("type", ""),
        Column("count", "Blocks", "int"),
        SIZE,
    ]
    if deltas:
        columns += [COUNT_CHANGE, SIZE_CHANGE]
    rows = level(stacks, query.node, *deltas)
    return table("By traceback", columns, rows, query, empty=empty)


def per_request(requests: Mapping[str, int], serving: str, size: float) -> list[int | None]:
    """The requests of an endpoint, as the tree's roots name it, and bytes of each."""
    asked = requests_of(requests, serving.removeprefix(ENDPOINT_LABEL))
    return [asked, round(size / asked)] if asked else [None, None]


def picture(found: Allocations | NativeMemory, _: Snapshot) -> Weighed:
    """The tree as it is."""
    return Weighed(found.stacks, own_frames=frozenset(found.app_frames), group=TRACEBACK)


def diff_picture(found: AllocationsDiff | NativeDiff, _: Snapshot) -> Weighed:
    """The tree with what changed."""
    tree = found.tree
    own = frozenset(found.app_frames)
    return Weighed(tree.stacks, tree.size_delta, tree.count_delta, own_frames=own, group=TRACEBACK)
