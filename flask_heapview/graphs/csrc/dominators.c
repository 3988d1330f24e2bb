/* Dominators by the semi-NCA algorithm (Georgiadis 2005, "Linear-Time Algorithms for Dominators and
 * Related Problems", chapter 2), retained sizes, and shortest paths to a root.
 *
 * An object is a root when its reference count exceeds the references found in the graph. What has
 * no references of its own and is referred to once is dominated by its only referrer: such leaves,
 * about half of a heap, take no part in the algorithm.
 */
#include "graph.h"

typedef struct {
    const HvGraph *graph;
    HvAnswer *answer;
    uint32_t *number; /* of each node in depth-first order, from 1; HV_NONE for leaves and others */
    uint32_t *in_degree; /* shares the dominators' place until these are known */
    uint64_t *is_root;   /* a bit for each node */
    uint32_t reached;
    /* by number */
    uint32_t *node, *parent, *semi, *label, *idom;
    uint32_t *before; /* where each one's predecessors begin */
    uint32_t *predecessor;
    size_t predecessors;
} Search;

static int
root_at(const Search *search, uint32_t node)
{
    return (int)(search->is_root[node / 64] >> (node % 64) & 1);
}

static uint32_t
degree(const HvGraph *graph, uint32_t node)
{
    uint64_t arcs = graph->first[node + 1] - graph->first[node];
    return arcs > UINT32_MAX ? UINT32_MAX : (uint32_t)arcs;
}

static int
is_leaf(const Search *search, uint32_t node)
{
    return degree(search->graph, node) == 0 && search->in_degree[node] <= 1 &&
           !root_at(search, node);
}

int
hv_check_graph(const HvGraph *graph)
{
    if (graph->first[0] != 0 || graph->first[graph->nodes] != graph->arcs)
        return 0;
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (graph->first[v] > graph->first[v + 1] || graph->type[v] >= graph->kinds)
            return 0;
    }
    for (uint64_t i = 0; i < graph->arcs; i++) {
        if (graph->arc[i].target >= graph->nodes)
            return 0;
    }
    return 1;
}

static void
find_roots(Search *search)
{
    const HvGraph *graph = search->graph;
    for (uint32_t v = 0; v < graph->nodes; v++)
        search->in_degree[v] = 0;
    for (uint64_t i = 0; i < graph->arcs; i++) {
        uint32_t *degree = &search->in_degree[graph->arc[i].target];
        *degree += *degree != UINT32_MAX;
    }
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (graph->refcount[v] > search->in_degree[v]) {
            search->is_root[v / 64] |= (uint64_t)1 << (v % 64);
            search->answer->roots++;
        }
    }
}

/* --- depth-first numbering */

typedef struct {
    uint64_t next;
    uint32_t number;
} Frame;

static uint32_t
enter(Search *search, HvArray *stack, uint32_t node, uint32_t parent)
{
    uint32_t number = ++search->reached;
    search->number[node] = number;
    search->node[number] = node;
    search->parent[number] = parent;
    Frame *frame = hv_array_push(stack);
    *frame = (Frame){search->graph->first[node], number};
    return number;
}

static void
number_from(Search *search, HvArray *stack, uint32_t root)
{
    const HvGraph *graph = search->graph;
    enter(search, stack, root, 0);
    while (stack->count > 0) {
        Frame *top = &HV_AT(stack, Frame, stack->count - 1);
        uint32_t at = search->node[top->number];
        if (top->next == graph->first[at + 1]) {
            stack->count--;
            continue;
        }
        uint32_t target = graph->arc[top->next++].target;
        if (search->number[target] == HV_NONE && !is_leaf(search, target))
            enter(search, stack, target, top->number);
    }
}

static void
number_all(Search *search)
{
    HvArray stack;
    hv_array_init(&stack, sizeof(Frame));
    for (uint32_t v = 0; v < search->graph->nodes; v++)
        search->number[v] = HV_NONE;
    for (uint32_t v = 0; v < search->graph->nodes; v++) {
        if (root_at(search, v) && search->number[v] == HV_NONE)
            number_from(search, &stack, v);
    }
    hv_array_drop(&stack);
}

