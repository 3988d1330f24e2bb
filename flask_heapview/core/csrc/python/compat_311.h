/* CPython 3.11: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_311_H
#define HEAPVIEW_COMPAT_311_H

#include "python/collector_lists.h"

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

/* The block of an instance's values. It has a few bytes in front, the last of which says how many
 * there are (new_values in Objects/dictobject.c). */
static inline void *
hv_values_block(PyObject **values)
{
    return (char *)values - ((uint8_t *)values)[-1];
}

/* --- types whose freed objects are kept in a list, and used again, in this version */

#define HV_MORE_REUSED_TYPES

/* --- frames */

static inline HvFrame *
hv_top_frame(PyThreadState *thread)
{
    return thread->cframe == NULL ? NULL : thread->cframe->current_frame;
}

static inline PyObject *
hv_frame_executable(HvFrame *frame)
{
    return (PyObject *)frame->f_code;
}

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

static inline PyObject *
hv_frame_local(HvFrame *frame, int i)
{
    return frame->localsplus[i];
}

/* Every reference of a frame is counted. */
static inline void
hv_visit_uncounted(HvFrame *Py_UNUSED(frame), visitproc Py_UNUSED(visit), void *Py_UNUSED(state))
{
}

/* The frame of a generator that has not ended, or NULL. */
static inline HvFrame *
hv_suspended(PyObject *op)
{
    PyGenObject *gen = (PyGenObject *)op;
    return gen->gi_frame_state >= FRAME_COMPLETED ? NULL : (HvFrame *)gen->gi_iframe;
}

/* --- what no traverse function shows */

/* The strings and tuples that a code object makes when asked for. */
static inline void
hv_visit_code_cache(PyCodeObject *code, visitproc visit, void *state)
{
    visit(code->_co_code, state);
}

/* The functions registered with atexit, and their arguments. */
static inline void
hv_visit_atexit(PyInterpreterState *interp, visitproc visit, void *state)
{
    for (int i = 0; i < interp->atexit.ncallbacks; i++) {
        if (interp->atexit.callbacks[i] == NULL)
            continue;
        visit(interp->atexit.callbacks[i]->func, state);
        visit(interp->atexit.callbacks[i]->args, state);
        visit(interp->atexit.callbacks[i]->kwargs, state);
    }
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

static inline PyThreadState *
hv_this_thread(void)
{
    return _PyThreadState_UncheckedGet();
}

static inline int
hv_is_ending(void)
{
    return _Py_IsFinalizing();
}

#endif
