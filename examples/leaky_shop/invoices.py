"""Binds the invoice library through ctypes; built with the system's C compiler on first use."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("invoices.c")


@functools.lru_cache(maxsize=1)
def library() -> ctypes.CDLL:
    """The loaded library. Raises RuntimeError when there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("The invoice pages need a C compiler: install gcc or clang.")
    made = Path(tempfile.mkdtemp(prefix="leaky-shop-")) / "invoices.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, SOURCE], check=True)
    loaded = ctypes.CDLL(str(made))
    loaded.invoice_render.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    loaded.invoice_render.restype = ctypes.c_size_t
    return loaded


def render(customer: str, size: int = 20_000) -> int:
    """Renders an invoice in C; returns its length in bytes."""
    return int(library().invoice_render(customer.encode(), size))


def clear() -> None:
    """The call that frees what the library keeps."""
    library().invoice_clear()
