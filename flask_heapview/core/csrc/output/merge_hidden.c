/* Names that are hidden are no longer told apart: what lies below them merges, step by step. */
#include "heap/nodes.h"
#include "output/writer.h"

typedef struct {
    uint32_t *place; /* where each node went */
    uint8_t *below;  /* whether a node that is left is hidden, or below one that is */
    HvTable steps;   /* (parent, label, type) -> such a node */
    uint32_t count;  /* nodes that are left */
} Hiding;

static void
join_containers(HvContainers *to, const HvContainers *from)
{
    int at = 0;
    to->entries += from->entries;
    to->containers += from->containers;
    if (from->limit > to->limit)
        to->limit = from->limit;
    for (int i = 0; i < HV_SAMPLED_CONTAINERS; i++) {
        if (to->sample[i] == NULL)
            to->sample[i] = from->sample[at++];
    }
}

static void
join(HvWalk *walk, HvNode *to, const HvNode *from)
{
    HvArray *containers = &walk->result.containers;
    to->count += from->count;
    to->bytes += from->bytes;
    if (to->containers == 0)
        to->containers = from->containers;
    else if (from->containers != 0)
        join_containers(&HV_AT(containers, HvContainers, to->containers - 1),
                        &HV_AT(containers, HvContainers, from->containers - 1));
}

static void
place_node(HvWalk *walk, Hiding *hiding, uint32_t number)
{
    HvNode *nodes = (HvNode *)walk->result.nodes.items, node = nodes[number];
    uint8_t hidden = HV_AT(&walk->core.labels, HvLabel, node.label).hidden;
    int fresh, below = node.label == HV_LABEL_UNNAMED || node.label == HV_LABEL_LOCALS || hidden;
    if (hidden)
        node.label = hidden;
    if (node.parent != HV_NONE) {
        node.parent = hiding->place[node.parent];
        below |= hiding->below[node.parent];
    }
    hiding->place[number] = hiding->count;
    if (below && !node.merged) {
        uint64_t key = hv_step_key(node.parent, node.label, node.type);
        uint32_t *slot = hv_table_slot(&hiding->steps, key, &fresh);
        if (!fresh) {
            hiding->place[number] = *slot;
            join(walk, &nodes[*slot], &node);
            return;
        }
        *slot = hiding->count;
    }
    hiding->below[hiding->count] = (uint8_t)below;
    nodes[hiding->count++] = node; /* in place: it never moves up */
}

void
hv_merge_hidden(HvWalk *walk)
{
    uint32_t count = (uint32_t)walk->result.nodes.count;
    Hiding hiding = {.place = hv_pages((count + 1) * sizeof(uint32_t)),
                     .below = hv_pages(count + 1)};
    for (uint32_t i = 0; i < count; i++)
        place_node(walk, &hiding, i);
    walk->result.nodes.count = hiding.count;
    hv_follow_nodes(walk, hiding.place);
    hv_table_drop(&hiding.steps);
    hv_drop_pages(hiding.place, (count + 1) * sizeof(uint32_t));
    hv_drop_pages(hiding.below, count + 1);
}
