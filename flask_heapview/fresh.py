"""Work in a fresh, niced interpreter, which takes all of its memory with it when it ends.

A module that can be asked has `answer(data: bytes) -> bytes`, and calls `serve(answer)` when it is
run with -m. Errors of ours come back as what they were.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

import msgspec

from .errors import HeapViewError

NICENESS = 10
_FAILED = 3  # exit code: the answer is an error
# what would slow the process down, or make it something else
_DROPPED = ("PYTHONTRACEMALLOC", "PYTHONSTARTUP", "PYTHONMALLOC", "PYTHONINSPECT", "PYTHONWARNINGS")


class _Error(msgspec.Struct, frozen=True):
    status: int
    title: str
    detail: str
    figures: dict[str, object]


def ask(module: str, data: bytes, seconds: float) -> bytes:
    """What the module answers, in another process. Raises HeapViewError, after `seconds` too."""
    if not _is_python(sys.executable):  # embedded: there is no interpreter to start
        return importlib.import_module(module).answer(data)  # type: ignore[no-any-return]
    env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", module],
            input=data,
            capture_output=True,
            timeout=seconds,
            env=env,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HeapViewError(f"The work took longer than {seconds:g} s.") from None
    if done.returncode == 0:
        return done.stdout
    if done.returncode == _FAILED:
        _raise(msgspec.json.decode(done.stdout, type=_Error))
    words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
    raise HeapViewError(f"The working process ended with {done.returncode}: {words}.")


def _is_python(path: str | None) -> bool:
    return bool(path) and os.path.basename(path or "").startswith("python")


def _raise(error: _Error) -> NoReturn:
    made = HeapViewError(error.detail, **error.figures)
    made.status, made.title = error.status, error.title
    raise made


def serve(answer: Callable[[bytes], bytes]) -> int:
    """Answers standard input on standard output; the exit code is for sys.exit."""
    os.nice(NICENESS)
    try:
        data = answer(sys.stdin.buffer.read())
        code = 0
    except HeapViewError as error:
        code = _FAILED
        data = msgspec.json.encode(
            _Error(error.status, error.title, error.detail, dict(error.figures))
        )
    except msgspec.MsgspecError as error:
        print(f"not a job: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(data)
    return code
