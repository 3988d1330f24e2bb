/* What a walk is told, needs and finds. */
#ifndef HEAPVIEW_WALK_TYPES_H
#define HEAPVIEW_WALK_TYPES_H

#include "heap/core.h"
#include "heap/cycles.h"
#include "memory/queue.h"

#include <stdio.h>

/* Whose a root is; the numbers are inspection/roots.py's. */
typedef struct {
    uint8_t app, standard, ours;
} HvRanks;

#define HV_DOUBTFUL                                                                                \
    (1u << 31) /* beside a node: whose block it is, but maybe not who allocated it */

#define HV_ALLOCATOR_TEXT_BYTES ((size_t)1 << 16)
#define HV_SAMPLED_CONTAINERS 3 /* containers of a node whose newest entries are looked at */

/* What is known of a node that collects; only such nodes have it. */
typedef struct {
    uint64_t entries, containers;
    int64_t limit; /* -1: none is known */
    PyObject *sample[HV_SAMPLED_CONTAINERS];
} HvContainers;

typedef struct {
    uint32_t parent, label, type; /* HV_NONE: no parent, no type */
    uint32_t containers;          /* 1 + place in the list of those */
    uint16_t depth;
    uint8_t rank;
    uint8_t kept;   /* it has a line of its own */
    uint8_t merged; /* it stands for what was small below its parent */
    uint64_t count, bytes;
} HvNode;

typedef struct {
    PyObject *object;
    uint32_t node;
} HvOpenObject; /* something that holds a resource outside of the heap */

typedef struct {
    uint32_t node, type;
    int64_t entries, limit, hits, misses; /* -1: not known, or none */
} HvCache;

typedef struct {
    PyObject *object;
    uint32_t node, label;
} HvLocalVariable; /* what a running function holds, and under which name */

typedef struct {
    PyObject *name, *module, *dict;
    uint32_t node;
    uint8_t rank;
} HvModuleRoot;

typedef struct {
    unsigned long ident;
    PyObject *name;
} HvThreadName;

/* What the walk is told. It changes nothing of it but the modules' nodes. */
typedef struct {
    PyThreadState *capturing_thread;
    HvArray modules;           /* HvModuleRoot */
    HvArray thread_names;      /* HvThreadName */
    HvArray own_objects;       /* PyObject *: the capture's own arguments, no part of the service */
    HvRanks ranks;             /* whose a root is; as inspection/roots.py counts them */
    uint64_t expected_objects; /* for the progress */
    uint32_t node_limit;       /* nodes, before those that weigh least are merged */
    uint32_t min_entries;      /* of a library's containers, for a line of their own */
    int with_graph;            /* a graph will be written */
    int with_addresses;        /* addresses are wanted, to ask who allocated them */
    int with_keys;             /* keys may be shown */
} HvWalkInput;

#define HV_PREFETCHED_OBJECTS 16

typedef struct {
    PyObject *op;
    uint32_t node;
} HvQueued;

/* What the walk needs as long as it runs, and the sets that the writers look into. */
typedef struct {
    HvVisitedSet visited_set;
    HvVisitedSet garbage_set;     /* cyclic garbage */
    HvVisitedSet namespace_dicts; /* dictionaries whose keys are names; only with a graph */
    HvQueue queue;
    HvQueued ahead[HV_PREFETCHED_OBJECTS]; /* taken from the queue, to be looked into */
    size_t ahead_read, ahead_written;      /* all that ever were */
    uint64_t next_merge;        /* the number of objects from which nodes may be merged again */
    uint64_t min_subtree_bytes; /* below which a subtree has no line of its own */
    HvTable steps;              /* (parent, label, type) -> node */
    HvTable module_of_class;    /* the label of a module's name -> 1 + place in input.modules */
    uint32_t other_node; /* takes what finds no room, even when all that is small was merged */
    uint64_t next_tick;  /* the number of objects at which progress is reported again */
    /* the object whose references are being followed */
    uint32_t current_node;
    HvType *current_type;
    PyFunctionObject *current_function; /* a library's, whose node is made when it is needed */
    int64_t current_limit;              /* entries; -1: none is known */
    int current_limit_place;            /* of the limit's name among those that say one; -1 */
    PyObject *current_data;             /* where a cache keeps its entries */
    /* the last step that was made */
    uint32_t last_parent, last_label, last_type, last_node;
} HvWalkState;

/* What the walk finds. */
typedef struct {
    HvArray nodes;           /* HvNode */
    HvArray containers;      /* HvContainers */
    HvArray caches;          /* HvCache */
    HvArray open_objects;    /* HvOpenObject */
    HvArray cycles;          /* HvCycle */
    HvArray local_variables; /* HvLocalVariable; only with a graph */
    uint32_t garbage_node;
    uint64_t objects, truncated_objects, garbage_objects;
    uint64_t large_bytes, small_bytes; /* in blocks of malloc's, and of pymalloc's */
    uint64_t live_examined, live_candidates, garbage_examined; /* objects, in search of cycles */
    FILE *allocator_stream; /* what CPython says of its allocator, into a text of so many bytes */
    char *allocator_text, *allocator_buffer;
    uint32_t
        *sample_node; /* who owns the block of each slot of the sampler; NULL without samples */
    uint32_t *sample_type; /* of what lies in it, where nobody owns it and a type is recognised */
} HvWalkResult;

typedef struct {
    HvCore core;
    HvWalkInput input;
    HvWalkState state;
    HvWalkResult result;
} HvWalk;

static inline HvNode *
hv_node_at(HvWalk *walk, uint32_t node)
{
    return &HV_AT(&walk->result.nodes, HvNode, node);
}

#endif
