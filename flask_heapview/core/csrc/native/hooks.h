/* The functions that stand in for the allocator's, and what each stands for. */
#ifndef HEAPVIEW_NATIVE_HOOKS_H
#define HEAPVIEW_NATIVE_HOOKS_H

#include <stddef.h>
#include <stdint.h>

enum {
    HV_ALLOCATES = 1,   /* not in the interpreter: the sampler of Python's allocators has those */
    HV_RELEASES = 2,    /* in the interpreter, too: it frees what libraries hand to it */
    HV_INTERPRETER = 4, /* in the interpreter alone */
    HV_MAPS = 8,        /* not in an allocator: what it maps it hands out again */
    HV_CORE = 16,       /* without it there is nothing to sample */
    HV_OF_NEW = 32,     /* only where operator new does not come by as malloc does */
    HV_LOADS = 64,
};

typedef struct {
    const char *name;
    uintptr_t hook;
    void **real;
    int use;
} HvHookRow;

extern const HvHookRow hv_native_hooks[];
extern const size_t hv_native_hook_count;

#endif
