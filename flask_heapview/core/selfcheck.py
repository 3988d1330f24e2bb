"""Does the core understand this very interpreter? Asked once, in a child, before the first capture.

The core was compiled against the headers of one CPython and reads its private structures. Specimens
of every sort are looked at both by the core and by CPython itself; where the two disagree, or the
child dies of it, the portable engine is used instead.
"""

from __future__ import annotations

import builtins
import collections
import contextvars
import gc
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from ..isolation import forked_child
from ..isolation.progress_page import ProgressPage

if TYPE_CHECKING:
    from .arguments import TypeTable
    from .loader import Core

SECONDS = 20.0  # that the check may take
ATTEMPTS = 3  # a child that is killed, or meets a lock held at the fork, says nothing of the core


class Unfit(Exception):
    """The core does not understand this interpreter; the message says where they disagree."""


class _Attributes:
    def __init__(self) -> None:
        self.first, self.second = [1], {"a": 2}


class _Slots:
    __slots__ = ("one", "two")

    def __init__(self) -> None:
        self.one: list[int] = [1]
        self.two: tuple[object, ...] = (2, [])


class _Listed(list[object]):
    pass


def _generator(seed: list[int]) -> Iterator[list[int]]:
    inner = [*seed, 1]
    yield inner


def _iterator(seed: list[int]) -> Iterator[int]:
    """Since 3.15 its place in the list lies on the stack as a number, not as an object."""
    for item in seed:
        yield -item


class _Stepping:
    """Its generator holds it by a local variable, and on its stack, while it waits."""

    def __init__(self) -> None:
        self.steps = self.run()
        next(self.steps)

    def add(self, *items: object) -> None:
        """Takes whatever is sent in."""

    def run(self) -> Generator[None, object]:
        self.add((yield), self)


def _newer_types() -> list[object]:
    """What 3.14 and 3.15 brought."""
    names = ("frozendict", "sentinel")
    frozendict, sentinel = (getattr(builtins, name, None) for name in names)
    found: list[object] = []
    if frozendict is not None:
        kind = type("_Frozen", (frozendict,), {})
        found += [frozendict(), frozendict(a=[1], b=()), kind({1: [2]})]
    if sentinel is not None:
        found.append(sentinel("HEAPVIEW"))
    if sys.version_info >= (3, 14):
        from string.templatelib import Interpolation, Template

        found += [Template("a", Interpolation([1], "x"), "b"), Interpolation([1], "x")]
    return found


async def _coroutine(seed: list[int]) -> list[int]:
    return seed


def specimens() -> list[object]:
    """Objects of every sort that the core has code for."""
    shown = _Attributes()
    vars(shown)  # makes its dictionary
    closed = [0]
    started, iterating = _generator([5]), _iterator([10**6, 10**7])
    next(started)
    next(iterating)
    context = contextvars.copy_context()
    variable: contextvars.ContextVar[object] = contextvars.ContextVar("heapview")
    context.run(variable.set, [1])
    waiting = _coroutine([1])
    try:
        raise ValueError([1])
    except ValueError as error:
        caught = error
    found: list[object] = [
        *(0, 1, -1, 2**100, 1.5, True, None, "", "a", "é", "\u20ac", "\U0001f600" * 3, b"abc"),
        *([], [1], [[]], (), (1, []), {}, {"a": []}, {1: [], "b": ()}, {1, "a"}, frozenset((1,))),
        *(_Attributes(), shown, _Slots(), _Listed([1, []]), collections.OrderedDict(a=[])),
        *(collections.deque([[1]], 5), collections.defaultdict(list, a=[1]), slice([], (), None)),
        *(lambda: closed, specimens.__code__, started, iterating, waiting, context),
        *(_Stepping().steps, 2j, iter([1]), iter(()), iter(range(3)), [].append, shown.__eq__),
        *(caught, caught.__traceback__),
        *(_Attributes, int, type, sys, object(), bytearray(b"x"), memoryview(b"x"), range(3)),
        *_newer_types(),
    ]
    waiting.close()
    return found


def _look(core: Core, type_table: TypeTable, specimen: object) -> None:
    kind = type(specimen).__name__
    size, edges = core.look(type_table, specimen)
    if size != sys.getsizeof(specimen):
        raise Unfit(f"a {kind} has {sys.getsizeof(specimen)} bytes, the core says {size}")
    missing = {id(r) for r in gc.get_referents(specimen)} - set(edges)
    if missing:
        raise Unfit(f"the core misses {len(missing)} references of a {kind}")


def _count(core: Core) -> None:
    """The collector's lists are followed to their ends: counted without touching an object."""
    before = core.tracked()
    made = [[n] for n in range(1000)]
    if core.tracked() - before < len(made):
        raise Unfit(f"{len(made)} objects were made, the core counts {core.tracked() - before}")
    gc.freeze()
    counted, expected = core.tracked(), gc.get_freeze_count()
    if abs(counted - expected) > 100:
        raise Unfit(f"the collector tracks {expected} objects, the core counts {counted}")


def run(core: Core, type_table: TypeTable) -> None:
    """Raises Unfit at the first disagreement."""
    gc.disable()
    _count(core)
    for specimen in specimens():
        _look(core, type_table, specimen)


def verify(core: Core, type_table: TypeTable) -> None:
    """Has all that done in a forked child. Raises Unfit with the reason: where they disagree, or
    how the last of several children ended."""
    for _ in range(ATTEMPTS):
        failed = _check_in_child(core, type_table)
        if failed is None:
            return
    raise Unfit(f"The native core's self-check failed: {failed}")


def _check_in_child(core: Core, type_table: TypeTable) -> str | None:
    """How a child ended without an answer; None where all is well. Raises Unfit otherwise."""
    page = ProgressPage(None)

    def work() -> None:
        try:
            run(core, type_table)
        except Unfit as error:
            page.fail(str(error))  # and an end as if all were well: the page decides

    forked = forked_child.spawn(work, page, SECONDS, keep=())
    try:
        forked.watch(page, SECONDS)
    except TimeoutError:
        return "it hung."
    except forked_child.ChildFailed as error:
        if page.error:
            raise Unfit(f"The native core's self-check failed: {error}.") from None
        return f"{error}."
    finally:
        forked.close()
    return None if forked.status == 0 else "its child ended without a result."
