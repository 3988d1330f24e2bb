/* Which nodes are worth a line. What is small in a library is merged, subtree by subtree: whenever
 * the nodes become too many, and before the file is written. So nodes go to where objects are,
 * however many functions and classes the walk meets first, and whoever reads the file has some
 * thousand nodes instead of a million. To give up what weighs least once there is no more room is
 * lossy counting (Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002).
 */
#include "heap/walk.h"
#include "sampler/sampler.h"

#define MERGED (1u << 31) /* beside a place: the node has no line of its own */
/* what is small in the app has its line as long as there is room, and then is so much smaller */
#define APP_SHARE 16
#define MORE_BYTES 4 /* times as large may be what is merged, where that made too little room */

/* --- what else in the file refers to nodes, by their number */

typedef void (*EachNode)(uint32_t *node, void *state);

static void
each_referred_node(HvWalk *walk, EachNode each, void *state)
{
    HvWalkResult *result = &walk->result;
    for (size_t i = 0; i < result->caches.count; i++)
        each(&HV_AT(&result->caches, HvCache, i).node, state);
    for (size_t i = 0; i < result->open_objects.count; i++)
        each(&HV_AT(&result->open_objects, HvOpenObject, i).node, state);
    for (size_t i = 0; i < result->local_variables.count; i++)
        each(&HV_AT(&result->local_variables, HvLocalVariable, i).node, state);
    for (size_t i = 0; i < walk->input.modules.count; i++)
        each(&HV_AT(&walk->input.modules, HvModuleRoot, i).node, state);
    each(&result->garbage_node, state);
}

/* The nodes of objects that still have to be looked into. */
static void
each_waiting_node(HvWalk *walk, EachNode each, void *state)
{
    for (size_t i = walk->state.ahead_read; i < walk->state.ahead_written; i++)
        each(&walk->state.ahead[i % HV_PREFETCHED_OBJECTS].node, state);
    hv_queue_each_node(&walk->state.queue, each, state);
}

/* --- which are kept */

static void
keep(uint32_t *node, void *walk)
{
    if (*node != HV_NONE)
        hv_node_at(walk, *node)->kept = 1;
}

typedef struct {
    HvWalk *walk;
    uint8_t *is_parent; /* of nodes that have to stay */
} Keeping;

static void
keep_waiting(uint32_t *node, void *state)
{
    Keeping *keeping = state;
    hv_node_at(keeping->walk, *node)->kept = 1;
    keeping->is_parent[*node] = 1;
}

/* What a cache holds is told from the function that it wraps by the nodes right below it. And where
 * objects still wait to be looked into, the nodes right below are not complete. Returns how many
 * nodes stay for one of these reasons. */
static size_t
keep_below(HvWalk *walk)
{
    HvWalkResult *result = &walk->result;
    size_t count = result->nodes.count, kept = 0;
    Keeping keeping = {walk, hv_pages(count + 1)};
    for (size_t i = 0; i < result->caches.count; i++)
        keeping.is_parent[HV_AT(&result->caches, HvCache, i).node] = 1;
    each_waiting_node(walk, keep_waiting, &keeping);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t parent = hv_node_at(walk, i)->parent;
        if (parent != HV_NONE && keeping.is_parent[parent] && !hv_node_at(walk, i)->merged)
            hv_node_at(walk, i)->kept = 1;
        kept += hv_node_at(walk, i)->kept;
    }
    hv_drop_pages(keeping.is_parent, count + 1);
    return kept;
}

static int
has_entries(HvWalk *walk, HvNode *node)
{
    return node->containers != 0 &&
           HV_AT(&walk->result.containers, HvContainers, node->containers - 1).entries >=
               walk->input.min_entries;
}

/* Bytes below which a subtree has no line of its own. */
static uint64_t
min_bytes(HvWalk *walk, HvNode *node)
{
    uint64_t wanted = walk->state.min_subtree_bytes;
    if (node->rank != walk->input.ranks.app)
        return wanted;
    return wanted == HV_MIN_SUBTREE_BYTES ? 0 : wanted / APP_SHARE;
}

static size_t
choose_nodes(HvWalk *walk)
{
    size_t count = walk->result.nodes.count;
    HvNode *nodes = (HvNode *)walk->result.nodes.items;
    uint64_t *below = hv_pages((count + 1) * sizeof *below);
    for (size_t i = 0; i < count; i++) {
        below[i] = nodes[i].bytes;
        nodes[i].kept = 0;
    }
    each_referred_node(walk, keep, walk);
    size_t needed = keep_below(walk);
    for (size_t i = count; i-- > 0;) {
        HvNode *node = &nodes[i];
        if (node->parent == HV_NONE || has_entries(walk, node) ||
            (!node->merged && below[i] >= min_bytes(walk, node)))
            node->kept = 1;
        if (node->parent != HV_NONE) {
            below[node->parent] += below[i];
            nodes[node->parent].kept |= node->kept;
        }
    }
    hv_drop_pages(below, (count + 1) * sizeof *below);
    return needed;
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
                                            .rank = node.rank,
                                            .merged = 1},
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
follow(uint32_t *node, void *place)
{
    if (*node != HV_NONE)
        *node = ((uint32_t *)place)[*node] & ~MERGED;
}

/* Lets all that refers to nodes refer to where they went. */
void
hv_follow_nodes(HvWalk *walk, uint32_t *place)
{
    each_referred_node(walk, follow, place);
    each_waiting_node(walk, follow, place);
    uint32_t *owner = walk->result.sample_node;
    for (int slot = 0; owner != NULL && slot < HV_LIVE_SLOTS; slot++) {
        if (owner[slot] == HV_NONE)
            continue;
        uint32_t doubtful = owner[slot] & HV_DOUBTFUL, node = owner[slot] & ~HV_DOUBTFUL;
        follow(&node, place);
        owner[slot] = node | doubtful;
    }
}

/* Returns how many nodes could not be merged, whatever they weigh. */
size_t
hv_merge_nodes(HvWalk *walk)
{
    size_t bytes = (walk->result.nodes.count + 1) * sizeof(uint32_t);
    size_t needed = choose_nodes(walk);
    Merging merging = {hv_pages(bytes), hv_pages(bytes), 0};
    merge(walk, &merging);
    hv_follow_nodes(walk, merging.place);
    hv_drop_pages(merging.place, bytes);
    hv_drop_pages(merging.small_one, bytes);
    return needed;
}

/* --- when */

static void
note_steps(HvWalk *walk)
{
    int fresh;
    hv_table_drop(&walk->state.steps);
    walk->state.last_parent = HV_NONE;
    for (uint32_t i = 0; i < walk->result.nodes.count; i++) {
        HvNode *node = hv_node_at(walk, i);
        if (node->kept)
            *hv_table_slot(&walk->state.steps, hv_step_key(node->parent, node->label, node->type),
                           &fresh) = i;
    }
}

/* To be called between two objects of the queue. */
void
hv_make_room(HvWalk *walk)
{
    size_t limit = walk->input.node_limit;
    if (walk->result.objects < walk->state.next_merge)
        return;
    size_t needed = hv_merge_nodes(walk);
    note_steps(walk);
    if (walk->result.nodes.count - needed > limit / 2)
        walk->state.min_subtree_bytes *= MORE_BYTES;
    walk->state.next_merge = walk->result.objects + limit / 4;
}
