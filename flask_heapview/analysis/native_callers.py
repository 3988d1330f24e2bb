"""Which functions of C libraries took the native memory that came, by the samples of malloc."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ..model.library_facts import NativeCaller
from ..model.native import NativeMemory, NativeSite
from ..model.ownership import Site
from .finding import Case

MIN_NATIVE_SHARE = 0.3  # of what came: less in samples, and it is not this
MIN_CALLER_SHARE = 0.05  # of what the samples know: less comes and goes anywhere
MIN_CALLER_SAMPLES = 3  # fewer may be chance
MAX_NAMED_CALLS = 4  # functions that led there
UNLOADED = "(unloaded)"
_FOREIGN_CALLS = ("libffi", "_ctypes", "_cffi_backend")

Key = tuple[str, str, int, str, int, str | None, str]


def native_gained(case: Case, total: float) -> list[NativeSite]:
    """The callers that have more than before, the largest gain first; none where the samples do not
    know of most of the `total` bytes that came."""
    now, before = case.target.native, case.base.native
    if not now.on:
        return []
    known = {} if case.rewound else _sizes(before)
    gained = [replace(site, size=site.size - known.get(same_caller(site), 0)) for site in now.sites]
    found = sorted((site for site in gained if site.size > 0), key=lambda site: -site.size)
    seen = sum(site.size for site in found)
    return found if seen >= MIN_NATIVE_SHARE * total else []


def main_callers(gained: Sequence[NativeSite]) -> list[NativeSite]:
    """Those of the callers that gained which tell: what is little, or rests on few samples, comes
    and goes anywhere."""
    seen = sum(site.size for site in gained)
    return [
        site
        for site in gained
        if site.size >= MIN_CALLER_SHARE * seen and site.samples >= MIN_CALLER_SAMPLES
    ]


def as_sites(callers: Sequence[NativeSite]) -> list[Site]:
    """The lines of Python that called them, with the functions that were called."""
    return [
        Site(
            file=caller.file,
            line=caller.line,
            function=caller.function or hex(caller.offset),
            size=caller.size,
            count=caller.count,
            endpoint=caller.endpoint,
            births=caller.births,
            inner=caller.inner,
            library=caller.library or UNLOADED,
        )
        for caller in callers
    ]


def caller_fact(callers: Sequence[NativeSite]) -> NativeCaller:
    """Of the one that took most."""
    first = callers[0]
    return NativeCaller(
        library=first.library,
        distribution=first.distribution,
        function=first.function,
        bytes=first.size,
        samples=first.samples,
        calls=[call for call in first.calls[1:] if _tells(call)][:MAX_NAMED_CALLS],
    )


def _tells(call: str) -> bool:
    """Whether it has a name, and is not what calls any function for Python."""
    return not call.startswith("0x") and not is_foreign(call)


def is_foreign(call: str) -> bool:
    """Whether it is of ctypes or cffi, which call any function for Python."""
    return any(name in call for name in _FOREIGN_CALLS)


def _sizes(found: NativeMemory) -> dict[Key, int]:
    return {same_caller(site): site.size for site in found.sites}


def same_caller(site: NativeSite) -> Key:
    """Equal for one caller, whatever it took."""
    place = site.path, site.function, site.offset, site.file, site.line
    return *place, site.endpoint, site.thread
