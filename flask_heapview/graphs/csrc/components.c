/* Strongly connected components (Tarjan 1972), without recursion; single objects are left out. */
#include "graph.h"

typedef struct {
    const HvGraph *graph;
    HvAnswer *answer;
    uint32_t *low;   /* Tarjan's low-links */
    uint32_t *order; /* shares the components' place: a number while it is open */
    HvArray stack;   /* uint32_t: nodes of open components */
    HvArray frames;
    uint32_t clock;
} Search;

typedef struct {
    uint64_t next;
    uint32_t node;
} Frame;

/* Numbers count up from 1 while a node is open; finished components count down from HV_NONE - 1. */
#define FINISHED (UINT32_MAX / 2)

static void
enter(Search *search, uint32_t node)
{
    search->order[node] = search->low[node] = ++search->clock;
    *(uint32_t *)hv_array_push(&search->stack) = node;
    Frame *frame = hv_array_push(&search->frames);
    *frame = (Frame){search->graph->first[node], node};
}

static void
close_component(Search *search, uint32_t root)
{
    HvAnswer *answer = search->answer;
    uint32_t member = HV_NONE;
    uint64_t members = 0;
    size_t begin = search->stack.count;
    do {
        member = HV_AT(&search->stack, uint32_t, --begin);
        members++;
    } while (member != root);
    uint32_t name = members == 1 ? HV_NONE : HV_NONE - 1 - (uint32_t)answer->components;
    for (size_t i = begin; i < search->stack.count; i++)
        search->order[HV_AT(&search->stack, uint32_t, i)] = name;
    search->stack.count = begin;
    answer->components += members > 1;
    if (members > 1 && members > answer->largest)
        answer->largest = members;
}

static void
step(Search *search, Frame *top)
{
    const HvGraph *graph = search->graph;
    uint32_t node = top->node, target = graph->arc[top->next++].target;
    uint32_t order = search->order[target];
    if (order == 0)
        enter(search, target);
    else if (order < FINISHED && order < search->low[node])
        search->low[node] = order;
}

static void
leave(Search *search, uint32_t node)
{
    search->frames.count--;
    if (search->frames.count > 0) {
        uint32_t above = HV_AT(&search->frames, Frame, search->frames.count - 1).node;
        if (search->low[node] < search->low[above])
            search->low[above] = search->low[node];
    }
    if (search->low[node] == search->order[node])
        close_component(search, node);
}

void
hv_components(const HvGraph *graph, HvAnswer *answer)
{
    Search search = {.graph = graph, .answer = answer, .order = answer->component};
    size_t room = ((size_t)graph->nodes + 1) * sizeof *search.low;
    search.low = hv_pages(room);
    hv_array_init(&search.stack, sizeof(uint32_t));
    hv_array_init(&search.frames, sizeof(Frame));
    for (uint32_t v = 0; v < graph->nodes; v++)
        search.order[v] = 0;
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (search.order[v] != 0)
            continue;
        if (graph->first[v] == graph->first[v + 1]) { /* it leads nowhere: a circle has no such */
            search.order[v] = HV_NONE;
            continue;
        }
        enter(&search, v);
        while (search.frames.count > 0) {
            Frame *top = &HV_AT(&search.frames, Frame, search.frames.count - 1);
            if (top->next < graph->first[top->node + 1])
                step(&search, top);
            else
                leave(&search, top->node);
        }
    }
    /* names count up from 0 */
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (search.order[v] != HV_NONE)
            search.order[v] = HV_NONE - 1 - search.order[v];
    }
    hv_array_drop(&search.stack);
    hv_array_drop(&search.frames);
    hv_drop_pages(search.low, room);
}
