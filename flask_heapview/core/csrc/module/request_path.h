/* The type that stands in front of an app's pipeline. */
#ifndef HEAPVIEW_REQUEST_PATH_H
#define HEAPVIEW_REQUEST_PATH_H

#include "python/compat.h"

int hv_request_path_types(PyObject *module); /* 0, or -1 with an error */

#endif
