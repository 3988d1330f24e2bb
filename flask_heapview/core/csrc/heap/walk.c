#include "heap/walk.h"

#include <string.h>

#define OBJECTS_PER_TICK 50000 /* objects between two progress reports */

/* --- counting */

void
hv_report_progress(HvWalk *walk)
{
    walk->state.next_tick = walk->result.objects + OBJECTS_PER_TICK;
    if (walk->core.progress != NULL) {
        walk->core.progress[0] = (int64_t)walk->result.objects;
        walk->core.progress[1] = (int64_t)(walk->result.objects > walk->input.expected_objects
                                               ? walk->result.objects
                                               : walk->input.expected_objects);
    }
}

static void
count_at(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
{
    size_t size = hv_size(&walk->core, op, type);
    HvNode *at = hv_node_at(walk, node);
    at->count++;
    at->bytes += size;
    type->count++;
    type->bytes += size;
    type->tracked += (uint64_t)hv_tracked(op, type->type);
    hv_count_blocks(walk, op, type, size);
    if (walk->result.sample_node != NULL)
        hv_note_samples(walk, op, type, node);
    if (++walk->result.objects >= walk->state.next_tick)
        hv_report_progress(walk);
}

void
hv_count_once(HvWalk *walk, PyObject *op, uint32_t node)
{
    if (op != NULL && !hv_set_add(&walk->state.visited_set, op))
        count_at(walk, op, hv_type_of(&walk->core, op), node);
}

static void
note_open(HvWalk *walk, PyObject *op, uint32_t node)
{
    HvOpenObject *found = hv_array_push(&walk->result.open_objects);
    *found = (HvOpenObject){op, node};
}

/* --- classes are filed under the module that defines them */

static HvModuleRoot *
module_of_class(HvWalk *walk, PyTypeObject *type)
{
    PyObject *module = hv_type_dict_get(type, "__module__");
    int fresh;
    if (module == NULL || !PyUnicode_CheckExact(module))
        return NULL;
    uint64_t key = (uint64_t)hv_label(&walk->core, HV_FORM_MODULE, module) + 1;
    uint32_t place = *hv_table_slot(&walk->state.module_of_class, key, &fresh);
    return place == 0 ? NULL : &HV_AT(&walk->input.modules, HvModuleRoot, place - 1);
}

static int
is_local(PyObject *name)
{
    static const char mark[] = "<locals>";
    const Py_ssize_t length = sizeof mark - 1;
    if (!PyUnicode_CheckExact(name))
        return 1;
    for (Py_ssize_t i = 0; i + length <= PyUnicode_GET_LENGTH(name); i++) {
        Py_ssize_t j = 0;
        while (j < length && PyUnicode_READ_CHAR(name, i + j) == (Py_UCS4)mark[j])
            j++;
        if (j == length)
            return 1;
    }
    return 0;
}

/* Whether the module has something else under the class's name. */
static int
is_replaced(HvModuleRoot *module, PyObject *name, PyObject *op)
{
    if (module->dict == NULL || !PyDict_CheckExact(module->dict) ||
        ((PyDictObject *)module->dict)->ma_keys->dk_kind == DICT_KEYS_GENERAL)
        return 0; /* other keys than strings: comparing them might run code */
    if (((PyASCIIObject *)name)->hash == -1)
        return 0; /* never used as a key, so the module has nothing under it */
    PyObject *there = _PyDict_GetItem_KnownHash(module->dict, name, ((PyASCIIObject *)name)->hash);
    return there != NULL && there != op;
}

/* Puts a class under the module that defines it, wherever it was met. */
static int
file_under_module(HvWalk *walk, PyObject *op, HvType *meta)
{
    PyTypeObject *type = (PyTypeObject *)op;
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE))
        return 0;
    PyObject *name = ((PyHeapTypeObject *)type)->ht_qualname;
    HvModuleRoot *module = module_of_class(walk, type);
    if (module == NULL || name == NULL || is_local(name) || is_replaced(module, name, op))
        return 0;
    uint32_t label = hv_label(&walk->core, HV_FORM_ATTRIBUTE, name);
    if (label == HV_LABEL_UNNAMED) /* of a class within a class: its dotted name is no identifier */
        label = hv_label(&walk->core, HV_FORM_ATTRIBUTE, ((PyHeapTypeObject *)type)->ht_name);
    uint32_t node = hv_step(walk, module->node, label, meta->number);
    count_at(walk, op, meta, node);
    hv_enqueue(&walk->state.queue, op, node);
    return 1;
}

