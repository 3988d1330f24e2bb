"""Looking at objects without running a line of the application's code.

`isinstance`, `getattr`, `repr`, `==`, `hash` and even `sys.getsizeof` may call Python methods of
the object that is looked at, or of its metaclass. Everything here goes through the C slots of
`type` and `object` alone. Types are keyed by address, since a metaclass may define `__hash__`.
"""

from __future__ import annotations

import contextlib
import sys
import types
from collections import deque
from collections.abc import Callable, Set
from functools import lru_cache

from ..text import clean

HAVE_GC = 1 << 14  # Py_TPFLAGS_HAVE_GC and its neighbours, Include/object.h
HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
MANAGED = 1 << 4 | 1 << 3  # Py_TPFLAGS_MANAGED_DICT, Py_TPFLAGS_MANAGED_WEAKREF
LIST, TUPLE, DICT, EXCEPTION, TYPE = 1 << 25, 1 << 26, 1 << 29, 1 << 30, 1 << 31
_EMPTY: types.MappingProxyType[str, object] = types.MappingProxyType({})

LRU = type(lru_cache(len))
CACHES = {  # types that are caches, and the library each is from
    "functools._lru_cache_wrapper": "functools",
    "cachetools.Cache": "cachetools",
    "cachelib.base.BaseCache": "cachelib",
    "jinja2.utils.LRUCache": "jinja",
    "sqlalchemy.util._collections.LRUCache": "sqlalchemy",
    "dogpile.cache.backends.memory.MemoryBackend": "dogpile.cache",
    "aiocache.backends.memory.SimpleMemoryBackend": "aiocache",
    "django.core.cache.backends.locmem.LocMemCache": "django",
    "beaker.container.MemoryNamespaceManager": "beaker",
    "requests_cache.backends.base.DictStorage": "requests-cache",
    "expiringdict.ExpiringDict": "expiringdict",
}
RESOURCES = frozenset(  # types that hold something open outside of the heap
    (
        "_io.FileIO",
        "_socket.socket",
        "sqlite3.Connection",
        "mmap.mmap",
        "select.epoll",
        "subprocess.Popen",
        "multiprocessing.shared_memory.SharedMemory",
        "psycopg2.extensions.connection",
        "psycopg.Connection",
        "pymysql.connections.Connection",
        "MySQLdb.connections.Connection",
        "pymongo.synchronous.mongo_client.MongoClient",
        "redis.connection.AbstractConnection",
        "sqlalchemy.engine.base.Connection",
        "urllib3.connection.HTTPConnection",
        "tempfile._TemporaryFileWrapper",
    )
)
_flags = type.__dict__["__flags__"].__get__
_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_module = type.__dict__["__module__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_C_METHOD = type(object.__sizeof__)
_MEMBER = types.MemberDescriptorType
_GETSET = types.GetSetDescriptorType


def mro_of(kind: type) -> tuple[type, ...]:
    """The method resolution order, past any metaclass."""
    return _mro(kind) or (kind, object)


def namespace_of(kind: type) -> types.MappingProxyType[str, object]:
    """The class's own attributes, past any metaclass."""
    return _namespace(kind) or _EMPTY  # a static type that was never readied has none


def attribute_of(kind: type, name: str) -> object:
    """The class's own attribute of that name, None for none. No key is asked whether it equals."""
    for key, value in namespace_of(kind).items():
        if type(key) is str and key == name:
            return value
    return None


def is_written(kind: type) -> bool:
    """Whether a class statement made it, or what does the same; no static type of C code's."""
    return bool(_flags(kind) & HEAP_TYPE)


def module_of(kind: type) -> str:
    """The name of the module a class says that it is from."""
    if is_written(kind):
        return clean(attribute_of(kind, "__module__"))
    return clean(_module(kind))


def type_name(kind: type) -> str:
    """Module-qualified, builtins bare."""
    module, name = module_of(kind), clean(_qualname(kind))
    return name if module == "builtins" else f"{module}.{name}"


class TypeInfo:
    """What the walk needs to know of a type, worked out once."""

    __slots__ = (
        "cache",
        "dict_getter",
        "flags",
        "kind",
        "leads",
        "length",
        "members",
        "module",
        "name",
        "number",
        "resource",
        "sizeof",
        "tracked",
    )

    def __init__(self, kind: type, number: int) -> None:
        self.kind = kind
        self.number = number
        self.flags: int = _flags(kind)
        self.tracked = bool(self.flags & HAVE_GC)
        self.leads = self.tracked or kind is types.CodeType  # has references of its own
        self.module = module_of(kind)
        self.name = type_name(kind)
        self.sizeof = _sizer(kind, self.flags)
        self.dict_getter: Callable[[object], object] | None = None
        # name, whether it is C code's, and how to read it
        self.members: list[tuple[str, bool, Callable[[object], object]]] = []
        self.length = _length(kind, self.flags)
        names = [type_name(base) for base in mro_of(kind)]
        self.cache = next((CACHES[n] for n in names if n in CACHES), None)
        self.resource = next((n for n in names if n in RESOURCES), None)
        if self.tracked:
            self._find_attributes()

    def _find_attributes(self) -> None:
        for base in mro_of(self.kind):
            attributes = {n: v for n, v in namespace_of(base).items() if type(n) is str}
            in_c = not (_flags(base) & HEAP_TYPE and "__slots__" in attributes)
            for name, value in attributes.items():
                if type(value) is not _MEMBER and type(value) is not _GETSET:
                    continue
                if name == "__dict__" and base is not type:
                    self.dict_getter = self.dict_getter or value.__get__
                elif type(value) is _MEMBER:
                    self.members.append((name, in_c, value.__get__))

    def attributes(self, obj: object, names: Set[str], intrusive: bool = True) -> dict[str, object]:
        """Those of the names that an instance has for attributes; only those in slots unless its
        dictionary may be created for it.

        A look-up would ask a key whether it equals, which may run code of the application.
        """
        found = self.dict_getter(obj) if self.dict_getter and intrusive else {}
        items = dict.items(found) if type(found) is dict else ()
        values = {n: value for n, value in items if type(n) is str and n in names}
        for name, _, getter in self.members:
            if name not in names:
                continue
            with contextlib.suppress(Exception):  # an unset slot, or no object
                values[name] = getter(obj)
        return values


class Types:
    """TypeInfo by the address of the type."""

    def __init__(self) -> None:
        self.infos: dict[int, TypeInfo] = {}
        self.all: list[TypeInfo] = []

    def of(self, obj: object) -> TypeInfo:
        """What is known of the object's type."""
        kind = type(obj)
        info = self.infos.get(id(kind))
        if info is None:
            info = self.infos[id(kind)] = TypeInfo(kind, len(self.all))
            self.all.append(info)
        return info


def _sizer(kind: type, flags: int) -> Callable[[object], int]:
    """sys.getsizeof where the type's __sizeof__ is written in C, else the base's figure."""
    method: object = None
    for base in mro_of(kind):
        if any(type(name) is not str for name in namespace_of(base)):
            break  # a look-up would ask that name whether it equals
        method = attribute_of(base, "__sizeof__")
        if method is not None:
            break
    if type(method) is _C_METHOD:
        return sys.getsizeof
    before = 16 * bool(flags & HAVE_GC) + 16 * bool(flags & MANAGED)  # the headers in front of it

    def base_size(obj: object) -> int:
        return object.__sizeof__(obj) + before

    return base_size


def _length(kind: type, flags: int) -> Callable[[object], int] | None:
    """The number of entries of a container that can grow, by its C slot; None for the rest."""
    for base in mro_of(kind):
        if base is LRU:
            return _lru_length
        if base is deque or base is set:
            return vars(base)["__len__"]  # type: ignore[no-any-return]
    if flags & DICT:
        return dict.__len__  # type: ignore[return-value]
    return list.__len__ if flags & LIST else None  # type: ignore[return-value]


def _lru_length(obj: object) -> int:
    return int(LRU.cache_info(obj).currsize)  # type: ignore[arg-type]
