/* What was so until CPython 3.12. */
#ifndef HEAPVIEW_UNTIL_312_H
#define HEAPVIEW_UNTIL_312_H

#include "python/until_313.h"

/* --- attributes */

/* The block of an instance's values. It has a few bytes in front, the last of which says how many
 * there are (new_values in Objects/dictobject.c). */
static inline void *
hv_values_block(PyObject **values)
{
    return (char *)values - ((uint8_t *)values)[-1];
}

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

/* --- the interpreter */

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
