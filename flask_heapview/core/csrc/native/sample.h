/* Takes samples of what C libraries allocate; the theory is that of sampler/sampler.h. */
#ifndef HEAPVIEW_NATIVE_SAMPLE_H
#define HEAPVIEW_NATIVE_SAMPLE_H

#include "native/state.h"

/* Whether the block of that size is no sample: of the running thread, at the price of a
 * subtraction. */
static inline int
hv_native_passes(size_t size)
{
    hv_native_own.left = (int64_t)((uint64_t)hv_native_own.left - size);
    return __builtin_expect(hv_native_own.left >= 0, 1);
}

/* What a hook hands out, where it did not pass or the filter knows its address; returns it. */
void *hv_native_made(void *block, size_t size);
void *hv_native_mapped(void *begin, size_t length);
void hv_native_forget(void *block);
/* The sample goes on: the block could not be resized after all. */
void hv_native_put_back(void *block, const HvNativeSample *sample);

/* A request of that endpoint begins or ends in this thread; with the interpreter's lock. */
void hv_native_request_begun(PyObject *endpoint);
void hv_native_request_ended(void);

/* With the interpreter's lock; 0, or -1 without memory. No hook is in place yet. */
int hv_native_begin(PyObject *endpoint, double asked, uint64_t seed);
void hv_native_end(void);
void hv_native_freeze(void); /* in a child: nothing changes any more */

#endif