/* --- predecessors, by number; the virtual root's are left out, is_root knows them */

static void
find_predecessors(Search *search)
{
    const HvGraph *graph = search->graph;
    for (uint32_t w = 1; w <= search->reached; w++) {
        uint32_t v = search->node[w];
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t to = search->number[graph->arc[i].target];
            if (to != HV_NONE)
                search->before[to + 1]++;
        }
    }
    for (uint32_t w = 1; w <= search->reached + 1; w++)
        search->before[w] += search->before[w - 1];
    search->predecessors = search->before[search->reached + 1];
    search->before[search->reached + 2] = (uint32_t)search->predecessors;
    search->predecessor = hv_pages((search->predecessors + 1) * sizeof *search->predecessor);
    for (uint32_t w = search->reached; w >= 1; w--) { /* each range is filled from its end */
        uint32_t v = search->node[w];
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t to = search->number[graph->arc[i].target];
            if (to != HV_NONE)
                search->predecessor[--search->before[to + 1]] = w;
        }
    }
}

/* --- semi-dominators and dominators */

/* The vertex with the least semi-dominator on the path of linked vertices above v. Compresses
 * that path. */
static uint32_t
least(Search *search, HvArray *path, uint32_t v, uint32_t linked)
{
    uint32_t *above = search->parent, *label = search->label, *semi = search->semi;
    if (above[v] < linked)
        return label[v];
    path->count = 0;
    uint32_t at = v;
    do {
        *(uint32_t *)hv_array_push(path) = at;
        at = above[at];
    } while (above[at] >= linked);
    uint32_t upper = at;
    while (path->count > 0) {
        at = HV_AT(path, uint32_t, --path->count);
        above[at] = above[upper];
        if (semi[label[upper]] < semi[label[at]])
            label[at] = label[upper];
        upper = at;
    }
    return label[v];
}

static void
find_dominators(Search *search)
{
    HvArray path;
    hv_array_init(&path, sizeof(uint32_t));
    for (uint32_t w = 1; w <= search->reached; w++) {
        search->idom[w] = search->parent[w];
        search->label[w] = w;
        search->semi[w] = w;
    }
    for (uint32_t w = search->reached; w >= 1; w--) {
        uint32_t semi = root_at(search, search->node[w]) ? 0 : search->parent[w];
        for (uint32_t i = search->before[w + 1]; i < search->before[w + 2]; i++) {
            uint32_t found = search->semi[least(search, &path, search->predecessor[i], w + 1)];
            if (found < semi)
                semi = found;
        }
        search->semi[w] = semi;
    }
    hv_array_drop(&path);
    for (uint32_t w = 1; w <= search->reached; w++) {
        uint32_t candidate = search->idom[w];
        while (candidate > search->semi[w])
            candidate = search->idom[candidate];
        search->idom[w] = candidate;
    }
}

/* --- what the dominators tell */

static void
find_retained(Search *search)
{
    const HvGraph *graph = search->graph;
    HvAnswer *answer = search->answer;
    for (uint32_t v = 0; v < graph->nodes; v++) {
        answer->retained[v] = graph->size[v];
        answer->dominator[v] = HV_NONE; /* from here on it is no in-degree any more */
    }
    for (uint32_t w = search->reached; w >= 1; w--) {
        uint32_t v = search->node[w];
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t leaf = graph->arc[i].target;
            if (search->number[leaf] == HV_NONE) {
                answer->dominator[leaf] = v;
                answer->retained[v] += graph->size[leaf];
            }
        }
        uint32_t by = search->idom[w];
        answer->dominator[v] = by == 0 ? graph->nodes : search->node[by];
        if (by != 0)
            answer->retained[search->node[by]] += answer->retained[v];
    }
    for (uint32_t v = 0; v < graph->nodes; v++)
        answer->unreached += answer->dominator[v] == HV_NONE;
}

