/* Strongly connected components (Tarjan 1972, without recursion), and in one of each shape a
 * shortest cycle, by breadth-first search. */
#include "heap/cycles.h"

#include <string.h>

#define MAX_SHAPES 150 /* cycle shapes that are told apart */

typedef struct {
    HvCore *core;
    PyObject **objects;
    size_t count;
    HvTable index;         /* address -> 1 + place */
    HvArray targets;       /* uint32_t: the references, by source */
    size_t *first;         /* where each object's references begin; count + 1 of them */
    uint32_t *order, *low; /* Tarjan's numbers; afterwards the component and a parent */
    uint32_t *stack, *work;
    size_t *next;      /* the reference of each object to look at next */
    uint32_t *on_type; /* the component that last counted a type */
    HvTable shapes;
    HvArray *groups;
    int garbage;
    uint32_t component;
} Search;

/* --- the graph */

static uint32_t
place_of(Search *search, PyObject *op)
{
    int fresh;
    if (!hv_table_has(&search->index, (uint64_t)(uintptr_t)op))
        return HV_NONE;
    return *hv_table_slot(&search->index, (uint64_t)(uintptr_t)op, &fresh) - 1;
}

static void
add_target(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    Search *search = state;
    (void)label;
    (void)place;
    uint32_t target = place_of(search, child);
    if (target != HV_NONE)
        *(uint32_t *)hv_array_push(&search->targets) = target;
}

static void
build(Search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        int fresh;
        uint32_t *slot =
            hv_table_slot(&search->index, (uint64_t)(uintptr_t)search->objects[i], &fresh);
        *slot = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < search->count; i++) {
        PyObject *op = search->objects[i];
        search->first[i] = search->targets.count;
        hv_edges(search->core, op, hv_type_of(search->core, op), add_target, search);
    }
    search->first[search->count] = search->targets.count;
}

static uint32_t
target_at(Search *search, size_t at)
{
    return HV_AT(&search->targets, uint32_t, at);
}

/* --- a component's size */

typedef struct {
    HvCore *core;
    uint64_t bytes;
    int left;
} Leaves;

static int
add_leaf(PyObject *child, void *arg)
{
    Leaves *leaves = arg;
    if (child == NULL || leaves->left-- <= 0)
        return 0;
    HvType *type = hv_type_of(leaves->core, child);
    if (type->kind == HV_KIND_ATOM && Py_REFCNT(child) == 1)
        leaves->bytes += hv_size(leaves->core, child, type);
    return 0;
}

/* An object with the leaves that nobody else refers to: often the bulk of it. */
static uint64_t
with_leaves(HvCore *core, PyObject *op)
{
    Leaves leaves = {core, hv_size(core, op, hv_type_of(core, op)), 1000};
    HvAttributes found = hv_attributes(op, Py_TYPE(op));
    /* a dictionary of atoms alone is not tracked, and so not searched itself */
    if (found.dict != NULL && !hv_tracked(found.dict, Py_TYPE(found.dict))) {
        leaves.bytes += hv_size(core, found.dict, hv_type_of(core, found.dict));
        Py_TYPE(found.dict)->tp_traverse(found.dict, add_leaf, &leaves);
    }
    hv_traverse(core, op, add_leaf, &leaves);
    return leaves.bytes;
}

/* --- shapes */

static void
count_kind(HvCycle *group, uint32_t type)
{
    for (int i = 0; i < group->kinds; i++) {
        if (group->kind[i] == type) {
            group->of_kind[i]++;
            return;
        }
    }
    if (group->kinds < HV_MAX_GROUP_TYPES) {
        group->kind[group->kinds] = type;
        group->of_kind[group->kinds++] = 1;
    }
}

static uint64_t
shape_of(Search *search, const uint32_t *members, size_t count)
{
    uint64_t sum = 0, kinds = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t type = hv_type_of(search->core, search->objects[members[i]])->number;
        if (search->on_type[type] == search->component)
            continue;
        search->on_type[type] = search->component;
        uint64_t hash = (type + 1) * 0x9e3779b97f4a7c15u;
        sum += hash ^ hash >> 29;
        kinds++;
    }
    return (sum * 31 + kinds) | 1;
}

/* --- the chain */

/* Instances of named classes before builtins, so that a chain begins with what people know. */
static uint32_t
best_start(Search *search, const uint32_t *members, size_t count)
{
    char name[400], best_name[400] = "";
    PyTypeObject *seen = NULL;
    uint32_t best = members[0];
    int best_plain = 2;
    for (size_t i = 0; i < count; i++) {
        PyTypeObject *type = Py_TYPE(search->objects[members[i]]);
        if (type == seen)
            continue;
        seen = type;
        hv_full_name(type, name, sizeof name);
        int plain = strchr(name, '.') == NULL;
        if (plain < best_plain || (plain == best_plain && strcmp(name, best_name) < 0)) {
            best = members[i];
            best_plain = plain;
            strcpy(best_name, name);
        }
    }
    return best;
}

/* Breadth first from the start until something refers back to it; `low` takes the parents.
 * Returns the last object of the circle. */
static uint32_t
find_shortest_cycle(Search *search, uint32_t start, const uint32_t *members, size_t count)
{
    uint32_t component = search->order[start];
    size_t read = 0, written = 0;
    for (size_t i = 0; i < count; i++)
        search->low[members[i]] = HV_NONE;
    search->low[start] = start;
    search->work[written++] = start;
    while (read < written) {
        uint32_t at = search->work[read++];
        for (size_t i = search->first[at]; i < search->first[at + 1]; i++) {
            uint32_t target = target_at(search, i);
            if (target == start)
                return at;
            if (search->order[target] == component && search->low[target] == HV_NONE) {
                search->low[target] = at;
                search->work[written++] = target;
            }
        }
    }
    return start;
}

