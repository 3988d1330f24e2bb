/* The functions of the module that are the sampler's. */
#ifndef HEAPVIEW_SAMPLER_MODULE_H
#define HEAPVIEW_SAMPLER_MODULE_H

#include "python/compat.h"

extern PyMethodDef hv_sampling_methods[];
int hv_sampling_types(PyObject *module); /* 0, or -1 with an error */

#endif
