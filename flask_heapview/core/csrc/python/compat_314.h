/* CPython 3.14: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_314_H
#define HEAPVIEW_COMPAT_314_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "internal/pycore_interpframe.h"
#include "internal/pycore_genobject.h"
#include "internal/pycore_stackref.h"
#pragma GCC diagnostic pop

/* --- the collector's lists: all generations, the permanent one last */

#define HV_GENERATIONS 4

static inline void
hv_generations(PyInterpreterState *interp, PyGC_Head **heads)
{
    heads[0] = &interp->gc.young.head;
    heads[1] = &interp->gc.old[0].head;
    heads[2] = &interp->gc.old[1].head;
    heads[3] = &interp->gc.permanent_generation.head;
}

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

/* --- classes and attributes */

static inline PyObject *
hv_type_dict(PyTypeObject *type) /* that of a builtin type is the interpreter's */
{
    return _PyType_GetDict(type);
}

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

/* --- freed objects that are used again */

#define HV_REUSES_INTS 1 /* whether freed ints are kept in a list, and used again */

/* --- frames */

static inline HvFrame *
hv_top_frame(PyThreadState *thread)
{
    return thread->current_frame;
}

static inline PyObject *
hv_frame_executable(HvFrame *frame)
{
    return PyStackRef_AsPyObjectBorrow(frame->f_executable);
}

static inline PyObject *
hv_frame_function(HvFrame *frame)
{
    return PyStackRef_AsPyObjectBorrow(frame->f_funcobj);
}

/* Whether it is one by which C calls Python: it has no function and no locals. */
static inline int
hv_frame_is_entry(HvFrame *frame)
{
    return frame->owner >= FRAME_OWNED_BY_INTERPRETER;
}

static inline PyObject *
hv_frame_local(HvFrame *frame, int i)
{
    _PyStackRef ref = frame->localsplus[i];
    return PyStackRef_IsNull(ref) ? NULL : PyStackRef_AsPyObjectBorrow(ref);
}

/* The frame of a generator that has not ended, or NULL. */
static inline HvFrame *
hv_suspended(PyObject *op)
{
    PyGenObject *gen = (PyGenObject *)op;
    return gen->gi_frame_state >= FRAME_COMPLETED ? NULL : &gen->gi_iframe;
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

/* The functions registered with atexit, and their arguments. */
static inline void
hv_visit_atexit(PyInterpreterState *interp, visitproc visit, void *state)
{
    visit(interp->atexit.callbacks, state);
}

/* What the interpreter holds by itself, in this version only. */
static inline void
hv_visit_interpreter(PyInterpreterState *Py_UNUSED(interp), visitproc Py_UNUSED(visit),
                     void *Py_UNUSED(state))
{
}

static inline int
hv_tracemalloc_is_on(void)
{
    return _PyRuntime.tracemalloc.config.tracing;
}

static inline int
hv_is_ending(void)
{
    return Py_IsFinalizing();
}

#endif
