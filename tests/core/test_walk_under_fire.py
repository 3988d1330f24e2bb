"""The walk under fire: broken types, deadlines, full disks, threads that change the heap."""

from __future__ import annotations

import sys

import pytest

from flask_heapview.capture.native.engine import NativeEngine

from ..helpers import needs
from ..run_isolated import alone

if NativeEngine.why_not() is not None:
    pytest.skip(NativeEngine.why_not() or "", allow_module_level=True)


def test_a_broken_type_fails_its_snapshot_and_nothing_else() -> None:
    result = alone("""
        import ctypes
        class Broken: pass
        kept = Broken()
        gc.disable()
        traverse = ctypes.c_void_p.from_address(id(Broken) + 184)  # tp_traverse
        taken()
        right, traverse.value = traverse.value, 16
        failed = take()
        traverse.value = right
        again = take()
        say(state=failed.state, error=failed.error, again=again.state)
    """)
    assert result["state"] == "failed"
    assert "SIGSEGV" in result["error"]
    assert "__main__.Broken" in result["error"]
    assert result["again"] == "done"


def test_an_abort_in_a_library_is_a_failed_snapshot() -> None:
    result = alone("""
        import ctypes
        class Deep: pass
        kept = Deep()
        gc.disable()
        taken()
        traverse = ctypes.c_void_p.from_address(id(Deep) + 184)
        right = traverse.value
        traverse.value = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        failed = take()
        traverse.value = right
        say(state=failed.state, error=failed.error)
    """)
    assert result["state"] == "failed"
    assert "SIGABRT" in result["error"]
    assert "__main__.Deep" in result["error"]


def test_the_deadline_ends_it() -> None:
    result = alone("""
        import ctypes
        class Slow: pass
        kept = Slow()
        gc.disable()
        taken()
        traverse = ctypes.c_void_p.from_address(id(Slow) + 184)
        right = traverse.value
        traverse.value = ctypes.cast(ctypes.CDLL(None).pause, ctypes.c_void_p).value
        runner.deadline = 0.5
        failed = take()
        traverse.value = right
        say(state=failed.state, error=failed.error)
    """)
    assert result["state"] == "failed"
    assert "deadline of 0.5 s" in result["error"]


def test_a_full_disk_is_said() -> None:
    needs(sys.platform == "linux", "file size limits by signal")
    result = alone("""
        import resource
        taken()
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        failed = take()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        left = sorted({p.suffix for p in store.directory.iterdir()} - {".sock"})  # the reader's
        say(state=failed.state, error=failed.error, left=left, again=take().state)
    """)
    assert result["state"] == "failed"
    assert "cannot write" in result["error"]
    assert result["left"] == [".failed", ".lock"]  # whose turn it is; empty
    assert result["again"] == "done"


FIRE = """
import random, types
stop = False
problems = []

def churn(number):
    dice = random.Random(number)
    kept = {}
    try:
        while not stop:
            kind = type(f"Made{dice.randrange(50)}", (dict if dice.random() < 0.2 else object,), {})
            kept[dice.randrange(500)] = [kind(), {dice.random(): [1]}, (i for i in range(3))]
            module = types.ModuleType(f"made_{dice.randrange(20)}")
            module.value = kept.get(3)
            sys.modules[module.__name__] = module
            if dice.random() < 0.02:
                thread = threading.Thread(target=sum, args=([1, 2],))
                thread.start()
                thread.join()
            if dice.random() < 0.05: gc.collect(0)
            sys.modules.pop(f"made_{dice.randrange(20)}", None)
            time.sleep(0)
    except Exception as error:
        problems.append(repr(error))

threads = [threading.Thread(target=churn, args=(n,)) for n in range(3)]
for thread in threads: thread.start()
done = 0
for _ in range(int(sys.argv[1])):
    snapshot = taken()
    assert sum(snapshot.ownership.stacks.count) == snapshot.heap.objects
    done += 1
stop = True
for thread in threads: thread.join()
say(done=done, problems=problems)
"""


def test_under_fire() -> None:
    assert alone(FIRE, "8") == {"done": 8, "problems": []}


@pytest.mark.slow
def test_under_fire_for_long() -> None:
    assert alone(FIRE, "100", patience=1800) == {"done": 100, "problems": []}
