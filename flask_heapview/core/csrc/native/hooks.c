/* What stands in for the allocator. All of it only passes on while nothing is sampled: some caller
 * may have kept a hook's address, and it stays valid as long as the process lives. */
#define _GNU_SOURCE
#include "native/hooks.h"

#include "native/live.h"
#include "native/objects.h"
#include "native/sample.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#define LIKELY(x) __builtin_expect((x) != 0, 1)

static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*valloc)(size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    char *(*strdup)(const char *), *(*strdup_2)(const char *);
    char *(*strndup)(const char *, size_t);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    void *(*mmap_large)(void *, size_t, int, int, int, off_t);
    int (*munmap)(void *, size_t);
    void *(*mremap)(void *, size_t, size_t, int, ...);
    void *(*dlopen)(const char *, int);
    void *(*new_plain)(size_t), *(*new_array)(size_t);
    void *(*new_quiet)(size_t, const void *), *(*new_quiet_array)(size_t, const void *);
    void (*delete_plain)(void *), (*delete_array)(void *);
    void (*delete_sized)(void *, size_t), (*delete_sized_array)(void *, size_t);
} real;

/* A block whose address is known was freed where no hook is: it is looked at once more. */
static inline void *
handed_out(void *block, size_t size)
{
    if (hv_native_passes(size) && LIKELY(!hv_native_maybe(block)))
        return block;
    return hv_native_made(block, size);
}

static inline void
given_back(void *block)
{
    if (!LIKELY(!hv_native_maybe(block)))
        hv_native_forget(block);
}

static void *
hook_malloc(size_t size)
{
    return handed_out(real.malloc(size), size);
}

static void *
hook_calloc(size_t number, size_t size)
{
    return handed_out(real.calloc(number, size), number * size);
}

static void
hook_free(void *block)
{
    given_back(block);
    real.free(block);
}

/* A sample goes before its block: another thread may get that address at once. */
static void *__attribute__((noinline))
sampled_realloc(void *block, size_t size)
{
    HvNativeSample sample;
    int was = hv_live_take(block, &sample);
    void *moved = real.realloc(block, size);
    if (moved == NULL && size != 0 && was)
        hv_native_put_back(block, &sample);
    return moved;
}

/* A block that is made larger or smaller is a new one, allocated where that was asked for. */
static void *
hook_realloc(void *block, size_t size)
{
    void *moved =
        LIKELY(!hv_native_maybe(block)) ? real.realloc(block, size) : sampled_realloc(block, size);
    return handed_out(moved, size);
}

/* The interpreter's: what it makes larger is its own from then on. */
static void *
hook_python_realloc(void *block, size_t size)
{
    if (LIKELY(!hv_native_maybe(block)))
        return real.realloc(block, size);
    return sampled_realloc(block, size);
}

static int
hook_posix_memalign(void **block, size_t alignment, size_t size)
{
    int failed = real.posix_memalign(block, alignment, size);
    if (!failed)
        handed_out(*block, size);
    return failed;
}

static void *
hook_aligned_alloc(size_t alignment, size_t size)
{
    return handed_out(real.aligned_alloc(alignment, size), size);
}

static void *
hook_memalign(size_t alignment, size_t size)
{
    return handed_out(real.memalign(alignment, size), size);
}

static void *
hook_valloc(size_t size)
{
    return handed_out(real.valloc(size), size);
}

/* These three are made of the others: whether the C library's own call its malloc through an entry
 * differs, and nothing must be counted twice. */
static void *
hook_reallocarray(void *block, size_t number, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return hook_realloc(block, bytes);
}

static char *
hook_strndup(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    char *copy = hook_malloc(length + 1);
    if (copy == NULL)
        return NULL;
    copy[length] = 0;
    return memcpy(copy, text, length);
}

static char *
hook_strdup(const char *text)
{
    return hook_strndup(text, SIZE_MAX);
}

/* --- mappings: anonymous, private, and to be written; the rest is address space, or a file's */

static void *
mapped(void *wanted, void *begin, size_t length, int protection, int flags)
{
    int kind = MAP_PRIVATE | MAP_ANONYMOUS;
    if (begin == MAP_FAILED || hv_native_own.busy)
        return begin;
    if (flags & MAP_FIXED && wanted == begin)
        hv_map_cut(begin, length);
    if ((flags & (kind | MAP_NORESERVE | MAP_STACK)) != kind || !(protection & PROT_WRITE) ||
        hv_native_passes(length))
        return begin;
    return hv_native_mapped(begin, length);
}

static void *
hook_mmap(void *wanted, size_t length, int protection, int flags, int file, off_t offset)
{
    void *begin = real.mmap(wanted, length, protection, flags, file, offset);
    return mapped(wanted, begin, length, protection, flags);
}

static void *
hook_mmap_large(void *wanted, size_t length, int protection, int flags, int file, off_t offset)
{
    void *begin = real.mmap_large(wanted, length, protection, flags, file, offset);
    return mapped(wanted, begin, length, protection, flags);
}

