/* The loaded objects, and the entries by which they reach the allocator.
 *
 * A library calls malloc through an entry of its global offset table, which the loader has filled
 * (System V ABI, "Dynamic Linking"; for the relocations the psABI of each processor). The entries
 * are pointed at the hooks, and back. They are found and written while the loader's own list is
 * walked, so no object can be unmapped meanwhile.
 */
#ifndef HEAPVIEW_NATIVE_OBJECTS_H
#define HEAPVIEW_NATIVE_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#define HV_REASON_BYTES 400

typedef struct {
    uint32_t objects, entries; /* that lead to the hooks */
    uint32_t failed;           /* entries that could not be written */
    uint32_t foreign;          /* entries that lead to another tool */
} HvScan;

/* Finds the allocator's functions; once. 0, or -1 with the reason in `why`. */
int hv_objects_find(char *why);
/* 0, or -1 with the reason in `why`, and then nothing is changed. */
int hv_objects_hook(HvScan *found, char *why);
/* What was loaded since; entries of other tools are left alone. */
void hv_objects_hook_new(HvScan *found);
/* As hv_objects_hook_new, where something was loaded since the last look, and nobody else looks. */
void hv_objects_hook_loaded(void);
void hv_objects_unhook(HvScan *found); /* what it finds: entries that could not be put back */

int hv_in_core(uintptr_t address);        /* our own code */
int hv_in_interpreter(uintptr_t address); /* CPython's */

/* For forks: nobody is in the midst of it. */
int hv_objects_hold(void);
void hv_objects_release(void);

#endif
