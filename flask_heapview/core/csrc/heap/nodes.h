/* The tree of paths: its nodes. */
#ifndef HEAPVIEW_NODES_H
#define HEAPVIEW_NODES_H

#include "heap/walk_types.h"

uint32_t hv_new_node(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type, uint8_t rank);
uint64_t hv_step_key(uint32_t parent, uint32_t label, uint32_t type);
uint32_t hv_step(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type);
uint32_t hv_new_root(HvWalk *walk, uint32_t label, uint8_t rank);
/* Makes a root, and has what is reached next counted below it, as if a frame held it. */
void hv_begin_at_root(HvWalk *walk, uint32_t label, uint8_t rank);

#endif
