/* What CPython 3.14 brought, and 3.15 kept. */
#ifndef HEAPVIEW_SINCE_314_H
#define HEAPVIEW_SINCE_314_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#include "internal/pycore_interpframe.h"
#include "internal/pycore_genobject.h"
#include "internal/pycore_stackref.h"
#pragma GCC diagnostic pop

#include "python/since_313.h"

/* --- types whose freed objects are kept in a list, and used again */

#define HV_REUSED_SINCE_314                                                                        \
    &PyLong_Type, &PyRange_Type, &PyRangeIter_Type, &PyListIter_Type, &PyTupleIter_Type,           \
        &PyMethod_Type, &PyCFunction_Type, &PyCMethod_Type

/* --- frames */

/* The object, or NULL: for an empty place, and for a number that lies there without an object. */
static inline PyObject *
hv_stack_object(_PyStackRef ref)
{
    if (PyStackRef_IsNull(ref) || PyStackRef_IsTaggedInt(ref))
        return NULL;
    return PyStackRef_AsPyObjectBorrow(ref);
}

static inline PyObject *
hv_frame_executable(HvFrame *frame)
{
    return hv_stack_object(frame->f_executable);
}

static inline PyObject *
hv_frame_function(HvFrame *frame)
{
    return hv_stack_object(frame->f_funcobj);
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
    return hv_stack_object(frame->localsplus[i]);
}

/* A reference on the stack may be borrowed from a local variable: it carries no count, and yet the
 * frame's traverse function visits it (_PyGC_VisitStackRef in Python/gc.c). */
static inline void
hv_visit_if_uncounted(_PyStackRef ref, visitproc visit, void *state)
{
    PyObject *op = hv_stack_object(ref);
    if (op != NULL && !PyStackRef_RefcountOnObject(ref))
        visit(op, state);
}

/* The references of a frame that are visited and not counted: as _PyFrame_Traverse goes. */
static inline void
hv_visit_uncounted(HvFrame *frame, visitproc visit, void *state)
{
    hv_visit_if_uncounted(frame->f_funcobj, visit, state);
    hv_visit_if_uncounted(frame->f_executable, visit, state);
    for (_PyStackRef *ref = frame->localsplus; ref < frame->stackpointer; ref++)
        hv_visit_if_uncounted(*ref, visit, state);
}

/* The frame of a generator that has not ended, or NULL. */
static inline HvFrame *
hv_suspended(PyObject *op)
{
    PyGenObject *gen = (PyGenObject *)op;
    return FRAME_STATE_FINISHED(gen->gi_frame_state) ? NULL : &gen->gi_iframe;
}

/* --- what no traverse function shows */

/* The functions registered with atexit, and their arguments. */
static inline void
hv_visit_atexit(PyInterpreterState *interp, visitproc visit, void *state)
{
    visit(interp->atexit.callbacks, state);
}

/* The collector knows every dictionary since 3.14, that of the interned strings included. */
static inline void
hv_visit_interned(PyInterpreterState *interp, visitproc visit, void *state)
{
    visit(interp->cached_objects.interned_strings, state);
}

#endif
