"""Containers, single objects, cyclic garbage, threads and descriptors, in words."""

from __future__ import annotations

from ...model import facts
from ...text import bytes_text, duration_text, number_text
from .say import count_text, each_text, name_text, rate_text, say, span_text

HARMLESS_SECONDS = 5 * 31_557_600.0  # no worker lives for five years


@say.register
def _(fact: facts.ContainerGrew) -> str:
    name = name_text(fact.type, fact.path)
    kept = "" if fact.entries_removed else " and never let one go"
    return (
        f"{name} gained {count_text(fact.entries, 'entry')} ({bytes_text(fact.bytes)}) "
        f"in {span_text(fact.requests, fact.seconds)}{kept}."
    )


@say.register
def _(fact: facts.ObjectGrew) -> str:
    name = name_text(fact.type, fact.path)
    return (
        f"{name} grew by {bytes_text(fact.bytes)} in {span_text(fact.requests, fact.seconds)} "
        "and is never emptied."
    )


@say.register
def _(fact: facts.EntryRate) -> str:
    rate = rate_text(fact.entries_per_request)
    each = f"{rate} {'entry' if rate == '1' else 'entries'}"
    return (
        f"{name_text(fact.path)} gained {count_text(fact.entries, 'entry')} in "
        f"{span_text(fact.requests, fact.seconds)} "
        f"({each} and {bytes_text(fact.bytes_per_request)} per {each_text(fact.seconds)})."
    )


@say.register
def _(fact: facts.SizeRate) -> str:
    return (
        f"{name_text(fact.path)} went from {bytes_text(fact.bytes_before)} to "
        f"{bytes_text(fact.bytes_after)} in {span_text(fact.requests, fact.seconds)} "
        f"({bytes_text(fact.bytes_per_request)} per {each_text(fact.seconds)})."
    )


@say.register
def _(fact: facts.LimitExceeded) -> str:
    entries = count_text(fact.entries, "entry")
    return f"It holds {entries}, above its own limit of {number_text(fact.limit_entries)} entries."


@say.register
def _(fact: facts.LimitOfOwner) -> str:
    limit = count_text(fact.limit_entries, "entry")
    return f"The object that holds it has a limit of {limit}. It may be for this container."


@say.register
def _(fact: facts.LimitTooHigh) -> str:
    return (
        f"Its limit of {count_text(fact.limit_entries, 'entry')} is too high: that many would take "
        f"{bytes_text(fact.limit_bytes)}. This service has {bytes_text(fact.available_bytes)}."
    )


@say.register
def _(fact: facts.SteadyRate) -> str:
    along = f", along the requests of {fact.endpoint}" if fact.endpoint else ""
    return f"It grew at one rate in each of {count_text(fact.intervals, 'interval')}{along}."


@say.register
def _(fact: facts.Survivors) -> str:
    return (
        f"What is alive was born in all of {count_text(fact.requests, 'request')}, "
        f"not only in the latest ({count_text(fact.samples, 'sample')})."
    )


@say.register
def _(fact: facts.EntryForEach) -> str:
    whose = f" of {fact.endpoint}" if fact.endpoint else ""
    has = count_text(fact.entries, "entry")
    return f"It has {has}, as many as requests{whose} were served. So none was removed."


@say.register
def _(fact: facts.Impact) -> str:
    said = f"At the traffic of now, that is {bytes_text(fact.bytes_per_day)} a day."
    if fact.seconds_to_limit is None:
        return said
    if fact.seconds_to_limit > HARMLESS_SECONDS:
        return f"{said} Alone it would need years to fill the memory that is left. It can wait."
    return (
        f"{said} Alone it fills the memory that is left in {duration_text(fact.seconds_to_limit)}."
    )


@say.register
def _(fact: facts.RateSinceStart) -> str:
    said = "At this rate, growth since the worker started explains everything in it."
    if fact.entries_removed:
        return said
    return f"{said} {'No entry' if fact.unit == 'entries' else 'Nothing'} was ever removed."


@say.register
def _(fact: facts.SameGrowthAt) -> str:
    return f"The same growth also shows at: {', '.join(fact.paths)}."


@say.register
def _(fact: facts.GarbageLeft) -> str:
    return (
        f"{span_text(fact.requests, fact.seconds)} left {count_text(fact.objects, 'object')} "
        f"({bytes_text(fact.bytes)}) in reference cycles that were not collected."
    )


@say.register
def _(fact: facts.GarbageGrew) -> str:
    objects, span = count_text(fact.objects, "object"), span_text(fact.requests, fact.seconds)
    return f"Cyclic garbage grew by {objects} in {span}."


@say.register
def _(fact: facts.WeakEntries) -> str:
    objects = count_text(fact.garbage_objects, "object")
    return (
        f"Its entries are weak references, and cyclic garbage grew along with them (by {objects}). "
        "They may go when the collector frees it."
    )


@say.register
def _(fact: facts.GarbageFreed) -> str:
    objects = count_text(fact.objects, "object")
    return f"The garbage collector freed {objects} in the same time: it works."


@say.register
def _(fact: facts.CollectorThresholds) -> str:
    thresholds = " / ".join(number_text(each) for each in fact.thresholds)
    return f"The garbage collector's thresholds are {thresholds} (gc.get_threshold)."


@say.register
def _(fact: facts.CommonCycle) -> str:
    return f"The most common cycle is {fact.chain}, found {count_text(fact.cycles, 'time')}."


_OPENED = {
    "threads": ("thread", "started", "never ended", "alive"),
    "descriptors": ("file descriptor", "opened", "were never closed", "open"),
}


@say.register
def _(fact: facts.HandlesOpened) -> str:
    noun, opened, never_closed, _ = _OPENED[fact.handles]
    span, handles = span_text(fact.requests, fact.seconds), count_text(fact.count, noun)
    if fact.seconds is not None:
        return f"In {span}, {handles} came that {never_closed}."
    return f"{span} {opened} {handles} that {never_closed}."


@say.register
def _(fact: facts.HandlesGrew) -> str:
    noun, _, _, state = _OPENED[fact.handles]
    handles, span = count_text(fact.count, f"more {noun}"), span_text(fact.requests, fact.seconds)
    return f"{handles} are {state} after {span}."
