#include "sampler/tables.h"

#include <sys/mman.h>

#define TABLES(X)                                                                                  \
    X(texts.index.keys, HV_MAX_STRINGS * 2)                                                        \
    X(places.keys, HV_MAX_PLACES * 2)                                                              \
    X(entries.keys, HV_MAX_ENTRIES * 2)                                                            \
    X(tags.keys, HV_MAX_TAGS * 2)                                                                  \
    X(entry, HV_MAX_ENTRIES)                                                                       \
    X(known, (size_t)1 << HV_KNOWN_LINE_BITS)                                                      \
    X(texts.index.values, HV_MAX_STRINGS * 2)                                                      \
    X(places.values, HV_MAX_PLACES * 2)                                                            \
    X(entries.values, HV_MAX_ENTRIES * 2)                                                          \
    X(tags.values, HV_MAX_TAGS * 2)                                                                \
    X(texts.string, HV_MAX_STRINGS)                                                                \
    X(place, HV_MAX_PLACES)                                                                        \
    X(tag, HV_MAX_TAGS)                                                                            \
    X(pool, (size_t)HV_MAX_ENTRIES *hv_sampler.frames)                                             \
    X(texts.text, HV_MAX_TEXT_BYTES)

static size_t
lay_out(char *base)
{
    size_t at = 0;
#define PLACE(table, room)                                                                         \
    hv_sampler.table = (void *)(base + at);                                                        \
    at += ((size_t)(room) * sizeof *hv_sampler.table + 63) & ~(size_t)63;
    TABLES(PLACE)
#undef PLACE
    return at;
}

static void *tables;
static size_t tables_size;

int
hv_tables_make(void)
{
    HvSampler *all = &hv_sampler;
    char mark;
    tables_size = lay_out(&mark);
    tables = mmap(NULL, tables_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (tables == MAP_FAILED) {
        tables = NULL;
        return -1;
    }
    lay_out(tables);
    all->texts.max_strings = HV_MAX_STRINGS;
    all->texts.max_bytes = HV_MAX_TEXT_BYTES;
    all->texts.index.mask = HV_MAX_STRINGS * 2 - 1;
    all->places.mask = HV_MAX_PLACES * 2 - 1;
    all->entries.mask = HV_MAX_ENTRIES * 2 - 1;
    all->tags.mask = HV_MAX_TAGS * 2 - 1;
    all->texts.index.count = all->places.count = all->entries.count = all->tags.count = 1;
    all->pool_room = HV_MAX_ENTRIES * all->frames;
    memcpy(all->texts.text, "(other)", 7);
    all->texts.used = 7;
    all->texts.string[HV_OTHER_PLACE] = (HvString){0, 7};
    all->pool_used = 1; /* the entry for all others has one place, "(other)" */
    all->entry[HV_OTHER_PLACE].depth = 1;
    return 0;
}

void
hv_tables_drop(void)
{
    if (tables != NULL)
        munmap(tables, tables_size);
    tables = NULL;
}

size_t
hv_tables_used(void)
{
    HvSampler *all = &hv_sampler;
    return all->texts.index.count * (sizeof(HvString) + 24) +
           all->places.count * (sizeof(HvPlace) + 24) +
           all->entries.count * (sizeof(HvEntry) + 24) + all->texts.used +
           all->pool_used * sizeof *all->pool +
           sizeof(HvKnownLine) * ((size_t)1 << HV_KNOWN_LINE_BITS) +
           (size_t)HV_LIVE_SLOTS * (sizeof *all->address + sizeof *all->sample) + sizeof hv_filter;
}

void
hv_index_again(HvIndex *index, const uint32_t *now_at, uint32_t count, uint64_t *keys)
{
    for (uint32_t at = 0; at <= index->mask; at++) {
        uint32_t moved = index->keys[at] == 0 ? HV_OTHER_PLACE : now_at[index->values[at]];
        if (moved != HV_OTHER_PLACE)
            keys[moved] = index->keys[at];
    }
    memset(index->keys, 0, (index->mask + 1) * sizeof *index->keys);
    index->count = 1;
    for (uint32_t i = 1; i < count; i++) {
        int fresh;
        hv_index_find(index, keys[i], count, &fresh);
    }
}
