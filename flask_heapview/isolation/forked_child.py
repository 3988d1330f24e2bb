"""A forked child that is a guest with no belongings, and the parent's watch over it.

The child takes nothing of the service's with it but the copy of its memory: it closes every
descriptor, resets every signal, asks the kernel to be killed first when memory runs out and when
its parent goes, and is killed by a deadline. See fork(2), prctl(2), pidfd_open(2).
"""

from __future__ import annotations

import _thread
import ctypes
import gc
import os
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from .own_forks import own_fork
from .postponed import POSTPONED
from .unpatched import original

if TYPE_CHECKING:
    from .progress_page import ProgressPage

PR_SET_PDEATHSIG = 1
OOM_SCORE_KILLED_FIRST = 1000  # the largest oom_score_adj
NICENESS = 5  # the service's own work goes first
POLL_SECONDS = 0.02  # seconds between two looks at the child
# seconds until a child that has not begun is given up: a lock held at the fork
MAX_START_SECONDS = 5.0
# that a service may be without any collection: one that was measured left 45 MB of cycles a second
MAX_PUT_OFF_SECONDS = 0.5

_libc = ctypes.CDLL(None, use_errno=True)
_prctl = getattr(_libc, "prctl", None)


class ChildFailed(Exception):
    """The child ended without a result; the message says how."""


def can_fork() -> bool:
    """Whether this system forks, and lets us watch a child by descriptor."""
    return hasattr(os, "fork") and sys.platform == "linux"


def quiet_fork_warning() -> None:
    """CPython 3.12+ warns of forks beside threads; an app that turns warnings into errors would
    lose the child's pid over it. The filter names this very warning and nothing else."""
    message = r"This process \(pid=\d+\) is multi-threaded, use of fork\(\) may lead to deadlocks"
    known = (getattr(entry[1], "pattern", None) for entry in warnings.filters)
    if message not in known:
        warnings.filterwarnings("ignore", message, DeprecationWarning)


def thread_locals() -> list[object]:
    """Strong references to every thread's local data.

    CPython clears the state of all other threads in a forked child. Without these references the
    destructors of what they hold would run there: a database client's says goodbye to the server,
    over the socket that the service is using.
    """
    held: list[object] = []
    kinds: list[type] = [_thread._local]
    while kinds:
        kind = kinds.pop()
        kinds += type.__subclasses__(kind)
        for local in gc.get_referrers(kind):
            if type(local) is kind:
                held += [list(dict.values(d)) for d in gc.get_referents(local) if type(d) is dict]
    return held


def spawn(
    work: Callable[[], None], page: ProgressPage, deadline: float, keep: Iterable[int]
) -> Child:
    """Forks; the child runs `work` and ends. Raises OSError when the fork is refused."""
    quiet_fork_warning()
    fork = original("os", "fork")
    parent = os.getpid()
    held = thread_locals()
    begin = time.perf_counter_ns()
    with own_fork():
        pid = fork()
    if pid == 0:
        _be_child(work, page, deadline, frozenset(keep), parent)
    page.pause_ns = time.perf_counter_ns() - begin
    del held
    return Child(pid)


def _be_child(
    work: Callable[[], None],
    page: ProgressPage,
    deadline: float,
    keep: frozenset[int],
    parent: int,
) -> NoReturn:
    code = 1
    try:
        gc.disable()
        _reset_signals(deadline)
        _die_with(parent)
        _close_descriptors(keep)
        page.start()
        work()
        code = 0
    except BaseException as error:  # the last stop: nothing may climb into the service's stack
        page.fail(describe(error))
    finally:
        os._exit(code)


