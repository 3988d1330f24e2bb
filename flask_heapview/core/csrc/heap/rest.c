/* What no named root reaches: held by C code, or cyclic garbage that waits for the collector.
 *
 * An object with more references than are found inside the unreached rest is held from outside of
 * it, by C or by an object that the collector does not know. What no such object reaches is garbage.
 * It is found by counting, as the collector does (Modules/gcmodule.c, subtract_refs), and is left
 * alone.
 */
#include "heap/walk.h"

#define LOOKED_AT ((size_t)200000) /* objects among which cycles are looked for */

typedef struct {
    HvSeen set;
    uint32_t *inside; /* references from within, by index */
} Rest;

typedef void (*Each)(HvWalk *walk, PyObject *op, void *state);

/* What the collector knows and the walk has not seen. Only the lists' links are read, no object. */
static void
gather(HvWalk *walk, Rest *rest)
{
    PyGC_Head *heads[HV_GENERATIONS];
    int count = hv_generations(walk->core.interp, heads);
    for (int i = 0; i < count; i++) {
        for (PyGC_Head *at = hv_next(heads[i]); at != heads[i]; at = hv_next(at)) {
            if (!hv_has(&walk->seen, HV_OBJECT(at)))
                hv_mark(&rest->set, HV_OBJECT(at));
        }
    }
}

static void
each_of(HvWalk *walk, Rest *rest, Each each, void *state)
{
    for (size_t i = 0; i < rest->set.chunks.count; i++) {
        HvChunk *chunk = HV_AT(&rest->set.chunks, HvChunk *, i);
        for (size_t word = 0; word < HV_WORDS; word++) {
            for (uint64_t left = chunk->bits[word]; left != 0; left &= left - 1) {
                uint64_t bit = word * 64 + (uint64_t)__builtin_ctzll(left);
                each(walk, (PyObject *)hv_address(&rest->set, chunk, bit), state);
            }
        }
    }
}

static int
count_inside(PyObject *child, void *arg)
{
    Rest *rest = arg;
    if (child != NULL && hv_has(&rest->set, child))
        rest->inside[hv_index(&rest->set, child)]++;
    return 0;
}

static void
count_references(HvWalk *walk, PyObject *op, void *state)
{
    hv_traverse(&walk->core, op, count_inside, state);
}

static void
reach_held(HvWalk *walk, PyObject *op, void *state)
{
    Rest *rest = state;
    if ((uint64_t)Py_REFCNT(op) > rest->inside[hv_index(&rest->set, op)])
        hv_reach(walk, op, HV_REF);
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
    HvType *type = hv_type_of(&walk->core, op);
    if (type->blob)
        return;
    walk->core.current = type->type;
    if (!leads_on(op))
        return;
    found->all++;
    if (found->count < LOOKED_AT)
        found->objects[found->count++] = op;
}

static void
gather_garbage(HvWalk *walk, PyObject *op, void *state)
{
    if (!hv_has(&walk->seen, op))
        gather_candidate(walk, op, state);
}

static void
find_cycles(HvWalk *walk, Candidates *found, int garbage)
{
    hv_cycles(&walk->core, found->objects, found->count, garbage, &walk->cycles);
    hv_drop_pages(found->objects, LOOKED_AT * sizeof *found->objects);
}

/* The newest of each generation first: what leaks is made while we look. One candidate more than
 * are looked at, and the rest is left. */
void
hv_live_cycles(HvWalk *walk)
{
    Candidates found = {hv_pages(LOOKED_AT * sizeof *found.objects), 0, 0};
    PyGC_Head *heads[HV_GENERATIONS];
    int count = hv_generations(walk->core.interp, heads);
    for (int i = 0; i < count; i++) {
        for (PyGC_Head *at = hv_prev(heads[i]); at != heads[i] && found.all == found.count;
             at = hv_prev(at)) {
            if (hv_has(&walk->seen, HV_OBJECT(at)) && !hv_has(&walk->waste, HV_OBJECT(at)))
                gather_candidate(walk, HV_OBJECT(at), &found);
        }
    }
    walk->live_candidates = found.all;
    walk->live_looked_at = found.count;
    find_cycles(walk, &found, 0);
}

static void
reach_garbage(HvWalk *walk, PyObject *op, void *state)
{
    (void)state;
    if (!hv_has(&walk->seen, op)) {
        walk->rest_objects++;
        hv_mark(&walk->waste, op);
        hv_reach(walk, op, HV_REF);
    }
}

void
hv_walk_rest(HvWalk *walk)
{
    Rest rest = {0};
    hv_seen_init(&rest.set);
    gather(walk, &rest);
    hv_rank(&rest.set);
    size_t bytes = (rest.set.members + 1) * sizeof *rest.inside;
    rest.inside = hv_pages(bytes);
    each_of(walk, &rest, count_references, &rest);
    walk->at = hv_root(walk, HV_RAW, NULL, HV_FROM_C, HV_OURS);
    walk->of = hv_new_type(&walk->core, &PyFrame_Type);
    each_of(walk, &rest, reach_held, &rest);
    hv_drain(walk);
    Candidates found = {hv_pages(LOOKED_AT * sizeof *found.objects), 0, 0};
    each_of(walk, &rest, gather_garbage, &found);
    walk->garbage_looked_at = found.count;
    find_cycles(walk, &found, 1);
    walk->at = walk->garbage = hv_root(walk, HV_RAW, NULL, HV_GARBAGE, HV_OURS);
    each_of(walk, &rest, reach_garbage, NULL);
    hv_drain(walk);
    hv_drop_pages(rest.inside, bytes);
    hv_seen_drop(&rest.set);
}
