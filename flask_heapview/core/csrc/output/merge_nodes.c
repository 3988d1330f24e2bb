/* Which nodes are worth a line. What is small in a library is merged, subtree by subtree, before
 * the file is written: whoever reads it then has some thousand nodes instead of a million. */
#include "output/writer.h"
#include "sampler/sampler.h"

#define MIN_SUBTREE_BYTES 4096 /* bytes below which a library's subtree has no line of its own */
#define MERGED (1u << 31)      /* beside a place: the node has no line of its own */

/* --- what else in the file refers to nodes, by their number */

typedef void (*EachNode)(HvWalk *walk, uint32_t *node, void *state);

static void
each_referred_node(HvWalk *walk, EachNode each, void *state)
{
    HvWalkResult *result = &walk->result;
    for (size_t i = 0; i < result->caches.count; i++)
        each(walk, &HV_AT(&result->caches, HvCache, i).node, state);
    for (size_t i = 0; i < result->open_objects.count; i++)
        each(walk, &HV_AT(&result->open_objects, HvOpenObject, i).node, state);
    for (size_t i = 0; i < result->local_variables.count; i++)
        each(walk, &HV_AT(&result->local_variables, HvLocalVariable, i).node, state);
    for (size_t i = 0; i < walk->input.modules.count; i++)
        each(walk, &HV_AT(&walk->input.modules, HvModuleRoot, i).node, state);
    each(walk, &result->garbage_node, state);
}

/* --- which are kept */

static void
keep(HvWalk *walk, uint32_t *node, void *Py_UNUSED(state))
{
    if (*node != HV_NONE)
        hv_node_at(walk, *node)->kept = 1;
}

/* What a cache holds is told from the function that it wraps by the nodes right below it. */
static void
keep_below_caches(HvWalk *walk)
{
    HvWalkResult *result = &walk->result;
    uint8_t *is_cache = hv_pages(result->nodes.count);
    for (size_t i = 0; i < result->caches.count; i++)
        is_cache[HV_AT(&result->caches, HvCache, i).node] = 1;
    for (uint32_t i = 0; i < result->nodes.count; i++) {
        uint32_t parent = hv_node_at(walk, i)->parent;
        if (parent != HV_NONE && is_cache[parent])
            hv_node_at(walk, i)->kept = 1;
    }
    hv_drop_pages(is_cache, result->nodes.count);
}

static int
has_entries(HvWalk *walk, HvNode *node)
{
    return node->containers != 0 &&
           HV_AT(&walk->result.containers, HvContainers, node->containers - 1).entries >=
               walk->input.min_entries;
}

static void
choose_nodes(HvWalk *walk)
{
    size_t count = walk->result.nodes.count;
    HvNode *nodes = (HvNode *)walk->result.nodes.items;
    uint64_t *below = hv_pages((count + 1) * sizeof *below);
    each_referred_node(walk, keep, NULL);
    keep_below_caches(walk);
    for (size_t i = 0; i < count; i++)
        below[i] = nodes[i].bytes;
    for (size_t i = count; i-- > 0;) {
        HvNode *node = &nodes[i];
        if (node->parent == HV_NONE || below[i] >= MIN_SUBTREE_BYTES || has_entries(walk, node) ||
            node->rank == walk->input.ranks.app)
            node->kept = 1;
        if (node->parent != HV_NONE) {
            below[node->parent] += below[i];
            nodes[node->parent].kept |= node->kept;
        }
    }
    hv_drop_pages(below, (count + 1) * sizeof *below);
}

/* --- the others are merged */

typedef struct {
    uint32_t *place;     /* where each node went, with MERGED */
    uint32_t *small_one; /* 1 + the node that takes what is small below a kept one */
    uint32_t count;      /* nodes that are left */
} Merging;

static uint32_t
own_place(HvNode *nodes, Merging *merging, HvNode node, uint32_t parent)
{
    node.parent = parent;
    nodes[merging->count] = node;
    return merging->count++;
}

static uint32_t
merged_place(HvNode *nodes, Merging *merging, HvNode node, uint32_t parent)
{
    uint32_t *small_one = &merging->small_one[parent];
    if (*small_one == 0)
        *small_one = 1 + own_place(nodes, merging,
                                   (HvNode){.parent = parent,
                                            .label = node.label,
                                            .type = node.type,
                                            .depth = node.depth,
                                            .rank = node.rank},
                                   parent);
    return *small_one - 1;
}

/* In place: a node never moves up, since each new one stands for an old one that comes before. */
static void
merge(HvWalk *walk, Merging *merging)
{
    HvNode *nodes = (HvNode *)walk->result.nodes.items;
    for (size_t i = 0; i < walk->result.nodes.count; i++) {
        HvNode node = nodes[i];
        uint32_t above = node.parent == HV_NONE ? HV_NONE : merging->place[node.parent];
        if (node.kept) {
            merging->place[i] = own_place(nodes, merging, node, above);
            continue;
        }
        uint32_t to = above & MERGED ? above & ~MERGED : merged_place(nodes, merging, node, above);
        nodes[to].count += node.count;
        nodes[to].bytes += node.bytes;
        merging->place[i] = to | MERGED;
    }
    walk->result.nodes.count = merging->count;
}

static void
follow(HvWalk *Py_UNUSED(walk), uint32_t *node, void *place)
{
    if (*node != HV_NONE)
        *node = ((uint32_t *)place)[*node] & ~MERGED;
}

/* Lets all that refers to nodes refer to where they went. */
void
hv_follow_nodes(HvWalk *walk, uint32_t *place)
{
    each_referred_node(walk, follow, place);
    uint32_t *owner = walk->result.sample_node;
    for (int slot = 0; owner != NULL && slot < HV_LIVE_SLOTS; slot++) {
        if (owner[slot] == HV_NONE)
            continue;
        uint32_t doubtful = owner[slot] & HV_DOUBTFUL, node = owner[slot] & ~HV_DOUBTFUL;
        follow(walk, &node, place);
        owner[slot] = node | doubtful;
    }
}

void
hv_merge_nodes(HvWalk *walk)
{
    size_t bytes = (walk->result.nodes.count + 1) * sizeof(uint32_t);
    choose_nodes(walk);
    Merging merging = {hv_pages(bytes), hv_pages(bytes), 0};
    merge(walk, &merging);
    hv_follow_nodes(walk, merging.place);
    hv_drop_pages(merging.place, bytes);
    hv_drop_pages(merging.small_one, bytes);
}
