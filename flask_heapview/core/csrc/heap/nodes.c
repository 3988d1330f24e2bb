/* The tree of paths: a node for each step (edge label, type) from a node. */
#include "heap/nodes.h"

#define MIN_FOLD_DEPTH                                                                             \
    8 /* steps; from here on, one that repeats one of the last is folded into it */
#define MAX_FOLD_STEPS 4

uint32_t
hv_new_node(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type, uint8_t rank)
{
    uint16_t depth = 0;
    if (parent != HV_NONE) {
        rank = hv_node_at(walk, parent)->rank;
        depth = hv_node_at(walk, parent)->depth;
        depth += depth < UINT16_MAX;
    }
    HvNode *node = hv_array_push(&walk->result.nodes);
    *node = (HvNode){.parent = parent, .label = label, .type = type, .depth = depth, .rank = rank};
    return (uint32_t)walk->result.nodes.count - 1;
}

uint32_t
hv_new_root(HvWalk *walk, uint32_t label, uint8_t rank)
{
    return hv_new_node(walk, HV_NONE, label, HV_NONE, rank);
}

void
hv_begin_at_root(HvWalk *walk, uint32_t label, uint8_t rank)
{
    walk->state.current_node = hv_new_root(walk, label, rank);
    walk->state.current_type = hv_new_type(&walk->core, &PyFrame_Type);
}

static int
is_step(HvWalk *walk, uint32_t at, uint32_t label, uint32_t type)
{
    return at != HV_NONE && hv_node_at(walk, at)->label == label &&
           hv_node_at(walk, at)->type == type;
}

static uint32_t
fold(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type)
{
    uint32_t above = parent;
    /* a linked list: its third link, and all after it, lie where the second does */
    if (is_step(walk, parent, label, type) &&
        is_step(walk, hv_node_at(walk, parent)->parent, label, type))
        return parent;
    if (hv_node_at(walk, parent)->depth < MIN_FOLD_DEPTH)
        return HV_NONE;
    for (int i = 0; i < MAX_FOLD_STEPS && above != HV_NONE; i++) {
        if (is_step(walk, above, label, type))
            return above;
        above = hv_node_at(walk, above)->parent;
    }
    return HV_NONE;
}

/* Labels take 18 bits, types 20, nodes 26 of a key; types beyond that share one step. */
uint64_t
hv_step_key(uint32_t parent, uint32_t label, uint32_t type)
{
    uint64_t kind = type < (1u << 20) - 2 ? type + 1 : (1u << 20) - 1;
    return ((uint64_t)(parent + 1) << 38) | (kind << 18) | label;
}

uint32_t
hv_step(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type)
{
    int fresh;
    uint32_t *slot = hv_table_slot(&walk->state.steps, hv_step_key(parent, label, type), &fresh);
    if (!fresh)
        return *slot;
    uint32_t node = fold(walk, parent, label, type);
    if (node == HV_NONE) {
        if (walk->result.nodes.count >= 2 * (size_t)walk->input.node_limit)
            node = walk->state.other_node;
        else
            node = hv_new_node(walk, parent, label, type, 0);
    }
    *slot = node;
    return node;
}
