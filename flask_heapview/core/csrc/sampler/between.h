/* What a thread allocates between two requests: reading the next one, creating its context, loading
 * its session. Or the last one's end: a response that is streamed. */
#ifndef HEAPVIEW_SAMPLER_BETWEEN_H
#define HEAPVIEW_SAMPLER_BETWEEN_H

#include "sampler/state.h"

/* A sample was taken outside of requests; returns the tag of the thread's last one, or 0. */
uint32_t hv_between(const void *block);
/* A request of that tag begins in this thread: what was taken since the last one is before it. */
void hv_between_ends(uint32_t tag);

#endif
