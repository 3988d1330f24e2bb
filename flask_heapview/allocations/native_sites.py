"""The native memory of a snapshot: samples added up by library, function, line and endpoint."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from ..inspection.distributions import owners_of_files
from ..inspection.roots import innermost_library
from ..model.native import NativeMemory, NativeSite
from .birth_bins import SiteBirths
from .estimates import app_frames
from .native_names import demangled, named
from .native_samples import NativeCall, NativeSample, NativeSamples, NativeTraceback
from .native_stacks import native_stacks
from .sampled_sites import line_to_change
from .samples import ENDPOINT, THREAD

MAX_SITES = 200  # that a snapshot keeps
MAX_CALLS = 8  # functions of C that are named of a site
# what others call to allocate: whoever called these is asked for
_RUNTIME = re.compile(
    r"^(?:libc|libm|libpthread|ld-linux[^/]*|ld-musl[^/]*|libc\.musl[^/]*|libstdc\+\+|libc\+\+|"
    r"libc\+\+abi|libgcc_s|libjemalloc|libtcmalloc[^/.]*|libmimalloc)[-.]"
)

Key = tuple[str, str, int, str, int, str, str]


class _Sums:
    """What the samples of one site add up to."""

    def __init__(self, traceback: NativeTraceback, begun: int | None, seconds: float) -> None:
        self.traceback = traceback
        self.born = SiteBirths(begun, seconds)
        self.stacks: Counter[tuple[str, ...]] = Counter()  # bytes
        self.size = self.count = self.variance = self.largest = 0.0
        self.samples = 0

    def add(self, sample: NativeSample, calls: Sequence[str]) -> None:
        chance = sample.block.chance
        rest = 1 - chance
        self.size += sample.bytes
        self.count += 1 / chance
        self.variance += rest * sample.bytes**2
        self.largest = max(self.largest, rest * sample.bytes)
        self.samples += 1
        self.stacks[tuple(calls)] += round(sample.bytes)
        self.born.put(sample.block)


def native_memory(found: NativeSamples, import_path: Sequence[str] = ()) -> NativeMemory:
    """The estimates by site. Distributions are looked for in the directories of `import_path`."""
    sums: dict[Key, _Sums] = {}
    for sample in found.live:
        traceback = found.tracebacks[sample.traceback]
        if traceback.ours:
            continue
        key = _key(traceback)
        if key not in sums:
            begun = traceback.requests or None if traceback.tag.startswith(ENDPOINT) else None
            sums[key] = _Sums(traceback, begun, found.since)
        sums[key].add(sample, [named(call) for call in traceback.calls[:MAX_CALLS]])
    largest = sorted(sums.items(), key=lambda row: -row[1].size)[:MAX_SITES]
    owners = owners_of_files({key[0] for key, _ in largest if key[0]}, import_path)
    stacks = native_stacks(found)
    return NativeMemory(
        on=True,
        sites=[_site(key, one, owners) for key, one in largest],
        stacks=stacks,
        app_frames=app_frames(stacks),
        size=round(sum(one.size for one in sums.values())),
        count=round(sum(one.count for one in sums.values())),
        variance=round(sum(one.variance for one in sums.values())),
        sample_bytes=round(found.sample_bytes),
        samples=sum(one.samples for one in sums.values()),
        since=round(found.since, 1),
        requests=found.requests,
        dropped=found.dropped,
        overhead=found.overhead,
    )


def _site(key: Key, one: _Sums, owners: dict[str, str]) -> NativeSite:
    path, function, offset, file, line, caller, tag = key
    return NativeSite(
        library=os.path.basename(path),
        path=path,
        function=function,
        offset=offset,
        distribution=owners.get(path, ""),
        calls=list(one.stacks.most_common(1)[0][0]),
        file=file,
        line=line,
        caller=caller,
        inner=innermost_library(place[0] for place in one.traceback.places),
        endpoint=tag.removeprefix(ENDPOINT) if tag.startswith(ENDPOINT) else None,
        thread=tag.removeprefix(THREAD) if tag.startswith(THREAD) else "",
        size=round(one.size),
        count=round(one.count),
        variance=round(one.variance),
        largest=round(one.largest),
        samples=one.samples,
        births=one.born.births(),
    )


def _key(traceback: NativeTraceback) -> Key:
    call = asking(traceback.calls)
    function = demangled(_symbol(call, traceback.calls))
    file, caller, line = line_to_change(traceback.places) if traceback.places else ("", "", 0)
    offset = 0 if function else call.offset
    return call.path, function, offset, file, line, caller, traceback.tag


def asking(calls: Iterable[NativeCall]) -> NativeCall:
    """The innermost call of a library that is no part of the languages themselves; without one,
    the innermost."""
    calls = list(calls)
    for call in calls:
        if call.path and not _RUNTIME.match(os.path.basename(call.path)):
            return call
    return calls[0] if calls else NativeCall()


def _symbol(call: NativeCall, calls: Sequence[NativeCall]) -> str:
    """Its name, or that of the nearest function of its library that has one: those that a library
    keeps to itself have none in its file."""
    inside = takewhile(lambda one: one.path == call.path, calls[calls.index(call) :])
    return next((one.symbol for one in inside if one.symbol), "") if call.path else ""
