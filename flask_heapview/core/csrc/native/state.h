/* What the sampler of native memory knows, in tables of a fixed size.
 *
 * Beside the sampler of Python's allocators and with its theory (sampler/sampler.h), but without
 * the interpreter's lock: any thread may call malloc at any time. So
 *   - what every call touches is the thread's own, and one byte of a filter;
 *   - a sample is added under a lock for which nobody waits long: without it the sample is dropped;
 *   - a sample is removed without a lock, since a free must never be missed.
 * The tables come straight from the kernel and stay mapped: another thread may be in a hook when
 * the sampler is switched off.
 */
#ifndef HEAPVIEW_NATIVE_STATE_H
#define HEAPVIEW_NATIVE_STATE_H

#include "sampler/tables.h"

/* musl gives no library that is loaded later a place in the static block, and needs none: it
 * allocates nothing when a thread first touches such a variable. glibc would. */
#ifdef __GLIBC__
#define HV_OWN __thread __attribute__((tls_model("initial-exec")))
#else
#define HV_OWN __thread
#endif

#define HV_NATIVE_LIVE_BITS 14
#define HV_NATIVE_SLOTS (1 << HV_NATIVE_LIVE_BITS)
#define HV_NATIVE_PROBES 64 /* slots that are tried for a block, at most */
#define HV_NATIVE_ALL_SLOTS (HV_NATIVE_SLOTS + HV_NATIVE_PROBES)
#define HV_NATIVE_MAX_LIVE 8192
#define HV_NATIVE_MAPS 1024 /* sampled mappings that are alive, at most */
#define HV_NATIVE_ENTRIES 8192
#define HV_NATIVE_PLACES 16384
#define HV_NATIVE_STRINGS 8192
#define HV_NATIVE_TEXT_BYTES ((size_t)2 << 20)
#define HV_NATIVE_TAGS 1024
#define HV_NATIVE_CALLS 16  /* return addresses of a stack, the innermost */
#define HV_NATIVE_FRAMES 16 /* of Python's, the innermost */

typedef struct {
    uint32_t entry;
    float rate;                            /* bytes between two samples when it was taken */
    uint64_t size;                         /* bytes */
    uint32_t request, own_request, second; /* its birth, as in HvSample */
} HvNativeSample;

typedef struct {
    uintptr_t begin, end; /* what is left of it; 0: free */
    uint64_t left;        /* bytes: less than end - begin where there is a hole */
    HvNativeSample sample;
} HvNativeMap;

typedef struct {
    uint32_t tag;
    uint16_t calls, frames;
    uintptr_t call[HV_NATIVE_CALLS];  /* return addresses, the innermost first */
    uint32_t frame[HV_NATIVE_FRAMES]; /* places, the innermost first */
    double blocks, bytes;             /* ever allocated, estimated */
} HvNativeEntry;

typedef struct {
    uint32_t string, requests;
    uint8_t kind;
} HvNativeTag;

typedef struct {
    int on;
    int frozen; /* in a child: nothing changes any more */
    int forked; /* a child since it was switched on */
    int lock;
    uint32_t epoch; /* so many times it was switched on */
    PyInterpreterState *interp;
    PyObject *endpoint; /* the context variable with the endpoint's name; a strong reference */
    double rate, finest, asked; /* bytes */
    uint64_t seed;
    int64_t began, window_began; /* nanoseconds of the monotonic clock */
    uint32_t in_window, live, maps, requests, threads;
    uint64_t samples, dropped, thinned, room_made;
    HvTexts texts;
    HvIndex places, entries, tags;
    HvPlace *place;
    HvNativeEntry *entry;
    HvNativeTag *tag;
    uintptr_t *address; /* of live blocks, by their hash: 0 never used, 1 used before */
    HvNativeSample *sample;
    HvNativeMap *map;
} HvNative;

typedef struct {
    int64_t left; /* bytes until the next sample */
    double rate;  /* at which that distance was drawn; 0: none was */
    uint64_t random;
    uint32_t epoch, tag, tag_epoch; /* tag: of the request that this thread serves, or 0 */
    int busy;                       /* in the sampler: what it calls is not sampled */
} HvNativeThread;

#pragma GCC visibility push(hidden)
extern HvNative hv_native;
extern HV_OWN HvNativeThread hv_native_own;
extern HvFilter hv_native_filter;
#pragma GCC visibility pop

static inline int
hv_native_maybe(const void *block)
{
    return hv_filter_maybe(&hv_native_filter, block);
}

/* Sets a flag that was 0, as soon as it is; 0 where it did not come to that in so many naps. */
int hv_wait_for(int *flag, int naps);
#define HV_SHORT_NAPS 200   /* some ten milliseconds */
#define HV_LONG_NAPS 200000 /* some ten seconds */

/* 1 with the lock; 0 where it could not be had soon, as after a bare fork in its midst. */
int hv_native_lock(void);
void hv_native_unlock(void);
/* Handlers for forks: none leaves the lock to a child that nobody could open it for. */
int hv_native_at_fork(void);

int hv_native_tables_make(void); /* once in a process; 0, or -1 without memory */
void hv_native_tables_clear(void);
size_t hv_native_tables_used(void); /* bytes */

uint32_t hv_native_tag(uint8_t kind, uint64_t hash, const char *name, size_t length);

#endif
