/* What was so until CPython 3.13. */
#ifndef HEAPVIEW_UNTIL_313_H
#define HEAPVIEW_UNTIL_313_H

/* --- types whose freed objects are kept in a list, and used again: no more than compat.h names */

#define HV_MORE_REUSED_TYPES

/* --- frames */

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

#endif
