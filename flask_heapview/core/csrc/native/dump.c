/* The samples that are alive and their stacks are copied with the lock, in some hundred
 * microseconds. The names of functions are looked up after that, since it takes the loader's lock.
 */
#define _GNU_SOURCE
#include "native/dump.h"

#include "native/state.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_BYTES ((size_t)1 << 20)

static void
put(HvDump *dump, const void *data, size_t length)
{
    while (!dump->failed && dump->room - dump->length < length) {
        void *larger = mremap(dump->data, dump->room, dump->room * 2, MREMAP_MAYMOVE);
        if (larger == MAP_FAILED) {
            dump->failed = 1;
            return;
        }
        dump->data = larger;
        dump->room *= 2;
    }
    if (dump->failed)
        return;
    memcpy(dump->data + dump->length, data, length);
    dump->length += length;
}

static void
u32(HvDump *dump, uint32_t value)
{
    put(dump, &value, sizeof value);
}

static void
u64(HvDump *dump, uint64_t value)
{
    put(dump, &value, sizeof value);
}

static void
f64(HvDump *dump, double value)
{
    put(dump, &value, sizeof value);
}

static void
text(HvDump *dump, const char *data, size_t length)
{
    u32(dump, (uint32_t)length);
    put(dump, data, length);
}

static void
write_head(HvDump *dump)
{
    HvNative *all = &hv_native;
    f64(dump, all->asked);
    f64(dump, all->rate);
    u64(dump, all->samples);
    u64(dump, all->dropped);
    u64(dump, all->thinned);
    u64(dump, (uint64_t)all->began);
    u64(dump, (uint64_t)hv_clock());
    u64(dump, hv_native_tables_used());
    u32(dump, all->requests);
}

static void
write_names(HvDump *dump)
{
    HvNative *all = &hv_native;
    HvTexts *names = &all->texts;
    u32(dump, names->index.count);
    for (uint32_t i = 0; i < names->index.count; i++)
        text(dump, names->text + names->string[i].at, names->string[i].length);
    u32(dump, all->places.count);
    for (uint32_t i = 0; i < all->places.count; i++) {
        u32(dump, all->place[i].file);
        u32(dump, all->place[i].function);
        u32(dump, all->place[i].line);
    }
    u32(dump, all->tags.count);
    for (uint32_t i = 0; i < all->tags.count; i++) {
        u32(dump, all->tag[i].kind);
        u32(dump, all->tag[i].string);
        u32(dump, all->tag[i].requests);
    }
}

static uint32_t number_of[HV_NATIVE_ENTRIES]; /* of those that are written, from 1 on */

static void
write_sample(HvDump *dump, const HvNativeSample *sample, uint64_t left)
{
    u64(dump, sample->size);
    u64(dump, left);
    f64(dump, sample->rate);
    u32(dump, number_of[sample->entry] - 1);
    u32(dump, sample->request);
    u32(dump, sample->own_request);
    u32(dump, sample->second);
}

static uint32_t
mark(uint32_t entry, uint32_t count)
{
    if (number_of[entry] == 0)
        number_of[entry] = ++count;
    return count;
}

/* The samples, then their stacks in the order of the numbers. */
static void
write_live(HvDump *dump, uint32_t *order, uint32_t *entries)
{
    HvNative *all = &hv_native;
    uint32_t count = 0, rows = 0;
    size_t place = dump->length;
    u32(dump, 0);
    memset(number_of, 0, sizeof number_of);
    for (uint32_t i = 0; i < HV_NATIVE_ALL_SLOTS; i++) {
        if (__atomic_load_n(&all->address[i], __ATOMIC_ACQUIRE) <= 1)
            continue;
        count = mark(all->sample[i].entry, count);
        order[number_of[all->sample[i].entry] - 1] = all->sample[i].entry;
        write_sample(dump, &all->sample[i], all->sample[i].size);
        rows++;
    }
    for (uint32_t i = 0; i < all->maps; i++) {
        HvNativeMap *map = &all->map[i];
        if (map->begin == 0)
            continue;
        count = mark(map->sample.entry, count);
        order[number_of[map->sample.entry] - 1] = map->sample.entry;
        write_sample(dump, &map->sample, map->left);
        rows++;
    }
    if (!dump->failed)
        memcpy(dump->data + place, &rows, sizeof rows);
    *entries = count;
}

