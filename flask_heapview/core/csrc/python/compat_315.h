/* CPython 3.15: what compat.h asks of each version. Layouts are those of its Include/internal. */
#ifndef HEAPVIEW_COMPAT_315_H
#define HEAPVIEW_COMPAT_315_H

#include "python/since_314.h"

/* --- types whose freed objects are kept in a list, and used again: pycore_freelist_state.h */

#define HV_MORE_REUSED_TYPES HV_REUSED_SINCE_314, &PyComplex_Type

/* --- what no traverse function shows */

/* What the interpreter holds by itself, in this version only: what lazy imports wait for. */
static inline void
hv_visit_interpreter(PyInterpreterState *interp, visitproc visit, void *state)
{
    hv_visit_interned(interp, visit, state);
    visit(interp->imports.lazy_modules, state);
    visit(interp->imports.lazy_imports_filter, state);
    visit(interp->imports.lazy_pending_submodules, state);
}

#endif
