/* The functions that the hooks stand for, and the objects that are treated apart. */
#ifndef HEAPVIEW_NATIVE_KNOWN_H
#define HEAPVIEW_NATIVE_KNOWN_H

#include <stdint.h>

#define HV_MAX_HOOKS 32

typedef struct {
    uintptr_t low, high;
} HvRange;

typedef struct {
    HvRange core, interpreter, allocator;
    int allocator_is_libc, allocator_has_new;
    uintptr_t other[HV_MAX_HOOKS]; /* the program's own address of each function, or 0 */
} HvKnown;

#pragma GCC visibility push(hidden)
extern HvKnown hv_known;
#pragma GCC visibility pop

/* Finds them; 0, or -1 with the reason in `why`. */
int hv_known_find(char *why);

static inline int
hv_in(const HvRange *range, uintptr_t address)
{
    return address >= range->low && address < range->high;
}

#endif
