"""A heap of the C library with holes: code for a process of its own."""

from __future__ import annotations

HOLES = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

def leave_holes(count):
    blocks = []
    for _ in range(count):
        block = libc.malloc(50_000)
        libc.memset(block, 1, 50_000)
        blocks.append(block)
    for block in blocks[:-1]:
        libc.free(block)
"""
