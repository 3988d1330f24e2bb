"""The command on live processes that cannot, or will not, take a snapshot of themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..helpers import wait_until
from .targets import BUSY, IDLE, NEEDS_314, attach, command, running

pytestmark = NEEDS_314


def empty(home: Path) -> bool:
    """Whether the command left nothing in the store."""
    return not (home / "store").exists() or not list((home / "store").iterdir())


@pytest.mark.parametrize(
    ("env", "options", "words"),
    [
        ({"PYTHON_DISABLE_REMOTE_DEBUG": "1"}, (), "PYTHON_DISABLE_REMOTE_DEBUG is set"),
        ({}, ("-X", "disable-remote-debug"), "started with -X disable-remote-debug"),
    ],
    ids=["environment", "option"],
)
def test_switched_off_in_the_process(
    env: dict[str, str], options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with running(tmp_path, BUSY, *options, env=env) as target:
        said = attach(target.pid, tmp_path, code=1)
    assert f"Attaching is switched off in process {target.pid}" in said
    assert words in said
    assert empty(tmp_path)


def test_switched_off_for_the_command(tmp_path: Path) -> None:
    with running(tmp_path, BUSY) as target:
        said = attach(target.pid, tmp_path, code=1, env={"PYTHON_DISABLE_REMOTE_DEBUG": "1"})
    assert "switched off in this command's own Python" in said
    assert empty(tmp_path)


def test_another_version(tmp_path: Path) -> None:
    own = "python{}.{}".format(*sys.version_info)
    names = [f"python3.{minor}" for minor in range(11, 17)]
    other = next((name for name in names if name != own and shutil.which(name)), None)
    if other is None:
        pytest.skip("there is no other Python here")
    target = subprocess.Popen([other, "-c", BUSY], stdout=subprocess.PIPE)
    try:
        assert target.stdout is not None
        target.stdout.readline()
        said = attach(target.pid, tmp_path, code=1)
    finally:
        target.kill()
        target.communicate()
    assert f"runs Python {other.removeprefix('python')}" in said
    assert empty(tmp_path)


def test_an_idle_process_is_named_and_does_not_run_the_script_later(tmp_path: Path) -> None:
    with running(tmp_path, IDLE) as target:
        said = attach(target.pid, tmp_path, "--timeout", 3, code=1)
        assert f"Process {target.pid} is idle" in said
        assert "So does --wake" in said
        assert "did not run the script within 3 s, and will not run it any more" in said
        assert empty(tmp_path)
        target.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "woken" in target.said(), 30, "the handler")
        # the same bytecode boundary would have run the script: a second signal is after it
        target.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: target.said().count("woken") == 2, 30, "the second handler")
        assert target.said() == "up\nwoken\nwoken\n"
        assert len(os.listdir(f"/proc/{target.pid}/task")) == 1
    assert empty(tmp_path)


def test_a_signal_wakes_it_if_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, IDLE) as target:
        said = attach(target.pid, tmp_path, "--wake")
        assert "Snapshot " in said
        assert target.said().startswith("up\nwoken")


def test_no_signal_is_sent_that_would_end_it(tmp_path: Path) -> None:
    with running(tmp_path, BUSY) as target:
        said = attach(target.pid, tmp_path, "--wake", code=1)
        assert "does not handle SIGUSR1: the signal would end it" in said
        assert target.process.poll() is None
        assert target.said() == "up\n"
    assert empty(tmp_path)


def test_an_interrupted_command_takes_the_script_back(tmp_path: Path) -> None:
    with running(tmp_path, IDLE) as target:
        words = command("--dir", tmp_path / "store", "attach", target.pid)
        waiting = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE)
        wait_until(lambda: list(tmp_path.glob("store/attach-*/script.py")), 30, "the script")
        assert waiting.stdout is not None
        waiting.stdout.readline()  # the words about an idle process: it waits
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(30) != 0
        waiting.stdout.close()
        assert empty(tmp_path)
        target.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "woken" in target.said(), 30, "the handler")
        target.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: target.said().count("woken") == 2, 30, "the second handler")
        assert target.said() == "up\nwoken\nwoken\n"


def test_the_script_and_its_directory_are_private(tmp_path: Path) -> None:
    with running(tmp_path, IDLE) as target:
        words = command("--dir", tmp_path / "store", "attach", target.pid, "--timeout", 3)
        waiting = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
        (script,) = wait_until(lambda: list(tmp_path.glob("store/attach-*/script.py")), 30)
        modes = [p.stat().st_mode & 0o777 for p in (script, script.parent, script.parents[1])]
        waiting.wait(60)
    assert modes == [0o600, 0o700, 0o700]


def test_a_store_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o755)
    with running(tmp_path, BUSY) as target:
        assert "is accessible to other users" in attach(target.pid, tmp_path, code=1)


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    home = tmp_path / ("a" * 200) / ("b" * 200) / ("c" * 120)
    home.mkdir(parents=True)
    with running(tmp_path, BUSY) as target:
        assert "Choose a shorter --dir" in attach(target.pid, home, code=1)
    assert empty(home)


def test_packages_of_the_process_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("__version__ = '0.0.1'\n")
    with running(tmp_path, BUSY) as target:
        said = attach(target.pid, Path.cwd(), "--dir", tmp_path / "store", code=1)
        assert f"could not be loaded in process {target.pid}" in said
        assert "msgspec" in said
        assert target.process.poll() is None
        assert target.said() == "up\n"
    assert empty(tmp_path)


SHORT = """
from flask_heapview.model.process import Headroom
from flask_heapview.process import headroom
headroom.read_headroom = lambda: Headroom(available=1_000_000, limits={"container": 1_000_000})
import gc, time
print("up", flush=True)
while True:
    time.sleep(0.05)
    if gc.isenabled(): print("collecting", flush=True)
