"""The labelled references that leave an object.

`groups(obj, info)` gives (label, referents) pairs. A label is ".name" for what a person can search
for, " local name" and " closure name" for variables, and "[key]", "[value]", "[item]", "[ref]" for
what has no name that may be shown.
"""

from __future__ import annotations

import builtins
import gc
import types
from collections.abc import Callable, Iterable

from ...inspection.type_info import DICT, TYPE, TypeInfo, Types, namespace_of

Group = tuple[str, Iterable[object]]
referents = gc.get_referents

_module_dict = vars(types.ModuleType)["__dict__"].__get__
_function = types.FunctionType.__dict__
_closure, _code, _globals = (
    _function[name].__get__ for name in ("__closure__", "__code__", "__globals__")
)
_frame_locals = types.FrameType.__dict__["f_locals"].__get__
_SUSPENDED = (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType)
_CODE = (  # what code is made of
    types.CodeType,
    types.BuiltinFunctionType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)
_PARTS = (
    *("co_consts", "co_names", "co_filename", "co_name", "co_qualname"),
    *("co_linetable", "co_exceptiontable"),
)
_BUILTINS = id(builtins.__dict__)  # every function refers to it
_NAMED_ITEMS = frozenset((list, tuple, set, frozenset))


def attribute_label(name: object) -> str:
    """The label of a namespace's key: its name, if it is an identifier of bearable length."""
    if type(name) is str and len(name) < 100 and name.isidentifier():
        return f".{name}"
    return "[attribute]"


class Edges:
    """Knows how to leave each sort of object.

    With `intrusive`, instance dictionaries are looked at through their descriptor, which makes
    CPython create them: right in a forked copy, never in the service itself.
    """

    def __init__(self, types_: Types, intrusive: bool) -> None:
        self.types = types_
        self.intrusive = intrusive
        self.instance_dicts: set[int] = set()  # addresses of dictionaries that are an object's own
        self._by_kind: dict[int, Callable[[object, TypeInfo], list[Group]]] = {
            id(types.ModuleType): self._module,
            id(types.FunctionType): self._function,
            id(types.FrameType): self._frame,
            **dict.fromkeys(map(id, _CODE), self._code),
        }

    def groups(self, obj: object, info: TypeInfo) -> list[Group]:
        """All references of the object, in groups of equal label; never raises."""
        try:
            special = self._by_kind.get(id(info.kind))
            if special is not None:
                return special(obj, info)
            if info.kind in _NAMED_ITEMS:
                return [("[item]", referents(obj))]
            if info.flags & TYPE:
                return self._class(obj)
            if info.flags & DICT:
                return self._dict(obj, info)
            if info.kind in _SUSPENDED:
                return [("[local]", referents(obj))]
            return self._instance(obj, info)
        except Exception:  # whatever a broken type does, the walk goes on
            return [("[ref]", referents(obj))]

    def _module(self, obj: object, _: TypeInfo) -> list[Group]:
        return [*namespace(_module_dict(obj)), ("[ref]", referents(obj))]

    def _class(self, obj: object) -> list[Group]:
        proxy = namespace_of(obj)  # type: ignore[arg-type]
        self.instance_dicts.update(map(id, referents(proxy)))
        return [*_named(list(proxy.items())), ("[ref]", referents(obj))]

    def _dict(self, obj: object, info: TypeInfo) -> list[Group]:
        if info.kind is dict:
            return _dict_groups(obj)
        return [*_dict_groups(obj), *self._instance(obj, info)]

    def _function(self, obj: object, _: TypeInfo) -> list[Group]:
        skip = (id(_globals(obj)), _BUILTINS)
        groups: list[Group] = []
        cells = _closure(obj)
        if cells:
            names = _code(obj).co_freevars
            groups = [(f" closure {n}", (c,)) for n, c in zip(names, cells, strict=False)]
            groups += [("[closure]", (cells,))]
        refs = [r for r in referents(obj) if id(r) not in skip]
        own = [r for r in refs if type(r) is dict]  # attributes, defaults by keyword, annotations
        for attributes in own:
            groups += namespace(attributes)
        return [*groups, ("[code]", refs)]

    def _code(self, obj: object, info: TypeInfo) -> list[Group]:
        if info.kind is types.CodeType:  # has no traverse function: its parts have to be named
            return [("[code]", [getattr(obj, part) for part in _PARTS])]
        return [("[code]", referents(obj))]

    def _frame(self, obj: object, _: TypeInfo) -> list[Group]:
        return [*self.frame_locals(obj), ("[local]", referents(obj))]

    def frame_locals(self, frame: object) -> list[Group]:
        """The frame's local variables; unnamed where looking would leave a dict behind."""
        if not self.intrusive:
            return [("[local]", referents(frame))]
        values = dict(_frame_locals(frame))
        return [(f" local {n}", (v,)) for n, v in values.items() if type(n) is str]

    def _instance(self, obj: object, info: TypeInfo) -> list[Group]:
        refs = referents(obj)
        groups: list[Group] = []
        for label, getter in info.members:
            try:
                groups.append((label, (getter(obj),)))
            except Exception:  # an unset slot, or a value that is not an object
                continue
        if info.dict_getter is None:
            return [*groups, ("[item]", refs)]
        if not self.intrusive:
            return [*groups, ("[attribute]", refs)]
        attributes = info.dict_getter(obj)
        if type(attributes) is not dict:
            return [*groups, ("[ref]", refs)]
        self.instance_dicts.add(id(attributes))
        if any(r is attributes for r in refs):  # it was there before we looked
            groups.append((".__dict__", (attributes,)))
        groups += _named(list(attributes.items()))
        return [*groups, ("[item]", refs)]


def namespace(attributes: dict[str, object]) -> list[Group]:
    """The groups of a namespace's dictionary: one a name."""
    return _named(list(dict.items(attributes)))


def _named(items: list[tuple[str, object]]) -> list[Group]:
    return [(attribute_label(name), (value,)) for name, value in items]


def _dict_groups(obj: object) -> list[Group]:
    return [
        ("[value]", list(dict.values(obj))),  # type: ignore[arg-type]
        ("[key]", list(dict.keys(obj))),  # type: ignore[arg-type]
    ]


def edge_label(edges: Edges, source: object, target: object) -> str:
    """The first label by which `source` refers to `target`, for a chain that people read."""
    for label, children in edges.groups(source, edges.types.of(source)):
        for position, child in enumerate(children):
            if child is target:
                return f"[{position}]" if label == "[item]" else label
    return "[ref]"
