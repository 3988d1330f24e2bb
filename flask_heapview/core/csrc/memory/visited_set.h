/* A set of objects, such as those that were visited: one bit for 16 bytes of address space in use.
 *
 * Two objects never share a bit, since each is at least 16 bytes long (its header), wherever it
 * begins. Memory: 8 KiB for each MiB in which objects lie, 0.8 %. Ranks (Jacobson 1989): prefix
 * sums of the population counts give every member a dense index in constant time.
 */
#ifndef HEAPVIEW_VISITED_SET_H
#define HEAPVIEW_VISITED_SET_H

#include "memory/memory.h"

#define HV_CHUNK_BITS 20 /* address bits of one chunk of the bitmap: 1 MiB */
#define HV_CHUNK_WORDS ((1 << (HV_CHUNK_BITS - 4)) / 64)
#define HV_TABLE_BITS 13 /* chunks to a second-level table */
#define HV_TOP_TABLES (1 << (48 - HV_CHUNK_BITS - HV_TABLE_BITS))

typedef struct {
    uint64_t *bits;
    uint64_t number;  /* which chunk this is: address >> HV_CHUNK_BITS */
    uint64_t first;   /* index of its first member, after hv_set_rank() */
    uint32_t *before; /* members before each word, within the chunk; after hv_set_rank() */
} HvChunk;

typedef struct {
    HvChunk ***top;
    HvArena arena;
    HvArray chunks; /* HvChunk *, in the order of their making; of addresses after hv_set_rank() */
    HvTable odd;    /* members that begin in the middle of their 16 bytes: a few static ones */
    uint64_t members;
} HvVisitedSet;

void hv_set_init(HvVisitedSet *set);
void hv_set_drop(HvVisitedSet *set);
HvChunk *hv_new_chunk(HvVisitedSet *set, uintptr_t address);
void hv_set_add_unaligned(HvVisitedSet *set, uintptr_t address);
void hv_set_rank(HvVisitedSet *set);
/* Where the member of that bit begins. */
uintptr_t hv_set_address(HvVisitedSet *set, const HvChunk *chunk, uint64_t bit);

static inline HvChunk *
hv_chunk(const HvVisitedSet *set, uintptr_t address)
{
    HvChunk **low = set->top[(address >> (HV_CHUNK_BITS + HV_TABLE_BITS)) & (HV_TOP_TABLES - 1)];
    return low == NULL ? NULL : low[(address >> HV_CHUNK_BITS) & ((1 << HV_TABLE_BITS) - 1)];
}

#define HV_WORD(address) (((address) & ((1 << HV_CHUNK_BITS) - 1)) >> 10)
#define HV_BIT(address) ((uint64_t)1 << (((address) >> 4) & 63))

/* Adds it; tells whether it was there before. */
static inline int
hv_set_add(HvVisitedSet *set, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(set, address);
    if (chunk == NULL)
        chunk = hv_new_chunk(set, address);
    uint64_t *word = &chunk->bits[HV_WORD(address)], bit = HV_BIT(address);
    if (*word & bit)
        return 1;
    *word |= bit;
    set->members++;
    if (address & 8)
        hv_set_add_unaligned(set, address);
    return 0;
}

/* Takes a member out again. */
static inline void
hv_set_remove(HvVisitedSet *set, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(set, address);
    if (chunk != NULL && (chunk->bits[HV_WORD(address)] & HV_BIT(address)) != 0) {
        chunk->bits[HV_WORD(address)] &= ~HV_BIT(address);
        set->members--;
    }
}

static inline int
hv_set_has(const HvVisitedSet *set, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(set, address);
    return chunk != NULL && (chunk->bits[HV_WORD(address)] & HV_BIT(address)) != 0;
}

/* The index of a member, from 0; only after hv_set_rank(), and before the next hv_set_add(). */
static inline uint64_t
hv_set_index(const HvVisitedSet *set, const void *object)
{
    uintptr_t address = (uintptr_t)object;
    HvChunk *chunk = hv_chunk(set, address);
    size_t word = HV_WORD(address);
    uint64_t below = chunk->bits[word] & (HV_BIT(address) - 1);
    return chunk->first + chunk->before[word] + (uint64_t)__builtin_popcountll(below);
}

#endif
