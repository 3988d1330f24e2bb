/* What CPython prints of its allocator of small objects. */
#ifndef HV_ALLOCATOR_TEXT_H
#define HV_ALLOCATOR_TEXT_H

#include <Python.h>
#include <stdio.h>

extern int _PyObject_DebugMallocStats(FILE *); /* Include/internal/pycore_obmalloc.h, and before */
/* Include/cpython/object.h, and pycore_object.h; CPython 3.13 and 3.14 keep it to themselves */
extern void _PyObject_DebugTypeStats(FILE *) __attribute__((weak));

/* Its blocks, and the freed objects that types keep for the next one. */
static inline void
hv_print_allocator(FILE *out)
{
    _PyObject_DebugMallocStats(out);
    if (_PyObject_DebugTypeStats != NULL)
        _PyObject_DebugTypeStats(out);
}

#endif
