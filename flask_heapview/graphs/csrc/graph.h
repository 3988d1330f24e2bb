/* Questions to a graph of objects that lies in arrays; nothing here knows of Python's objects.
 *
 * `first` has one entry more than there are nodes: the references of node v are arcs first[v] to
 * first[v + 1]. The virtual root, which holds every root, has the number `nodes`.
 */
#ifndef HEAPVIEW_GRAPH_H
#define HEAPVIEW_GRAPH_H

#include "memory/memory.h"

#define HV_NONE UINT32_MAX

typedef struct {
    uint32_t target, label;
} HvArc;

typedef struct {
    uint32_t nodes, kinds; /* kinds: how many types there are */
    uint64_t arcs;
    const uint64_t *first;
    const HvArc *arc;
    const uint32_t *size, *refcount, *type;
} HvGraph;

typedef struct {
    uint32_t
        *dominator; /* of each node; `nodes` for the virtual root, HV_NONE where no root leads */
    uint64_t *retained;  /* bytes */
    uint32_t *toward;    /* the next node on a shortest path to a root; `nodes` at a root itself */
    uint32_t *component; /* which circle of references a node is in, HV_NONE for none */
    uint64_t *of_type;   /* bytes that the objects of a type retain together */
    uint64_t roots, unreached, components, largest;
} HvAnswer;

typedef struct {
    const uint32_t *toward;   /* as the analysis found it */
    uint32_t source, target;  /* all references from the one to the other are cut */
    uint32_t *found;          /* as `toward`, without these references */
    uint64_t *counts, *sizes; /* objects and bytes that would be free, by type */
    uint64_t objects, bytes;  /* of all types */
} HvCut;

/* Whether the arrays fit together: every reference leads to a node. */
int hv_check_graph(const HvGraph *graph);
void hv_dominators(const HvGraph *graph, HvAnswer *answer);
void hv_cut(const HvGraph *graph, HvCut *cut);
void hv_components(const HvGraph *graph, HvAnswer *answer);

#endif
