/* The walk: every object once, breadth first from named roots, into a tree of paths. */
#ifndef HEAPVIEW_WALK_H
#define HEAPVIEW_WALK_H

#include "heap/core.h"
#include "heap/cycles.h"
#include "memory/queue.h"

#include <stdio.h>

#define HV_NONE UINT32_MAX

enum { HV_APP, HV_LIBRARY, HV_STANDARD, HV_OURS }; /* whose a root is; as in roots.py */

#define HV_DOUBTFUL (1u << 31) /* beside a node: whose block it is, but maybe not who allocated it */

#define HV_STREAM ((size_t)1 << 16)
#define HV_SAMPLES 3 /* containers of a node whose newest entries are looked at */

typedef struct { /* what is known of a node that collects; only such nodes have it */
    uint64_t entries, containers;
    int64_t limit; /* -1: none is known */
    PyObject *sample[HV_SAMPLES];
} HvCollects;

typedef struct {
    uint32_t parent, label, type; /* HV_NONE: no parent, no type */
    uint32_t collects;            /* 1 + place in the list of those */
    uint16_t depth;
    uint8_t rank;
    uint8_t kept;
    uint64_t count, bytes;
} HvNode;

typedef struct {
    PyObject *object;
    uint32_t node;
} HvOpen; /* something that holds a resource outside of the heap */

typedef struct {
    uint32_t node, type;
    int64_t entries, limit, hits, misses; /* -1: not known, or none */
} HvCache;

typedef struct {
    PyObject *object;
    uint32_t node, label;
} HvHeld; /* what a running function holds, and under which name */

typedef struct {
    PyObject *name, *module, *dict;
    uint32_t node;
    uint8_t rank;
} HvRoot;

typedef struct {
    unsigned long ident;
    PyObject *name;
} HvThreadName;

typedef struct {
    HvCore core;
    HvSeen seen;
    HvSeen waste;      /* cyclic garbage */
    HvSeen namespaces; /* dictionaries whose keys are names; only with a graph */
    HvQueue queue;
    /* where it begins */
    PyThreadState *self; /* the thread that captures */
    HvArray roots;       /* HvRoot */
    HvArray threads;     /* HvThreadName */
    HvArray own;         /* PyObject *: the order itself, which is no part of the service */
    uint64_t expected;   /* objects, for the progress */
    /* wishes */
    uint32_t node_limit;
    int graph;  /* a graph will be written */
    int traced; /* addresses are wanted, to ask who allocated them */
    int keys;   /* keys may be shown */
    /* what is found */
    HvArray nodes;    /* HvNode */
    HvArray collects; /* HvCollects */
    HvArray caches;   /* HvCache */
    HvArray open;     /* HvOpen */
    HvArray cycles;   /* HvCycle */
    HvArray held;     /* HvHeld */
    HvTable steps;    /* (parent, label, type) -> node */
    HvTable homes;    /* the label of a module's name -> 1 + place in roots */
    uint32_t other, garbage; /* nodes */
    uint64_t visited, large, truncated, due;
    uint64_t rest_objects, live_looked_at, live_candidates, garbage_looked_at;
    FILE *stream; /* what CPython says of its allocator, into stream_text of HV_STREAM bytes */
    char *stream_text, *stream_buffer;
    uint32_t *sample_node; /* who owns the block of each slot of the sampler; NULL without samples */
    /* the object whose references are being followed */
    uint32_t at;
    HvType *of;
    int64_t limit_here;
    int limit_place;
    PyObject *data_here;
    /* the last step that was made */
    uint32_t last_parent, last_label, last_type, last_node;
} HvWalk;

/* walk.c */
uint32_t hv_new_node(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type, uint8_t rank);
uint64_t hv_step_key(uint32_t parent, uint32_t label, uint32_t type);
uint32_t hv_step(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type);
uint32_t hv_root(HvWalk *walk, uint8_t kind, PyObject *name, uint32_t fixed, uint8_t rank);
void hv_reach(HvWalk *walk, PyObject *child, uint32_t label);
void hv_account(HvWalk *walk, PyObject *op, uint32_t node);
void hv_drain(HvWalk *walk);
void hv_tick(HvWalk *walk);
void hv_edge(void *walk, PyObject *child, uint32_t label, Py_ssize_t place);

static inline HvNode *
hv_node_at(HvWalk *walk, uint32_t node)
{
    return &HV_AT(&walk->nodes, HvNode, node);
}

/* roots.c */
void hv_walk_init(HvWalk *walk);
void hv_walk_drop(HvWalk *walk);
void hv_walk_all(HvWalk *walk);
void hv_open_stream(HvWalk *walk);
void hv_ask_allocator(HvWalk *walk);

/* rest.c */
void hv_walk_rest(HvWalk *walk);
void hv_live_cycles(HvWalk *walk);

/* owned.c */
void hv_watch_samples(HvWalk *walk);
void hv_unwatch_samples(HvWalk *walk);
void hv_note_samples(HvWalk *walk, PyObject *op, HvType *type, uint32_t node);

/* write.c */
struct HvGraph;
void hv_write_all(HvWalk *walk, int fd, struct HvGraph *graph);

#endif
