"""A malloc that counts, preloaded into a process, and a library whose blocks it counts."""

from __future__ import annotations

COUNTING = r"""
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
extern void *__libc_malloc(size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

#define PLACES (1u << 20)
static void *blocks[PLACES];
static size_t sizes[PLACES];
static long long live;
static __thread int counted;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static unsigned place_of(void *block)
{
    unsigned at = (unsigned)(((uintptr_t)block >> 4) * 2654435761u) % PLACES;
    while (blocks[at] != NULL && blocks[at] != block)
        at = (at + 1) % PLACES;
    return at;
}

static void came(void *block, size_t size)
{
    if (block == NULL || !counted)
        return;
    pthread_mutex_lock(&guard);
    unsigned at = place_of(block);
    blocks[at] = block;
    sizes[at] = size;
    live += (long long)size;
    pthread_mutex_unlock(&guard);
}

/* its place stays, with no size: the blocks behind it have to be found */
static void went(void *block)
{
    if (block == NULL)
        return;
    pthread_mutex_lock(&guard);
    unsigned at = place_of(block);
    if (blocks[at] == block) {
        live -= (long long)sizes[at];
        sizes[at] = 0;
    }
    pthread_mutex_unlock(&guard);
}

void *malloc(size_t size)
{
    void *block = __libc_malloc(size);
    came(block, size);
    return block;
}

void *realloc(void *old, size_t size)
{
    went(old);
    void *block = __libc_realloc(old, size);
    came(block, size);
    return block;
}

void free(void *block)
{
    went(block);
    __libc_free(block);
}

void count_from_here(int whether) { counted = whether; }
long long counted_bytes(void) { return live; }
"""
WORK = r"""
#include <stdlib.h>
extern void count_from_here(int);

#define MOST 4096
static void *kept[MOST];
static size_t used;

static unsigned next(unsigned *seed) { return *seed = *seed * 1664525u + 1013904223u, *seed >> 8; }

/* sizes from 16 bytes to 128 kB, as many of each power of two; a third goes again, some grow */
void work(unsigned seed, int rounds)
{
    count_from_here(1);
    while (rounds-- > 0) {
        size_t size = (size_t)16 << (next(&seed) % 14);
        size_t at = used ? next(&seed) % used : 0;
        switch (used ? next(&seed) % 6 : 0) {
        case 4:
            kept[at] = realloc(kept[at], size);
            break;
        case 5:
            free(kept[at]);
            kept[at] = kept[--used];
            break;
        default:
            if (used < MOST)
                kept[used++] = malloc(size);
        }
    }
    count_from_here(0);
}

void give_back(void)
{
    while (used > 0)
        free(kept[--used]);
}
"""
MEASURED = """
import ctypes, json, sys
from flask_heapview.allocations.native_samples import parse_native
from flask_heapview.allocations.native_sites import native_memory
from flask_heapview.core import _core
from flask_heapview.request_context import SERVING

work = ctypes.CDLL(sys.argv[1])
counted = ctypes.CDLL(None).counted_bytes
counted.restype = ctypes.c_longlong
rows = []
for run in range(int(sys.argv[2])):
    why = _core.native_start(SERVING, 64 * 1024, run + 1)
    if why is not None:
        sys.exit(f"refused: {why}")
    work.work(7 * run + 1, 1500)
    known = native_memory(parse_native(_core.native_read())).sites
    sites = [one for one in known if one.path == sys.argv[1]]
    rows.append([
        counted(), sum(one.size for one in sites), sum(one.variance for one in sites),
        max((one.largest for one in sites), default=0),
    ])
    work.give_back()
    assert counted() == 0, counted()
    assert _core.native_stop() == 0
print(json.dumps(rows))
"""
