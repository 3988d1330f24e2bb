/* The functions of the module that walk the heap. */
#ifndef HEAPVIEW_CAPTURE_H
#define HEAPVIEW_CAPTURE_H

#include "python/compat.h"

extern PyMethodDef hv_capture_methods[];

/* The object allocator as it was when the module was loaded, before any tracer wrapped it. */
extern PyMemAllocatorEx hv_plain_allocator;

#endif
