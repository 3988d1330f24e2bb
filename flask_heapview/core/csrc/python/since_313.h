/* What CPython 3.13 brought, and later versions kept. */
#ifndef HEAPVIEW_SINCE_313_H
#define HEAPVIEW_SINCE_313_H

#include "python/since_312.h"

/* --- attributes */

static inline HvAttributes
hv_managed_attributes(PyObject *op, PyTypeObject *type)
{
    HvAttributes found = {NULL, NULL, NULL};
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    found.dict = (PyObject *)_PyObject_ManagedDictPointer(op)->dict;
    if (found.dict == NULL && (type->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        PyDictValues *values = _PyObject_InlineValues(op);
        if (values->valid && keys != NULL) {
            found.keys = keys;
            found.values = values->values;
        }
    }
    return found;
}

/* An instance's values lie within it: nothing to ask for, and no block of their own. */
static inline void
hv_prefetch_attributes(PyObject *Py_UNUSED(op))
{
}

static inline void *
hv_values_block(PyObject **Py_UNUSED(values))
{
    return NULL;
}

/* --- frames */

static inline HvFrame *
hv_top_frame(PyThreadState *thread)
{
    return thread->current_frame;
}

/* --- the interpreter */

static inline PyThreadState *
hv_this_thread(void)
{
    return PyThreadState_GetUnchecked();
}

static inline int
hv_is_ending(void)
{
    return Py_IsFinalizing();
}

#endif
