/* What collects: containers, their bounds, caches. */
#ifndef HEAPVIEW_CONTAINERS_H
#define HEAPVIEW_CONTAINERS_H

#include "heap/walk_types.h"

void hv_set_limit(HvWalk *walk, uint32_t node, int64_t limit);
void hv_note_container(HvWalk *walk, PyObject *op, HvType *type, uint32_t node);
void hv_note_cache(HvWalk *walk, PyObject *op, HvType *type, uint32_t node);

#endif
