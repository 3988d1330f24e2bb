"""An answer is worked out once for each object, and goes with it."""

from __future__ import annotations

import gc
import weakref

from flask_heapview.model.remembered import remembered
from flask_heapview.model.stacks import Frame, Stacks, StacksBuilder


class Row(list[int]):
    """A list that a weak reference can tell of."""


ASKED: list[int] = []


@remembered
def nodes(stacks: Stacks) -> Row:
    ASKED.append(id(stacks))
    return Row(range(len(stacks)))


def made() -> Stacks:
    builder = StacksBuilder()
    builder.add([Frame("app")], 1, 10)
    return builder.build()


def test_once_for_each_object_however_alike() -> None:
    one, other = made(), made()
    assert one == other
    ASKED.clear()
    assert nodes(one) is nodes(one)
    assert nodes(other) is not nodes(one)
    assert [id(one), id(other)] == ASKED


def test_the_answer_goes_with_the_object() -> None:
    one = made()
    answer = weakref.ref(nodes(one))
    assert answer() is not None
    del one
    gc.collect()
    assert answer() is None
