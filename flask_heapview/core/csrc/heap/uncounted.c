/* References that a traverse function visits and that carry no count. Since 3.14, a reference on a
 * frame's stack may be borrowed from a local variable. It says nothing of who else holds the
 * object, so whoever compares visits with counts has to leave it out. */
#include "heap/core.h"

static int
note_first_frame(PyObject *child, void *innermost)
{
    if (child == NULL || !Py_IS_TYPE(child, &PyFrame_Type))
        return 0;
    *(HvFrame **)innermost = ((PyFrameObject *)child)->f_frame;
    return 1;
}

/* A greenlet that waits visits the frames that its thread of control owns, each with its frame
 * object (PythonState::tp_traverse of greenlet 3.5 for Python 3.15). */
static void
visit_frames_of_greenlet(HvCore *core, PyObject *op, visitproc visit, void *state)
{
    HvFrame *innermost = NULL;
    hv_traverse(core, op, note_first_frame, &innermost);
    for (HvFrame *frame = innermost; frame != NULL; frame = frame->previous) {
        if (frame->owner == FRAME_OWNED_BY_THREAD)
            hv_visit_uncounted(frame, visit, state);
    }
}

/* The frame that a generator has until it ends, or that a function left to its frame object. */
static HvFrame *
frame_of(PyObject *op, HvType *type)
{
    if (type->kind == HV_KIND_GENERATOR)
        return hv_suspended(op);
    if (type->kind != HV_KIND_FRAME)
        return NULL;
    HvFrame *frame = ((PyFrameObject *)op)->f_frame;
    return frame != NULL && hv_is_own_frame(frame) ? frame : NULL;
}

void
hv_visit_uncounted_of(HvCore *core, PyObject *op, visitproc visit, void *state)
{
    HvType *type = hv_type_of(core, op);
    HvFrame *frame = frame_of(op, type);
    if (frame != NULL)
        hv_visit_uncounted(frame, visit, state);
    else if (type->visits_frames)
        visit_frames_of_greenlet(core, op, visit, state);
}
