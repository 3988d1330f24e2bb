#include "memory/visited_set.h"

void
hv_set_init(HvVisitedSet *set)
{
    *set = (HvVisitedSet){0};
    set->top = hv_pages(HV_TOP_TABLES * sizeof *set->top);
    hv_array_init(&set->chunks, sizeof(HvChunk *));
}

HvChunk *
hv_new_chunk(HvVisitedSet *set, uintptr_t address)
{
    HvChunk ***low = &set->top[(address >> (HV_CHUNK_BITS + HV_TABLE_BITS)) & (HV_TOP_TABLES - 1)];
    if (*low == NULL)
        *low = hv_arena_alloc(&set->arena, sizeof(HvChunk *) << HV_TABLE_BITS);
    HvChunk *chunk = hv_arena_alloc(&set->arena, sizeof *chunk);
    chunk->bits = hv_arena_alloc(&set->arena, HV_CHUNK_WORDS * sizeof *chunk->bits);
    chunk->number = address >> HV_CHUNK_BITS;
    (*low)[chunk->number & ((1 << HV_TABLE_BITS) - 1)] = chunk;
    *(HvChunk **)hv_array_push(&set->chunks) = chunk;
    return chunk;
}

void
hv_set_add_unaligned(HvVisitedSet *set, uintptr_t address)
{
    int fresh;
    hv_table_slot(&set->odd, address >> 4, &fresh);
}

uintptr_t
hv_set_address(HvVisitedSet *set, const HvChunk *chunk, uint64_t bit)
{
    int fresh = 1;
    uintptr_t address = chunk->number << HV_CHUNK_BITS | bit << 4;
    if (set->odd.count != 0)
        fresh = !hv_table_has(&set->odd, address >> 4);
    return fresh ? address : address + 8;
}

/* Shell's sort: no recursion and no allocation, unlike the C library's qsort. */
static void
sort(HvChunk **chunks, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (size_t i = gap; i < count; i++) {
            HvChunk *moving = chunks[i];
            size_t j = i;
            for (; j >= gap && chunks[j - gap]->number > moving->number; j -= gap)
                chunks[j] = chunks[j - gap];
            chunks[j] = moving;
        }
    }
}

void
hv_set_rank(HvVisitedSet *set)
{
    HvChunk **chunks = (HvChunk **)set->chunks.items;
    uint64_t total = 0;
    sort(chunks, set->chunks.count);
    for (size_t i = 0; i < set->chunks.count; i++) {
        HvChunk *chunk = chunks[i];
        uint32_t inside = 0;
        if (chunk->before == NULL)
            chunk->before = hv_arena_alloc(&set->arena, HV_CHUNK_WORDS * sizeof *chunk->before);
        chunk->first = total;
        for (int word = 0; word < HV_CHUNK_WORDS; word++) {
            chunk->before[word] = inside;
            inside += (uint32_t)__builtin_popcountll(chunk->bits[word]);
        }
        total += inside;
    }
}

void
hv_set_drop(HvVisitedSet *set)
{
    hv_drop_pages(set->top, HV_TOP_TABLES * sizeof *set->top);
    hv_array_drop(&set->chunks);
    hv_table_drop(&set->odd);
    hv_arena_drop(&set->arena);
}
