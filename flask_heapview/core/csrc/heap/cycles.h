/* Circular references among chosen objects, grouped by the shape of the circle. */
#ifndef HEAPVIEW_CYCLES_H
#define HEAPVIEW_CYCLES_H

#include "heap/core.h"

#define HV_MAX_CHAIN_STEPS 40  /* steps of a chain that are kept */
#define HV_MAX_GROUP_TYPES 8   /* types of a group that are counted by name */
#define HV_MAX_GROUP_BLOCKS 64 /* objects of a group whose allocation may be asked for */

typedef struct {
    uint32_t type, label;
    int64_t place; /* in a list or tuple; -1 elsewhere */
} HvChainStep;

typedef struct {
    uint8_t garbage;
    uint16_t steps, kinds, traced;
    uint32_t kind[HV_MAX_GROUP_TYPES];
    uint64_t of_kind[HV_MAX_GROUP_TYPES];
    uint64_t components, count, bytes;
    HvChainStep chain[HV_MAX_CHAIN_STEPS];
    PyObject *object[HV_MAX_GROUP_BLOCKS];
} HvCycle;

/* Adds the groups found among the objects to an array of HvCycle. */
void hv_cycles(HvCore *core, PyObject **objects, size_t count, int garbage, HvArray *groups);

#endif
