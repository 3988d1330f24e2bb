"""Which names of attributes and variables are the program's own, and may be shown.

Such a name is a key of a dictionary, and that may be data: `setattr`, `globals()` and `exec` take
any. What source code says is no data. See docs/security.md, and the core's hidden.c.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Iterator, Sequence

from ...inspection.code_locations import reachable_codes
from ...inspection.roots import Root, ThreadRoot, module_dict

UNNAMED, UNNAMED_LOCAL = "[attribute]", "[local]"
MAX_CHARACTERS = 100  # of a name that is shown
_function = types.FunctionType.__dict__
_code, _globals = (_function[name].__get__ for name in ("__code__", "__globals__"))


class Names:
    """Knows what source code says. Names in what the running program compiles do not count."""

    def __init__(self, functions: Sequence[object], threads: Iterable[ThreadRoot]) -> None:
        self._said: set[str] = set()
        self._libraries: set[int] = set()  # addresses of dictionaries
        frames = [list(_frames(thread)) for thread in threads]
        self._program = _program_code(frames) if _program_is_a_string() else set()
        running = [frame.f_code for stack in frames for frame in stack]
        for code in reachable_codes(functions, running):
            if self._is_source(code):
                self._said.update(code.co_names, code.co_varnames, code.co_cellvars)
                self._said.update(code.co_freevars, (code.co_name,))

    def trust(self, root: Root) -> None:
        """Takes all names in a library's module for its own."""
        if root.imported:
            self._libraries.add(id(module_dict(root.module)))

    def attribute(self, name: object, certain: bool = False) -> str:
        """The label of an attribute; `certain` is one that cannot be data."""
        return f".{name}" if self._shown(name, certain) else UNNAMED

    def local(self, name: object) -> str:
        """The label of a variable that a dictionary holds, not a function's frame."""
        return f" local {name}" if self._shown(name, False) else UNNAMED_LOCAL

    def _shown(self, name: object, certain: bool) -> bool:
        return (
            type(name) is str
            and len(name) < MAX_CHARACTERS
            and name.isidentifier()
            and (certain or name in self._said)
        )

    def own(self, attributes: dict[str, object]) -> int:
        """How many of the first names in a module's dictionary are its own for certain.

        A dictionary keeps the order. So what stands before the last function that the module's own
        source defined was there while it was imported.
        """
        if id(attributes) in self._libraries:
            return len(attributes)
        own = 0
        for place, (name, value) in enumerate(dict.items(attributes), 1):
            if type(value) is types.FunctionType and _globals(value) is attributes:
                code = _code(value)
                if type(name) is str and code.co_qualname == name and self._is_source(code):
                    own = place
        return own

    def _is_source(self, code: types.CodeType) -> bool:
        """Whether it was compiled from a file."""
        file = code.co_filename
        if type(file) is not str:
            return False
        if not file.startswith("<") or file.startswith("<frozen "):
            return True
        return id(code) in self._program


def _frames(thread: ThreadRoot) -> Iterator[types.FrameType]:
    frame: types.FrameType | None = thread.frame
    while frame is not None:
        yield frame
        frame = frame.f_back


def _program_code(stacks: Iterable[Sequence[types.FrameType]]) -> set[int]:
    """Addresses of the program's own code: what runs at the bottom of a thread, and all that is
    defined within. What the program compiles is not its own."""
    bottoms = [stack[-1].f_code for stack in stacks if stack]
    mine = [code for code in bottoms if code.co_filename.startswith("<string>")]
    return set(map(id, reachable_codes((), mine)))


def _program_is_a_string() -> bool:
    """Whether Python was started with -c: then the program itself has no file."""
    main = module_dict(sys.modules.get("__main__")) or {}
    return "-c" in sys.orig_argv and not any(
        type(name) is str and name == "__file__" for name in dict.keys(main)
    )
