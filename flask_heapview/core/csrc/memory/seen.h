/* The set of objects that were visited: one bit for 16 bytes of address space in use.
 *
 * Two objects never share a bit, since each is at least 16 bytes long (its header), wherever it
 * begins. Memory: 8 KiB for each MiB in which objects lie, 0.8 %. Ranks (Jacobson 1989): prefix sums
 * of the population counts give every member a dense index in constant time.
 */
#ifndef HEAPVIEW_SEEN_H
#define HEAPVIEW_SEEN_H

#include "memory/memory.h"

#define HV_CHUNK_BITS 20 /* address bits of one chunk of the bitmap: 1 MiB */
#define HV_WORDS ((1 << (HV_CHUNK_BITS - 4)) / 64)
#define HV_LOW 13 /* chunks to a second-level table */
#define HV_TOP (1 << (48 - HV_CHUNK_BITS - HV_LOW))

typedef struct {
    uint64_t *bits;
    uint64_t number;  /* which chunk this is: address >> HV_CHUNK_BITS */
    uint64_t first;   /* index of its first member, after hv_rank() */
    uint32_t *before; /* members before each word, within the chunk; after hv_rank() */
} HvChunk;

typedef struct {
    HvChunk ***top;
    HvArena arena;
    HvArray chunks; /* HvChunk *, in the order of their making; of addresses after hv_rank() */
    HvTable odd;    /* members that begin in the middle of their 16 bytes: a few static ones */
    uint64_t members;
} HvSeen;

void hv_seen_init(HvSeen *seen);
void hv_seen_drop(HvSeen *seen);
HvChunk *hv_new_chunk(HvSeen *seen, uintptr_t address);
void hv_mark_odd(HvSeen *seen, uintptr_t address);
void hv_rank(HvSeen *seen);
/* Where the member of that bit begins. */
uintptr_t hv_address(HvSeen *seen, const HvChunk *chunk, uint64_t bit);

static inline HvChunk *
hv_chunk(const HvSeen *seen, uintptr_t address)
{
    HvChunk **low = seen->top[(address >> (HV_CHUNK_BITS + HV_LOW)) & (HV_TOP - 1)];
    return low == NULL ? NULL : low[(address >> HV_CHUNK_BITS) & ((1 << HV_LOW) - 1)];
}

#define HV_WORD(address) (((address) & ((1 << HV_CHUNK_BITS) - 1)) >> 10)
#define HV_BIT(address) ((uint64_t)1 << (((address) >> 4) & 63))

/* Adds it; tells whether it was there before. */
static inline int
hv_mark(HvSeen *seen, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(seen, address);
    if (chunk == NULL)
        chunk = hv_new_chunk(seen, address);
    uint64_t *word = &chunk->bits[HV_WORD(address)], bit = HV_BIT(address);
    if (*word & bit)
        return 1;
    *word |= bit;
    seen->members++;
    if (address & 8)
        hv_mark_odd(seen, address);
    return 0;
}

/* Takes a member out again. */
static inline void
hv_unmark(HvSeen *seen, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(seen, address);
    if (chunk != NULL && (chunk->bits[HV_WORD(address)] & HV_BIT(address)) != 0) {
        chunk->bits[HV_WORD(address)] &= ~HV_BIT(address);
        seen->members--;
    }
}

static inline int
hv_has(const HvSeen *seen, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(seen, address);
    return chunk != NULL && (chunk->bits[HV_WORD(address)] & HV_BIT(address)) != 0;
}

/* The index of a member, from 0; only after hv_rank(), and before the next hv_mark(). */
static inline uint64_t
hv_index(const HvSeen *seen, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(seen, address);
    size_t word = HV_WORD(address);
    uint64_t below = chunk->bits[word] & (HV_BIT(address) - 1);
    return chunk->first + chunk->before[word] + (uint64_t)__builtin_popcountll(below);
}

#endif