/* Adds a leaf's bytes to its type, unless it hangs below an object of that type. */
static void
count_leaves(Search *search, const uint32_t *open, uint32_t v)
{
    const HvGraph *graph = search->graph;
    for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
        uint32_t leaf = graph->arc[i].target;
        if (search->number[leaf] == HV_NONE && open[graph->type[leaf]] == 0)
            search->answer->of_type[graph->type[leaf]] += graph->size[leaf];
    }
}

/* Depth first through the dominator tree, keeping count of the types above. */
static void
find_types(Search *search)
{
    const HvGraph *graph = search->graph;
    uint32_t *child = search->label, *sibling = search->semi; /* not needed any more */
    uint32_t *open = hv_pages((graph->kinds + 1) * sizeof *open);
    for (uint32_t w = 0; w <= search->reached; w++)
        child[w] = 0;
    for (uint32_t w = search->reached; w >= 1; w--) {
        sibling[w] = child[search->idom[w]];
        child[search->idom[w]] = w;
    }
    uint32_t at = child[0];
    while (at != 0) {
        uint32_t v = search->node[at], kind = graph->type[v];
        if (open[kind]++ == 0)
            search->answer->of_type[kind] += search->answer->retained[v];
        count_leaves(search, open, v);
        if (child[at] != 0) {
            at = child[at];
            continue;
        }
        for (;;) { /* back up to where there is a sibling */
            open[graph->type[search->node[at]]]--;
            if (sibling[at] != 0) {
                at = sibling[at];
                break;
            }
            at = search->idom[at];
            if (at == 0)
                break;
        }
    }
    hv_drop_pages(open, (graph->kinds + 1) * sizeof *open);
}

/* Breadth first from all roots at once. */
static void
find_ways(Search *search)
{
    const HvGraph *graph = search->graph;
    uint32_t *toward = search->answer->toward, *queue = search->idom; /* nor is this */
    size_t read = 0, written = 0;
    for (uint32_t v = 0; v < graph->nodes; v++)
        toward[v] = root_at(search, v) ? graph->nodes : HV_NONE;
    for (uint32_t v = 0; v < graph->nodes; v++) {
        if (root_at(search, v) && degree(graph, v) > 0)
            queue[written++] = v;
    }
    while (read < written) {
        uint32_t v = queue[read++];
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t target = graph->arc[i].target;
            if (toward[target] != HV_NONE)
                continue;
            toward[target] = v;
            if (degree(graph, target) > 0)
                queue[written++] = target;
        }
    }
}

static uint32_t
count_inner(Search *search)
{
    uint32_t count = 0;
    for (uint32_t v = 0; v < search->graph->nodes; v++)
        count += !is_leaf(search, v);
    return count;
}

void
hv_dominators(const HvGraph *graph, HvAnswer *answer)
{
    HvArena arena = {0};
    Search search = {
        .graph = graph, .answer = answer, .number = answer->toward, .in_degree = answer->dominator};
    search.is_root =
        hv_arena_alloc(&arena, ((size_t)graph->nodes / 64 + 1) * sizeof *search.is_root);
    find_roots(&search);
    size_t room = ((size_t)count_inner(&search) + 3) * sizeof(uint32_t);
    search.node = hv_arena_alloc(&arena, room);
    search.parent = hv_arena_alloc(&arena, room);
    number_all(&search);
    search.before = hv_pages(room);
    find_predecessors(&search);
    search.semi = hv_arena_alloc(&arena, room);
    search.label = hv_arena_alloc(&arena, room);
    search.idom = hv_arena_alloc(&arena, room);
    find_dominators(&search);
    hv_drop_pages(search.predecessor, (search.predecessors + 1) * sizeof *search.predecessor);
    hv_drop_pages(search.before, room);
    find_retained(&search);
    find_types(&search);
    find_ways(&search);
    hv_arena_drop(&arena);
}
