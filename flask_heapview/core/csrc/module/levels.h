/* The functions that tell what the process takes. */
#ifndef HEAPVIEW_LEVELS_H
#define HEAPVIEW_LEVELS_H

#include "python/compat.h"

typedef struct {
    int64_t arenas, used, free; /* bytes: from the kernel, handed out, and of neither; 0: unknown */
} HvMallocFigures;

/* Takes the lock of each arena in turn, and looks at each free block. */
HvMallocFigures hv_malloc_figures(void);

extern PyMethodDef hv_levels_methods[];
int hv_levels_types(PyObject *module); /* 0, or -1 with an error */

#endif
