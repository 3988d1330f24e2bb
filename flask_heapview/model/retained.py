"""What would be freed: dominators and retained sizes of the whole graph of objects."""

from __future__ import annotations

from .base import Model

CODE = "[code]"  # the label of all that a function or its code refers to


class BigObject(Model, frozen=True):
    """One object of a graph capture; `index` is its place in the graph's arrays."""

    index: int
    type: str
    size: int  # bytes, shallow
    retained: int  # bytes that would be freed with it
    name: str = ""  # how it is reached from a root, as a person would search for it


class RetainedType(Model, frozen=True):
    """All objects of one type together."""

    number: int  # in the graph's list of types
    type: str
    count: int
    size: int  # bytes, shallow
    retained: int  # bytes that would be freed with all of them


class ModuleRow(Model, frozen=True):
    """What a top-level module or package holds."""

    module: str
    app: bool
    count: int  # objects that have it as their nearest named owner
    size: int  # bytes of those
    retained: int  # bytes that its modules' own objects dominate


class RootRow(Model, frozen=True):
    """Roots of one sort: objects that something outside of the heap refers to."""

    sort: str  # module, local variable, immortal, held from C
    count: int
    retained: int  # bytes


class Retained(Model, frozen=True):
    """What a graph capture tells; empty for a capture of another kind."""

    objects: int = 0
    edges: int = 0
    roots: int = 0
    unreached: int = 0  # objects that no root leads to: cyclic garbage, and what only it holds
    circles: int = 0  # strongly connected components of more than one object
    largest_circle: int = 0  # objects
    biggest: list[BigObject] = []
    types: list[RetainedType] = []
    modules: list[ModuleRow] = []
    by_root: list[RootRow] = []
    note: str = ""


class Link(Model, frozen=True):
    """A reference from or to an object that is looked at."""

    index: int
    label: str
    type: str
    size: int
    retained: int
    name: str = ""  # of a function that refers: its dotted name, where a root leads there by name


class ObjectDetail(Model, frozen=True):
    """One object: how it is held, whom it refers to, what goes with it."""

    index: int
    address: str  # hexadecimal
    type: str
    size: int
    retained: int
    refcount: int
    circle: int | None  # which strongly connected component it is in, if in any
    name: str
    way: list[Link]  # from a root to the object, by the label of each step
    root: str  # what sort of root the way begins at; "" where none leads here
    dominators: list[Link]  # the chain of what it goes with, the nearest first
    referrers: list[Link]
    referrers_total: int
    referents: list[Link]
    referents_total: int
    dominated: list[Link]  # what goes with it directly, the largest first
    dominated_total: int


class ObjectList(Model, frozen=True):
    """The biggest objects of one type, or of all."""

    type: str
    total: int
    objects: list[BigObject]


class FreedType(Model, frozen=True):
    """The objects of one type that would be free."""

    type: str
    count: int
    size: int  # bytes


class Cut(Model, frozen=True):
    """What if one object referred no longer to another: what would be free, and what would not."""

    referrer: Link  # its label is empty
    target: Link  # by the label of the reference
    references: int  # from the one to the other; all of them are cut
    reached: bool  # whether a root leads to the target at all
    freed: bool  # whether the target would be free
    objects: int  # that would be free
    size: int  # bytes, of these
    types: list[FreedType]  # of these, the largest first
    root: str  # what sort of root the target is, where it is one
    way: list[Link]  # where it stays: from a root to the target, without the reference
    holders: list[Link]  # where it stays: what still refers to it, by the label
    more_holders: bool  # whether there are others
    kept: list[Link]  # where it goes: what it refers to that stays, less small values
