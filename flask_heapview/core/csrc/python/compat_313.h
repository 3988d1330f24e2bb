/* CPython 3.13: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_313_H
#define HEAPVIEW_COMPAT_313_H

#include "python/since_313.h"
#include "python/until_313.h"

/* --- frames */

static inline PyObject *
hv_frame_executable(HvFrame *frame)
{
    return frame->f_executable;
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

/* --- what no traverse function shows */

/* What the interpreter holds by itself, in this version only. */
static inline void
hv_visit_interpreter(PyInterpreterState *Py_UNUSED(interp), visitproc Py_UNUSED(visit),
                     void *Py_UNUSED(state))
{
}

#endif
