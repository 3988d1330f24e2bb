/* The sampled blocks and mappings that are alive. */
#ifndef HEAPVIEW_NATIVE_LIVE_H
#define HEAPVIEW_NATIVE_LIVE_H

#include "native/state.h"

/* With the lock. 0 where there is no room for it. */
int hv_live_put(const void *block, const HvNativeSample *sample);
int hv_map_put(const void *begin, size_t length, const HvNativeSample *sample);
/* Without any lock; whether it was a sample, which `found` gets unless it is NULL. */
int hv_live_take(const void *block, HvNativeSample *found);
/* Removes the sample in that slot, as somebody else may have done meanwhile. */
void hv_live_drop(uint32_t slot, uintptr_t block);
void hv_map_cut(const void *begin, size_t length); /* that part is unmapped, or mapped anew */
int hv_map_has(const void *begin);                 /* whether a sample begins there */

#endif
