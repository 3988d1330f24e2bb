"""C libraries for the tests of native memory: compiled here, loaded by ctypes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ..helpers import needs

PLACE = Path(__file__).parent
TORTURE = PLACE / "torture.c"

LEAKY = r"""
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *kept[1 << 20];
static size_t used;

void leak_blocks(size_t size, int count)
{
    while (count-- > 0) {
        char *block = malloc(size);
        block[0] = 1;
        kept[used++] = block;
    }
}

void leak_copies(int length, int count)
{
    char text[4096];
    memset(text, 'x', sizeof text);
    text[length] = 0;
    while (count-- > 0)
        kept[used++] = strdup(text);
}

void leak_by_realloc(size_t size, int count)
{
    while (count-- > 0)
        kept[used++] = realloc(malloc(16), size);
}

void *leak_aligned(size_t size)
{
    void *block = NULL;
    return posix_memalign(&block, 64, size) ? NULL : block;
}

void give_back(void)
{
    while (used > 0)
        free(kept[--used]);
}

void churn(size_t size, int count)
{
    while (count-- > 0)
        free(realloc(calloc(1, size), size * 2));
}

void *map_pages(size_t length)
{
    char *begin = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin[0] = 1; /* a call that is the last thing a function does is a jump, and has no caller */
    return begin;
}

void *reserve_pages(size_t length)
{
    return mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int unmap_pages(void *begin, size_t length) { return munmap(begin, length); }

void *(*own_pointer)(size_t) = malloc;

void leak_by_pointer(size_t size, int count)
{
    while (count-- > 0)
        kept[used++] = own_pointer(size);
}

static void *in_thread(void *size)
{
    leak_blocks((size_t)(uintptr_t)size, 1000);
    return NULL;
}

void leak_in_a_thread_of_its_own(size_t size)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, (void *)(uintptr_t)size);
    pthread_join(thread, NULL);
}
"""

PLUS = r"""
#include <cstddef>
#include <string>
#include <vector>

namespace invoice {
std::vector<std::string> archive;
void keep_page(std::size_t size) { archive.emplace_back(size, 'x'); }
}
extern "C" void keep_pages(std::size_t size, int count)
{
    while (count-- > 0)
        invoice::keep_page(size);
}
"""


def compiled(folder: Path, name: str, source: str, *options: str, language: str = "c") -> Path:
    """The shared library, with debugging names as a distribution's have them: exported ones."""
    command = "g++" if language == "c++" else "gcc"
    needs(shutil.which(command), f"{command} compiles the libraries of this test")
    path = folder / f"lib{name}.so"
    subprocess.run(
        [command, "-O2", "-shared", "-fPIC", *options, "-x", language, "-o", str(path), "-"],
        input=source.encode(),
        check=True,
    )
    return path


@pytest.fixture(scope="session")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("leaky"), "leaky", LEAKY, "-pthread")
