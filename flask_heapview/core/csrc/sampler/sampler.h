/* Who allocates: a Poisson process over the bytes that Python's allocators hand out.
 *
 * Every byte has the same small chance, 1 in `rate`, to have its block sampled, so a block of
 * `size` bytes is sampled with probability 1 - exp(-size / rate), and stands for the reciprocal of
 * that many (Horvitz and Thompson 1952; the heap profilers of tcmalloc and Go do the same). The
 * exponential distribution has no memory, so the rate may be changed at any moment without a bias.
 *
 * Each endpoint has rates of its own, so that one that allocates much does not take the samples
 * from one that leaks little. A look asks for the tag alone, at the endpoint's finer rate, and lets
 * the block pass with the chance that makes up for the difference to its rate of samples. The rate
 * in force is that of the endpoint that began a request last, or was looked at since.
 *
 * All of it is guarded by the interpreter's lock: the object and mem domains are only called with
 * it. The tables have a fixed size and come straight from the kernel: a hook never allocates.
 */
#ifndef HEAPVIEW_SAMPLER_H
#define HEAPVIEW_SAMPLER_H

#include "sampler/state.h"

/* Called by the hooks. */
void hv_take_sample(void *block, size_t size);
void hv_forget(void *block);
/* The slot of a live sample, or -1. */
int hv_find_sample(const void *block);
/* Estimated bytes alive by tag: HV_MAX_TAGS of them. Nothing is allocated, nothing changed. */
void hv_live_bytes(double *bytes);
/* 0, or -1 without memory; the rate is `asked` if it is above 0, else it adapts. */
int hv_sampler_start(double asked, uint32_t frames, PyObject *endpoint, PyObject *threads,
                     uint64_t seed);
/* A request of that tag begins: from now on its rate is in force. Only while it samples. */
void hv_sampler_enter(uint32_t tag);
void hv_sampler_stop(void);
void hv_sampler_freeze(void); /* in a child: nothing changes any more, all can be read */

#endif
