/* Whom a sample is laid to: the endpoint of the request that is served, else the thread. */
#ifndef HEAPVIEW_SAMPLER_TAGS_H
#define HEAPVIEW_SAMPLER_TAGS_H

#include "sampler/tables.h"

void hv_tags_reset(void);
uint32_t hv_tag_here(void);                /* of the running code */
void hv_request_begun(PyObject *endpoint); /* its name; nothing is allocated */

#endif
