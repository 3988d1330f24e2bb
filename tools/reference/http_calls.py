"""What the code does not say of the API's calls: in words, the parameters of each and its answer.

`tests/test_reference.py` compares it with the code: no call and no parameter may be missing here,
and none may be left over.
"""

from __future__ import annotations

from typing import NamedTuple

TABLE = "q group node sort only name"  # of views: which rows a file has
FILE = "format table weight"

PARAMETERS = {
    "base": ("snapshot id", "the earlier snapshot"),
    "download": ("`1`", "the answer is a file"),
    "every_requests": ("integer", "a snapshot each time that many requests have been served"),
    "every_seconds": ("number", "a snapshot each time that many seconds have passed"),
    "engine": ("`auto`, `native`, `portable`", "the engine that captures"),
    "first": ("snapshot id", "a snapshot of one engine"),
    "flavor": ("`github`, `gitlab`, `jira`", "the tracker's markup; needs `format=markdown`"),
    "format": ("name", "the format of a file, JSON without it"),
    "frames": ("integer", "how many frames of each traceback are kept"),
    "group": ("name", "what rows are summed by, as the page offers it"),
    "kind": ("`ownership`, `graph`", "a `graph` keeps every reference"),
    "label": ("string", "a name for people, at most 80 characters"),
    "mode": ("`sampled`, `exact`, `off`", "how allocations are traced"),
    "name": ("string", "with `only`: the name itself"),
    "node": ("integer", "a node of the tree: the rows below it"),
    "only": ("name", "with `name`: what sort of name the page is about"),
    "pinned": ("boolean", "`true` exempts the snapshot from the limits; `true` if left out"),
    "q": ("string", "only rows that contain this text"),
    "referrer": ("integer", "the object whose reference is cut"),
    "sample_bytes": ("integer", "bytes between two samples; without it the distance adapts"),
    "second": ("snapshot id", "a snapshot of the other engine"),
    "sort": ("column", "the column to sort by, with `-` in front for descending"),
    "table": ("name", "one table of a view that has several"),
    "target": ("snapshot id", "the later snapshot"),
    "times": ("integer", "how many snapshots a watch takes"),
    "view": ("name", "one of the views"),
    "weight": ("`bytes`, `objects`", "what collapsed stacks count"),
    "worker": ("id, number, `all`", "the worker that is meant"),
}


class CallWords(NamedTuple):
    """One call: what it does, which parameters it takes, and the name of its answer."""

    does: str
    takes: str = ""
    answer: str = ""


CALLS = {
    "api_workers": CallWords("the live workers of this app on this host", "", "workers"),
    "api_worker": CallWords("the worker that answers", "worker"),
    "api_status": CallWords("figures of one worker", "worker", "status"),
    "api_history": CallWords("one worker's memory over time", "worker", "history"),
    "api_capture": CallWords("starts a capture", "label kind engine worker", "started"),
    "api_snapshots": CallWords("the kept snapshots, newest first", "", "snapshots"),
    "api_snapshot": CallWords("state, progress and cost of one", "worker", "snapshot"),
    "api_snapshot_events": CallWords(
        "the same as server-sent events, 204 where no slot is free", "worker"
    ),
    "api_forget": CallWords("deletes a snapshot"),
    "api_pin": CallWords("exempts a snapshot from the limits", "pinned", "pinned"),
    "api_view": CallWords("one view, or a file of it", f"{FILE} {TABLE} worker", "view"),
    "api_graph": CallWords("a graph capture as a file for other programs", "format worker"),
    "api_download": CallWords("the stored file as it is", "worker"),
    "api_objects": CallWords(
        "the largest objects of a type: `kind` is its number", "kind worker", "objects"
    ),
    "api_object": CallWords("one object, its path and its neighbours", "worker", "object"),
    "api_cut": CallWords("what would be free without one reference", "referrer", "cut"),
    "api_diff": CallWords(
        "all views as differences, or a file of one", f"base target view {FILE} {TABLE}", "diff"
    ),
    "api_report": CallWords(
        "the report, also as a ticket", "base target worker format flavor download", "report"
    ),
    "api_across": CallWords("compares worker with worker", "base target view", "across"),
    "api_opinions": CallWords("compares two engines on one worker", "first second", "opinions"),
    "api_allocations": CallWords(
        "switches allocation tracing", "mode frames sample_bytes worker", "allocations"
    ),
    "api_watch": CallWords(
        "starts a series of snapshots", "times every_requests every_seconds worker", "watch"
    ),
    "api_watching": CallWords("how far the series is", "worker", "watch"),
    "api_watch_events": CallWords(
        "the same as server-sent events, 204 where no slot is free", "worker"
    ),
    "api_unwatch": CallWords("stops the series", "worker"),
    "api_trim": CallWords("has the C library release free memory", "worker", "trimmed"),
    "api_rehearse_trim": CallWords(
        "what that would release, tried in a forked child", "worker", "rehearsed_trim"
    ),
    "api_collect": CallWords("a full collection", "worker", "collected"),
    "api_schema": CallWords("the JSON Schema of every answer"),
    "api_report_schema": CallWords("the JSON Schema of a report"),
    "metrics": CallWords("OpenMetrics of all workers, where `HEAPVIEW_METRICS` is on"),
}
