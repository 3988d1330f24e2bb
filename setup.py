"""The native parts: built where they can be, and where they cannot, a note says why.

`flask_heapview/core/missing.py` reads the notes. HEAPVIEW_REQUIRE_CORE=1 makes a failed build an
error: wheels for others are built with it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

CORE, GRAPHS = "flask_heapview/core/csrc", "flask_heapview/graphs/csrc"
OPTIONS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"]
REQUIRED = bool(os.environ.get("HEAPVIEW_REQUIRE_CORE"))
FIRST_LINES, LAST_LINES = 10, 20  # of what the compiler said, from its first error on
MAX_LINE_CHARACTERS = 300
ERROR = re.compile(r"\berror: ")
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def free_threaded() -> bool:
    """Whether this Python has no global interpreter lock, as its build's configuration says."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def buildable() -> bool:
    """Whether the native parts are meant for this Python; missing.py says the same in words."""
    return sys.platform == "linux" and sys.implementation.name == "cpython" and not free_threaded()


def requirements() -> list[str]:
    """They stand here and not in setup.cfg: no marker tells a free-threaded Python."""
    guppy = (
        'guppy3 >= 3.1.5; implementation_name == "cpython" and python_version < "3.15"'  # fails to
        # compile elsewhere, and a dependency that fails would take the installation with it
    )
    return [
        "Flask >= 2.3",
        *([] if free_threaded() else [guppy]),
        "itsdangerous >= 2.1",
        "msgspec >= 0.18",
        "objgraph >= 3.6",
        "psutil >= 5.9",
        "Pympler >= 1.1",
        "rich >= 13.0",
    ]


def extension(name: str, sources: list[str], *roots: str) -> Extension:
    """Optional: without it the portable engine does the work."""
    return Extension(
        name,
        sources,
        depends=[header for root in roots for header in glob(f"{root}/**/*.h", recursive=True)],
        include_dirs=list(roots),
        libraries=["m"],
        optional=True,
        extra_compile_args=OPTIONS,
    )


@contextmanager
def errors_kept() -> Iterator[list[str]]:
    """The lines written to descriptor 2 meanwhile, by the compiler too; all of it is passed on."""
    lines: list[str] = []
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
            file.seek(0)
            text = file.read().decode(errors="replace")
            sys.stderr.write(text)
            lines += [CONTROL.sub("", line)[:MAX_LINE_CHARACTERS] for line in text.splitlines()]


def shortened(lines: list[str]) -> list[str]:
    """The compiler's first error, which is mostly the cause, and its last lines."""
    first = next((n for n, line in enumerate(lines) if ERROR.search(line)), 0)
    if len(lines) - first <= FIRST_LINES + LAST_LINES:
        return lines[-FIRST_LINES - LAST_LINES :]
    return [*lines[first : first + FIRST_LINES], "…", *lines[-LAST_LINES:]]


def reason(error: Exception, lines: list[str]) -> str:
    """Why the build failed, in a sentence or two."""
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(command) is None:
        return f"There was no C compiler: {command} was not found."
    first = next((line.strip() for line in lines if ERROR.search(line)), None)
    if first is not None:
        return f"The C compiler failed: {first.rstrip('.')}."
    if isinstance(error, CCompilerError | BaseError):
        return f"The C compiler failed: {command} ended with an error."
    return f"The build failed: {str(error).strip().rstrip('.') or type(error).__name__}."


class Build(build_ext):
    """Builds what it can. Beside each extension that fails, it leaves a note with the reason."""

    def run(self) -> None:
        if not buildable():
            if REQUIRED:
                raise SystemExit("The native parts are not meant for this Python.")
            return
        self.notes: dict[str, str] = {}
        self.parallel = None  # one compiler at a time: whose errors they are must be certain
        in_place = bool(self.inplace)
        os.environ["LC_ALL"] = "C"  # the compiler's words are kept, and read by anybody
        try:
            super().run()
        except Exception as error:
            self._failed([each.name for each in self.extensions], error, [])
        self.inplace = in_place
        for each in self.extensions:
            for library in self._places(each.name):
                self._leave_note(library, self.notes.get(each.name))

    def build_extension(self, ext: Extension) -> None:
        with errors_kept() as lines:
            try:
                super().build_extension(ext)
            except Exception as error:
                failure = error
            else:
                return
        self._failed([ext.name], failure, lines)

    def _failed(self, names: list[str], error: Exception, lines: list[str]) -> None:
        if REQUIRED:
            raise SystemExit(f"{', '.join(names)} could not be built: {error}")
        try:
            why = reason(error, lines)
        except ValueError as unreadable:  # CC itself cannot be read
            why = f"The build failed: {unreadable}."
        for name in names:
            self.warn(f"{name} was not built. {why}")
            self.notes.setdefault(name, "\n".join([why, *shortened(lines), ""]))

    def _places(self, name: str) -> list[Path]:
        """Where the built file belongs: in the wheel, and in a checkout that is used in place."""
        in_place = bool(self.inplace)
        self.inplace = False
        places = [Path(self.get_ext_fullpath(name))]
        self.inplace = in_place
        if in_place:
            places.append(Path(self.get_ext_fullpath(name)))
        return places

    def _leave_note(self, library: Path, note: str | None) -> None:
        """An older file of a build that fails now is not what these sources say: it goes."""
        path = library.with_name(f"{library.name.removesuffix('.so')}.failure.txt")
        if note is None:
            path.unlink(missing_ok=True)
            return
        library.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(note, encoding="utf-8")


# named on every system: so a wheel without them is for the Python that made it, and for no other
setup(
    cmdclass={"build_ext": Build},
    install_requires=requirements(),
    ext_modules=[
        extension("flask_heapview.core._core", sorted(glob(f"{CORE}/*/*.c")), CORE),
        extension(
            "flask_heapview.graphs._graph",
            [*sorted(glob(f"{GRAPHS}/*.c")), f"{CORE}/memory/memory.c"],
            GRAPHS,
            CORE,
        ),
    ],
)
