/* The tables' memory, and the indexes from a key to a place in a table. */
#ifndef HEAPVIEW_SAMPLER_TABLES_H
#define HEAPVIEW_SAMPLER_TABLES_H

#include "sampler/state.h"

#include <string.h>

#define HV_KNOWN_LINE_BITS 13 /* of slots for lines that were met lately */
#define HV_OTHER_PLACE 0      /* what stands for all that found no place; the first in each list */

/* One mapping for everything: it can only fail at the start. 0, or -1 without memory. */
int hv_tables_make(void);
void hv_tables_drop(void);
size_t hv_tables_used(void); /* bytes */

static inline uint64_t
hv_mix(uint64_t a, uint64_t b)
{
    uint64_t key = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;
    return key ^ key >> 31;
}

/* The place of a key in its list; `limit` when it is new, and the list full. */
static inline uint32_t
hv_index_find(HvIndex *index, uint64_t key, uint32_t limit, int *fresh)
{
    if (key == 0)
        key = 1;
    uint32_t at = (uint32_t)(key >> 20) & index->mask;
    while (index->keys[at] != 0 && index->keys[at] != key)
        at = (at + 1) & index->mask;
    *fresh = index->keys[at] == 0;
    if (!*fresh)
        return index->values[at];
    if (index->count >= limit)
        return limit;
    index->keys[at] = key;
    return index->values[at] = index->count++;
}

/* Makes an index again of those that stay, `count` of them: `now_at` tells where each is now, or
 * HV_OTHER_PLACE. In `keys` there is room for as many as the list may have. */
void hv_index_again(HvIndex *index, const uint32_t *now_at, uint32_t count, uint64_t *keys);

/* The number of a name, kept where it is new; HV_OTHER_PLACE where there is no room. */
static inline uint32_t
hv_text_keep(HvTexts *all, uint64_t hash, const char *data, size_t length)
{
    int fresh;
    if (all->used + length > all->max_bytes)
        return HV_OTHER_PLACE;
    uint32_t string = hv_index_find(&all->index, hash, all->max_strings, &fresh);
    if (!fresh)
        return string;
    if (string == all->max_strings)
        return HV_OTHER_PLACE;
    memcpy(all->text + all->used, data, length);
    all->string[string] = (HvString){(uint32_t)all->used, (uint32_t)length};
    all->used += length;
    return string;
}

static inline uint64_t
hv_text_fnv(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
    return hash;
}

#endif
