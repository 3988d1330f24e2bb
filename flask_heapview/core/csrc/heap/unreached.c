/* What no named root reaches: held by C code, or cyclic garbage that waits for the collector.
 *
 * An object with more references than are found inside the unreached rest is held from outside of
 * it, by C or by an object that the collector does not know. What no such object reaches is
 * garbage. It is found by counting, as the collector does (Modules/gcmodule.c, subtract_refs), and
 * is left alone.
 */
#include "heap/walk.h"

#define MAX_CANDIDATES ((size_t)200000) /* objects among which cycles are looked for */

typedef struct {
    HvVisitedSet set;
    uint32_t *inside; /* references from within, by index */
} Unreached;

typedef void (*Each)(HvWalk *walk, PyObject *op, void *state);

/* What the collector knows and the walk has not seen. Only the lists' links are read, no object. */
static void
gather(HvWalk *walk, Unreached *unreached)
{
    PyGC_Head *heads[HV_GENERATIONS];
    hv_generations(walk->core.interp, heads);
    for (int i = 0; i < HV_GENERATIONS; i++) {
        for (PyGC_Head *at = hv_next(heads[i]); at != heads[i]; at = hv_next(at)) {
            if (!hv_set_has(&walk->state.visited_set, HV_OBJECT(at)))
                hv_set_add(&unreached->set, HV_OBJECT(at));
        }
    }
}

static void
each_of(HvWalk *walk, Unreached *unreached, Each each, void *state)
{
    for (size_t i = 0; i < unreached->set.chunks.count; i++) {
        HvChunk *chunk = HV_AT(&unreached->set.chunks, HvChunk *, i);
        for (size_t word = 0; word < HV_CHUNK_WORDS; word++) {
            for (uint64_t left = chunk->bits[word]; left != 0; left &= left - 1) {
                uint64_t bit = word * 64 + (uint64_t)__builtin_ctzll(left);
                each(walk, (PyObject *)hv_set_address(&unreached->set, chunk, bit), state);
            }
        }
    }
}

static int
count_inside(PyObject *child, void *arg)
{
    Unreached *unreached = arg;
    if (child != NULL && hv_set_has(&unreached->set, child))
        unreached->inside[hv_set_index(&unreached->set, child)]++;
    return 0;
}

static int
take_back(PyObject *child, void *arg)
{
    Unreached *unreached = arg;
    if (hv_set_has(&unreached->set, child))
        unreached->inside[hv_set_index(&unreached->set, child)]--;
    return 0;
}

static int
is_it(PyObject *child, void *sought)
{
    return child == sought;
}

/* CPython 3.13 visits the values that lie within an instance, and not the dictionary that was made
 * of them (Objects/dictobject.c, PyObject_VisitManagedDict). The instance holds it all the same. */
