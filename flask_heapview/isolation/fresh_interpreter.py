"""Work in a fresh, niced interpreter, which takes all of its memory with it when it ends.

A module that can be asked has `handle(data: bytes) -> bytes`. Errors of ours come back as what they
were.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, Self

import msgspec

from ..errors import HeapViewError
from . import own_resources
from .forked_child import end_with
from .interpreter import find_interpreter, is_interpreter, search_path

NICENESS = 10
_BEGIN = (
    "import os; os.nice({nice}); "
    "from flask_heapview.isolation.fresh_interpreter import serve; serve({module!r}, {parent})"
)
_FAILED = 3  # exit code: the answer is an error
# what would slow the process down, or make it something else
_DROPPED = ("PYTHONTRACEMALLOC", "PYTHONSTARTUP", "PYTHONMALLOC", "PYTHONINSPECT", "PYTHONWARNINGS")


class _Borrowed:
    """Another interpreter, and where its packages lie."""

    executable: str | None = None
    path: Sequence[str] = ()


def borrow(executable: str | None, path: Sequence[str]) -> None:
    """Has jobs run in that interpreter, with its packages; None is this process's own again.

    An attached process need not have ours where its own interpreter finds them.
    """
    _Borrowed.executable, _Borrowed.path = executable, path


def is_borrowed() -> bool:
    """Whether jobs run in another interpreter than this process's own."""
    return _Borrowed.executable is not None


def _python() -> str | None:
    return _Borrowed.executable or find_interpreter()


def start_interpreter(words: Sequence[str], stream: int) -> subprocess.Popen[bytes]:
    """An interpreter with this process's packages; all its streams are of that kind. Raises
    OSError."""
    python, path = _python(), _Borrowed.path or search_path()
    env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    if _Borrowed.executable:
        env.pop("PYTHONHOME", None)
    env["PYTHONPATH"] = os.pathsep.join(place for place in path if place)
    return subprocess.Popen(
        [str(python), "-P", *words], stdin=stream, stdout=stream, stderr=stream, env=env
    )


class _Error(msgspec.Struct, frozen=True):
    status: int
    title: str
    detail: str
    figures: dict[str, object]


class JobProcess:
    """An interpreter that has begun to load a module, and waits to be asked once.

    Use it as a context: whoever leaves without an answer ends it.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self._process: subprocess.Popen[bytes] | None = None
        if not is_interpreter(_python()):  # embedded: there is no interpreter to start
            return
        begin = _BEGIN.format(nice=NICENESS, module=module, parent=os.getpid())
        self._process = start_interpreter(["-c", begin], subprocess.PIPE)
        own_resources.announce(self)

    def held_open(self) -> list[object]:
        """The process and its pipes."""
        return [] if self._process is None else own_resources.of_process(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def run(self, data: bytes, seconds: float) -> bytes:
        """What the module answers. Raises HeapViewError, after `seconds` too."""
        if self._process is None:
            return importlib.import_module(self.module).handle(data)  # type: ignore[no-any-return]
        try:
            answer, words = self._process.communicate(data, seconds)
        except subprocess.TimeoutExpired:
            raise HeapViewError(f"The work took longer than {seconds:g} s.") from None
        code = self._process.returncode
        if code == 0:
            return answer
        if code == _FAILED:
            raise_error(answer)
        last = words.decode(errors="replace").strip().splitlines()[-1:]
        raise HeapViewError(f"The worker process failed with exit code {code}: {last}.")


def run_job(module: str, data: bytes, seconds: float) -> bytes:
    """What a module answers, in another process. Raises HeapViewError, after `seconds` too."""
    with JobProcess(module) as started:
        return started.run(data, seconds)


def raise_error(data: bytes) -> NoReturn:
    """Raises the HeapViewError that another process had."""
    error = msgspec.json.decode(data, type=_Error)
    made = HeapViewError(error.detail, **error.figures)
    made.status, made.title = error.status, error.title
    raise made


def error_as_json(error: HeapViewError) -> bytes:
    """What `raise_error` takes."""
    return msgspec.json.encode(_Error(error.status, error.title, error.detail, dict(error.figures)))


def serve(module: str, parent: int) -> NoReturn:
    """Has the module handle standard input on standard output, and ends this process. It ends with
    its parent, too: what that asked for has no use after it."""
    end_with(parent)
    handle: Callable[[bytes], bytes] = importlib.import_module(module).handle
    try:
        data, code = handle(sys.stdin.buffer.read()), 0
    except HeapViewError as error:
        data, code = error_as_json(error), _FAILED
    except msgspec.MsgspecError as error:
        print(f"not a job: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    sys.stdout.buffer.write(data)
    raise SystemExit(code)
