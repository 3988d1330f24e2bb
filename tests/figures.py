"""Whether the figures of one snapshot, one report or one difference agree with one another.

Everything is the JSON of the API, as a person would read it: sections by the name of their view.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from flask_heapview.model.ownership import OTHER
from flask_heapview.model.snapshot import Snapshot
from flask_heapview.model.stacks import Stacks
from flask_heapview.views import VIEWS

Json = dict[str, Any]
GARBAGE = "(cyclic garbage)"
# what hangs below them are running functions: they have no object until somebody looks at them
FRAMES = ("thread ", "(capture)")
NO_OWNER = "("  # begins the paths of what no named object holds
RATES = ("entry-rate", "size-rate")  # facts that say what the suspect itself gains
ROUNDING = 0.51  # of a figure in a report: rates are written with one digit


def sections(snapshot: Snapshot) -> Json:
    """The sections of a snapshot as the API gives them."""
    found: Json = msgspec.to_builtins(snapshot)
    return found


def differences(base: Snapshot, target: Snapshot) -> Json:
    """All views' differences as the API gives them."""
    return {view.name: msgspec.to_builtins(view.diff(base, target)) for view in VIEWS}


def contradictions(
    base: Json | None, target: Json, report: Json | None = None, views: Json | None = None
) -> list[str]:
    """What contradicts what, in words: within either snapshot, the report and the difference."""
    found = [*_of_snapshot(target)]
    if base is not None:
        found += _of_snapshot(base)
    if report is not None:
        found += _of_report(report)
    if report is not None and base is not None:
        found += _of_pair(report, base, target)
    if views is not None and base is not None:
        found += _of_difference(views, base, target)
    return found


# --- a snapshot


def _of_snapshot(s: Json) -> Iterator[str]:
    yield from _heap(s["heap"])
    yield from _ownership(s)
    yield from _cycles(s)
    yield from _caches(s["caches"]["caches"])
    tracked = sum(row["tracked"] for row in s["heap"]["types"])
    if s["gc"]["tracked"] != tracked:
        yield f"gc: {s['gc']['tracked']} objects are tracked, the census has {tracked}"


def _heap(heap: Json) -> Iterator[str]:
    rows = heap["types"]
    for figure, column in (("objects", "count"), ("size", "size")):
        whole, parts = heap[figure], sum(row[column] for row in rows)
        if whole != parts:
            yield f"heap: {whole} {figure}, its types have {parts}"
    for row in rows:
        if row["count"] > 0 >= row["size"] and row["type"] != "frame":
            yield f"heap: {row['count']} {row['type']} in {row['size']} bytes"
        if row["tracked"] > row["count"]:
            yield f"heap: {row['tracked']} of {row['count']} {row['type']} are tracked"


def _ownership(s: Json) -> Iterator[str]:
    heap, owned = s["heap"], s["ownership"]
    tree = msgspec.convert(owned["stacks"], Stacks)
    for figure, column in (("objects", tree.count), ("size", tree.size)):
        if heap[figure] != sum(column):
            yield f"ownership: {sum(column)} {figure}, the census has {heap[figure]}"
    counts, sizes = tree.totals()
    for node in range(len(tree)):
        path = _path(tree, node)
        if counts[node] > 0 >= sizes[node] and not path.startswith(FRAMES):
            yield f"ownership: {counts[node]} objects in no bytes at {path}"
    for holder in owned["holders"]:
        if holder["entries"] > 0 >= sizes[holder["node"]]:
            yield f"ownership: {holder['entries']} entries in no bytes at {holder['path']}"


def _path(tree: Stacks, node: int) -> str:
    return "".join(frame.label for frame in tree.stack(node))


def _cycles(s: Json) -> Iterator[str]:
    cycles, tree = s["cycles"], msgspec.convert(s["ownership"]["stacks"], Stacks)
    objects, size = cycles["garbage_objects"], cycles["garbage_bytes"]
    if (objects > 0) != (size > 0):
        yield f"cycles: {objects} objects of garbage in {size} bytes"
    counts, sizes = tree.totals()
    roots = [n for n, above in enumerate(tree.parent) if above < 0]
    below = [n for n in roots if tree.frame_at(n).label == GARBAGE]
    if size != sum(sizes[n] for n in below):
        yield f"cycles: {size} bytes of garbage, the owners' tree has {[sizes[n] for n in below]}"
    if objects > sum(counts[n] for n in below):
        yield f"cycles: {objects} objects of garbage, the owners' tree has fewer"
    garbage = [g for g in cycles["groups"] if g["garbage"]]
    if sum(g["count"] for g in garbage) > objects or sum(g["size"] for g in garbage) > size:
        yield f"cycles: the garbage's groups have more than its {objects} objects, {size} bytes"
    for group in cycles["groups"]:
        if group["count"] > 0 >= group["size"] or group["components"] > group["count"]:
            yield f"cycles: {group['count']} objects in {group['size']} bytes: {group['chain']}"