static void
count_own_dict(HvWalk *walk, PyObject *op, Unreached *unreached)
{
    HvType *type = hv_type_of(&walk->core, op);
    if (!(type->type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return;
    PyObject *dict = hv_attributes(op, type->type).dict;
    if (dict != NULL && hv_set_has(&unreached->set, dict) &&
        !type->type->tp_traverse(op, is_it, dict))
        count_inside(dict, unreached);
}

/* A reference that carries no count says nothing of who else holds the object. */
static void
count_references(HvWalk *walk, PyObject *op, void *state)
{
    hv_traverse(&walk->core, op, count_inside, state);
    count_own_dict(walk, op, state);
    hv_visit_uncounted_of(&walk->core, op, take_back, state);
}

static void
reach_held(HvWalk *walk, PyObject *op, void *state)
{
    Unreached *unreached = state;
    if ((uint64_t)Py_REFCNT(op) > unreached->inside[hv_set_index(&unreached->set, op)])
        hv_reach(walk, op, HV_LABEL_REF);
}

/* --- cycles */

typedef struct {
    PyObject **objects;
    size_t count;
    uint64_t all;
} Candidates;

static int
stop_at_tracked(PyObject *child, void *arg)
{
    (void)arg;
    return child != NULL && hv_tracked(child, Py_TYPE(child));
}

/* Whether it refers to anything that could lead back: most tuples and lists do not. */
static int
leads_on(PyObject *op)
{
    traverseproc traverse = Py_TYPE(op)->tp_traverse;
    return traverse != NULL && traverse(op, stop_at_tracked, NULL);
}

static void
gather_candidate(HvWalk *walk, PyObject *op, Candidates *found)
{
    walk->core.examined_type = Py_TYPE(op);
    if (!leads_on(op))
        return;
    found->all++;
    if (found->count < MAX_CANDIDATES)
        found->objects[found->count++] = op;
}

/* Functions and classes, too: those in garbage lead to each other, and not to all the code. */
static void
gather_garbage(HvWalk *walk, PyObject *op, void *state)
{
    if (!hv_set_has(&walk->state.visited_set, op))
        gather_candidate(walk, op, state);
}

static void
find_cycles(HvWalk *walk, Candidates *found, int garbage)
{
    hv_cycles(&walk->core, found->objects, found->count, garbage, &walk->result.cycles);
    hv_drop_pages(found->objects, MAX_CANDIDATES * sizeof *found->objects);
}

/* The newest of each generation first: what leaks is made while we look. One candidate more than
 * are looked at, and the rest is left. */
void
hv_live_cycles(HvWalk *walk)
{
    Candidates found = {hv_pages(MAX_CANDIDATES * sizeof *found.objects), 0, 0};
    PyGC_Head *heads[HV_GENERATIONS];
    hv_generations(walk->core.interp, heads);
    for (int i = 0; i < HV_GENERATIONS; i++) {
        for (PyGC_Head *at = hv_prev(heads[i]); at != heads[i] && found.all == found.count;
             at = hv_prev(at)) {
            if (hv_set_has(&walk->state.visited_set, HV_OBJECT(at)) &&
                !hv_set_has(&walk->state.garbage_set, HV_OBJECT(at)) &&
                !hv_type_of(&walk->core, HV_OBJECT(at))->interlinked)
                gather_candidate(walk, HV_OBJECT(at), &found);
        }
    }
    walk->result.live_candidates = found.all;
    walk->result.live_examined = found.count;
    find_cycles(walk, &found, 0);
}

static void
reach_garbage(HvWalk *walk, PyObject *op, void *state)
{
    (void)state;
    if (!hv_set_has(&walk->state.visited_set, op)) {
        walk->result.garbage_objects++;
        hv_set_add(&walk->state.garbage_set, op);
        hv_reach(walk, op, HV_LABEL_REF);
    }
}

/* Where the tree is full, garbage is still counted as garbage: nobody holds it, whatever its path.
 */
static void
walk_garbage(HvWalk *walk, Unreached *unreached)
{
    uint64_t truncated = walk->result.truncated_objects;
    uint32_t other = walk->state.other_node;
    hv_begin_at_root(walk, HV_LABEL_GARBAGE, walk->input.ranks.ours);
    walk->result.garbage_node = walk->state.other_node = walk->state.current_node;
    each_of(walk, unreached, reach_garbage, NULL);
    hv_walk_queue(walk);
    walk->result.truncated_objects = truncated;
    walk->state.other_node = other;
}

void
hv_walk_unreached(HvWalk *walk)
{
    Unreached unreached = {0};
    hv_set_init(&unreached.set);
    gather(walk, &unreached);
    hv_set_rank(&unreached.set);
    size_t bytes = (unreached.set.members + 1) * sizeof *unreached.inside;
    unreached.inside = hv_pages(bytes);
    each_of(walk, &unreached, count_references, &unreached);
    hv_begin_at_root(walk, HV_LABEL_FROM_C, walk->input.ranks.ours);
    each_of(walk, &unreached, reach_held, &unreached);
    hv_walk_queue(walk);
    Candidates found = {hv_pages(MAX_CANDIDATES * sizeof *found.objects), 0, 0};
    each_of(walk, &unreached, gather_garbage, &found);
    walk->result.garbage_examined = found.count;
    find_cycles(walk, &found, 1);
    walk_garbage(walk, &unreached);
    hv_drop_pages(unreached.inside, bytes);
    hv_set_drop(&unreached.set);
}
