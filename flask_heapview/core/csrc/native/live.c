#include "native/live.h"

#define GONE ((uintptr_t)1) /* in a slot that was used before: others may lie behind it */

static uint32_t
slot_of(const void *block)
{
    return (uint32_t)(hv_hash_address(block) >> (64 - HV_NATIVE_LIVE_BITS));
}

int
hv_live_put(const void *block, const HvNativeSample *sample)
{
    HvNative *all = &hv_native;
    uint32_t first = slot_of(block);
    for (uint32_t at = first; at < first + HV_NATIVE_PROBES; at++) {
        if (__atomic_load_n(&all->address[at], __ATOMIC_ACQUIRE) > GONE)
            continue;
        all->sample[at] = *sample;
        hv_filter_count(&hv_native_filter, block, 1);
        __atomic_fetch_add(&all->live, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&all->address[at], (uintptr_t)block, __ATOMIC_RELEASE);
        return 1;
    }
    return 0;
}

void
hv_live_drop(uint32_t slot, uintptr_t block)
{
    if (__atomic_compare_exchange_n(&hv_native.address[slot], &block, GONE, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED)) {
        __atomic_fetch_sub(&hv_native.live, 1, __ATOMIC_RELAXED);
        hv_filter_count(&hv_native_filter, (void *)block, -1);
    }
}

int
hv_live_take(const void *block, HvNativeSample *found)
{
    HvNative *all = &hv_native;
    uint32_t first = slot_of(block);
    if (block == NULL || all->frozen)
        return 0;
    for (uint32_t at = first; at < first + HV_NATIVE_PROBES; at++) {
        uintptr_t there = __atomic_load_n(&all->address[at], __ATOMIC_ACQUIRE);
        if (there == 0)
            return 0;
        if (there != (uintptr_t)block)
            continue;
        if (found != NULL) /* before it goes: nobody else can free this block */
            *found = all->sample[at];
        hv_live_drop(at, there);
        return 1;
    }
    return 0;
}

/* --- mappings: few, and each costs a system call, so they are looked through one by one */

int
hv_map_put(const void *begin, size_t length, const HvNativeSample *sample)
{
    HvNative *all = &hv_native;
    for (uint32_t i = 0; i < HV_NATIVE_MAPS; i++) {
        HvNativeMap *map = &all->map[i];
        if (map->begin != 0)
            continue;
        *map = (HvNativeMap){(uintptr_t)begin, (uintptr_t)begin + length, length, *sample};
        all->maps = all->maps > i + 1 ? all->maps : i + 1;
        return 1;
    }
    return 0;
}

static void
cut(HvNativeMap *map, uintptr_t from, uintptr_t to)
{
    if (map->begin == 0 || to <= map->begin || from >= map->end)
        return;
    from = from < map->begin ? map->begin : from;
    to = to > map->end ? map->end : to;
    map->left = map->left > to - from ? map->left - (to - from) : 0;
    if (from == map->begin)
        map->begin = to;
    else if (to == map->end)
        map->end = from;
    if (map->begin >= map->end || map->left == 0)
        map->begin = map->end = 0;
}

void
hv_map_cut(const void *begin, size_t length)
{
    if (hv_native.maps == 0 || hv_native.frozen || !hv_native_lock())
        return;
    for (uint32_t i = 0; i < hv_native.maps; i++)
        cut(&hv_native.map[i], (uintptr_t)begin, (uintptr_t)begin + length);
    hv_native_unlock();
}

int
hv_map_has(const void *begin)
{
    for (uint32_t i = 0; i < hv_native.maps; i++) {
        if (hv_native.map[i].begin == (uintptr_t)begin && begin != NULL)
            return 1;
    }
    return 0;
}
