"""The walk: every object once, breadth first from named roots, into a tree of paths."""

from __future__ import annotations

import gc
import types
from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from ...inspection.bounds import limit_of, own_limit
from ...inspection.container_owners import Owners
from ...inspection.roots import APP, Root, ThreadRoot, module_dict
from ...inspection.type_info import TYPE, TypeInfo, Types, attribute_of
from ...model.ownership import FRAME, OTHER, SMALL, THREAD, dotted
from ...model.process import MAX_PYMALLOC_BYTES
from ...model.stacks import Frame, Stacks, StacksBuilder
from ...text import clean
from .edges import Edges
from .open_resources import is_open

MIN_LIBRARY_BYTES = 4096  # bytes below which a library's subtree has no line of its own
MAX_NODES = 1_000_000  # path nodes; what does not fit is counted under an "(other)" of its holder
# from here on, a step that repeats one of the last few above it is folded into it
MIN_FOLD_DEPTH = 8
MAX_FOLD_PERIOD = 4
MIN_SAMPLED_ENTRIES = 8  # entries from which a container's newest ones are worth a look
OBJECTS_PER_TICK = 20_000  # objects between two progress reports

Seen = Callable[[object], object]  # tells whether it saw the object before, and remembers it


class Walk:
    """The state of one walk. `seen` is the visited set; guppy3's node sets serve best."""

    def __init__(self, edges: Edges, seen: Seen, tick: Callable[[int], None]) -> None:
        self.edges, self.seen, self.tick = edges, seen, tick
        self.types: Types = edges.types
        self.labels: list[str] = []
        self.type_of: list[int] = []
        self.parent, self.depth = array("q"), array("q")
        self.count, self.size, self.entries = array("q"), array("q"), array("q")
        self.containers = array("q")
        self.limits: dict[int, int] = {}
        self.rank: list[int] = []
        self.samples: dict[int, list[object]] = {}
        self.caches: list[tuple[object, int]] = []
        self.open: dict[int, list[object]] = {}  # objects that hold a resource open, by node
        self._strays: dict[int, list[int]] = {}  # type number: [count, bytes]
        self.home: dict[str, tuple[int, dict[str, object]]] = {}
        self.visited = self.large = 0
        self.tracked: Counter[int] = Counter()  # by the type's number
        self._steps: dict[tuple[int, str, int], int] = {}
        self._queue: deque[tuple[object, int]] = deque()
        self._other: dict[int, int] = {}  # what holds more than the tree has room for -> its rest

    # --- nodes

    def new_node(self, parent: int, label: str, info: TypeInfo | None, rank: int = -1) -> int:
        node = len(self.labels)
        self.labels.append(label)
        self.type_of.append(info.number if info else -1)
        self.parent.append(parent)
        self.depth.append(self.depth[parent] + 1 if parent >= 0 else 0)
        self.rank.append(self.rank[parent] if rank < 0 else rank)
        for column in (self.count, self.size, self.entries, self.containers):
            column.append(0)
        return node

    def _step(self, parent: int, label: str, info: TypeInfo) -> int:
        """The node one step below; recursion is folded, and a full tree grows no more."""
        if self.depth[parent] >= MIN_FOLD_DEPTH:
            above = parent
            for _ in range(MAX_FOLD_PERIOD):
                if self.type_of[above] == info.number and self.labels[above] == label:
                    return above
                above = self.parent[above]
        if len(self.labels) >= MAX_NODES:
            return self._other_below(parent)
        return self.new_node(parent, label, info)

    def _other_below(self, parent: int) -> int:
        """The node that takes what hangs there without a path of its own: its holder is known."""
        if parent not in self._other:
            self._other[parent] = self.new_node(parent, OTHER, None)
        return self._other[parent]

    # --- the walk

    def reach(self, node: int, label: str, children: Iterable[object]) -> None:
        """Counts each child that was not seen, and queues those that lead further."""
        seen, infos, steps = self.seen, self.types.infos, self._steps
        rest = self.labels[node] == OTHER
        for child in children:
            if seen(child):
                continue
            info = infos.get(id(type(child))) or self.types.of(child)
            if info.flags & TYPE and self._file_under_module(child, info):
                continue
            if label == "[code]" or rest:  # names and constants of functions: nobody's growth
                step = node
            else:
                key = (node, label, info.number)
                step = steps.get(key, -1)
                if step < 0:
                    step = steps[key] = self._step(node, label, info)
            self._account(child, info, step)
            if info.resource is not None and is_open(child, info):
                self.open.setdefault(step, []).append(child)
            if info.leads:
                self._queue.append((child, step))

    def _file_under_module(self, kind: object, info: TypeInfo) -> bool:
        """Puts a class under the module that defines it, wherever it was met."""
        module = clean(attribute_of(kind, "__module__"))  # type: ignore[arg-type]
        name = clean(type.__dict__["__qualname__"].__get__(kind))
        root, attributes = self.home.get(module, (-1, {}))
        if root < 0 or "<locals>" in name or attributes.get(name, kind) is not kind:
            return False
        key = (root, f".{name}", info.number)
        node = self._steps.get(key)
        if node is None:
            node = self._steps[key] = self._step(root, f".{name}", info)
        self._account(kind, info, node)
        self._queue.append((kind, node))
        return True

    def _account(self, obj: object, info: TypeInfo, node: int) -> None:
        size = info.sizeof(obj)
        self.count[node] += 1
        self.size[node] += size
        self.visited += 1
        self.large += size if size > MAX_PYMALLOC_BYTES else 0
        if info.tracked and gc.is_tracked(obj):
            self.tracked[info.number] += 1
        if self.type_of[node] != info.number:
            self._stray(info, size, node)

    def _stray(self, info: TypeInfo, size: int, node: int) -> None:
        """Corrects the census for an object that is counted at a node of another type."""
        for number, sign in ((info.number, 1), (self.type_of[node], -1)):
            row = self._strays.setdefault(number, [0, 0])
            row[0] += sign
            row[1] += sign * size

    def census(self) -> dict[int, list[int]]:
        """[count, bytes] by the number of the type."""
        found = {number: list(row) for number, row in self._strays.items()}
        for node, number in enumerate(self.type_of):
            if number >= 0:
                row = found.setdefault(number, [0, 0])
                row[0] += self.count[node]
                row[1] += self.size[node]
        found.pop(-1, None)
        return {number: row for number, row in found.items() if row[0]}

    def drain(self) -> None:
        """Walks on until nothing new is reached."""
        queue, infos, groups = self._queue, self.types.of, self.edges.groups
        due = self.visited + OBJECTS_PER_TICK
        while queue:
            obj, node = queue.popleft()
            info = infos(obj)
            if info.length is not None and self._collects(obj, info, node):
                self._note_container(obj, info, node)
            if info.cache is not None:
                self.caches.append((obj, node))
            for label, children in groups(obj, info):
                self.reach(node, label, children)
            if info.members or (info.dict_getter is not None and self.edges.intrusive):
                self._inherit_limit(obj, info, node)
            if self.visited >= due:
                due = self.visited + OBJECTS_PER_TICK
                self.tick(self.visited)

    def _collects(self, obj: object, info: TypeInfo, node: int) -> bool:
        """Not where it is part of an object that shows what is in there, or is counted at it."""
        return self.type_of[node] == info.number and id(obj) not in self.edges.instance_dicts

    def _note_container(self, obj: object, info: TypeInfo, node: int) -> None:
        try:
            length = info.length(obj) if info.length else 0
            limit = own_limit(obj, info)
        except Exception:
            return
        self.entries[node] += length
        self.containers[node] += 1
        if limit is not None:
            self.limits[node] = max(limit, self.limits.get(node) or 0)
        if length >= MIN_SAMPLED_ENTRIES:
            kept = self.samples.setdefault(node, [])
            if len(kept) < 3:
                kept.append(obj)

    def _inherit_limit(self, obj: object, info: TypeInfo, node: int) -> None:
        """An object that knows a bound means it for itself or for the containers inside it."""
        if info.flags & TYPE:
            return
        limit = limit_of(obj, info, self.edges.intrusive)
        if limit is not None:
            self.limits[node] = max(limit, self.limits.get(node) or 0)

    # --- the roots

    def walk_modules(self, roots: Sequence[Root]) -> None:
        """All modules side by side, the app's first."""
        infos = self.types.of
        pending = []
        for root in roots:
            if self.seen(root.module):
                continue
            info = infos(root.module)
            node = self.new_node(-1, root.name, info, root.rank)
            self._account(root.module, info, node)
            if root.rank != APP:
                self.edges.names.trust(root)
            attributes = module_dict(root.module)
            if attributes is not None and root.rank == APP:
                self.edges.note_named_keys(attributes)
            if attributes is not None and not self.seen(attributes):
                self._account(attributes, infos(attributes), node)
                self.home.setdefault(root.name, (node, _by_text(attributes)))
            pending.append((root.module, node))
        self._queue.extend(pending)
        self.drain()

    def walk_threads(self, threads: Sequence[ThreadRoot]) -> None:
        """Local variables come last: what a module holds too is the module's."""
        for thread in threads:
            info = self.types.of(thread.frame)
            node = self.new_node(-1, f"{THREAD}{thread.name}:", info, APP)
            frame: types.FrameType | None = thread.frame
            while frame is not None:
                self._walk_frame(node, frame, info)
                frame = frame.f_back
        self.drain()

    def _walk_frame(self, thread: int, frame: types.FrameType, info: TypeInfo) -> None:
        label = f"{FRAME}{clean(frame.f_code.co_name)}"
        key = (thread, label, info.number)
        node = self._steps.get(key)
        if node is None:
            node = self._steps[key] = self._step(thread, label, info)
        if not self.seen(frame):
            self._account(frame, info, node)
        for name, children in self.edges.frame_locals(frame):
            self.reach(node, name, children)

    def walk_others(self, label: str, objects: Iterable[object], rank: int) -> int:
        """Objects that no named root reaches, under one root of their own; returns its node."""
        node = self.new_node(-1, label, None, rank)
        self.reach(node, "[ref]", objects)
        self.drain()
        return node

    # --- the result

    def stacks(self) -> tuple[Stacks, dict[int, int]]:
        """The tree as a snapshot keeps it, and where each kept node went.

        Small leaves of libraries are merged into one "(small)" leaf of their parent.
        """
        builder = StacksBuilder()
        place: dict[int, int] = {}
        keep = self._kept()
        for node, parent in enumerate(self.parent):
            above = place[parent] if parent >= 0 else -1
            if keep[node]:
                kind = self.type_of[node]
                name = self.types.all[kind].name if kind >= 0 else ""
                frame = Frame(self.labels[node], name)
            else:
                frame = Frame(SMALL)
            inside = parent >= 0 and not keep[parent]
            made = above if inside else builder.node(above, frame)
            place[node] = made
            builder.count[made] += self.count[node]
            builder.size[made] += self.size[node]
        return builder.build(), place

    def owners(self, stacks: Stacks) -> Owners:
        """Who made what hangs in the tree."""
        roots = [node for node, parent in enumerate(self.parent) if parent < 0]
        ranks = {self.labels[node]: self.rank[node] for node in reversed(roots)}
        return Owners(stacks, ranks, {t.name for t in self.types.all if t.flags & TYPE})

    @property
    def truncated(self) -> int:
        """Objects without a path of their own."""
        return sum(self.count[node] for node in self._other.values())

    def _kept(self) -> bytearray:
        """Which nodes are worth a line of their own."""
        below = list(self.size)
        keep = bytearray(len(below))
        for node in range(len(below) - 1, -1, -1):
            parent = self.parent[node]
            if (
                parent < 0
                or below[node] >= MIN_LIBRARY_BYTES
                or self.entries[node]
                or self.rank[node] == APP
            ):
                keep[node] = 1
            if parent >= 0:
                below[parent] += below[node]
                keep[parent] |= keep[node]
        return keep

    def path(self, node: int) -> str:
        """The dotted path of the nearest named owner."""
        labels: list[str] = []
        while node >= 0:
            labels.append(self.labels[node])
            node = self.parent[node]
        return dotted(labels[::-1])


def _by_text(attributes: dict[str, object]) -> dict[str, object]:
    """A namespace in which names can be looked up: no key in it has its own idea of equality."""
    if all(type(name) is str for name in dict.keys(attributes)):
        return attributes
    return {name: value for name, value in dict.items(attributes) if type(name) is str}
