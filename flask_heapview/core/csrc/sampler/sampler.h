/* Who allocates: a Poisson process over the bytes that Python's allocators hand out.
 *
 * Every byte has the same small chance, 1 in `rate`, to have its block sampled, so a block of `size`
 * bytes is sampled with probability 1 - exp(-size / rate), and stands for the reciprocal of that
 * many (Horvitz and Thompson 1952; the heap profilers of tcmalloc and Go do the same). The exponential
 * distribution has no memory, so the rate may be changed at any moment without a bias.
 *
 * Each endpoint has a rate of its own, so that one that allocates much does not take the samples from
 * one that leaks little: a first look, at the finer common rate, asks for the tag alone, and lets the
 * block pass with the chance that makes up for the difference.
 *
 * All of it is guarded by the interpreter's lock: the object and mem domains are only called with it.
 * The tables have a fixed size and come straight from the kernel: a hook never allocates.
 */
#ifndef HEAPVIEW_SAMPLER_H
#define HEAPVIEW_SAMPLER_H

#include "python/compat.h"

#include <math.h>

#define HV_LIVE 8192       /* samples alive, at most: beyond it every other one is given up */
#define HV_LIVE_BITS 14    /* of slots for them: half of these stay empty */
#define HV_LIVE_SLOTS (1 << HV_LIVE_BITS)
#define HV_FILTER_BITS 17
#define HV_ENTRIES 8192    /* pairs of a traceback and a tag */
#define HV_PLACES 32768    /* lines of code */
#define HV_STRINGS 16384   /* names of files and functions */
#define HV_TEXT ((size_t)4 << 20) /* bytes of these names */
#define HV_TAGS 1024
#define HV_FRAMES 128      /* frames of a traceback, at most */

enum { HV_TAG_OTHER, HV_TAG_ENDPOINT, HV_TAG_THREAD };

typedef struct {
    uint32_t entry;
    float rate;    /* bytes between two samples when this one was taken */
    uint64_t size; /* bytes */
} HvSample;

typedef struct {
    uint32_t first, depth; /* its places in the pool, the innermost first */
    uint32_t tag, live;
    double blocks, bytes;  /* ever allocated, estimated */
} HvEntry;

typedef struct {
    uint32_t file, function, line;
} HvPlace;

typedef struct {
    uint32_t at, length; /* in the text */
} HvString;

typedef struct {
    uint32_t string;
    uint8_t kind;
    uint32_t in_window; /* samples taken */
    double rate;        /* bytes between two samples: never finer than the sampler's own */
} HvTag;

typedef struct {
    PyCodeObject *code;
    uint64_t marks;
    int at;
    uint32_t place;
} HvKnownLine;

typedef struct { /* keys to places in a list of at most so many */
    uint64_t *keys;
    uint32_t *values;
    uint32_t mask, count;
} HvIndex;

typedef struct {
    int on;
    int resting; /* bytes are counted, but no sample is taken */
    PyInterpreterState *interp;
    PyObject *endpoint; /* the context variable with the endpoint's name; a strong reference */
    PyObject *threads;  /* threading._active; a strong reference */
    /* the rate */
    double rate, finest, asked; /* bytes */
    uint64_t random;
    int64_t drawn, window_began;
    uint32_t in_window; /* looks taken */
    /* live samples, by address: linear probing, Knuth, TAOCP 3, 6.4 */
    uintptr_t *address;
    HvSample *sample;
    uint32_t live;
    /* tracebacks */
    uint32_t frames, epoch;
    HvIndex strings, places, entries, tags;
    HvString *string;
    HvPlace *place;
    HvEntry *entry;
    HvTag *tag;
    char *text;
    uint32_t *pool;
    size_t text_used;
    uint32_t pool_used, pool_room;
    HvKnownLine *known;
    /* figures */
    uint64_t bytes, samples, dropped, thinned, room_made;
    int64_t began; /* nanoseconds of the monotonic clock */
} HvSampler;

#pragma GCC visibility push(hidden) /* so that the hooks reach them without a table in between */
extern HvSampler hv_sampler;
extern int64_t hv_countdown; /* bytes until the next sample */
extern uint8_t hv_filter[1 << HV_FILTER_BITS]; /* how many lie at each place: see hv_filter_at */
#pragma GCC visibility pop

static inline uint64_t
hv_hash_address(const void *block)
{
    return ((uint64_t)(uintptr_t)block >> 3) * 0x9e3779b97f4a7c15u; /* Knuth, TAOCP 3, 6.4 */
}

/* A byte for 64 bytes of memory, again from the start after 8 MB. Not a hash that scatters: what is
 * freed lies together, and so do these, which leaves the processor's caches to the service. */
static inline uint8_t *
hv_filter_at(const void *block)
{
    return &hv_filter[(uintptr_t)block >> 6 & ((1 << HV_FILTER_BITS) - 1)];
}

static inline int
hv_maybe_sampled(const void *block)
{
    return *hv_filter_at(block) != 0;
}

/* The chance that a block had. */
static inline double
hv_chance(uint64_t size, double rate)
{
    return -expm1(-(double)size / rate);
}

/* sampler.c: called by the hooks */
void hv_take_sample(void *block, size_t size);
void hv_forget(void *block);
/* the slot of a live sample, or -1 */
int hv_find_sample(const void *block);
/* 0, or -1 without memory; the rate is `asked` if it is above 0, else it adapts */
int hv_sampler_start(double asked, uint32_t frames, PyObject *endpoint, PyObject *threads,
                     uint64_t seed);
void hv_sampler_stop(void);
void hv_sampler_freeze(void); /* in a child: nothing changes any more, all can be read */
double hv_bytes_seen(void);

/* tracebacks.c */
int hv_tables_make(void); /* 0, or -1 without memory */
void hv_tables_drop(void);
uint32_t hv_tag_here(void); /* of the running code: its endpoint, else its thread */
uint32_t hv_entry_here(PyThreadState *thread, uint32_t tag); /* of its traceback */
int hv_places_here(PyThreadState *thread, uint32_t *places, int most);
size_t hv_tables_used(void); /* bytes */

/* hooks.c */
int hv_hooks_in(void); /* whether both domains are hooked now; hooks them where they are not */
void hv_hooks_out(void);

/* samples.c: writes all there is, as sampled.py reads it. `node` tells who owns a slot's block. */
typedef void (*HvPut)(void *state, const void *data, size_t length);
void hv_write_samples(HvPut put, void *state, const uint32_t *node);

#endif