static int
hook_munmap(void *begin, size_t length)
{
    if (!hv_native_own.busy)
        hv_map_cut(begin, length);
    return real.munmap(begin, length);
}

/* One that is resized is a new one, if it was a sample. */
static void *
hook_mremap(void *old, size_t length, size_t wanted, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    void *place = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
    va_end(more);
    int known = !hv_native_own.busy && hv_map_has(old);
    void *begin = real.mremap(old, length, wanted, flags, place);
    if (!known || begin == MAP_FAILED)
        return begin;
    hv_map_cut(old, length);
    return mapped(NULL, begin, wanted, PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
}

/* --- libraries that are loaded later */

/* The loader looks at who asks: for the search path where the name has no slash, and for what
 * stands for a directory. Then the call goes on by a jump, and those libraries are found at the
 * next request or capture. */
static void *
hook_dlopen(const char *file, int mode)
{
    if (file == NULL || strchr(file, '/') == NULL || strchr(file, '$') != NULL)
        return real.dlopen(file, mode);
    void *library = real.dlopen(file, mode);
    if (library != NULL)
        hv_objects_hook_loaded();
    return library;
}

/* --- operator new and delete of an allocator that does not go by its own malloc */

static void *
hook_new(size_t size)
{
    return handed_out(real.new_plain(size), size);
}

static void *
hook_new_array(size_t size)
{
    return handed_out(real.new_array(size), size);
}

static void *
hook_new_quiet(size_t size, const void *quiet)
{
    return handed_out(real.new_quiet(size, quiet), size);
}

static void *
hook_new_quiet_array(size_t size, const void *quiet)
{
    return handed_out(real.new_quiet_array(size, quiet), size);
}

static void
hook_delete(void *block)
{
    given_back(block);
    real.delete_plain(block);
}

static void
hook_delete_array(void *block)
{
    given_back(block);
    real.delete_array(block);
}

static void
hook_delete_sized(void *block, size_t size)
{
    given_back(block);
    real.delete_sized(block, size);
}

static void
hook_delete_sized_array(void *block, size_t size)
{
    given_back(block);
    real.delete_sized_array(block, size);
}

#define ROW(name, function, field, use) {name, (uintptr_t)function, (void **)&real.field, use}

const HvHookRow hv_native_hooks[] = {
    ROW("malloc", hook_malloc, malloc, HV_ALLOCATES | HV_CORE),
    ROW("calloc", hook_calloc, calloc, HV_ALLOCATES | HV_CORE),
    ROW("realloc", hook_realloc, realloc, HV_ALLOCATES | HV_CORE),
    ROW("realloc", hook_python_realloc, realloc, HV_INTERPRETER | HV_CORE),
    ROW("free", hook_free, free, HV_RELEASES | HV_CORE),
    ROW("posix_memalign", hook_posix_memalign, posix_memalign, HV_ALLOCATES),
    ROW("aligned_alloc", hook_aligned_alloc, aligned_alloc, HV_ALLOCATES),
    ROW("memalign", hook_memalign, memalign, HV_ALLOCATES),
    ROW("valloc", hook_valloc, valloc, HV_ALLOCATES),
    ROW("reallocarray", hook_reallocarray, reallocarray, HV_ALLOCATES),
    ROW("strdup", hook_strdup, strdup, HV_ALLOCATES),
    ROW("__strdup", hook_strdup, strdup_2, HV_ALLOCATES),
    ROW("strndup", hook_strndup, strndup, HV_ALLOCATES),
    ROW("mmap", hook_mmap, mmap, HV_ALLOCATES | HV_MAPS),
    ROW("mmap64", hook_mmap_large, mmap_large, HV_ALLOCATES | HV_MAPS),
    ROW("munmap", hook_munmap, munmap, HV_ALLOCATES | HV_MAPS),
    ROW("mremap", hook_mremap, mremap, HV_ALLOCATES | HV_MAPS),
    ROW("dlopen", hook_dlopen, dlopen, HV_LOADS),
    ROW("_Znwm", hook_new, new_plain, HV_ALLOCATES | HV_OF_NEW),
    ROW("_Znam", hook_new_array, new_array, HV_ALLOCATES | HV_OF_NEW),
    ROW("_ZnwmRKSt9nothrow_t", hook_new_quiet, new_quiet, HV_ALLOCATES | HV_OF_NEW),
    ROW("_ZnamRKSt9nothrow_t", hook_new_quiet_array, new_quiet_array, HV_ALLOCATES | HV_OF_NEW),
    ROW("_ZdlPv", hook_delete, delete_plain, HV_RELEASES | HV_OF_NEW),
    ROW("_ZdaPv", hook_delete_array, delete_array, HV_RELEASES | HV_OF_NEW),
    ROW("_ZdlPvm", hook_delete_sized, delete_sized, HV_RELEASES | HV_OF_NEW),
    ROW("_ZdaPvm", hook_delete_sized_array, delete_sized_array, HV_RELEASES | HV_OF_NEW),
};
const size_t hv_native_hook_count = sizeof hv_native_hooks / sizeof *hv_native_hooks;