"""


def test_a_capture_that_does_not_fit_into_memory(tmp_path: Path) -> None:
    with running(tmp_path, SHORT) as target:
        said = attach(target.pid, tmp_path, code=1)
        assert f"Process {target.pid} refused the capture. A capture would need about" in said
        assert "the container has 1 MB left" in said
        before = target.said().count("collecting")
        wait_until(lambda: target.said().count("collecting") > before, 30, "its collector")
    assert empty(tmp_path)


def test_a_process_that_ends_meanwhile(tmp_path: Path) -> None:
    with running(tmp_path, IDLE) as target:
        words = command("--dir", tmp_path / "store", "attach", target.pid)
        waiting = subprocess.Popen(
            words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait_until(lambda: list(tmp_path.glob("store/attach-*/script.py")), 30, "the script")
        assert waiting.stdout is not None
        waiting.stdout.readline()
        target.process.kill()
        target.process.wait()
        said = waiting.communicate(timeout=60)[0]
    assert waiting.returncode == 1
    assert f"Process {target.pid} has ended before it ran the script" in said
    assert empty(tmp_path)


def test_the_words_of_an_audit_hook(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "def hook(event, _):\n"
        "    if event == 'cpython.remote_debugger_script': raise RuntimeError('not here')\n"
        "sys.addaudithook(hook)\n" + BUSY
    )
    began = time.monotonic()
    with running(tmp_path, code) as target:
        said = attach(target.pid, tmp_path, "--timeout", 3, code=1)
    assert "An audit hook may also refuse the script" in said
    assert time.monotonic() - began < 60
    assert empty(tmp_path)


def test_one_attach_at_a_time(tmp_path: Path) -> None:
    at_work = "import sys\nclass Lender:\n    find_spec = lambda *_: None\n"
    with running(tmp_path, f"{at_work}sys.meta_path.append(Lender())\n{BUSY}") as target:
        said = attach(target.pid, tmp_path, code=1)
    assert "refused the capture. Another attach is running" in said
    assert empty(tmp_path)


def test_what_a_killed_command_left_is_dropped(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, alive = (tmp_path / "store" / f"attach-{pid}-x" for pid in (gone.pid, os.getpid()))
    for place in (dead, alive):
        place.mkdir(parents=True)
    (tmp_path / "store").chmod(0o700)
    with running(tmp_path, BUSY) as target:
        attach(target.pid, tmp_path)
    assert (dead.exists(), alive.exists()) == (False, True)


FORKS = """
import gc, os, time
if os.fork() == 0:
    time.sleep(600)
print("up", flush=True)
off = False
while True:
    time.sleep(0.001)
    if not gc.isenabled() and not off:
        off = True
        print("off", flush=True)
"""


def test_a_process_that_forks_keeps_its_collector_on(tmp_path: Path) -> None:
    with running(tmp_path, FORKS, start_new_session=True) as target:
        said = attach(target.pid, tmp_path)
        assert f"Process {target.pid} has child processes of the same command" in said
        assert target.said() == "up\n"
        os.killpg(target.pid, signal.SIGKILL)


def test_every_module_that_is_imported_there_is_here() -> None:
    from flask_heapview.attach.attacher import MODULES

    done = subprocess.run(
        [sys.executable, "-c", f"import {MODULES[-1]}, sys; print('\\n'.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(MODULES) <= set(done.stdout.split())
