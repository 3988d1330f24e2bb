"""docs/reference-files.md: what lies in the directory of an app, and how a snapshot is stored."""

from __future__ import annotations

from flask_heapview.model.snapshot import SCHEMA, Snapshot
from flask_heapview.store.snapshots import (
    CAPTURE_LOCK,
    DONE,
    FAILED,
    GRAPH,
    PROGRESS,
    RUNNING,
    Head,
)

from .markdown import code, page, table
from .structs import reached, section, split_facts

ABOUT = """The store is `HEAPVIEW_DIR`, mode 0700. An `ID` is the time in UTC and eight random
hexadecimal digits, as `20261122-120000-0123abcd`. Files are written under another name and
renamed. A reader sees all of a file or nothing."""
NAMES = (
    (f"ID{DONE}", "a finished snapshot, see below"),
    (f"ID{GRAPH}", "the arrays of a graph capture: [graph.md](graph.md)"),
    ("ID.pinned", "an empty file: the limits do not delete this snapshot"),
    (f"ID{RUNNING}", "a capture that runs: a `SnapshotInfo`"),
    (f"ID{PROGRESS}", "its progress, a page of shared memory"),
    (f"ID{FAILED}", "a capture that failed: a `SnapshotInfo` with the `error`"),
    (CAPTURE_LOCK, "an empty file, locked by whoever forks"),
)
STORED = f"""## A stored snapshot

The first line is JSON, a `Head`. What follows the line break is the body: `length` bytes of JSON,
a `Snapshot`, whose SHA-256 is `sha256`. The `schema` is {code(SCHEMA)}. A file of another schema
is refused.

`GET snapshots/ID/download` and `flask-heapview export --snapshot` hand the file out as it is. `GET
snapshots/ID/VIEW` has the section of that name. In the body, `info` has only what the head's `info`
begins with: read the head.

```python
import hashlib, json, pathlib

head, _, body = pathlib.Path("20261122-120000-0123abcd.snapshot").read_bytes().partition(b"\\n")
info = json.loads(head)["info"]
assert hashlib.sha256(body).hexdigest() == json.loads(head)["sha256"]
types = json.loads(body)["heap"]["types"]
```

Trees are columns of equal length, one row for each node. `parent` is the row of the node above,
which always stands earlier, or -1. `frame` is a place in `frames`."""


def render() -> str:
    """The page."""
    others, facts = split_facts(reached(Head, Snapshot))
    assert not facts
    names = table(("file", "what it is"), [(code(name), what) for name, what in NAMES])
    return page("Files", ABOUT, names, STORED, *(section(struct) for struct in others))
