/* What CPython 3.12 brought, and later versions kept. */
#ifndef HEAPVIEW_SINCE_312_H
#define HEAPVIEW_SINCE_312_H

#include "python/collector_lists.h"

/* --- sizes of int and str */

#define HV_DIGITS_OFFSET offsetof(PyLongObject, long_value.ob_digit)

static inline size_t
hv_int_digits(PyObject *op)
{
    return (size_t)(((PyLongObject *)op)->long_value.lv_tag >> 3);
}

/* There is no second form of a str any more, in wide characters. */
static inline size_t
hv_str_wide_bytes(PyObject *Py_UNUSED(op))
{
    return 0;
}

/* --- classes */

static inline PyObject *
hv_type_dict(PyTypeObject *type) /* that of a builtin type is the interpreter's */
{
    return _PyType_GetDict(type);
}

/* --- what no traverse function shows */

/* The strings and tuples that a code object makes when asked for. */
static inline void
hv_visit_code_cache(PyCodeObject *code, visitproc visit, void *state)
{
    if (code->_co_cached == NULL)
        return;
    visit(code->_co_cached->_co_code, state);
    visit(code->_co_cached->_co_cellvars, state);
    visit(code->_co_cached->_co_freevars, state);
    visit(code->_co_cached->_co_varnames, state);
}

static inline int
hv_tracemalloc_is_on(void)
{
    return _PyRuntime.tracemalloc.config.tracing;
}

#endif