def describe(error: BaseException) -> str:
    """The error without values: type, place, and the message where it is the system's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = _place(trace)
    if type(error) is MemoryError:
        return f"out of memory{place}"
    if issubclass(type(error), OSError):
        number = vars(OSError)["errno"].__get__(error)
        if type(number) is int:
            return f"{os.strerror(number)} (errno {number}){place}"
    return f"{type(error).__name__}{place}"


def _place(trace: types.TracebackType | None) -> str:
    if trace is None:
        return ""
    return f" in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"


def _reset_signals(deadline: float) -> None:
    signal.set_wakeup_fd(-1)
    set_handler = original("signal", "signal")
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            set_handler(number, signal.SIG_DFL)
        except (OSError, ValueError):  # those that the C library keeps for itself
            continue
    set_handler(signal.SIGINT, signal.SIG_IGN)  # a ^C at the terminal is the service's
    set_handler(signal.SIGXFSZ, signal.SIG_IGN)  # a file limit is an OSError, not a death
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.setitimer(signal.ITIMER_REAL, deadline)


def end_with(parent: int) -> None:
    """From now on this process is killed when the thread that started it ends; at once, if its
    parent has gone already."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def give_way(niceness: int) -> None:
    """The service's work goes before this process's, and this one goes first when memory runs
    out."""
    with suppress(OSError):
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(fd, b"%d" % OOM_SCORE_KILLED_FIRST)
        os.close(fd)
    with suppress(OSError):
        os.nice(niceness)


def _die_with(parent: int) -> None:
    end_with(parent)
    give_way(NICENESS)


def _close_descriptors(keep: frozenset[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    low = 3
    for fd in sorted(keep | {1 << 20}):
        os.closerange(low, fd)
        low = fd + 1


class Child:
    """A running child, as its parent sees it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._fd = os.pidfd_open(pid)
        except OSError:  # an old kernel, or seccomp: the pid itself has to do
            self._fd = -1
        self.status: int | None = None

    def ended(self) -> bool:
        """Whether it has ended; reaps it, unless somebody else was quicker."""
        if self.status is not None:
            return True
        try:
            pid, status = original("os", "waitpid")(self.pid, os.WNOHANG)
        except ChildProcessError:  # SIGCHLD is ignored, or the app waits for every child
            if not self._gone():
                return False
            pid, status = self.pid, 0
        if pid:
            self.status = status
            self.close()
        return bool(pid)

    def _gone(self) -> bool:
        if self._fd >= 0:
            poll = original("select", "poll")()
            poll.register(self._fd)
            return bool(poll.poll(0))
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        """Ends it at once; by descriptor, so that no other process can be hit."""
        if self.status is not None:
            return
        try:
            if self._fd >= 0:
                signal.pidfd_send_signal(self._fd, signal.SIGKILL)
            else:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def watch(self, page: ProgressPage, deadline: float) -> None:
        """Waits until it has ended; raises ChildFailed if it failed, TimeoutError if it hung at
        the very start (a lock that another thread held when it was forked).

        Meanwhile the collector's full runs are put off, where that was allowed."""
        with POSTPONED.full_collections():
            stuck, late = self._wait(page, deadline)
        if stuck:
            raise TimeoutError
        if page.error:
            raise ChildFailed(page.error)
        if late or os.WIFSIGNALED(self.status or 0):
            raise ChildFailed(self._how(late, deadline))

    def _wait(self, page: ProgressPage, deadline: float) -> tuple[bool, bool]:
        """Whether it hung at the very start, and whether it was late."""
        begin = time.monotonic()
        stuck = late = False
        while not self.ended():
            waited = time.monotonic() - begin
            stuck = waited > MAX_START_SECONDS and not page.started
            late = waited > deadline + 1
            if stuck or late:
                self.kill()
            if waited > MAX_PUT_OFF_SECONDS:
                POSTPONED.relent()
            time.sleep(POLL_SECONDS)
        return stuck, late

    def _how(self, late: bool, deadline: float) -> str:
        number = os.WTERMSIG(self.status or 0)
        if late or number == signal.SIGALRM:
            return f"the capture took longer than its deadline of {deadline:g} s and was ended"
        if number == signal.SIGKILL:
            return "the capture's child process was killed (SIGKILL): by hand, or out of memory"
        return f"the capture's child process crashed ({signal.Signals(number).name})"