static void
write_entries(HvDump *dump, const uint32_t *order, uint32_t count)
{
    u32(dump, count);
    for (uint32_t i = 0; i < count; i++) {
        HvNativeEntry *entry = &hv_native.entry[order[i]];
        f64(dump, entry->blocks);
        f64(dump, entry->bytes);
        u32(dump, entry->tag);
        u32(dump, entry->calls);
        u32(dump, entry->frames);
        put(dump, entry->call, entry->calls * sizeof *entry->call);
        put(dump, entry->frame, entry->frames * sizeof *entry->frame);
    }
}

/* --- names of functions: without the lock */

typedef struct {
    uint64_t *keys; /* return addresses that were written */
    size_t mask;
} Seen;

static void
write_call(HvDump *dump, uintptr_t call)
{
    Dl_info found = {0};
    int known = dladdr((void *)(call - 1), &found) != 0 && found.dli_fname != NULL;
    const char *path = known ? found.dli_fname : "";
    const char *name = known && found.dli_sname != NULL ? found.dli_sname : "";
    u64(dump, call);
    u64(dump, known ? call - 1 - (uintptr_t)found.dli_fbase : 0);
    text(dump, path, strlen(path));
    text(dump, name, strlen(name));
}

static int
is_new(Seen *seen, uint64_t key)
{
    size_t at = hv_mix(key, 1) & seen->mask;
    while (seen->keys[at] != 0 && seen->keys[at] != key)
        at = (at + 1) & seen->mask;
    int fresh = seen->keys[at] == 0;
    seen->keys[at] = key;
    return fresh;
}

/* Reads the entries that were written, and adds each address's function once. */
static void
write_calls(HvDump *dump, size_t at, uint32_t count)
{
    size_t slots = (size_t)HV_NATIVE_ENTRIES * HV_NATIVE_CALLS * 2;
    Seen seen = {mmap(NULL, slots * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
                 slots - 1};
    if (seen.keys == MAP_FAILED) {
        dump->failed = 1;
        return;
    }
    uint32_t rows = 0;
    size_t place = dump->length;
    u32(dump, 0);
    for (uint32_t i = 0; i < count && !dump->failed; i++) {
        uint32_t sizes[3]; /* tag, calls, frames */
        memcpy(sizes, dump->data + at + 16, sizeof sizes);
        at += 16 + sizeof sizes;
        for (uint32_t n = 0; n < sizes[1] && !dump->failed; n++) {
            uint64_t call;
            memcpy(&call, dump->data + at + n * sizeof call, sizeof call);
            if (!is_new(&seen, call))
                continue;
            write_call(dump, (uintptr_t)call);
            rows++;
        }
        at += sizes[1] * sizeof(uint64_t) + sizes[2] * sizeof(uint32_t);
    }
    if (!dump->failed)
        memcpy(dump->data + place, &rows, sizeof rows);
    munmap(seen.keys, slots * sizeof(uint64_t));
}

int
hv_native_dump(HvDump *dump)
{
    static uint32_t order[HV_NATIVE_ENTRIES];
    HvNativeThread *own = &hv_native_own;
    uint32_t entries = 0;
    size_t at = 0;
    *dump = (HvDump){.room = FIRST_BYTES};
    dump->data =
        mmap(NULL, FIRST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (dump->data == MAP_FAILED)
        return -1;
    own->busy = 1;
    if (hv_wait_for(&hv_native.lock, HV_LONG_NAPS)) {
        write_head(dump);
        write_names(dump);
        write_live(dump, order, &entries);
        at = dump->length + sizeof(uint32_t);
        write_entries(dump, order, entries);
        hv_native_unlock();
        write_calls(dump, at, entries);
    } else {
        dump->failed = 1;
    }
    own->busy = 0;
    return dump->failed ? -1 : 0;
}

void
hv_native_dump_drop(HvDump *dump)
{
    if (dump->data != MAP_FAILED && dump->data != NULL)
        munmap(dump->data, dump->room);
}