typedef struct {
    PyObject *wanted;
    uint32_t label;
    Py_ssize_t place;
    int found;
} Finder;

static void
find_label(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    Finder *finder = state;
    if (finder->found || child != finder->wanted)
        return;
    finder->found = 1;
    finder->label = label;
    finder->place = place;
}

static void
draw_chain(Search *search, HvCycle *group, const uint32_t *members, size_t count)
{
    uint32_t path[HV_MAX_CHAIN_STEPS];
    size_t length = 0;
    uint32_t start = best_start(search, members, count);
    uint32_t at = find_shortest_cycle(search, start, members, count);
    for (; length < HV_MAX_CHAIN_STEPS; at = search->low[at]) {
        path[length++] = at;
        if (at == start)
            break;
    }
    for (size_t i = 0; i < length; i++) { /* from the start on: the path is the other way round */
        PyObject *op = search->objects[path[length - 1 - i]];
        PyObject *next = search->objects[i + 1 < length ? path[length - 2 - i] : start];
        HvType *type = hv_type_of(search->core, op);
        Finder finder = {next, HV_LABEL_REF, -1, 0};
        hv_edges(search->core, op, type, find_label, &finder);
        group->chain[i] = (HvChainStep){type->number, finder.label, finder.place};
    }
    group->steps = (uint16_t)length;
}

/* --- components */

static void
add_component(Search *search, const uint32_t *members, size_t count)
{
    int fresh;
    uint32_t *slot = hv_table_slot(&search->shapes, shape_of(search, members, count), &fresh);
    HvCycle *group;
    if (fresh) {
        if (search->shapes.count > MAX_SHAPES) {
            *slot = HV_NONE;
            return;
        }
        *slot = (uint32_t)search->groups->count;
        group = hv_array_push(search->groups);
        group->garbage = (uint8_t)search->garbage;
        draw_chain(search, group, members, count);
    }
    if (*slot == HV_NONE)
        return;
    group = &HV_AT(search->groups, HvCycle, *slot);
    group->components++;
    group->count += count;
    for (size_t i = 0; i < count; i++) {
        PyObject *op = search->objects[members[i]];
        count_kind(group, hv_type_of(search->core, op)->number);
        group->bytes += with_leaves(search->core, op);
        if (group->traced < HV_MAX_GROUP_BLOCKS)
            group->object[group->traced++] = op;
    }
}

static int
refers_to_itself(Search *search, uint32_t node)
{
    for (size_t i = search->first[node]; i < search->first[node + 1]; i++) {
        if (target_at(search, i) == node)
            return 1;
    }
    return 0;
}

/* Takes a finished component from the stack; from now on `order` says which one it is. */
static size_t
close_component(Search *search, uint32_t root, size_t height)
{
    size_t begin = height;
    do {
        begin--;
        search->order[search->stack[begin]] = HV_NONE - 1 - search->component;
    } while (search->stack[begin] != root);
    if (height - begin > 1 || refers_to_itself(search, root))
        add_component(search, search->stack + begin, height - begin);
    search->component++;
    return begin;
}

static void
components(Search *search)
{
    uint32_t clock = 0;
    size_t height = 0;
    const uint32_t done = UINT32_MAX / 2; /* numbers above belong to finished components */
    for (size_t start = 0; start < search->count; start++) {
        size_t depth = 0;
        if (search->order[start] != 0)
            continue;
        /* the second half: find_shortest_cycle has the first */
        uint32_t *path = search->work + search->count;
        path[depth++] = (uint32_t)start;
        search->order[start] = search->low[start] = ++clock;
        search->stack[height++] = (uint32_t)start;
        search->next[start] = search->first[start];
        while (depth > 0) {
            uint32_t node = path[depth - 1];
            if (search->next[node] < search->first[node + 1]) {
                uint32_t child = target_at(search, search->next[node]++);
                if (search->order[child] == 0) {
                    path[depth++] = child;
                    search->order[child] = search->low[child] = ++clock;
                    search->stack[height++] = child;
                    search->next[child] = search->first[child];
                } else if (search->order[child] < done && search->order[child] < search->low[node])
                    search->low[node] = search->order[child];
                continue;
            }
            depth--;
            uint32_t low = search->low[node];
            if (depth > 0 && low < search->low[path[depth - 1]])
                search->low[path[depth - 1]] = low;
            if (low == search->order[node])
                height = close_component(search, node, height);
        }
    }
}

void
hv_cycles(HvCore *core, PyObject **objects, size_t count, int garbage, HvArray *groups)
{
    HvArena arena = {0};
    Search search = {.core = core,
                     .objects = objects,
                     .count = count,
                     .groups = groups,
                     .garbage = garbage,
                     .component = 1};
    if (count == 0)
        return;
    hv_array_init(&search.targets, sizeof(uint32_t));
    search.first = hv_arena_alloc(&arena, (count + 1) * sizeof *search.first);
    build(&search);
    hv_table_drop(&search.index);
    search.next = hv_arena_alloc(&arena, count * sizeof *search.next);
    search.order = hv_arena_alloc(&arena, count * sizeof *search.order);
    search.low = hv_arena_alloc(&arena, count * sizeof *search.low);
    search.stack = hv_arena_alloc(&arena, count * sizeof *search.stack);
    search.work = hv_arena_alloc(&arena, 2 * count * sizeof *search.work);
    search.on_type = hv_arena_alloc(&arena, core->types.count * sizeof *search.on_type);
    components(&search);
    hv_table_drop(&search.shapes);
    hv_array_drop(&search.targets);
    hv_arena_drop(&arena);
}
