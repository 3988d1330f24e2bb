"""The native core; its source is csrc/module/. What its arguments are stands in arguments.py."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from mmap import mmap
from types import CodeType
from typing import Any, NamedTuple

from flask import Flask, Response
from werkzeug.routing import Rule

from .arguments import ModuleRoot, ThreadName, TypeTable

# --- constants that Python shares with the walk; what they mean stands in docs/walk-file.md

WALK_MAGIC: bytes
WALK_VERSION: int
NONE: int
DOUBTFUL: int
FORM_FIXED: int
FORM_ATTRIBUTE: int
FORM_LOCAL: int
FORM_CLOSURE: int
FORM_FRAME: int
FORM_CONTEXT: int
FORM_MODULE: int
FORM_THREAD: int
FORM_KEY: int
GRAPH_ARRAYS: int
TAG_OTHER: int
TAG_ENDPOINT: int
TAG_THREAD: int
PROGRESS_BYTES: int
PROGRESS_ERROR_AT: int
SIGN_DESCRIPTOR: str
SIGN_POINTER: str
SIGN_UNKNOWN: str

# --- the walk

def capture(
    fd: int,
    type_table: TypeTable,
    modules: list[ModuleRoot],
    threads: list[ThreadName],
    *,
    progress: mmap,
    fork: bool,
    deadline: float,  # seconds
    node_limit: int,
    expected_objects: int,
    with_addresses: bool,
    with_keys: bool,
    graph_fd: int,  # -1: no graph
    min_entries: int = 1,  # of a library's containers, for a line of their own
    with_malloc: bool = False,
) -> tuple[
    int,  # pid of the child, 0 without fork
    int,  # pause in nanoseconds
    tuple[int, int, int],  # bytes of the C library's arenas, handed out, and free; or 0
]: ...
def audit(type_table: TypeTable, modules: list[ModuleRoot], threads: list[ThreadName]) -> bytes: ...
def look(type_table: TypeTable, obj: object) -> tuple[int, list[int]]: ...  # bytes, addresses
def tracked() -> int: ...
def traceback_of(address: int) -> Sequence[tuple[str, int]] | None: ...
def words(obj: object) -> tuple[int, ...]: ...

# --- the sampler

class SamplerState(NamedTuple):
    frames: int  # kept of each traceback, at most
    asked_bytes: float  # between two samples, as asked for; 0: it adapts
    sample_bytes: float  # between two samples, now
    live: int  # samples of blocks that are alive
    samples: int  # taken since the start
    allocated_bytes: float  # since the start
    memory_bytes: int  # that the sampler takes itself

class Levels(NamedTuple):  # bytes; 0 where it is not known
    malloc: int
    anonymous: int
    files: int

def sampling_start(
    endpoint: ContextVar[str | None],
    threads: dict[int, object],
    frames: int = 32,
    sample_bytes: float = 0.0,
    seed: int = 0,
) -> None: ...
def sampling_stop() -> None: ...
def sampling_freeze() -> None: ...
def sampling() -> SamplerState | None: ...
def sampling_heal() -> bool: ...
def sampling_dump() -> bytes: ...
def sampling_request(endpoint: str, /) -> None: ...
def sampling_live() -> dict[bytes, float] | None: ...  # bytes by endpoint; b"": no request's
def levels(mounts: tuple[bytes, ...], malloc: bool = True) -> Levels: ...
def pymalloc() -> bytes: ...
def where() -> list[tuple[CodeType, int]]: ...

# --- the sampler of native memory

class NativeState(NamedTuple):
    asked_bytes: float  # between two samples, as asked for; 0: it adapts
    sample_bytes: float  # between two samples, now
    live: int  # samples of blocks that are alive
    samples: int  # taken since the start
    dropped: int  # that found no place
    objects: int  # whose entries lead to the hooks
    entries: int  # that lead to the hooks
    foreign: int  # of libraries loaded since, which another tool has redirected
    memory_bytes: int  # that the sampler takes itself

def native_start(
    endpoint: ContextVar[str | None], sample_bytes: float = 0.0, seed: int = 0
) -> str | None: ...  # why not
def native_stop() -> int: ...  # entries that could not be put back
def native_rescan() -> int: ...  # entries of libraries that were loaded meanwhile
def native_freeze() -> None: ...
def native_read() -> bytes | None: ...
def native() -> NativeState | None: ...
def native_request_ended() -> None: ...

# --- in front of an app's pipeline

class RequestPath:
    def __new__(
        cls,
        *,
        app: Flask,
        service: object,  # with _serving, the process
        history: object,  # with _left, _due, _begun and _ended
        counter: object,  # with _counts
        current: ContextVar[Any],  # its value has the request
        ours: ContextVar[bool],
        serving: ContextVar[str | None],
        local_call: ContextVar[bool],
        rules: dict[int, Rule],  # that lead to none of our pages, by id
        begun_key: str,
        own_tag: str,
        slow: tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]],
        methods: tuple[str | Callable[..., Any], ...],  # names in the app's class, or callables
    ) -> RequestPath: ...
    def dispatch(self, *args: Any, **kwargs: Any) -> Response: ...
    def end_request(self, *args: Any, **kwargs: Any) -> None: ...
    def end_context(self, *args: Any, **kwargs: Any) -> None: ...
