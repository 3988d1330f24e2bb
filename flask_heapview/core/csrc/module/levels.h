/* The function of the module that tells what the process takes. */
#ifndef HEAPVIEW_LEVELS_H
#define HEAPVIEW_LEVELS_H

#include "python/compat.h"

extern PyMethodDef hv_levels_methods[];
int hv_levels_types(PyObject *module); /* 0, or -1 with an error */

#endif
