#define _GNU_SOURCE
#include "native/objects.h"

#include "native/elf.h"
#include "native/hooks.h"
#include "native/known.h"
#include "native/pages.h"
#include "native/state.h"
#include "python/compat.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>

#define MAX_PATCHES 32768 /* slots for entries that were changed; a power of two */

enum { LOOK, HOOK, UNHOOK };

typedef struct {
    int what;
    HvScan *found;
    char *why;
    const char *last; /* the object of the entry before */
    int is_read;      /* whether the pages' protections are */
    int whole;        /* the first time: another tool's entries are a reason to refuse */
} Scan;

typedef struct {
    uintptr_t at, original;
} Patch;

static Patch *patches; /* by address: what stood there before */
static uint32_t patched;
static unsigned long long loaded; /* objects, ever, at the last look */
static int scanning;

int
hv_in_core(uintptr_t address)
{
    return hv_in(&hv_known.core, address);
}

int
hv_in_interpreter(uintptr_t address)
{
    return hv_in(&hv_known.interpreter, address);
}

/* --- what stood in an entry */

static Patch *
patch_of(uintptr_t at)
{
    uint32_t slot = (uint32_t)(((uint64_t)at >> 3) * 0x9e3779b97f4a7c15u >> 49);
    while (patches[slot].at != 0 && patches[slot].at != at)
        slot = (slot + 1) % MAX_PATCHES;
    return &patches[slot];
}

static int
note_original(uintptr_t at, uintptr_t original)
{
    Patch *patch = patch_of(at);
    if (patch->at == 0 && ++patched > MAX_PATCHES / 4 * 3)
        return -1;
    *patch = (Patch){at, original};
    return 0;
}

/* --- one entry */

/* Whether another thread is just loading it. The loader would write into what we seal, and we into
 * what it seals. As long as its list stands still, nothing that is sealed is opened again. */
static int
is_open(const HvObject *object, const HvEntryPoint *entry)
{
    uintptr_t at = (uintptr_t)entry->at;
    return at >= object->sealed_low && at < object->sealed_high && hv_is_writable(at);
}

static int
row_of(const char *name, int use)
{
    for (size_t i = 0; i < hv_native_hook_count; i++) {
        if (hv_native_hooks[i].use & use && strcmp(hv_native_hooks[i].name, name) == 0 &&
            *hv_native_hooks[i].real != NULL)
            return (int)i;
    }
    return -1;
}

/* What may be hooked of an object. The allocator's own entries are no allocations of anybody's,
 * but within the C library other functions than malloc call it. */
static int
use_of(const HvObject *object)
{
    if (hv_in_core(object->low))
        return 0;
    if (hv_in_interpreter(object->low))
        return HV_RELEASES | HV_INTERPRETER | HV_LOADS;
    return HV_ALLOCATES | HV_RELEASES | HV_LOADS;
}

static int
is_left_out(const HvObject *object, const HvHookRow *row)
{
    if (object->low != hv_known.allocator.low)
        return row->use & HV_OF_NEW && !hv_known.allocator_has_new;
    return !hv_known.allocator_is_libc || row->use & (HV_MAPS | HV_LOADS);
}

static void
refuse(Scan *scan, const char *words, const char *path)
{
    if (scan->why[0] == 0)
        snprintf(scan->why, HV_REASON_BYTES, words, path[0] ? path : "the program");
}

/* Whether the loader has still to fill it. One for a function that the object has itself may be
 * meant for that: libstdc++ alone lends its operator new to whoever has a better one. */
static int
is_unfilled(const HvObject *object, const HvEntryPoint *entry, const HvHookRow *row, uintptr_t now)
{
    if (!entry->is_lazy || now < object->low || now >= object->high)
        return 0;
    return entry->own == 0 || (row->use & HV_OF_NEW && now != entry->own);
}

static void
count(const HvObject *object, Scan *scan)
{
    if (scan->last != object->path)
        scan->found->objects++;
    scan->last = object->path;
    scan->found->entries++;
}

static void
hook(const HvObject *object, const HvEntryPoint *entry, const HvHookRow *row, Scan *scan)
{
    uintptr_t now = __atomic_load_n(entry->at, __ATOMIC_ACQUIRE);
    int is_inside = now >= object->low && now < object->high;
    uintptr_t known = (uintptr_t)*row->real, other = hv_known.other[row - hv_native_hooks];
    if (now == row->hook) { /* by another thread that has just loaded something */
        if (scan->whole)
            count(object, scan);
        return;
    }
    if (now != known && now != other && !is_unfilled(object, entry, row, now)) {
        int is_offset = now < object->high - object->low; /* it is just being loaded */
        if (entry->is_data || is_inside || is_offset || !(row->use & HV_CORE))
            return; /* the library's own business */
        scan->found->foreign++;
        if (scan->whole)
            refuse(scan, "another tool has redirected malloc in %s", object->path);
        return;
    }
    if (entry->is_data && now != known && now != other)
        return;
    if (scan->what == HOOK && is_open(object, entry))
        return;
    count(object, scan);
    if (scan->what == LOOK)
        return;
    if (note_original((uintptr_t)entry->at, now) < 0 ||
        hv_store((uintptr_t)entry->at, row->hook) < 0) {
        scan->found->failed++;
        refuse(scan, "the table of %s cannot be written, even for a moment", object->path);
    }
}

