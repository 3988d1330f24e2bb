"""The native core: built where there is a C compiler, left out where there is none."""

import sys
from glob import glob

from setuptools import Extension, setup

SOURCES = sorted(glob("flask_heapview/capture/csrc/*.c"))
HEADERS = sorted(glob("flask_heapview/capture/csrc/*.h"))

setup(
    ext_modules=[
        Extension(
            "flask_heapview.capture._core",
            SOURCES,
            depends=HEADERS,
            optional=True,  # without it, the portable engine does the work
            extra_compile_args=["-std=gnu11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"],
        )
    ]
    if sys.platform == "linux" and sys.implementation.name == "cpython"
    else []
)
