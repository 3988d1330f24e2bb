/* Tuples with named fields, as the module hands figures out. */
#ifndef HEAPVIEW_NAMED_TUPLE_H
#define HEAPVIEW_NAMED_TUPLE_H

#include "python/compat.h"

/* A tuple of that type with these items, whose references it takes. NULL with an error, also where
 * an item is NULL. */
static inline PyObject *
hv_named_tuple(PyTypeObject *type, PyObject **items, size_t count)
{
    int failed = 0;
    PyObject *made = PyStructSequence_New(type);
    for (size_t i = 0; i < count; i++)
        failed |= items[i] == NULL;
    for (size_t i = 0; i < count; i++) {
        if (made != NULL && !failed)
            PyStructSequence_SetItem(made, (Py_ssize_t)i, items[i]);
        else
            Py_XDECREF(items[i]);
    }
    if (failed)
        Py_CLEAR(made);
    return made;
}

#endif
