#include "memory/seen.h"

void
hv_seen_init(HvSeen *seen)
{
    *seen = (HvSeen){0};
    seen->top = hv_pages(HV_TOP * sizeof *seen->top);
    hv_array(&seen->chunks, sizeof(HvChunk *));
}

HvChunk *
hv_new_chunk(HvSeen *seen, uintptr_t address)
{
    HvChunk ***low = &seen->top[(address >> (HV_CHUNK_BITS + HV_LOW)) & (HV_TOP - 1)];
    if (*low == NULL)
        *low = hv_take(&seen->arena, sizeof(HvChunk *) << HV_LOW);
    HvChunk *chunk = hv_take(&seen->arena, sizeof *chunk);
    chunk->bits = hv_take(&seen->arena, HV_WORDS * sizeof *chunk->bits);
    chunk->number = address >> HV_CHUNK_BITS;
    (*low)[chunk->number & ((1 << HV_LOW) - 1)] = chunk;
    *(HvChunk **)hv_push(&seen->chunks) = chunk;
    return chunk;
}

void
hv_mark_odd(HvSeen *seen, uintptr_t address)
{
    int fresh;
    hv_slot(&seen->odd, address >> 4, &fresh);
}

uintptr_t
hv_address(HvSeen *seen, const HvChunk *chunk, uint64_t bit)
{
    int fresh = 1;
    uintptr_t address = chunk->number << HV_CHUNK_BITS | bit << 4;
    if (seen->odd.count != 0)
        fresh = !hv_in_table(&seen->odd, address >> 4);
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
hv_rank(HvSeen *seen)
{
    HvChunk **chunks = (HvChunk **)seen->chunks.items;
    uint64_t total = 0;
    sort(chunks, seen->chunks.count);
    for (size_t i = 0; i < seen->chunks.count; i++) {
        HvChunk *chunk = chunks[i];
        uint32_t inside = 0;
        if (chunk->before == NULL)
            chunk->before = hv_take(&seen->arena, HV_WORDS * sizeof *chunk->before);
        chunk->first = total;
        for (int word = 0; word < HV_WORDS; word++) {
            chunk->before[word] = inside;
            inside += (uint32_t)__builtin_popcountll(chunk->bits[word]);
        }
        total += inside;
    }
}

void
hv_seen_drop(HvSeen *seen)
{
    hv_drop_pages(seen->top, HV_TOP * sizeof *seen->top);
    hv_drop(&seen->chunks);
    hv_drop_table(&seen->odd);
    hv_drop_arena(&seen->arena);
}
