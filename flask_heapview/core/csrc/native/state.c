#include "native/state.h"

#include "native/objects.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

HvNative hv_native;
HV_OWN HvNativeThread hv_native_own;
HvFilter hv_native_filter;

/* --- the lock */

#define QUICK_TRIES 100
#define NAP_NS 50000 /* nanoseconds */

int
hv_wait_for(int *flag, int naps)
{
    struct timespec nap = {.tv_nsec = NAP_NS};
    for (int i = 0; i < QUICK_TRIES + naps; i++) {
        if (__atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE) == 0)
            return 1;
        if (i < QUICK_TRIES)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
    return 0;
}

int
hv_native_lock(void)
{
    return hv_wait_for(&hv_native.lock, HV_SHORT_NAPS);
}

void
hv_native_unlock(void)
{
    __atomic_store_n(&hv_native.lock, 0, __ATOMIC_RELEASE);
}

static HV_OWN int held_for_fork, objects_held;

static void
before_fork(void)
{
    objects_held = hv_objects_hold(); /* else a page might stay writable in the child */
    held_for_fork = !hv_native_own.busy && hv_native_lock();
}

static void
after_fork(void)
{
    if (held_for_fork)
        hv_native_unlock();
    if (objects_held)
        hv_objects_release();
    held_for_fork = objects_held = 0;
}

static void
in_child(void)
{
    held_for_fork = objects_held = 0;
    hv_objects_release();
    hv_native.forked = 1;
    hv_native_unlock(); /* no other thread is left */
}

int
hv_native_at_fork(void)
{
    static int done;
    if (!done)
        done = pthread_atfork(before_fork, after_fork, in_child) == 0;
    return done ? 0 : -1;
}

/* --- the tables */

#define TABLES(X)                                                                                  \
    X(texts.index.keys, HV_NATIVE_STRINGS * 2)                                                     \
    X(places.keys, HV_NATIVE_PLACES * 2)                                                           \
    X(entries.keys, HV_NATIVE_ENTRIES * 2)                                                         \
    X(tags.keys, HV_NATIVE_TAGS * 2)                                                               \
    X(texts.index.values, HV_NATIVE_STRINGS * 2)                                                   \
    X(places.values, HV_NATIVE_PLACES * 2)                                                         \
    X(entries.values, HV_NATIVE_ENTRIES * 2)                                                       \
    X(tags.values, HV_NATIVE_TAGS * 2)                                                             \
    X(texts.string, HV_NATIVE_STRINGS)                                                             \
    X(place, HV_NATIVE_PLACES)                                                                     \
    X(entry, HV_NATIVE_ENTRIES)                                                                    \
    X(tag, HV_NATIVE_TAGS)                                                                         \
    X(texts.text, HV_NATIVE_TEXT_BYTES)                                                            \
    X(address, HV_NATIVE_ALL_SLOTS)                                                                \
    X(sample, HV_NATIVE_ALL_SLOTS)                                                                 \
    X(map, HV_NATIVE_MAPS)

static size_t
lay_out(char *base)
{
    size_t at = 0;
#define PLACE(table, room)                                                                         \
    if (base != NULL)                                                                              \
        hv_native.table = (void *)(base + at);                                                     \
    at += ((size_t)(room) * sizeof *hv_native.table + 63) & ~(size_t)63;
    TABLES(PLACE)
#undef PLACE
    return at;
}

static char *tables;
static size_t tables_bytes;

int
hv_native_tables_make(void)
{
    HvNative *all = &hv_native;
    if (tables == NULL) {
        tables_bytes = lay_out(NULL);
        char *pages = mmap(NULL, tables_bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED)
            return -1;
        tables = pages;
        lay_out(pages);
    }
    all->texts.max_strings = HV_NATIVE_STRINGS;
    all->texts.max_bytes = HV_NATIVE_TEXT_BYTES;
    all->texts.index.mask = HV_NATIVE_STRINGS * 2 - 1;
    all->places.mask = HV_NATIVE_PLACES * 2 - 1;
    all->entries.mask = HV_NATIVE_ENTRIES * 2 - 1;
    all->tags.mask = HV_NATIVE_TAGS * 2 - 1;
    hv_native_tables_clear();
    return 0;
}

void
hv_native_tables_clear(void)
{
    HvNative *all = &hv_native;
    if (tables == NULL)
        return;
    madvise(tables, tables_bytes, MADV_DONTNEED); /* zeroes it, and gives the pages back */
    hv_filter_clear(&hv_native_filter);
    /* place 0 of each list stands for all that found no place */
    all->texts.index.count = all->places.count = all->entries.count = all->tags.count = 1;
    all->texts.used = 0;
    all->live = all->maps = 0;
}

size_t
hv_native_tables_used(void)
{
    HvNative *all = &hv_native;
    return all->texts.index.count * (sizeof(HvString) + 24) + all->texts.used +
           all->places.count * (sizeof(HvPlace) + 24) +
           all->entries.count * (sizeof(HvNativeEntry) + 24) +
           all->live * (sizeof *all->address + sizeof *all->sample) + sizeof hv_native_filter;
}

/* --- names; with the lock */

uint32_t
hv_native_tag(uint8_t kind, uint64_t hash, const char *name, size_t length)
{
    HvNative *all = &hv_native;
    int fresh;
    uint32_t tag = hv_index_find(&all->tags, hv_mix(hash, kind), HV_NATIVE_TAGS, &fresh);
    if (tag == HV_NATIVE_TAGS)
        return HV_OTHER_PLACE;
    if (fresh)
        all->tag[tag] =
            (HvNativeTag){.string = hv_text_keep(&all->texts, hash, name, length), .kind = kind};
    return tag;
}
