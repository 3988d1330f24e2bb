"""What is known of libraries: which types and places mean which cause, and which remedy."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..model.report import Cause

# growth there is bounded by the program's own code, not by its traffic
INTERPRETER_PATHS = re.compile(
    r"^(abc\.|_abc|typing|_weakrefset|re\.|sre_|_sre|\(capture\)|\(other\)|\(small\))"
)
# so is it here, unless the traffic names what is looked up, registered or made
CODE_TABLE_PATHS = re.compile(
    r"^(sys\.(modules|path_importer_cache)|linecache\.|encodings\.|importlib|_frozen_importlib"
    r"|zipimport|copyreg|pkgutil|\(interpreter\))"
)
# connections that wait for their next request: a server closes them after some seconds
# (gunicorn/workers/gthread.py), so that they are as many as clients were busy then
CONNECTION_PATHS = re.compile(r"^thread [^:]*: local (self|worker)\.keepalived_conns\b")
GARBAGE_LIST = re.compile(r"^gc\.garbage($|\[)")
MODULES_PATH = "sys.modules"
PROFILER_PATHS = re.compile(r"^(flask_heapview|guppy|objgraph|pympler)\b")  # a capture's own books
# what a test runner notes of each call, in a check that runs under one; and a capture of itself
TEST_HARNESS_TYPES = ("_pytest.logging.", "_pytest.capture.", "_pytest.recwarn.", "flask_heapview.")
# what trims its own lists from time to time: a connection's of its cursors, every 200; that of the
# objects that share the memory of a DataFrame's column, beyond 500 (pandas/_libs/internals.pyx)
SELF_TRIMMING_TYPES = frozenset(("sqlite3.Connection", "pandas._libs.internals.BlockValuesRefs"))
_REGISTRY_TYPES = (
    "blinker.",
    "logging.",
    "prometheus_client.",
    "opentelemetry.",
    "sqlalchemy.event.",
    "marshmallow.",
    "botocore.hooks.",
    "weakref.finalize",
    "werkzeug.routing.",
    "jinja2.environment.",
)
_REGISTRY_PATHS = re.compile(
    r"^(atexit|weakref\.finalize\._registry|logging\.|blinker\.|warnings\.|sqlalchemy\.event"
    r"|marshmallow\.class_registry|sys\.modules|linecache\.|encodings\.|_?ctypes\.|matplotlib\."
    r"|signal\.|codecs\.|mimetypes\.|copyreg\.|zipimport\.|gc\.callbacks|\(interpreter\)"
    r"|prometheus_client\.|opentelemetry\.|gunicorn\.)|__warningregistry__$"
)
_FLASK = "flask.app.Flask"
# what Flask itself adds to, by its decorators and add_ methods; anybody may write into the others
_FLASK_REGISTRIES = re.compile(
    r"\.(url_map|view_functions|blueprints|error_handler_spec|aborter|jinja_env|cli|session_interface"
    r"|template_context_processors|shell_context_processors|url_build_error_handlers"
    r"|url_default_functions|url_value_preprocessors|(before|after|teardown)_\w+_funcs)\b"
)
_THREADS = re.compile(
    r"^(threading\.(Thread|Timer|_DummyThread)|concurrent\.futures\..*Executor"
    r"|_thread\.|queue\.SimpleQueue)"
)
_THREAD_PATHS = re.compile(
    r"^(threading\._(active|shutdown_locks|limbo|dangling)|concurrent\.futures\.thread\._)"
)
_KEPT_CODE = re.compile(r"^(traceback|frame|generator|coroutine|async_generator)$")
_CACHE_TYPES = ("functools._lru_cache_wrapper", "cachetools.", "cachelib.", "jinja2.utils.LRUCache")

# rules of one library, by what is in the path or in the types; the first that fits
REMEDY_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (rule, re.compile(pattern))
    for rule, pattern in (
        ("logger-name", r"loggerDict|loggerMap"),
        ("logging-handler", r"\.handlers$|logging\._handler"),
        ("weakref-finalize", r"weakref\.finalize"),
        ("warning-text", r"__warningregistry__"),
        ("metric-label", r"prometheus_client|opentelemetry"),
        ("atexit", r"^atexit|atexit\."),
        ("signal-receiver", r"blinker|\.receivers$"),
        ("sqlalchemy-event", r"sqlalchemy\.event|\.dispatch\."),
        ("sqlalchemy-engine", r"sqlalchemy\.engine|engines?\b.*sqlalchemy"),
        ("jinja-environment", r"jinja_env|jinja2\.environment"),
        ("timer", r"threading\.Timer"),
        ("lru-cache", r"functools\._lru_cache_wrapper"),
        ("cachetools", r"cachetools\."),
        ("lxml", r"lxml\."),
        ("malloc-arenas", r"^malloc arenas$"),
        ("numpy-view", r"numpy\.ndarray"),
        ("generator", r"^(generator|coroutine|async_generator)$"),
        ("mock", r"^unittest\.mock\."),
        ("shelf", r"^shelve\."),
    )
)


LOST_REFERENCE = "lost-reference"  # of what no object refers to, whatever its type


def remedy_rule(cause: Cause, path: str | None, types: Iterable[str]) -> str:
    """What helps: the rule of the library in question, else the cause."""
    if cause == "uncollectable" and path is None:
        return LOST_REFERENCE
    for known in (path or "", *types):
        for rule, pattern in REMEDY_RULES:
            if pattern.search(known):
                return rule
    return cause


def is_exception(name: str) -> bool:
    """Judged by the name, as every exception of the standard library has it."""
    return name.rpartition(".")[2].endswith(("Error", "Exception", "Interrupt", "Exit"))


def cause_of(path: str, above: Iterable[str], entries: Iterable[str], kind: str) -> Cause:
    """The cause that a growing holder points to.

    `above` are the types on the way from the root, `entries` those of what is collected.
    """
    types, kept = list(above), list(entries)
    if GARBAGE_LIST.match(path):
        return "uncollectable"
    if _THREAD_PATHS.match(path) or any(_THREADS.match(name) for name in kept):
        return "thread"
    if any(_KEPT_CODE.match(name) or is_exception(name) for name in kept[:1]):
        return "traceback"
    if kind == "cache" or any(name.startswith(_CACHE_TYPES) for name in types):
        return "unbounded-cache"
    if _is_registry(path, types[1:]):
        return "registry"
    return "unbounded-container"


def _is_registry(path: str, types: Collection[str]) -> bool:
    if _FLASK in types and _FLASK_REGISTRIES.search(path):
        return True
    return bool(_REGISTRY_PATHS.search(path)) or any(
        name.startswith(_REGISTRY_TYPES) for name in types
    )
