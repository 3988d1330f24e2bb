#include "sampler/filter.h"

void
hv_filter_count(HvFilter *filter, const void *block, int by)
{
    size_t place = hv_filter_place(block);
    uint8_t *count = &filter->count[place], *bits = &filter->bits[place / 8];
    uint8_t bit = (uint8_t)(1 << (place & 7)), old = __atomic_load_n(count, __ATOMIC_RELAXED);
    do {
        /* one that was ever full stays so: it can no longer be counted down */
        if (old == 255 || (old == 0 && by < 0))
            return;
    } while (!__atomic_compare_exchange_n(count, &old, (uint8_t)(old + by), 1, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED));
    if (by < 0 && old > 1)
        return;
    if (by < 0) {
        __atomic_fetch_and(bits, (uint8_t)~bit, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(count, __ATOMIC_SEQ_CST) == 0)
            return; /* else another thread has just come to it */
    }
    __atomic_fetch_or(bits, bit, __ATOMIC_SEQ_CST);
}
