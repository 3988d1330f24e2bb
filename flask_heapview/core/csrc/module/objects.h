/* The functions of the module that look at single objects. */
#ifndef HEAPVIEW_OBJECTS_H
#define HEAPVIEW_OBJECTS_H

#include "python/compat.h"

extern PyMethodDef hv_object_methods[];

#endif
