/* The whole graph, as arrays in a file: nodes in the order of their addresses, and their references. */
#ifndef HEAPVIEW_GRAPH_H
#define HEAPVIEW_GRAPH_H

#include "heap/walk.h"

enum { HV_ADDRESS, HV_TYPES, HV_SIZES, HV_REFCOUNTS, HV_FIRSTS, HV_EDGES, HV_REGIONS };

#define HV_GAP 512 /* bytes left in front of each region, for the headers that the reader adds */

typedef struct {
    uint64_t offset, length; /* bytes */
} HvRegion;

typedef struct HvGraph {
    uint64_t objects, edges;
    HvRegion region[HV_REGIONS];
} HvGraph;

/* Writes the graph of what the walk has seen; the walk has to be over. */
void hv_write_graph(HvWalk *walk, int fd, HvGraph *graph);

/* One reference as the file has it. */
typedef struct {
    uint32_t target, label;
} HvArc;

#endif
