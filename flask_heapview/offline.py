"""Reading, comparing and judging in a process of its own.

A snapshot is megabytes of JSON, and two of them laid over one another more: decoded within the
service they would inflate it for good, and under tracemalloc tenfold. So a fresh, niced interpreter
does it, answers through a pipe, and takes all of that memory with it. The service only passes
bytes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, NoReturn

import msgspec

from . import compare
from .errors import HeapViewError
from .model.base import Model, from_json, to_json
from .render import json as as_json
from .store import Store
from .views.table import Query

SECONDS = 120.0  # that an answer may take
NICENESS = 10
_FAILED = 3  # exit code: the answer is an error
# what would slow the process down, or make it something else
_DROPPED = ("PYTHONTRACEMALLOC", "PYTHONSTARTUP", "PYTHONMALLOC", "PYTHONINSPECT", "PYTHONWARNINGS")


class Job(Model, frozen=True):
    """A question about snapshots."""

    directory: str
    what: Literal["view", "diff", "report", "page"]
    target: str | None = None
    base: str | None = None
    view: str = ""
    query: Query = Query()


class _Error(Model, frozen=True):
    status: int
    title: str
    detail: str
    figures: dict[str, object]


def answer(job: Job) -> bytes:
    """The answer as JSON, worked out in this process. Raises HeapViewError."""
    store = Store(Path(job.directory))
    if job.what == "view":
        return as_json.encode(compare.view(store, job.view, job.target))
    if job.what == "diff":
        return as_json.encode(compare.differences(store, job.base, job.target))
    if job.what == "report":
        return as_json.encode(compare.report(store, job.base, job.target))
    return to_json(compare.page(store, job.view, job.base, job.target, job.query))


def ask(job: Job) -> bytes:
    """The answer as JSON, worked out in another process. Raises HeapViewError."""
    if not _is_python(sys.executable):  # embedded: there is no interpreter to start
        return answer(job)
    env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "flask_heapview.offline"],
            input=to_json(job),
            capture_output=True,
            timeout=SECONDS,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HeapViewError(f"The comparison took longer than {SECONDS:g} s.") from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == _FAILED:
        _raise(from_json(done.stdout, _Error))
    words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    raise HeapViewError(f"The comparing process ended with {done.returncode}: {words}.")


def _is_python(path: str | None) -> bool:
    return bool(path) and os.path.basename(path or "").startswith("python")


def _raise(error: _Error) -> NoReturn:
    made = HeapViewError(error.detail, **error.figures)
    made.status, made.title = error.status, error.title
    raise made


def main() -> int:
    """Reads a Job from standard input, writes the answer to standard output."""
    os.nice(NICENESS)
    try:
        data = answer(from_json(sys.stdin.buffer.read(), Job))
        code = 0
    except HeapViewError as error:
        code = _FAILED
        data = to_json(
            _Error(
                status=error.status,
                title=error.title,
                detail=error.detail,
                figures=dict(error.figures),
            )
        )
    except msgspec.MsgspecError as error:
        print(f"not a job: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(data)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
