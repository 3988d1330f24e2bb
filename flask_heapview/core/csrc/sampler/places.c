#include "sampler/places.h"

#include "heap/core.h"
#include "sampler/names.h"

#include <string.h>

typedef struct {
    HvFrame *frame;
    PyCodeObject *code;
    int at;
    uint32_t place;
} HvCall;

#define MAX_CALLS 128
static HvCall calls[MAX_CALLS];

static uint64_t
names_of(PyCodeObject *code)
{
    return hv_mix(hv_text_hash(code->co_filename), hv_text_hash(code->co_name)) +
           (uint64_t)code->co_firstlineno;
}

/* Tells code apart that came to lie where other code lay, without looking at its names. */
static uint64_t
marks_of(PyCodeObject *code)
{
    return (uint64_t)(uintptr_t)code->co_filename * 3 ^ (uint64_t)(uintptr_t)code->co_name * 5 ^
           (uint64_t)(uintptr_t)code->co_consts ^ (uint64_t)code->co_firstlineno << 48;
}

static uint32_t
new_place(PyCodeObject *code, int at)
{
    HvSampler *all = &hv_sampler;
    uint64_t names = names_of(code);
    int fresh, line = PyCode_Addr2Line(code, at);
    uint32_t place =
        hv_index_find(&all->places, hv_mix(names, (uint64_t)(line + 1)), HV_MAX_PLACES, &fresh);
    if (place == HV_MAX_PLACES)
        return HV_OTHER_PLACE;
    if (fresh)
        all->place[place] =
            (HvPlace){hv_string_of(code->co_filename), hv_string_of(code->co_name), (uint32_t)line};
    return place;
}

static uint32_t
place_of(PyCodeObject *code, int at)
{
    uint64_t marks = marks_of(code);
    uint64_t slot = hv_mix((uint64_t)(uintptr_t)code, (uint64_t)at) >> (64 - HV_KNOWN_LINE_BITS);
    HvKnownLine *known = &hv_sampler.known[slot];
    if (known->code != code || known->at != at || known->marks != marks)
        *known = (HvKnownLine){code, marks, at, new_place(code, at)};
    return known->place;
}

void
hv_places_reset(void)
{
    memset(calls, 0, sizeof calls);
}

/* Most of a stack is as it was at the sample before: those calls go on, at the same instruction.
 * That is seen without a look at their code, which would cost a wait for memory each. */
static uint32_t
place_of_call(HvFrame *frame)
{
    PyCodeObject *code = hv_frame_code(frame);
    int at = hv_frame_offset(frame);
    HvCall *call = &calls[(uintptr_t)frame / 64 % MAX_CALLS];
    if (call->frame != frame || call->code != code || call->at != at)
        *call = (HvCall){frame, code, at, place_of(code, at)};
    return call->place;
}

int
hv_places_here(PyThreadState *thread, uint32_t *places, int max_places)
{
    int depth = 0;
    for (HvFrame *frame = hv_top_frame(thread); frame != NULL && depth < max_places;
         frame = frame->previous) {
        if (!hv_frame_is_python(frame) || _PyFrame_IsIncomplete(frame))
            continue;
        places[depth++] = place_of_call(frame);
    }
    return depth;
}
