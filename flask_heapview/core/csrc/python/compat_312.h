/* CPython 3.12: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_312_H
#define HEAPVIEW_COMPAT_312_H

#include "python/since_312.h"
#include "python/until_312.h"

/* --- attributes */

static inline HvAttributes
hv_managed_attributes(PyObject *op, PyTypeObject *type)
{
    HvAttributes found = {NULL, NULL, NULL};
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    PyDictOrValues both = *_PyObject_DictOrValuesPointer(op);
    if (!_PyDictOrValues_IsValues(both))
        found.dict = _PyDictOrValues_GetDict(both);
    else if (keys != NULL) {
        found.keys = keys;
        found.values = _PyDictOrValues_GetValues(both)->values;
    }
    return found;
}

/* Asks for an instance's attributes ahead of time: they lie elsewhere, and the word at -3 leads
 * there. */
static inline void
hv_prefetch_attributes(PyObject *op)
{
    __builtin_prefetch(((void **)op)[-3]);
}

/* --- frames */

static inline PyObject *
hv_frame_function(HvFrame *frame)
{
    return frame->f_funcobj;
}

/* Whether it is one by which C calls Python: it has no function and no locals. */
static inline int
hv_frame_is_entry(HvFrame *frame)
{
    return frame->owner == FRAME_OWNED_BY_CSTACK;
}

/* --- what no traverse function shows */

/* What the interpreter holds by itself, in this version only. */
static inline void
hv_visit_interpreter(PyInterpreterState *Py_UNUSED(interp), visitproc Py_UNUSED(visit),
                     void *Py_UNUSED(state))
{
}

#endif
