#define _GNU_SOURCE
#include "native/known.h"

#include "native/elf.h"
#include "native/hooks.h"
#include "native/objects.h"
#include "python/compat.h"

#include <dlfcn.h>
#include <string.h>

HvKnown hv_known;

typedef struct {
    uintptr_t address;
    HvRange found;
    int is_program; /* its object is the program itself: the first in the list */
    int count;
} Search;

static int
holds(struct dl_phdr_info *info, size_t size, void *state)
{
    Search *search = state;
    HvObject object;
    (void)size;
    int first = search->count++ == 0;
    if (hv_object_of(info, &object) < 0 || search->address < object.low ||
        search->address >= object.high)
        return 0;
    search->found = (HvRange){object.low, object.high};
    search->is_program = first;
    return 1;
}

static Search
object_at(uintptr_t address)
{
    Search search = {.address = address};
    dl_iterate_phdr(holds, &search);
    return search;
}

/* A program that is not position-independent lends a function the address of its own stub, which
 * goes by an entry that will be a hook's: then the C library is asked. */
static void
find_function(size_t number, void *libc)
{
    const HvHookRow *row = &hv_native_hooks[number];
    void *found = dlsym(RTLD_DEFAULT, row->name);
    if (found != NULL && libc != NULL && object_at((uintptr_t)found).is_program) {
        void *inner = dlsym(libc, row->name);
        hv_known.other[number] = inner != NULL ? (uintptr_t)found : 0;
        found = inner != NULL ? inner : found;
    }
    *row->real = found;
}

static int
is_libc(void *libc)
{
    const char *(*version)(void);
    *(void **)&version = libc == NULL ? NULL : dlsym(libc, "gnu_get_libc_version");
    return version != NULL;
}

static void
find_allocator(const char *last_resort)
{
    uintptr_t malloc_at = 0, new_at = 0, libc_at = (uintptr_t)dlsym(RTLD_DEFAULT, last_resort);
    for (size_t i = 0; i < hv_native_hook_count; i++) {
        uintptr_t at = (uintptr_t)*hv_native_hooks[i].real;
        if (strcmp(hv_native_hooks[i].name, "malloc") == 0)
            malloc_at = at;
        if (strcmp(hv_native_hooks[i].name, "_Znwm") == 0)
            new_at = at;
    }
    hv_known.allocator = object_at(malloc_at).found;
    hv_known.allocator_is_libc = hv_in(&hv_known.allocator, libc_at);
    hv_known.allocator_has_new = new_at != 0 && hv_in(&hv_known.allocator, new_at);
}

int
hv_known_find(char *why)
{
    static int done;
    if (done)
        return 0;
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (!is_libc(libc)) {
        snprintf(why, HV_REASON_BYTES, "this C library is not known: it must be glibc");
        return -1;
    }
    for (size_t i = 0; i < hv_native_hook_count; i++)
        find_function(i, libc);
    find_allocator("gnu_get_libc_version");
    hv_known.core = object_at((uintptr_t)hv_known_find).found;
    /* a function of CPython's that only its own object can have the address of */
    hv_known.interpreter = object_at((uintptr_t)PyType_Type.tp_repr).found;
    if (hv_known.core.low == 0 || hv_known.interpreter.low == 0 || hv_known.allocator.low == 0) {
        snprintf(why, HV_REASON_BYTES, "the loader does not list the objects of this process");
        return -1;
    }
    Dl_info own;
    if (dladdr((void *)(uintptr_t)hv_known_find, &own) != 0) /* hooks must never be unloaded */
        dlopen(own.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    done = 1;
    return 0;
}
