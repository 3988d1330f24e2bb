/* The functions of the module that are the sampler's. */
#ifndef HEAPVIEW_SAMPLING_H
#define HEAPVIEW_SAMPLING_H

#include "sampler/sampler.h"

extern PyMethodDef hv_sampling_methods[];

#endif
