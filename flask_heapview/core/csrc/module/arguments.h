/* What Python hands over for a walk, and the frame in which one is made, used and dropped. */
#ifndef HEAPVIEW_ARGUMENTS_H
#define HEAPVIEW_ARGUMENTS_H

#include "heap/walk.h"

typedef struct {
    PyObject *type_table; /* core/arguments.py: TypeTable; a tuple */
    PyObject *modules;    /* list of ModuleRoot, or NULL for a walk without roots */
    PyObject *threads;    /* list of ThreadName, or NULL */
} HvWalkArguments;

typedef PyObject *(*HvWalkWork)(HvWalk *walk, void *state);

/* Calls `work` with a walk made of these arguments, and drops the walk. Returns what `work`
 * returns; NULL with a MemoryError when memory ran out, with another error when the arguments are
 * wrong. Everything in the walk is borrowed from the arguments. */
PyObject *hv_with_walk(const HvWalkArguments *given, HvWalkWork work, void *state);

#endif
