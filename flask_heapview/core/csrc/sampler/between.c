#include "sampler/between.h"

#include "sampler/sampler.h"

#define MAX_BLOCKS 64 /* of a thread, the newest: one request needs few samples */

static __thread struct {
    const void *block[MAX_BLOCKS];
    uint32_t count, epoch, last; /* tag of the last request */
} own;

static void
of_this_run(void)
{
    if (own.epoch == hv_sampler.epoch)
        return;
    own.epoch = hv_sampler.epoch;
    own.count = own.last = 0;
}

uint32_t
hv_between(const void *block)
{
    of_this_run();
    own.block[own.count++ % MAX_BLOCKS] = block;
    return own.last;
}

void
hv_between_ends(uint32_t tag)
{
    of_this_run();
    uint32_t kept = own.count < MAX_BLOCKS ? own.count : MAX_BLOCKS;
    for (uint32_t i = 0; i < kept; i++) {
        int at = hv_find_sample(own.block[i]);
        if (at < 0)
            continue; /* it is free again */
        HvSample *sample = &hv_sampler.sample[at];
        if (hv_sampler.tag[hv_sampler.entry[sample->entry].tag].kind != HV_TAG_THREAD ||
            sample->next != 0)
            continue; /* another block lies there now */
        sample->next = (uint16_t)tag;
        sample->own_request = hv_sampler.tag[tag].requests;
    }
    own.count = 0;
    own.last = tag;
}
