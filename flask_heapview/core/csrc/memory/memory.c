#define _GNU_SOURCE
#include "memory/memory.h"

#include <string.h>
#include <sys/mman.h>

#define ARENA_STEP_BYTES ((size_t)1 << 18)

void (*hv_give_up)(const char *reason) __attribute__((noreturn));

void *
hv_pages(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
        hv_give_up("out of memory");
    return pages;
}

void *
hv_more_pages(void *pages, size_t old_bytes, size_t new_bytes)
{
    void *moved = mremap(pages, old_bytes, new_bytes, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        hv_give_up("out of memory");
    return moved;
}

void
hv_drop_pages(void *pages, size_t bytes)
{
    if (pages != NULL && bytes != 0)
        munmap(pages, bytes);
}

void
hv_array_init(HvArray *array, size_t width)
{
    memset(array, 0, sizeof *array);
    array->width = width;
}

void *
hv_array_push(HvArray *array)
{
    if (array->count == array->room) {
        size_t room = array->room ? array->room * 2 : 4096 / array->width + 64;
        if (array->items == NULL)
            array->items = hv_pages(room * array->width);
        else
            array->items =
                hv_more_pages(array->items, array->room * array->width, room * array->width);
        array->room = room;
    }
    return array->items + array->width * array->count++;
}

void
hv_array_drop(HvArray *array)
{
    hv_drop_pages(array->items, array->room * array->width);
    hv_array_init(array, array->width);
}

typedef struct {
    void *before;
    size_t size;
} Step;

void *
hv_arena_alloc(HvArena *arena, size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if ((size_t)(arena->end - arena->at) < bytes) {
        size_t size =
            bytes + sizeof(Step) > ARENA_STEP_BYTES ? bytes + sizeof(Step) : ARENA_STEP_BYTES;
        Step *step = hv_pages(size);
        *step = (Step){arena->steps, size};
        arena->steps = step;
        arena->at = (char *)(step + 1);
        arena->end = (char *)step + size;
    }
    void *block = arena->at;
    arena->at += bytes;
    return block;
}

void
hv_arena_drop(HvArena *arena)
{
    for (Step *step = arena->steps; step != NULL;) {
        Step *before = step->before;
        hv_drop_pages(step, step->size);
        step = before;
    }
    *arena = (HvArena){0};
}

static uint64_t
mix(uint64_t key) /* the finalizer of SplitMix64 (Steele, Lea, Flood 2014) */
{
    key ^= key >> 30;
    key *= 0xbf58476d1ce4e5b9u;
    key ^= key >> 27;
    key *= 0x94d049bb133111ebu;
    return key ^ key >> 31;
}

static size_t
place_of(const HvTable *table, uint64_t key)
{
    size_t at = mix(key) & (table->room - 1);
    while (table->keys[at] != 0 && table->keys[at] != key)
        at = (at + 1) & (table->room - 1);
    return at;
}

static void
grow(HvTable *table)
{
    HvTable old = *table;
    table->room = old.room ? old.room * 2 : 1024;
    table->keys = hv_pages(table->room * sizeof *table->keys);
    table->values = hv_pages(table->room * sizeof *table->values);
    for (size_t i = 0; i < old.room; i++) {
        if (old.keys[i] == 0)
            continue;
        size_t at = place_of(table, old.keys[i]);
        table->keys[at] = old.keys[i];
        table->values[at] = old.values[i];
    }
    hv_drop_pages(old.keys, old.room * sizeof *old.keys);
    hv_drop_pages(old.values, old.room * sizeof *old.values);
}

uint32_t *
hv_table_slot(HvTable *table, uint64_t key, int *fresh)
{
    if (table->count * 4 >= table->room * 3)
        grow(table);
    size_t at = place_of(table, key);
    *fresh = table->keys[at] == 0;
    if (*fresh) {
        table->keys[at] = key;
        table->count++;
    }
    return &table->values[at];
}

int
hv_table_has(const HvTable *table, uint64_t key)
{
    return table->room != 0 && table->keys[place_of(table, key)] == key;
}

void
hv_table_drop(HvTable *table)
{
    hv_drop_pages(table->keys, table->room * sizeof *table->keys);
    hv_drop_pages(table->values, table->room * sizeof *table->values);
    memset(table, 0, sizeof *table);
}
