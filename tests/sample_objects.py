"""Objects of every sort that a capture has to cope with, in known numbers."""

from __future__ import annotations

import collections
import functools
import sqlite3
import threading
import weakref
from typing import Any

from cachetools import LRUCache
from werkzeug.local import LocalProxy

text_cache = {f"key {n}": f"value {n}" * 10 for n in range(1000)}  # atoms only: untracked


class Pool:
    """Its limit is not for all that it holds."""

    def __init__(self) -> None:
        self.maxsize = 10
        self.seen = list(range(100, 160))
        self.data = dict.fromkeys(range(100, 140))


pool = Pool()
ring = collections.deque(range(100, 400), maxlen=500)
numbers = [float(n) for n in range(3000)]
seen_words = {f"word {n}" for n in range(64)}
bounded: LRUCache[int, str] = LRUCache(maxsize=200)
for _n in range(150):
    bounded[_n] = "x" * 100


class Slotted:
    __slots__ = ("__weakref__", "left", "right")

    def __init__(self) -> None:
        self.left = ["left"] * 40


class Store:
    entries: list[Any] = [object() for _ in range(77)]

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {n: [n] for n in range(333)}

    @functools.cache  # noqa: B019
    def total(self, number: int) -> int:
        return number * 1000


store = Store()
for _n in range(250):
    store.total(_n)


class Filed:
    """What a library keeps for an object of the app's."""

    def __init__(self, notes: int) -> None:
        self.notes = [f"note {n}" for n in range(notes)]


filed = {store: Filed(61), "others": Filed(62), 7: Filed(63)}
filed_weakly = weakref.WeakKeyDictionary({pool: Filed(65)})


@functools.lru_cache(maxsize=50)
def square(number: int) -> int:
    return number * number


for _n in range(80):
    square(_n)


def make_counter() -> Any:
    hidden: list[str] = []

    def count() -> int:
        hidden.append("x" * 20)
        return len(hidden)

    for _ in range(123):
        count()
    return count


counter = make_counter()
slotted = Slotted()


class Order:
    def __init__(self) -> None:
        self.items = [Line(self)]


class Line:
    def __init__(self, order: Order) -> None:
        self.order = order


def depth_of(tree: dict[str, list[str]]) -> int:
    """By a function of its own that calls itself: it is garbage as soon as this one returns."""

    def depth(name: str) -> int:
        return 1 + max(map(depth, tree.get(name, [])), default=0)

    return depth("root")


live_orders = [Order() for _ in range(5)]


class Chain:
    def __init__(self, following: Chain | None) -> None:
        self.following = following
        self.payload = bytes(100)


chain: Chain | None = None
for _n in range(2000):
    chain = Chain(chain)

connection = sqlite3.connect(":memory:", check_same_thread=False)
weak_orders = weakref.WeakValueDictionary(dict(enumerate(live_orders)))


class Hostile:
    """Everything about it raises or lies."""

    touched: list[str] = []

    def _touch(self, name: str) -> Any:
        Hostile.touched.append(name)
        raise RuntimeError(f"{name} was called")

    __class__ = property(lambda self: self._touch("__class__"))  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self._touch("__repr__")

    def __eq__(self, other: object) -> bool:
        return self._touch("__eq__")

    def __hash__(self) -> int:
        return self._touch("__hash__")

    def __getattr__(self, name: str) -> Any:
        return self._touch(f"__getattr__ {name}")

    def __getattribute__(self, name: str) -> Any:
        if name == "_touch":
            return object.__getattribute__(self, name)
        return object.__getattribute__(self, "_touch")(f"__getattribute__ {name}")

    def __sizeof__(self) -> int:
        return self._touch("__sizeof__")

    def __len__(self) -> int:
        return self._touch("__len__")

    def __bool__(self) -> bool:
        return self._touch("__bool__")

    def __del__(self) -> None:
        Hostile.touched.append("__del__")


class HostileMeta(type):
    def __hash__(cls) -> int:
        Hostile.touched.append("meta __hash__")
        raise RuntimeError("meta")

    def __eq__(cls, other: object) -> bool:
        Hostile.touched.append("meta __eq__")
        raise RuntimeError("meta")

    def __getattribute__(cls, name: str) -> Any:
        Hostile.touched.append(f"meta {name}")
        return type.__getattribute__(cls, name)


Meant = HostileMeta("Meant", (), {})
Named = type("</script><b>" + "\u202e" + "x" * 1_000_000, (), {})
Lone = type("Lone", (), {"__module__": "lone \ud800 surrogate"})


class HostileDict(dict):  # type: ignore[type-arg]
    def __len__(self) -> int:
        raise RuntimeError("len")

    def items(self) -> Any:
        raise RuntimeError("items")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")


def nothing() -> Any:
    raise RuntimeError("working outside of a context")


proxy = LocalProxy(nothing)
hostiles = [Hostile() for _ in range(3)]
hostile_dict = HostileDict({n: n for n in range(50)})
meants = [Meant() for _ in range(4)]
named, lone = Named(), Lone()
secret = {"password-of-somebody": "hunter2-in-clear"}

release = threading.Event()


def background() -> None:
    rows = [f"row {n}" for n in range(444)]
    release.wait()
    del rows


def start_thread() -> threading.Thread:
    thread = threading.Thread(target=background, name="bg", daemon=True)
    thread.start()
    return thread
