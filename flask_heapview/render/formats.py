"""The formats that other programs open: what has which, and the names of the files."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ..views import View
from . import collapsed, pprof, speedscope
from .collapsed import Weight
from .weights import Weights

JSON, CSV, HEAPSNAPSHOT = "json", "csv", "heapsnapshot"
GRAPH = "graph"  # what a heapsnapshot is of, beside the views
STACKS = ("pprof", "speedscope", "collapsed")  # of views that are weighted stacks


class Format(msgspec.Struct, frozen=True):
    """What a browser and a person know a file by."""

    ending: str
    mimetype: str


FORMATS = {
    "pprof": Format(".pb.gz", "application/octet-stream"),  # as Go's net/http/pprof has it
    "speedscope": Format(".speedscope.json", "application/json"),
    "collapsed": Format(".collapsed.txt", "text/plain"),
    CSV: Format(".csv", "text/csv"),
    HEAPSNAPSHOT: Format(".heapsnapshot", "application/json"),
}


def formats_of(view: View) -> tuple[str, ...]:
    """Those that a view can be exported in, JSON first."""
    return (JSON, *(STACKS if view.picture is not None else ()), CSV)


def render_stacks(form: str, weights: Weights, weight: Weight, version: str) -> bytes:
    """Weighted stacks as a file. `version` is ours."""
    if form == "pprof":
        return pprof.render(weights, version)
    if form == "speedscope":
        return speedscope.render(weights, version)
    return collapsed.render(weights, weight)


def file_name(form: str, parts: Iterable[str | None]) -> str:
    """A name that says what is in the file, as heapview-ID-VIEW.csv. Plain ASCII."""
    words = ["heapview", *(part for part in parts if part)]
    safe = (
        "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in w) for w in words
    )
    return "-".join(safe) + FORMATS[form].ending
