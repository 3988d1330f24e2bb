"""The native parts: built where there is a C compiler, left out where there is none."""

import sys
from glob import glob

from setuptools import Extension, setup

CAPTURE, ANALYSIS = "flask_heapview/capture/csrc", "flask_heapview/analysis/csrc"
OPTIONS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"]


def extension(name: str, *sources: str) -> Extension:
    """Optional: without it the portable engine does the work."""
    headers = glob(f"{CAPTURE}/*.h") + glob(f"{ANALYSIS}/*.h")
    return Extension(
        name,
        list(sources),
        depends=headers,
        libraries=["m"],
        optional=True,
        extra_compile_args=OPTIONS,
    )


here = sys.platform == "linux" and sys.implementation.name == "cpython"
setup(
    ext_modules=[
        extension("flask_heapview.capture._core", *sorted(glob(f"{CAPTURE}/*.c"))),
        extension(
            "flask_heapview.analysis._graph",
            *sorted(glob(f"{ANALYSIS}/*.c")),
            f"{CAPTURE}/memory.c",
        ),
    ]
    if here
    else []
)
