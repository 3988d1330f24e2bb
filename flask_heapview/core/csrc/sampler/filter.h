/* A filter before a table of addresses: most are in it for sure not, which one bit tells.
 *
 * A bit for 64 bytes of memory, again from the start after 8 MB. Not a hash that scatters: what is
 * freed lies together, and so do these. All bits together fit into a processor's first cache, and
 * most of that is left to the service. How many addresses share a bit is counted beside.
 */
#ifndef HEAPVIEW_SAMPLER_FILTER_H
#define HEAPVIEW_SAMPLER_FILTER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HV_FILTER_BITS 17

typedef struct {
    uint8_t bits[(1 << HV_FILTER_BITS) / 8];
    uint8_t count[1 << HV_FILTER_BITS];
} HvFilter;

static inline size_t
hv_filter_place(const void *block)
{
    return (uintptr_t)block >> 6 & ((1 << HV_FILTER_BITS) - 1);
}

static inline int
hv_filter_maybe(const HvFilter *filter, const void *block)
{
    size_t place = hv_filter_place(block);
    return __atomic_load_n(&filter->bits[place / 8], __ATOMIC_RELAXED) >> (place & 7) & 1;
}

/* One address more or less. Any thread may do so at any time. */
void hv_filter_count(HvFilter *filter, const void *block, int by);

static inline void
hv_filter_clear(HvFilter *filter)
{
    memset(filter, 0, sizeof *filter);
}

/* Nothing is found any more; the counts stay as they are, so that their pages are not copied. */
static inline void
hv_filter_close(HvFilter *filter)
{
    memset(filter->bits, 0, sizeof filter->bits);
}

#endif
