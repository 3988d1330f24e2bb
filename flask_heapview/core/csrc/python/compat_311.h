/* CPython 3.11: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_311_H
#define HEAPVIEW_COMPAT_311_H

#include "python/collector_lists.h"
#include "python/until_312.h"

/* --- sizes of int and str */

#define HV_DIGITS_OFFSET offsetof(PyLongObject, ob_digit)

static inline size_t
hv_int_digits(PyObject *op)
{
    Py_ssize_t size = Py_SIZE(op);
    return (size_t)(size < 0 ? -size : size);
}

/* Bytes of a str's second form, in wide characters: 3.12 did away with it. */
static inline size_t
hv_str_wide_bytes(PyObject *op)
{
    PyASCIIObject *ascii = (PyASCIIObject *)op;
    if (ascii->wstr == NULL || (ascii->state.ready && (void *)ascii->wstr == PyUnicode_DATA(op)))
        return 0;
    size_t length = ascii->state.ascii && ascii->state.compact
                        ? (size_t)PyUnicode_GET_LENGTH(op)
                        : (size_t)((PyCompactUnicodeObject *)op)->wstr_length;
    return (length + 1) * sizeof(wchar_t);
}

/* --- classes and attributes */

static inline PyObject *
hv_type_dict(PyTypeObject *type)
{
    return type->tp_dict;
}

static inline HvAttributes
hv_managed_attributes(PyObject *op, PyTypeObject *type)
{
    HvAttributes found = {NULL, NULL, NULL};
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    PyDictValues *values = *_PyObject_ValuesPointer(op);
    if (values != NULL && keys != NULL) {
        found.keys = keys;
        found.values = values->values;
    } else
        found.dict = *_PyObject_ManagedDictPointer(op);
    return found;
}

/* Asks for an instance's attributes ahead of time: they lie elsewhere, and the word at -4 leads
 * there. */
static inline void
hv_prefetch_attributes(PyObject *op)
{
    __builtin_prefetch(((void **)op)[-4]);
}

/* --- frames */

static inline PyObject *
hv_frame_function(HvFrame *frame)
{
    return (PyObject *)frame->f_func;
}

/* Whether it is one by which C calls Python: it has no function and no locals. */
static inline int
hv_frame_is_entry(HvFrame *Py_UNUSED(frame))
{
    return 0;
}

/* --- what no traverse function shows */

/* The strings and tuples that a code object makes when asked for. */
static inline void
hv_visit_code_cache(PyCodeObject *code, visitproc visit, void *state)
{
    visit(code->_co_code, state);
}

/* What the interpreter holds by itself, in this version only. */
static inline void
hv_visit_interpreter(PyInterpreterState *interp, visitproc visit, void *state)
{
    visit(interp->modules, state);
    visit(interp->codec_search_path, state);
    visit(interp->codec_search_cache, state);
    visit(interp->codec_error_registry, state);
}

static inline int
hv_tracemalloc_is_on(void)
{
    return _Py_tracemalloc_config.tracing;
}

#endif
