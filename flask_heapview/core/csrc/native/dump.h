/* All that is known of native memory, written as allocations/native_samples.py reads it. */
#ifndef HEAPVIEW_NATIVE_DUMP_H
#define HEAPVIEW_NATIVE_DUMP_H

#include <stddef.h>

typedef struct {
    char *data;
    size_t length, room;
    int failed; /* there was no memory */
} HvDump;

/* 0, or -1 where there is no memory, or the tables could not be had. hv_native_dump_drop gives the
 * memory back. */
int hv_native_dump(HvDump *dump);
void hv_native_dump_drop(HvDump *dump);

#endif