def _caches(caches: list[Json]) -> Iterator[str]:
    found = [cache for cache in caches if cache["source"] != "registered"]
    paths = [cache["path"] for cache in found if cache["path"] != OTHER]  # no path of theirs
    for path in {path for path in paths if paths.count(path) > 1}:
        yield f"caches: {paths.count(path)} rows for {path}"
    for cache in found:
        if cache["entries"] > 0 and cache["size"] is not None and cache["size"] <= 0:
            yield f"caches: {cache['entries']} entries in no bytes at {cache['path']}"


# --- a report


def _of_report(report: Json) -> Iterator[str]:
    served = report["interval"]["requests"]
    for suspect in report["suspects"]:
        name, growing = _name(suspect), suspect["growing"]
        if suspect["holder"] is not None and growing["objects"] > 0 >= growing["bytes"]:
            yield f"{name}: {growing['objects']} objects in {growing['bytes']} bytes"
        if suspect["cause"] == "reference-cycle" and growing["bytes"] <= 0:
            yield f"{name}: {growing['objects']} objects of garbage in no bytes"
        for figure in ("objects", "bytes"):
            each = growing["per_request"][figure]
            if served and abs(each * served - growing[figure]) > ROUNDING * max(1, served / 10):
                yield f"{name}: {each} {figure} a request, {growing[figure]} in {served} requests"
        said = (suspect["summary_fact"] or {}).get("bytes", growing["bytes"])
        if round(said) != growing["bytes"]:
            yield f"{name}: {said} bytes in words, {growing['bytes']} in figures"
        for fact in suspect["evidence_facts"]:
            each = fact["bytes_per_request"] if fact["kind"] in RATES else 0
            if each and served and abs(each * served - growing["bytes"]) > served:
                yield f"{name}: {each} bytes a request in words, {growing['bytes']} in all"


def _name(suspect: Json) -> str:
    return f"{suspect['cause']} at {(suspect['holder'] or {}).get('path')}"


def _of_pair(report: Json, base: Json, target: Json) -> Iterator[str]:
    for suspect in report["suspects"]:
        name, growing = _name(suspect), suspect["growing"]
        if suspect["cause"] == "reference-cycle":
            for figure, column in (("objects", "garbage_objects"), ("bytes", "garbage_bytes")):
                more = target["cycles"][column] - base["cycles"][column]
                if growing[figure] != more:
                    yield f"{name}: {growing[figure]} {figure}, the cycles' view has {more} more"
        if suspect["cause"] == "unclosed-resource" and suspect["holder"] is None:
            kept = [o for o in _opened(base, target) if not o.startswith(NO_OWNER)]
            if kept:
                yield f"{name}: no holder, but more is open at {kept}"
        if suspect["holder"] is not None and growing["bytes"] > target["heap"]["size"]:
            yield f"{name}: {growing['bytes']} bytes, the heap has {target['heap']['size']}"


def _opened(base: Json, target: Json) -> list[str]:
    """The paths at which more objects hold a resource open than before."""
    before = {(o["type"], o["path"]): o["count"] for o in base["resources"]["open_objects"]}
    return [
        o["path"]
        for o in target["resources"]["open_objects"]
        if o["count"] >= before.get((o["type"], o["path"]), 0) + 10
    ]


# --- a difference


def _of_difference(views: Json, base: Json, target: Json) -> Iterator[str]:
    heap, cycles = views["heap"], views["cycles"]
    for figure, column in (("objects", "count_delta"), ("size", "size_delta")):
        more = target["heap"][figure] - base["heap"][figure]
        rows = sum(row[column] for row in heap["types"])
        tree = sum(views["ownership"]["tree"][column])
        if not more == heap[f"{figure}_delta"] == rows == tree:
            yield f"diff: {more} more {figure}, by type {rows}, by owner {tree}"
    for figure in ("objects", "bytes"):
        more = target["cycles"][f"garbage_{figure}"] - base["cycles"][f"garbage_{figure}"]
        if cycles[f"garbage_{figure}_delta"] != more:
            yield f"diff: {more} more {figure} of garbage, said are {cycles}"
    for change in views["caches"]["caches"]:
        if change["cache"]["size"] is not None and change["size_delta"] is None:
            yield f"diff: no bytes beside the entries of {change['cache']['path']}"
