/* The functions of the module that are the native sampler's. */
#ifndef HEAPVIEW_NATIVE_MODULE_H
#define HEAPVIEW_NATIVE_MODULE_H

#include "python/compat.h"

extern PyMethodDef hv_native_methods[];
int hv_native_types(PyObject *module); /* 0, or -1 with an error */

#endif