/* --- what belongs to code is counted at its module or class */

static int
has_names(HvType *type)
{
    return type->kind == HV_KIND_MODULE || type->kind == HV_KIND_CLASS;
}

static int
is_code(HvType *type)
{
    return has_names(type) || type->kind == HV_KIND_FUNCTION || type->kind == HV_KIND_CODE ||
           type->kind == HV_KIND_PART_OF_CODE;
}

static int
is_own_name(HvWalk *walk, PyFunctionObject *function, uint32_t number)
{
    PyObject *name = HV_AT(&walk->core.labels, HvLabel, number).name;
    return name != NULL && hv_same_text(name, function->func_name);
}

/* Whether a reference needs no node of its own: names and constants of functions are nobody's
 * growth; in libraries, nor are functions and what leads nowhere, right below a module or a class.
 * A function under another name than its own keeps its node, since its path could not be found
 * again. */
static int
is_part_of_code(HvWalk *walk, PyObject *child, HvType *type, uint32_t label)
{
    if (label == HV_LABEL_CODE)
        return 1;
    if (!is_code(walk->state.current_type) ||
        hv_node_at(walk, walk->state.current_node)->rank == walk->input.ranks.app)
        return 0;
    switch (type->kind) {
    case HV_KIND_ATOM:
        return hv_size(&walk->core, child, type) < HV_MIN_SUBTREE_BYTES;
    case HV_KIND_FUNCTION:
        return has_names(walk->state.current_type) &&
               is_own_name(walk, (PyFunctionObject *)child, label);
    case HV_KIND_CODE:
    case HV_KIND_PART_OF_CODE:
        return 1;
    case HV_KIND_TUPLE: /* a class's bases, and the order in which they are asked */
        return label == HV_LABEL_REF && walk->state.current_type->kind == HV_KIND_CLASS;
    default:
        return label == HV_LABEL_DICT;
    }
}

/* The function, where it has no node of its own; or NULL. */
static PyFunctionObject *
counted_at_its_owner(HvWalk *walk, PyObject *op, HvType *type, uint32_t number)
{
    HvNode *node = hv_node_at(walk, number);
    if (type->kind != HV_KIND_FUNCTION || node->rank == walk->input.ranks.app ||
        node->type == HV_NONE || !has_names(HV_AT(&walk->core.types, HvType *, node->type)))
        return NULL;
    return (PyFunctionObject *)op;
}

/* A library's function gets its node once it leads to something that has one. */
static void
leave_code(HvWalk *walk)
{
    HvWalkState *state = &walk->state;
    PyFunctionObject *function = state->current_function;
    if (function == NULL)
        return;
    uint32_t label = hv_label(&walk->core, HV_FORM_ATTRIBUTE_IF_SAID, function->func_name);
    state->current_function = NULL;
    state->current_node = hv_step(walk, state->current_node, label, state->current_type->number);
}

/* --- following references */

void
hv_reach(HvWalk *walk, PyObject *child, uint32_t label)
{
    if (hv_set_add(&walk->state.visited_set, child))
        return;
    HvType *type = hv_type_of(&walk->core, child);
    if (type->kind == HV_KIND_CLASS && file_under_module(walk, child, type))
        return;
    uint32_t node = walk->state.current_node;
    if (!is_part_of_code(walk, child, type, label)) {
        leave_code(walk);
        if (walk->state.last_parent == walk->state.current_node &&
            walk->state.last_label == label && walk->state.last_type == type->number)
            node = walk->state.last_node;
        else {
            node = hv_step(walk, walk->state.current_node, label, type->number);
            walk->state.last_parent = walk->state.current_node;
            walk->state.last_label = label;
            walk->state.last_type = type->number;
            walk->state.last_node = node;
        }
        if (node == walk->state.other_node)
            walk->result.truncated_objects++;
    }
    count_at(walk, child, type, node);
    if (type->resource && hv_is_open(&walk->core, child, type))
        note_open(walk, child, node);
    if (label == HV_LABEL_DICT && walk->input.with_graph)
        hv_set_add(&walk->state.namespace_dicts, child);
    if (type->kind != HV_KIND_ATOM && label != HV_LABEL_DICT) /* its owner shows what is in there */
        hv_enqueue(&walk->state.queue, child, node);
}

