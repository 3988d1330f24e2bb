/* What would be free if one object referred no longer to another: breadth first from all roots,
 * without that reference. Whether an object is a root does not change.
 */
#include "graph.h"

static void
find_ways(const HvGraph *graph, const HvCut *cut, uint32_t *queue)
{
    uint32_t *found = cut->found;
    size_t read = 0, written = 0;
    for (uint32_t v = 0; v < graph->nodes; v++) {
        found[v] = cut->toward[v] == graph->nodes ? graph->nodes : HV_NONE;
        if (found[v] != HV_NONE)
            queue[written++] = v;
    }
    while (read < written) {
        uint32_t v = queue[read++];
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t target = graph->arc[i].target;
            if (found[target] != HV_NONE || (v == cut->source && target == cut->target))
                continue;
            found[target] = v;
            queue[written++] = target;
        }
    }
}

void
hv_cut(const HvGraph *graph, HvCut *cut)
{
    size_t room = ((size_t)graph->nodes + 1) * sizeof(uint32_t);
    uint32_t *queue = hv_pages(room);
    find_ways(graph, cut, queue);
    hv_drop_pages(queue, room);
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (cut->toward[v] == HV_NONE || cut->found[v] != HV_NONE)
            continue;
        cut->objects++;
        cut->bytes += graph->size[v];
        cut->counts[graph->type[v]]++;
        cut->sizes[graph->type[v]] += graph->size[v];
    }
}
