"""Memory that no object accounts for, and the endpoints that take it, in words."""

from __future__ import annotations

from ...model import facts
from ...text import bytes_text, number_text
from .say import count_text, each_text, name_text, rate_text, say, span_text

_NAMES = {
    "native": "Native memory (malloc)",
    "small": "Memory in Python's arenas",
    "lost": "Blocks in use that belong to no object that was found",
    "fragmented": "Fragmentation",
    "tmpfs": "Files in memory (tmpfs)",
}
_MEANING = {
    "native": "No Python object accounts for it.",
    "small": "No Python object accounts for it.",
    "lost": "No Python object accounts for them.",
    "fragmented": "It is free memory that the allocator still holds.",
    "tmpfs": "They count as the container's memory.",
}


@say.register
def _(fact: facts.MemoryGrew) -> str:
    return (
        f"{_NAMES[fact.memory]} grew by {bytes_text(fact.bytes)} in "
        f"{span_text(fact.requests, fact.seconds)}. {_MEANING[fact.memory]}"
    )


@say.register
def _(fact: facts.MemoryRate) -> str:
    each = f", in each of {number_text(fact.intervals)} intervals" if fact.intervals > 1 else ""
    rate = f"{bytes_text(fact.bytes_per_request)} per {each_text(fact.seconds)}"
    return f"{_NAMES[fact.memory]} grew by {rate}{each}."


@say.register
def _(fact: facts.ObjectsLost) -> str:
    kind = f", mostly {fact.type}" if fact.type else ""
    number = f"{number_text(fact.objects)} objects" if fact.objects else "Objects"
    return (
        f"{number} that no other object refers to piled up{kind}: {bytes_text(fact.bytes)} in "
        f"{span_text(fact.requests, fact.seconds)}. C code holds a reference to each."
    )


@say.register
def _(fact: facts.MemoryFileGrew) -> str:
    more = f" ({count_text(fact.files, 'file')} more)" if fact.files > 0 else ""
    return f"{name_text(fact.name)} grew by {bytes_text(fact.bytes)}{more}."


@say.register
def _(fact: facts.WrittenElsewhere) -> str:
    return (
        f"This service's processes have written {bytes_text(fact.bytes)} at most meanwhile. "
        "So other programs of this machine may have written these files."
    )


@say.register
def _(fact: facts.PymallocFree) -> str:
    return (
        f"{bytes_text(fact.free_bytes)} of the {bytes_text(fact.arena_bytes)} in Python's own "
        "arenas are free. Long-lived small objects keep each arena in use."
    )


@say.register
def _(fact: facts.MallocFree) -> str:
    said = (
        f"{bytes_text(fact.free_bytes)} of the {bytes_text(fact.arena_bytes)} that the C library "
        f"holds are free, in {count_text(fact.arenas, 'arena')}."
    )
    if fact.fullest_free_bytes is None:
        return said
    return f"{said} One arena alone has {bytes_text(fact.fullest_free_bytes)} of free memory."


@say.register
def _(fact: facts.NativeAlongside) -> str:
    each = fact.bytes_per_object
    per_object = f" ({bytes_text(each)} per object)" if each is not None else ""
    grew = f"Native memory grew by {bytes_text(fact.bytes)} as well{per_object}. "
    if not fact.library:
        return f"{grew}These objects may hold it in a C library, or it is a second leak."
    function = f", above all in {fact.function}" if fact.function else ""
    return (
        f"{grew}For the same requests {fact.library} took {bytes_text(fact.library_bytes)} of it"
        f"{function}. "
        "These objects may hold it there, or it is a second leak."
    )


@say.register
def _(fact: facts.EndpointLeaves) -> str:
    return (
        f"A request of {fact.endpoint} leaves {bytes_text(fact.bytes_per_request)} "
        f"(± {bytes_text(fact.margin_bytes)}) behind, "
        f"over {count_text(fact.readings, 'reading')}."
    )


@say.register
def _(fact: facts.EndpointOpens) -> str:
    return (
        f"A request of {fact.endpoint} leaves {rate_text(fact.per_request)} {fact.handles} behind "
        f"(± {rate_text(fact.margin)} {fact.handles}), "
        f"over {count_text(fact.readings, 'reading')}."
    )


@say.register
def _(fact: facts.EndpointMarked) -> str:
    return (
        f"{count_text(fact.requests, 'single request')} left more than "
        f"{bytes_text(fact.min_bytes)} behind. "
        f"Of these, {count_text(fact.endpoint_requests, 'request')} went to {fact.endpoint}."
    )
