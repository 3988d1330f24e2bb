/* Entries: pairs of a traceback and a tag, each kept once, with what was ever allocated there. */
#ifndef HEAPVIEW_SAMPLER_ENTRIES_H
#define HEAPVIEW_SAMPLER_ENTRIES_H

#include "sampler/tables.h"

uint32_t hv_entry_here(PyThreadState *thread, uint32_t tag); /* of the thread's traceback */

#endif
