/* What the sampler knows, in tables of a fixed size; who does what with them is in the files
 * beside. */
#ifndef HEAPVIEW_SAMPLER_STATE_H
#define HEAPVIEW_SAMPLER_STATE_H

#include "python/compat.h"
#include "sampler/filter.h"

#include <math.h>

#define HV_MAX_LIVE 8192 /* samples alive, at most: beyond it every other one is given up */
#define HV_LIVE_BITS 14  /* of slots for them: half of these stay empty */
#define HV_LIVE_SLOTS (1 << HV_LIVE_BITS)
#define HV_MAX_ENTRIES 8192                 /* pairs of a traceback and a tag */
#define HV_MAX_PLACES 32768                 /* lines of code */
#define HV_MAX_STRINGS 16384                /* names of files and functions */
#define HV_MAX_TEXT_BYTES ((size_t)4 << 20) /* bytes of these names */
#define HV_MAX_TAGS 1024
#define HV_MAX_FRAMES 128 /* frames of a traceback, at most */

enum { HV_TAG_OTHER, HV_TAG_ENDPOINT, HV_TAG_THREAD };

typedef struct {
    uint32_t entry;
    float rate;    /* bytes between two samples when this one was taken */
    uint64_t size; /* bytes */
    /* its birth: requests that had begun by then, all and those of its tag, and seconds since the
     * sampler began */
    uint32_t request, own_request, second;
    /* outside of requests: tags of the requests that its thread served before and after, or 0 */
    uint16_t last, next;
} HvSample;

typedef struct {
    uint32_t first, depth; /* its places in the pool, the innermost first */
    uint32_t tag, live;
    double blocks, bytes; /* ever allocated, estimated */
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
    uint32_t requests; /* that have begun */
    double in_window;  /* bytes that the looks of this window stand for */
    double rate;       /* bytes between two samples: they have the coarser of these two */
    double look_rate;  /* and between two looks */
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

typedef struct { /* names, each kept once; of at most so many, and so many bytes together */
    HvIndex index;
    HvString *string;
    char *text;
    size_t used, max_bytes;
    uint32_t max_strings;
} HvTexts;

typedef struct {
    int on;
    int resting; /* bytes are counted, but no sample is taken */
    PyInterpreterState *interp;
    PyObject *endpoint; /* the context variable with the endpoint's name; a strong reference */
    PyObject *threads;  /* threading._active; a strong reference */
    /* the rate */
    double rate, mean_rate; /* bytes between two looks: now, and of late on average */
    double finest, asked;
    uint64_t random;
    int64_t drawn, window_began;
    uint32_t in_window; /* looks taken */
    /* live samples, by address: linear probing, Knuth, TAOCP 3, 6.4 */
    uintptr_t *address;
    HvSample *sample;
    uint32_t live;
    /* tracebacks */
    uint32_t frames, epoch;
    HvTexts texts;
    HvIndex places, entries, tags;
    HvPlace *place;
    HvEntry *entry;
    HvTag *tag;
    uint32_t *pool;
    uint32_t pool_used, pool_room;
    HvKnownLine *known;
    /* figures */
    uint64_t bytes, samples, dropped, thinned, room_made;
    uint32_t requests; /* that have begun */
    int64_t began;     /* nanoseconds of the monotonic clock */
} HvSampler;

#pragma GCC visibility push(hidden) /* so that the hooks reach them without a table in between */
extern HvSampler hv_sampler;
extern int64_t hv_countdown; /* bytes until the next sample */
extern HvFilter hv_filter;
#pragma GCC visibility pop

static inline uint64_t
hv_hash_address(const void *block)
{
    return ((uint64_t)(uintptr_t)block >> 3) * 0x9e3779b97f4a7c15u; /* Knuth, TAOCP 3, 6.4 */
}

static inline int
hv_maybe_sampled(const void *block)
{
    return hv_filter_maybe(&hv_filter, block);
}

/* In (0, 1]: SplitMix64 (Steele, Lea, Flood 2014). */
static inline double
hv_uniform(uint64_t *random)
{
    uint64_t bits = *random += 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    bits ^= bits >> 31;
    return ((double)(bits >> 11) + 1) * 0x1p-53;
}

/* The chance that a block had. */
static inline double
hv_chance(uint64_t size, double rate)
{
    return -expm1(-(double)size / rate);
}

/* Bytes that Python's allocators handed out since the start. */
double hv_bytes_seen(void);

#endif
