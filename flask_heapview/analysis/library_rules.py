"""What is known of libraries: which types and places mean which cause, and what helps."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..model.report import Cause

# growth there is bounded by the program's own code, not by its traffic
NEVER = re.compile(
    r"^(sys\.path_importer_cache|encodings\.aliases|importlib|_frozen_importlib"
    r"|zipimport|copyreg|abc\.|_abc|typing|_weakrefset|pkgutil|re\._|re\.|sre_|_sre"
    r"|\(interpreter\)|\(capture\)|\(other\)|\(small\))"
)
# so is it here, unless code is made with each request
OF_THE_CODE = re.compile(r"^(sys\.modules|linecache\.|encodings\.)")
MODULES = "sys.modules"
OURS = re.compile(r"^(flask_heapview|guppy|objgraph|pympler)\b")  # a capture's own books
# what a test runner notes of each call, in a check that runs under one; and a capture of itself
HARNESS = ("_pytest.logging.", "_pytest.capture.", "_pytest.recwarn.", "flask_heapview.")
# what trims its own lists from time to time: a connection's of its cursors, every 200
PRUNED = frozenset(("sqlite3.Connection",))
_REGISTRY_TYPES = (
    "blinker.",
    "logging.",
    "prometheus_client.",
    "opentelemetry.",
    "sqlalchemy.event.",
    "marshmallow.",
    "botocore.hooks.",
    "weakref.finalize",
    "flask.app.Flask",
    "werkzeug.routing.",
    "jinja2.environment.",
)
_REGISTRY_PATHS = re.compile(
    r"^(atexit|weakref\.finalize\._registry|logging\.|blinker\.|warnings\.|sqlalchemy\.event"
    r"|marshmallow\.class_registry|sys\.modules|linecache\.|encodings\.|ctypes\.|matplotlib\."
    r"|signal\.|codecs\.|mimetypes\."
    r"|prometheus_client\.|opentelemetry\.|gunicorn\.)|__warningregistry__$"
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

REMEDIES: dict[str, str] = {
    "unbounded-container": "Bound it: drop entries when they are used up, use "
    "collections.deque(maxlen=…) for the latest few, or keep the data outside the process.",
    "unbounded-cache": "Give it a limit: functools.lru_cache(maxsize=…), cachetools.LRUCache or "
    "TTLCache. On methods, cache per instance: the key holds self.",
    "registry": "Register once, at import or start-up, not in each request; or take the entry out "
    "again when the request ends.",
    "traceback": "Keep str(error) or traceback.format_exception(error) instead of the exception: "
    "it holds its frames, and they hold every local variable.",
    "reference-cycle": "Break the cycle (weakref.ref for the way back), and let the collector run: "
    "gc.enable(), and thresholds near the defaults.",
    "uncollectable": "Switch gc.DEBUG_SAVEALL off and empty gc.garbage; break the cycle with "
    "weakref.ref.",
    "unclosed-resource": "Close it: use a with block, contextlib.closing, or "
    "app.teardown_appcontext. For sqlite3, `with connection` commits but does not close.",
    "thread": "Make one executor when the app starts and share it, or shut each one down: "
    "with ThreadPoolExecutor() as pool.",
    "native": "Look for a clear, close or free call of the C library, use one parser or handle "
    "anew for each piece of work, and check for a newer version of it.",
    "fragmentation": "Do not keep small objects out of large temporary lists; copy what is kept, "
    "work in smaller pieces, or recycle workers (gunicorn --max-requests).",
    "off-process": "Delete the files in the temporary filesystem when they are used up: the "
    "container pays for them as for memory.",
}


# what helps with one library, by what is in the path or in the types; the first that fits
_SPECIAL: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (
            r"loggerDict|loggerMap",
            "Use one logger for a module, and pass what varies as an argument: "
            "logging.getLogger keeps every name for good.",
        ),
        (r"\.handlers$|logging\._handler", "Add handlers once, at start-up, or remove them again."),
        (
            r"weakref\.finalize",
            "weakref.finalize keeps its arguments until the object dies: call the finalizer, or "
            "detach() it, or tie it to something that lives no longer than the request.",
        ),
        (
            r"__warningregistry__",
            "Keep what varies out of a warning's text: each module remembers every text.",
        ),
        (
            r"prometheus_client|opentelemetry",
            "Label by what has few values (route, status), never by user, id or address.",
        ),
        (
            r"^atexit|atexit\.",
            "Register with atexit once, at import, and keep a list of your own that shrinks.",
        ),
        (r"blinker|\.receivers$", "Connect receivers at import, or disconnect them again."),
        (
            r"sqlalchemy\.event|\.dispatch\.",
            "Listen once, when the engine is made: event.listen keeps each function.",
        ),
        (
            r"sqlalchemy\.engine|engines?\b.*sqlalchemy",
            "Make one engine for each database when the app starts; dispose() of others.",
        ),
        (
            r"jinja_env|jinja2\.environment",
            "Set filters and globals up once, and pass what varies to the template.",
        ),
        (r"threading\.Timer", "cancel() timers that are no longer needed, or use one scheduler."),
        (
            r"functools\._lru_cache_wrapper",
            "Give it a limit: functools.lru_cache(maxsize=…). On a method the key holds self: "
            "cache on the instance, or on what the answer depends on.",
        ),
        (
            r"cachetools\.",
            "Its limit is never met: set maxsize to what the container has room for.",
        ),
        (r"lxml\.", "Keep the text, not the element: one element keeps its whole document."),
        (
            r"^malloc arenas$",
            "Ask for it back on the overview: what malloc_trim frees was only kept. Then set "
            "MALLOC_ARENA_MAX=2 and MALLOC_TRIM_THRESHOLD_=131072, or use jemalloc.",
        ),
        (r"numpy\.ndarray", "copy() what is kept: a view keeps the whole array it was cut from."),
    )
)


def remedy(cause: Cause, path: str | None, types: Iterable[str]) -> str:
    """What helps: with the library in question, else with the cause."""
    for known in (path or "", *types):
        for pattern, words in _SPECIAL:
            if pattern.search(known):
                return words
    return REMEDIES[cause]


def is_exception(name: str) -> bool:
    """Judged by the name, as every exception of the standard library has it."""
    return name.rpartition(".")[2].endswith(("Error", "Exception", "Interrupt", "Exit"))


def cause_of(path: str, above: Iterable[str], entries: Iterable[str], kind: str) -> Cause:
    """The cause that a growing holder points to.

    `above` are the types on the way from the root, `entries` those of what is collected.
    """
    types, kept = list(above), list(entries)
    if path == "gc.garbage":
        return "uncollectable"
    if _THREAD_PATHS.match(path) or any(_THREADS.match(name) for name in kept):
        return "thread"
    if any(_KEPT_CODE.match(name) or is_exception(name) for name in kept[:1]):
        return "traceback"
    if kind == "cache" or any(name.startswith(_CACHE_TYPES) for name in types):
        return "unbounded-cache"
    if _REGISTRY_PATHS.search(path) or any(name.startswith(_REGISTRY_TYPES) for name in types[1:]):
        return "registry"
    return "unbounded-container"
