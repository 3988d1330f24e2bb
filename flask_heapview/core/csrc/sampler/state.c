#include "sampler/state.h"

HvSampler hv_sampler;
int64_t hv_countdown = INT64_MAX;
HvFilter hv_filter;

double
hv_bytes_seen(void)
{
    int64_t since = hv_sampler.on ? hv_sampler.drawn - hv_countdown : 0;
    return (double)hv_sampler.bytes + (double)since;
}
