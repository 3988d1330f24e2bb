"""The labelled references that leave an object.

`groups(obj, info)` gives (label, referents) pairs. A label is ".name" for what a person can search
for, " local name" and " closure name" for variables, "[name]" for what is filed under an object of
that name, and "[key]", "[value]", "[item]", "[ref]" for what has no name that may be shown.
"""

from __future__ import annotations

import builtins
import gc
import inspect
import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from ...inspection.type_info import DICT, HEAP_TYPE, TYPE, TypeInfo, Types, namespace_of
from .names import Names

Group = tuple[str, Iterable[object]]
referents = gc.get_referents

_module_dict = vars(types.ModuleType)["__dict__"].__get__
_function = types.FunctionType.__dict__
_closure, _code, _globals = (
    _function[name].__get__ for name in ("__closure__", "__code__", "__globals__")
)
_frame_locals, _frame_code = (
    types.FrameType.__dict__[name].__get__ for name in ("f_locals", "f_code")
)
_flags = type.__dict__["__flags__"].__get__
_SUSPENDED = frozenset(
    map(id, (types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType))
)
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
# types are told apart by address: their metaclass may compare and hash in Python
_NAMED_ITEMS = frozenset(map(id, (list, tuple, set, frozenset)))
_REFERENCE = id(weakref.ref)
_referent = weakref.ref.__call__
MAX_NAMED_ENTRIES = 64  # of a dictionary: registries of what an app made by hand are short


class Edges:
    """Knows how to leave each sort of object.

    With `intrusive`, instance dictionaries are looked at through their descriptor, which makes
    CPython create them: right in a forked copy, never in the service itself.
    """

    def __init__(self, types_: Types, intrusive: bool, names: Names) -> None:
        self.types, self.names = types_, names
        self.intrusive = intrusive
        self.instance_dicts: set[int] = set()  # addresses of dictionaries that are an object's own
        self._named_keys: dict[int, str] = {}  # addresses of an app's objects, and their labels
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
            if id(info.kind) in _NAMED_ITEMS:
                return [("[item]", referents(obj))]
            if info.flags & TYPE:
                return self._class(obj)
            if info.flags & DICT:
                return self._dict(obj, info)
            if id(info.kind) in _SUSPENDED:
                return [("[local]", referents(obj))]
            return self._instance(obj, info)
        except Exception:  # whatever a broken type does, the walk goes on
            return [("[ref]", referents(obj))]

    def _module(self, obj: object, _: TypeInfo) -> list[Group]:
        attributes = _module_dict(obj)
        own, named = self.names.own(attributes), self.names.attribute
        groups: list[Group] = [
            (named(name, place < own), (value,))
            for place, (name, value) in enumerate(dict.items(attributes))
        ]
        return [*groups, ("[ref]", referents(obj))]

    def _class(self, obj: object) -> list[Group]:
        in_c = not _flags(obj) & HEAP_TYPE
        proxy = namespace_of(obj)  # type: ignore[arg-type]
        self.instance_dicts.update(map(id, referents(proxy)))
        return [*self._named(list(proxy.items()), in_c), ("[ref]", referents(obj))]

    def note_named_keys(self, attributes: dict[str, object]) -> None:
        """Takes the names of a module's objects: libraries file what is theirs under them."""
        own = self.names.own(attributes)
        for place, (name, value) in enumerate(dict.items(attributes)):
            label = self.names.attribute(name, place < own)
            if place < own and label.startswith(".") and self._is_instance(value):
                self._named_keys.setdefault(id(value), f"[{label[1:]}]")

    def _is_instance(self, value: object) -> bool:
        info = self.types.of(value)
        special = id(info.kind) in self._by_kind or id(info.kind) in _NAMED_ITEMS
        return info.leads and not special and not info.flags & (TYPE | DICT)

    def _entries(self, obj: dict[object, object]) -> list[Group]:
        keys, values = list(dict.keys(obj)), list(dict.values(obj))
        named, few = self._named_keys, keys[:MAX_NAMED_ENTRIES]
        if len(few) < len(keys) or not any(_identity(key) in named for key in few):
            return [("[value]", values), ("[key]", keys)]
        labels = (named.get(_identity(key), "[value]") for key in keys)
        return [
            *((label, (value,)) for label, value in zip(labels, values, strict=False)),
            ("[key]", keys),
        ]

    def _dict(self, obj: Any, info: TypeInfo) -> list[Group]:
        if info.kind is dict:
            return self._entries(obj)
        return [*self._entries(obj), *self._instance(obj, info)]

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
            groups += self._named(list(dict.items(attributes)))
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
        code = _frame_code(frame)
        own = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        if code.co_flags & inspect.CO_OPTIMIZED:  # a function: its variables are its code's
            return [
                (f" local {name}" if type(name) is str and name in own else "[local]", (value,))
                for name, value in dict(_frame_locals(frame)).items()
            ]
        # what exec() was given, or a class's body: CPython would store cells in it, which may run
        # code of the application
        values = None if own else _frame_locals(frame)
        if type(values) is not dict:
            return [("[local]", referents(frame))]
        return [(self.names.local(name), (value,)) for name, value in values.items()]

    def _instance(self, obj: object, info: TypeInfo) -> list[Group]:
        refs = referents(obj)
        groups: list[Group] = []
        for name, in_c, getter in info.members:
            try:
                groups.append((self.names.attribute(name, in_c), (getter(obj),)))
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
        groups += self._named(list(attributes.items()))
        return [*groups, ("[item]", refs)]

    def _named(self, items: list[tuple[str, object]], certain: bool = False) -> list[Group]:
        return [(self.names.attribute(name, certain), (value,)) for name, value in items]


def _identity(key: object) -> int:
    """The address of the object that the key is, or that it refers to weakly."""
    return id(_referent(key)) if id(type(key)) == _REFERENCE else id(key)  # type: ignore[arg-type]


def edge_label(edges: Edges, source: object, target: object) -> str:
    """The first label by which `source` refers to `target`, for a chain that people read."""
    for label, children in edges.groups(source, edges.types.of(source)):
        for position, child in enumerate(children):
            if child is target:
                return f"[{position}]" if label == "[item]" else label
    return "[ref]"
