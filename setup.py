"""The native parts: built where there is a C compiler, left out where there is none."""

import sys
from glob import glob

from setuptools import Extension, setup

CORE, GRAPHS = "flask_heapview/core/csrc", "flask_heapview/graphs/csrc"
OPTIONS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"]


def extension(name: str, *sources: str) -> Extension:
    """Optional: without it the portable engine does the work."""
    headers = glob(f"{CORE}/*/*.h") + glob(f"{GRAPHS}/*.h")
    return Extension(
        name,
        list(sources),
        depends=headers,
        include_dirs=[CORE, GRAPHS],
        libraries=["m"],
        optional=True,
        extra_compile_args=OPTIONS,
    )


here = sys.platform == "linux" and sys.implementation.name == "cpython"
setup(
    ext_modules=[
        extension("flask_heapview.core._core", *sorted(glob(f"{CORE}/*/*.c"))),
        extension(
            "flask_heapview.graphs._graph",
            *sorted(glob(f"{GRAPHS}/*.c")),
            f"{CORE}/memory/memory.c",
        ),
    ]
    if here
    else []
)
