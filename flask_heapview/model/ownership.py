"""Who holds it: the heap as a tree of paths from named roots."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Model
from .births import Ages, Births
from .stacks import Stacks

HOLDERS = 4000  # collecting nodes described in a snapshot
SETS = frozenset(("set", "frozenset"))
HOLDER_FROM = 4  # entries from which a node is described
OTHER = "(other)"  # the label of what found no room in the tree
SMALL = "(small)"  # of what was merged
MODULE = "[module]"  # stands for modules whose names may be data
CURRENT_APP = "current_app"  # the root of an app that no module leads to, by Flask's own name
FROM_C = "(held from C)"  # the root of what has references that no object accounts for
GARBAGE, CAPTURE = "(cyclic garbage)", "(capture)"  # of roots that are not the service's
# what a capture itself needs: its growth is not the service's
OWN_PACKAGES = frozenset(("flask_heapview", "guppy", "objgraph", "pympler"))
THREAD = "thread "  # begins the root, and the path, of what a thread's local variables hold
FRAME = " in "  # begins the label of a thread's frame; the function's name follows


def dotted(labels: Sequence[str]) -> str:
    """The path of the nearest named owner, from the labels below the root, the root first.

    What has no name at the end is left out, and so are frames: a person searches for the variable.
    """
    last = len(labels)
    while last > 1 and (
        labels[last - 1].startswith(("[", OTHER)) or labels[last - 1] == ".__dict__"
    ):
        last -= 1
    return "".join(label for label in labels[:last] if not label.startswith(FRAME))


def of_service(path: str) -> bool:
    """Whether what hangs there is the service's: neither cyclic garbage nor our own records."""
    return not path.startswith((GARBAGE, CAPTURE)) and path.partition(".")[0] not in OWN_PACKAGES


def is_own_type(name: str) -> bool:
    """Whether objects of that type are ours, wherever an app keeps them."""
    return name.partition(".")[0] in OWN_PACKAGES


class Site(Model, frozen=True):
    """Where memory was allocated."""

    file: str
    line: int
    function: str
    size: int  # bytes
    count: int = 0
    endpoint: str | None = None  # whose view function stood in the traceback
    births: Births | None = None  # of what is alive; sampled only
    # the library's file that asked for most of it, where a library stood innermost
    inner: str = ""
    library: str = ""  # of C, whose function it then is; the line is Python's that called it


class NodeSites(Model, frozen=True):
    """Who allocated what is at one node, or merged into it."""

    node: int  # in the ownership stacks
    sites: list[Site]


class Holder(Model, frozen=True):
    """What is known of one path node that collects objects."""

    node: int  # in the ownership stacks
    path: str  # dotted, as a person would search for it
    type: str
    entries: int  # elements of all containers at this node
    containers: int = 1
    limit: int | None = None  # the largest number of entries, where it is known
    limit_guessed: bool = False  # the object that holds it has it, perhaps for something else
    kind: str = "container"  # container, cache, registry, bounded, weak
    app: bool = False  # hangs below a module of the app itself
    sites: list[Site] = []  # who allocated a sample of the newest entries
    sampled: int = 0  # entries in that sample
    entry_types: list[str] = []  # the types in that sample, the commonest first
    ends: list[int] = []  # marks of the first and of the last entries; none where not known


class Ownership(Model, frozen=True, weakref=True):
    """The path tree, and what its collecting nodes are."""

    stacks: Stacks = Stacks()
    holders: list[Holder] = []
    roots: int = 0
    app_roots: list[str] = []  # labels of the roots that are the app's own, not a library's
    loose: list[NodeSites] = []  # of nodes that are below no holder; sampled
    from_c: list[Site] = []  # who allocated what is held from C; sampled
    ages: Ages = Ages()
    truncated: int = 0  # objects under "(other)": the tree was full, they have no path of their own
