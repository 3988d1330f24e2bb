/* The whole graph, as arrays in a file: nodes in the order of their addresses, and their
 * references. */
#ifndef HEAPVIEW_GRAPH_H
#define HEAPVIEW_GRAPH_H

#include "heap/walk.h"

enum {
    HV_ARRAY_ADDRESS,
    HV_ARRAY_TYPE,
    HV_ARRAY_SIZE,
    HV_ARRAY_REFCOUNT,
    HV_ARRAY_FIRST,
    HV_ARRAY_EDGE,
    HV_ARRAYS
};

#define HV_ARRAY_GAP_BYTES                                                                         \
    512 /* bytes left in front of each region, for the headers that the reader adds */

typedef struct {
    uint64_t offset, length; /* bytes */
} HvArrayPlace;

typedef struct HvGraph {
    uint64_t objects, edges;
    HvArrayPlace region[HV_ARRAYS];
} HvGraph;

/* Writes the graph of what the walk has seen; the walk has to be over. */
void hv_write_graph(HvWalk *walk, int fd, HvGraph *graph);

/* One reference as the file has it. */
typedef struct {
    uint32_t target, label;
} HvArc;

#endif
