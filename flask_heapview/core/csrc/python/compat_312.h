/* CPython 3.12: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_312_H
#define HEAPVIEW_COMPAT_312_H

#include "python/since_312.h"

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
    return frame->f_funcobj;
}

/* Whether it is one by which C calls Python: it has no function and no locals. */
static inline int
hv_frame_is_entry(HvFrame *frame)
{
    return frame->owner == FRAME_OWNED_BY_CSTACK;
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
hv_visit_interpreter(PyInterpreterState *Py_UNUSED(interp), visitproc Py_UNUSED(visit),
                     void *Py_UNUSED(state))
{
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
