/* Memory of the walk's own, straight from the kernel: no allocator's lock, no allocator's heap. */
#ifndef HEAPVIEW_MEMORY_H
#define HEAPVIEW_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed pages; never NULL: hv_give_up() is called when the kernel has none. */
void *hv_pages(size_t bytes);
void *hv_more_pages(void *pages, size_t old_bytes, size_t new_bytes);
void hv_drop_pages(void *pages, size_t bytes);

/* What happens when memory runs out, or a table is broken; set by whoever runs the walk. */
extern void (*hv_give_up)(const char *reason) __attribute__((noreturn));

/* A growing array of equal items. */
typedef struct {
    char *items;
    size_t count, room, width;
} HvArray;

void hv_array_init(HvArray *array, size_t width);
void *hv_array_push(HvArray *array); /* a new zeroed item */
void hv_array_drop(HvArray *array);
#define HV_AT(array, type, i) (((type *)(array)->items)[i])

/* Zeroed blocks that live as long as their arena. */
typedef struct {
    char *at, *end;
    void *steps; /* the mappings, each beginning with the one before and its own size */
} HvArena;

void *hv_arena_alloc(HvArena *arena, size_t bytes);
void hv_arena_drop(HvArena *arena);

/* 64-bit keys (never 0) to 32-bit values, by open addressing; Knuth, TAOCP 3, 6.4. */
typedef struct {
    uint64_t *keys;
    uint32_t *values;
    size_t count, room; /* room is a power of two */
} HvTable;

/* The value's place; *fresh tells whether the key is new (the value is 0 then). */
uint32_t *hv_table_slot(HvTable *table, uint64_t key, int *fresh);
int hv_table_has(const HvTable *table, uint64_t key);
void hv_table_drop(HvTable *table);

#endif
