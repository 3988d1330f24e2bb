"""Dominators, retained sizes, components and ways to a root; its source is csrc/module.c."""

from typing import NamedTuple

from _typeshed import ReadableBuffer, WriteableBuffer

NONE: int

class GraphFigures(NamedTuple):
    roots: int
    unreached: int
    components: int
    largest: int

def analyse(
    first: ReadableBuffer,
    edges: ReadableBuffer,
    size: ReadableBuffer,
    refcount: ReadableBuffer,
    type: ReadableBuffer,
    dominator: WriteableBuffer,
    retained: WriteableBuffer,
    toward: WriteableBuffer,
    component: WriteableBuffer,
    of_type: WriteableBuffer,
) -> GraphFigures: ...
def cut(
    first: ReadableBuffer,
    edges: ReadableBuffer,
    size: ReadableBuffer,
    type: ReadableBuffer,
    toward: ReadableBuffer,
    source: int,
    target: int,
    found: WriteableBuffer,
    counts: WriteableBuffer,
    sizes: WriteableBuffer,
    /,
) -> tuple[int, int]: ...
def positions(
    array: ReadableBuffer, value: int, stride: int, limit: int, /
) -> tuple[int, list[int]]: ...
def largest(
    values: ReadableBuffer, keys: ReadableBuffer, key: int, limit: int, /
) -> tuple[int, list[int]]: ...