/* An attribute that says how large a container may become: its value, or -1. */
static int64_t
as_limit(PyObject *value)
{
    if (PyLong_CheckExact(value)) {
        int overflow;
        long long found = PyLong_AsLongLongAndOverflow(value, &overflow);
        return overflow == 0 && found > 0 ? found : -1;
    }
    if (PyFloat_CheckExact(value)) {
        double found = PyFloat_AS_DOUBLE(value);
        return found > 0 && found < 1e15 ? (int64_t)found : -1;
    }
    return -1;
}

/* Whether the object's attributes may say how large its containers may become. */
static int
says_limits(HvType *type)
{
    return (type->may_have_dict || type->members > 0) && type->kind != HV_KIND_CLASS &&
           type->kind != HV_KIND_MODULE;
}

void
hv_follow_edge(void *state, PyObject *child, uint32_t number, Py_ssize_t place)
{
    HvWalk *walk = state;
    (void)place;
    if (number >= HV_FIXED_LABELS && says_limits(walk->state.current_type)) {
        HvLabel *label = &HV_AT(&walk->core.labels, HvLabel, number);
        if (label->limit >= 0 && (walk->state.current_limit_place < 0 ||
                                  label->limit < walk->state.current_limit_place)) {
            int64_t limit = as_limit(child);
            if (limit > 0) {
                walk->state.current_limit = limit;
                walk->state.current_limit_place = label->limit;
            }
        }
        if (label->data)
            walk->state.current_data = child;
    }
    hv_reach(walk, child, number);
}

static void
look_into(HvWalk *walk, PyObject *op, uint32_t node)
{
    HvType *type = hv_type_of(&walk->core, op);
    walk->state.current_node = node;
    walk->state.current_type = type;
    walk->state.current_limit = -1;
    walk->state.current_limit_place = -1;
    walk->state.current_data = NULL;
    walk->state.current_function = counted_at_its_owner(walk, op, type, node);
    /* a function's own tables are counted at its node, and are no entries of it */
    if (type->length != HV_NO_LENGTH && hv_node_at(walk, node)->type == type->number)
        hv_note_container(walk, op, type, node);
    hv_edges(&walk->core, op, type, hv_follow_edge, walk);
    if (walk->state.current_limit > 0)
        hv_set_limit(walk, node, walk->state.current_limit);
    walk->state.current_function = NULL;
    if (type->cache)
        hv_note_cache(walk, op, type, node);
}

/* What is needed soon is asked for early: most of a walk is waiting for memory. First the object,
 * then, half way to its turn, what its header points to. */
static void
prefetch_inside(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (type == &PyDict_Type)
        __builtin_prefetch(((PyDictObject *)op)->ma_keys);
    else if (type == &PyList_Type)
        __builtin_prefetch(((PyListObject *)op)->ob_item);
    else if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
        hv_prefetch_attributes(op);
}

static HvQueued *
ahead(HvWalk *walk, size_t number)
{
    return &walk->state.ahead[number % HV_PREFETCHED_OBJECTS];
}

static void
fill_ahead(HvWalk *walk)
{
    HvWalkState *state = &walk->state;
    void *op;
    while (state->ahead_written - state->ahead_read < HV_PREFETCHED_OBJECTS &&
           hv_dequeue(&state->queue, &op, &ahead(walk, state->ahead_written)->node)) {
        __builtin_prefetch((char *)op - 32);
        __builtin_prefetch((char *)op + 32);
        ahead(walk, state->ahead_written++)->op = op;
    }
}

void
hv_walk_queue(HvWalk *walk)
{
    HvWalkState *state = &walk->state;
    for (;;) {
        if (walk->result.nodes.count >= walk->input.node_limit)
            hv_make_room(walk);
        fill_ahead(walk);
        size_t waiting = state->ahead_written - state->ahead_read;
        if (waiting == 0)
            return;
        if (waiting > HV_PREFETCHED_OBJECTS / 2)
            prefetch_inside(ahead(walk, state->ahead_read + HV_PREFETCHED_OBJECTS / 2)->op);
        HvQueued *queued = ahead(walk, state->ahead_read++);
        look_into(walk, queued->op, queued->node);
    }
}