static void
unhook(const HvEntryPoint *entry, const HvHookRow *row, Scan *scan)
{
    if (__atomic_load_n(entry->at, __ATOMIC_ACQUIRE) != row->hook)
        return;
    Patch *patch = patch_of((uintptr_t)entry->at);
    uintptr_t original = patch->at ? patch->original : (uintptr_t)*row->real;
    if (hv_store((uintptr_t)entry->at, original) < 0)
        scan->found->failed++;
}

static void
each_entry(const HvObject *object, const HvEntryPoint *entry, void *state)
{
    Scan *scan = state;
    int found = row_of(entry->name, use_of(object));
    if (found < 0)
        return;
    const HvHookRow *row = &hv_native_hooks[found];
    if (is_left_out(object, row))
        return;
    if (scan->what == UNHOOK)
        unhook(entry, row, scan);
    else
        hook(object, entry, row, scan);
}

static int
each_object(struct dl_phdr_info *info, size_t size, void *state)
{
    HvObject object;
    Scan *scan = state;
    if (scan->what != LOOK && !scan->is_read && hv_protections_read() < 0) {
        refuse(scan, "/proc/self/maps cannot be read%s", " by this process");
        return -1;
    }
    scan->is_read = 1; /* while the list stands still, and not before */
    if (size > offsetof(struct dl_phdr_info, dlpi_adds))
        __atomic_store_n(&loaded, info->dlpi_adds, __ATOMIC_RELAXED);
    if (hv_object_of(info, &object) == 0)
        hv_each_entry(&object, each_entry, scan);
    return 0;
}

/* --- all of them */

int
hv_objects_hold(void)
{
    return hv_wait_for(&scanning, HV_LONG_NAPS);
}

void
hv_objects_release(void)
{
    __atomic_store_n(&scanning, 0, __ATOMIC_RELEASE);
}

static int
scan_all(Scan *scan)
{
    scan->is_read = 0;
    dl_iterate_phdr(each_object, scan);
    hv_protections_drop();
    return scan->why[0] != 0 ? -1 : 0;
}

int
hv_objects_hook(HvScan *found, char *why)
{
    char ignored[HV_REASON_BYTES] = "";
    Scan scan = {.what = LOOK, .found = found, .why = why, .whole = 1};
    *found = (HvScan){0};
    if (!hv_objects_hold()) {
        snprintf(why, HV_REASON_BYTES, "another thread is switching it");
        return -1;
    }
    int failed = scan_all(&scan);
    if (!failed && found->entries == 0) {
        snprintf(why, HV_REASON_BYTES, "no loaded library calls malloc through a table");
        failed = -1;
    }
    if (!failed) {
        scan.what = HOOK;
        scan.last = NULL;
        *found = (HvScan){0};
        failed = scan_all(&scan);
        if (failed)
            scan_all(&(Scan){.what = UNHOOK, .found = &(HvScan){0}, .why = ignored});
    }
    hv_objects_release();
    return failed;
}

static void /* what hv_objects_hold began */
rescan(HvScan *found, int what)
{
    char ignored[HV_REASON_BYTES] = "";
    *found = (HvScan){0};
    scan_all(&(Scan){.what = what, .found = found, .why = ignored});
    hv_objects_release();
}

void
hv_objects_hook_new(HvScan *found)
{
    *found = (HvScan){0};
    if (!hv_objects_hold())
        return;
    if (hv_native.on && !hv_native.frozen) /* still: it may just have been switched off */
        rescan(found, HOOK);
    else
        hv_objects_release();
}

static int
count_loaded(struct dl_phdr_info *info, size_t size, void *state)
{
    if (size > offsetof(struct dl_phdr_info, dlpi_adds))
        *(unsigned long long *)state = info->dlpi_adds;
    return 1;
}

/* --- from outside */

int
hv_objects_find(char *why)
{
    if (hv_known_find(why) < 0)
        return -1;
    if (patches == NULL) {
        void *pages = mmap(NULL, MAX_PATCHES * sizeof *patches, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) {
            snprintf(why, HV_REASON_BYTES, "there is no memory for its tables");
            return -1;
        }
        patches = pages;
    }
    return 0;
}

void
hv_objects_hook_loaded(void)
{
    HvScan found;
    unsigned long long now = 0;
    dl_iterate_phdr(count_loaded, &now);
    if (now != __atomic_load_n(&loaded, __ATOMIC_RELAXED))
        hv_objects_hook_new(&found);
}

void
hv_objects_unhook(HvScan *found)
{
    *found = (HvScan){0};
    if (patches == NULL)
        return;
    if (hv_objects_hold())
        rescan(found, UNHOOK);
    else
        found->failed = patched; /* somebody looks for good, or has ended in its midst */
}
