#include "sampler/entries.h"

#include "sampler/places.h"

#include <string.h>

static void
move_entry(uint32_t from, uint32_t to, uint32_t first)
{
    HvSampler *all = &hv_sampler;
    memmove(all->pool + first, all->pool + all->entry[from].first,
            all->entry[from].depth * sizeof *all->pool);
    all->entry[to] = all->entry[from];
    all->entry[to].first = first;
}

/* Gives up what is no longer alive and was never much; its totals are kept under "(other)". Returns
 * how many stay, and tells for each where it is now. */
static uint32_t
keep_some(uint32_t *now_at)
{
    HvSampler *all = &hv_sampler;
    double least = hv_bytes_seen() / 2048;
    uint32_t count = 1, used = 1;
    for (uint32_t i = 1; i < all->entries.count; i++) {
        HvEntry *entry = &all->entry[i];
        if (entry->live == 0 && entry->bytes < least) {
            all->entry[HV_OTHER_PLACE].blocks += entry->blocks;
            all->entry[HV_OTHER_PLACE].bytes += entry->bytes;
            now_at[i] = HV_OTHER_PLACE;
            continue;
        }
        uint32_t depth = entry->depth;
        move_entry(i, count, used);
        now_at[i] = count++;
        used += depth;
    }
    all->pool_used = used;
    return count;
}

static void
make_room(void)
{
    static uint32_t now_at[HV_MAX_ENTRIES];
    static uint64_t keys[HV_MAX_ENTRIES];
    HvSampler *all = &hv_sampler;
    hv_index_again(&all->entries, now_at, keep_some(now_at), keys);
    for (uint32_t at = 0; at < HV_LIVE_SLOTS; at++) {
        if (all->address[at] != 0)
            all->sample[at].entry = now_at[all->sample[at].entry];
    }
    all->room_made = all->samples;
}

uint32_t
hv_entry_here(PyThreadState *thread, uint32_t tag)
{
    HvSampler *all = &hv_sampler;
    uint32_t places[HV_MAX_FRAMES];
    int depth = hv_places_here(thread, places, (int)all->frames), fresh;
    uint64_t key = hv_mix(tag, (uint64_t)depth);
    for (int i = 0; i < depth; i++)
        key = hv_mix(key, places[i]);
    uint32_t number = hv_index_find(&all->entries, key, HV_MAX_ENTRIES, &fresh);
    if (number == HV_MAX_ENTRIES) {
        if (all->samples - all->room_made >
            HV_MAX_ENTRIES / 4) /* it takes a while: not each time */
            make_room();
        number = hv_index_find(&all->entries, key, HV_MAX_ENTRIES / 8 * 7, &fresh);
        if (number == HV_MAX_ENTRIES / 8 * 7 && fresh) {
            all->dropped++;
            return HV_OTHER_PLACE;
        }
    }
    if (fresh) {
        all->entry[number] =
            (HvEntry){.first = all->pool_used, .depth = (uint32_t)depth, .tag = tag};
        memcpy(all->pool + all->pool_used, places, (size_t)depth * sizeof *places);
        all->pool_used += (uint32_t)depth;
    }
    return number;
}
