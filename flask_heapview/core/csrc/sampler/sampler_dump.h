/* All that the sampler knows, written as allocations/samples.py reads it. */
#ifndef HEAPVIEW_SAMPLER_DUMP_H
#define HEAPVIEW_SAMPLER_DUMP_H

#include <stddef.h>
#include <stdint.h>

typedef void (*HvPut)(void *state, const void *data, size_t length);
/* `node` tells who owns a slot's block, `type` what lies in it where nobody does; NULL where nobody
 * knows. */
void hv_write_samples(HvPut put, void *state, const uint32_t *node, const uint32_t *type);

#endif
