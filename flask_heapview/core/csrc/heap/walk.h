/* The walk: every object once, breadth first from named roots, into a tree of paths. */
#ifndef HEAPVIEW_WALK_H
#define HEAPVIEW_WALK_H

#include "heap/containers.h"
#include "heap/nodes.h"
#include "heap/walk_types.h"

/* walk.c */
void hv_reach(HvWalk *walk, PyObject *child, uint32_t label);
void hv_count_once(HvWalk *walk, PyObject *op, uint32_t node);
void hv_walk_queue(HvWalk *walk);
void hv_report_progress(HvWalk *walk);
void hv_follow_edge(void *walk, PyObject *child, uint32_t label, Py_ssize_t place);

/* roots.c */
void hv_walk_init(HvWalk *walk);
void hv_walk_drop(HvWalk *walk);
void hv_walk_all(HvWalk *walk);
void hv_open_allocator_stream(HvWalk *walk);
void hv_ask_allocator(HvWalk *walk);

/* unreached.c */
void hv_walk_unreached(HvWalk *walk);
void hv_live_cycles(HvWalk *walk);

/* blocks.c */
void hv_count_blocks(HvWalk *walk, PyObject *op, HvType *type, size_t size);

/* sample_owners.c */
void hv_watch_samples(HvWalk *walk);
void hv_recognise_lost_samples(HvWalk *walk);
void hv_unwatch_samples(HvWalk *walk);
void hv_note_samples(HvWalk *walk, PyObject *op, HvType *type, uint32_t node);

/* merge_nodes.c */
#define HV_MIN_SUBTREE_BYTES 4096 /* of a library, for a line of its own */
void hv_make_room(HvWalk *walk);
size_t hv_merge_nodes(HvWalk *walk);
void hv_follow_nodes(HvWalk *walk, uint32_t *place);

/* write.c */
struct HvGraph;
void hv_write_all(HvWalk *walk, int fd, struct HvGraph *graph);

#endif
