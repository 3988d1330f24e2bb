/* Lines of code, each kept once, and the stack of the running thread as a row of them.
 *
 * Frames are read as tracemalloc reads them (Modules/_tracemalloc.c): nothing is allocated, no
 * frame object is made, no reference is kept to code that the service may let go.
 */
#ifndef HEAPVIEW_SAMPLER_PLACES_H
#define HEAPVIEW_SAMPLER_PLACES_H

#include "sampler/tables.h"

void hv_places_reset(void);
/* Writes the places of the thread's frames, the innermost first, and returns how many there are. */
int hv_places_here(PyThreadState *thread, uint32_t *places, int max_places);

#endif
