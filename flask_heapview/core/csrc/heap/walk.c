#include "heap/walk.h"

#include <string.h>

#define MIN_FOLD_DEPTH 8 /* from here on, a step that repeats one of the last few is folded into it */
#define MAX_FOLD_STEPS 4
#define MIN_SAMPLED_ENTRIES 8 /* entries from which a container's newest ones are worth a look */
#define MAX_PYMALLOC_BYTES 512     /* bytes above which pymalloc passes a block on to malloc */
#define OBJECTS_PER_TICK 50000    /* objects between two progress reports */

/* --- nodes */

uint32_t
hv_new_node(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type, uint8_t rank)
{
    uint16_t depth = 0;
    if (parent != HV_NONE) {
        rank = hv_node_at(walk, parent)->rank;
        depth = hv_node_at(walk, parent)->depth;
        depth += depth < UINT16_MAX;
    }
    HvNode *node = hv_push(&walk->nodes);
    *node = (HvNode){.parent = parent, .label = label, .type = type, .depth = depth, .rank = rank};
    return (uint32_t)walk->nodes.count - 1;
}

uint32_t
hv_new_root(HvWalk *walk, uint8_t kind, PyObject *name, uint32_t fixed, uint8_t rank)
{
    uint32_t label = name == NULL ? fixed : hv_label(&walk->core, kind, name);
    return hv_new_node(walk, HV_NONE, label, HV_NONE, rank);
}

static uint32_t
fold(HvWalk *walk, uint32_t parent, uint32_t label, uint32_t type)
{
    if (hv_node_at(walk, parent)->depth < MIN_FOLD_DEPTH)
        return HV_NONE;
    uint32_t above = parent;
    for (int i = 0; i < MAX_FOLD_STEPS && above != HV_NONE; i++) {
        HvNode *node = hv_node_at(walk, above);
        if (node->type == type && node->label == label)
            return above;
        above = node->parent;
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
    uint32_t *slot = hv_slot(&walk->steps, hv_step_key(parent, label, type), &fresh);
    if (!fresh)
        return *slot;
    uint32_t node = fold(walk, parent, label, type);
    if (node == HV_NONE) {
        if (walk->nodes.count >= walk->node_limit)
            node = walk->other_node;
        else
            node = hv_new_node(walk, parent, label, type, 0);
    }
    *slot = node;
    return node;
}

static HvContainers *
containers_of(HvWalk *walk, uint32_t node)
{
    HvNode *at = hv_node_at(walk, node);
    if (at->containers == 0) {
        HvContainers *made = hv_push(&walk->containers);
        made->limit = -1;
        at->containers = (uint32_t)walk->containers.count;
        return made;
    }
    return &HV_AT(&walk->containers, HvContainers, at->containers - 1);
}

/* --- counting */

void
hv_report_progress(HvWalk *walk)
{
    walk->next_tick = walk->objects + OBJECTS_PER_TICK;
    if (walk->core.progress != NULL) {
        walk->core.progress[0] = (int64_t)walk->objects;
        walk->core.progress[1] =
            (int64_t)(walk->objects > walk->expected_objects ? walk->objects : walk->expected_objects);
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
    if (size > MAX_PYMALLOC_BYTES)
        walk->large_bytes += size;
    if (walk->sample_node != NULL)
        hv_note_samples(walk, op, type, node);
    if (++walk->objects >= walk->next_tick)
        hv_report_progress(walk);
}

void
hv_count_once(HvWalk *walk, PyObject *op, uint32_t node)
{
    if (op != NULL && !hv_set_add(&walk->visited_set, op))
        count_at(walk, op, hv_type_of(&walk->core, op), node);
}

static void
note_open(HvWalk *walk, PyObject *op, uint32_t node)
{
    HvOpenObject *found = hv_push(&walk->open_objects);
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
    uint32_t place = *hv_slot(&walk->module_of_class, key, &fresh);
    return place == 0 ? NULL : &HV_AT(&walk->modules, HvModuleRoot, place - 1);
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
    hv_enqueue(&walk->queue, op, node);
    return 1;
}

/* --- following references */

void
hv_reach(HvWalk *walk, PyObject *child, uint32_t label)
{
    if (hv_set_add(&walk->visited_set, child))
        return;
    HvType *type = hv_type_of(&walk->core, child);
    if (type->kind == HV_KIND_CLASS && file_under_module(walk, child, type))
        return;
    uint32_t node = walk->current_node;
    if (label != HV_LABEL_CODE) { /* names and constants of functions are nobody's growth */
        if (walk->last_parent == walk->current_node && walk->last_label == label &&
            walk->last_type == type->number)
            node = walk->last_node;
        else {
            node = hv_step(walk, walk->current_node, label, type->number);
            walk->last_parent = walk->current_node;
            walk->last_label = label;
            walk->last_type = type->number;
            walk->last_node = node;
        }
        if (node == walk->other_node)
            walk->truncated_objects++;
    }
    count_at(walk, child, type, node);
    if (type->resource && hv_is_open(&walk->core, child, type))
        note_open(walk, child, node);
    if (label == HV_LABEL_DICT && walk->with_graph)
        hv_set_add(&walk->namespace_dicts, child);
    if (type->kind != HV_KIND_ATOM && label != HV_LABEL_DICT) /* its owner shows what is in there */
        hv_enqueue(&walk->queue, child, node);
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
    return type->may_have_dict && type->kind != HV_KIND_CLASS && type->kind != HV_KIND_MODULE;
}

void
hv_follow_edge(void *state, PyObject *child, uint32_t number, Py_ssize_t place)
{
    HvWalk *walk = state;
    (void)place;
    if (number >= HV_FIXED_LABELS && says_limits(walk->current_type)) {
        HvLabel *label = &HV_AT(&walk->core.labels, HvLabel, number);
        if (label->limit >= 0 && (walk->current_limit_place < 0 || label->limit < walk->current_limit_place)) {
            int64_t limit = as_limit(child);
            if (limit > 0) {
                walk->current_limit = limit;
                walk->current_limit_place = label->limit;
            }
        }
        if (label->data)
            walk->current_data = child;
    }
    hv_reach(walk, child, number);
}

static Py_ssize_t
word_at(PyObject *op, Py_ssize_t offset)
{
    return offset < 0 ? -1 : *(Py_ssize_t *)((char *)op + offset);
}

static int64_t
own_limit(HvWalk *walk, PyObject *op, HvType *type)
{
    HvOffsets *offsets = &walk->core.offsets;
    Py_ssize_t found = -1;
    if (type->length == HV_LENGTH_DEQUE)
        found = word_at(op, offsets->deque_maxlen);
    if (type->length == HV_LENGTH_LRU)
        found = word_at(op, offsets->lru_maxsize);
    return found > 0 ? found : -1;
}

static void
set_limit(HvWalk *walk, uint32_t node, int64_t limit)
{
    HvContainers *known = containers_of(walk, node);
    if (limit > known->limit)
        known->limit = limit;
}

static void
note_container(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
{
    Py_ssize_t length = hv_length(&walk->core, op, type);
    if (length < 0)
        return;
    HvContainers *known = containers_of(walk, node);
    known->entries += (uint64_t)length;
    known->containers++;
    int64_t limit = own_limit(walk, op, type);
    if (limit > known->limit)
        known->limit = limit;
    for (int i = 0; i < HV_SAMPLED_CONTAINERS && length >= MIN_SAMPLED_ENTRIES; i++) {
        if (known->sample[i] == NULL) {
            known->sample[i] = op;
            break;
        }
    }
}

static void
note_cache(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
{
    HvOffsets *offsets = &walk->core.offsets;
    HvCache *cache = hv_push(&walk->caches);
    *cache = (HvCache){node, type->number, 0, walk->current_limit, -1, -1};
    if (type->length == HV_LENGTH_LRU) {
        cache->entries = hv_length(&walk->core, op, type);
        cache->limit = word_at(op, offsets->lru_maxsize);
        cache->hits = word_at(op, offsets->lru_hits);
        cache->misses = word_at(op, offsets->lru_misses);
        return;
    }
    PyObject *data = walk->current_data;
    if (data != NULL)
        cache->entries = hv_length(&walk->core, data, hv_type_of(&walk->core, data));
    if (cache->entries < 0)
        cache->entries = 0;
}

static void
look_into(HvWalk *walk, PyObject *op, uint32_t node)
{
    HvType *type = hv_type_of(&walk->core, op);
    walk->current_node = node;
    walk->current_type = type;
    walk->current_limit = -1;
    walk->current_limit_place = -1;
    walk->current_data = NULL;
    if (type->length != HV_NO_LENGTH)
        note_container(walk, op, type, node);
    hv_edges(&walk->core, op, type, hv_follow_edge, walk);
    if (walk->current_limit > 0)
        set_limit(walk, node, walk->current_limit);
    if (type->cache)
        note_cache(walk, op, type, node);
}

/* What is needed soon is asked for early: most of a walk is waiting for memory. First the object,
 * then, half way to its turn, what its header points to. */
#define PREFETCHED_OBJECTS 16

typedef struct {
    PyObject *op;
    uint32_t node;
} Queued;

static void
prefetch_inside(PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    if (type == &PyDict_Type)
        __builtin_prefetch(((PyDictObject *)op)->ma_keys);
    else if (type == &PyList_Type)
        __builtin_prefetch(((PyListObject *)op)->ob_item);
#if PY_VERSION_HEX < 0x030D0000
    else if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
        __builtin_prefetch(((void **)op)[PY_VERSION_HEX < 0x030C0000 ? -4 : -3]);
#endif
}

void
hv_walk_queue(HvWalk *walk)
{
    Queued ring[PREFETCHED_OBJECTS];
    size_t read = 0, written = 0;
    void *op;
    for (;;) {
        while (written - read < PREFETCHED_OBJECTS && hv_dequeue(&walk->queue, &op, &ring[written % PREFETCHED_OBJECTS].node)) {
            __builtin_prefetch((char *)op - 32);
            __builtin_prefetch((char *)op + 32);
            ring[written++ % PREFETCHED_OBJECTS].op = op;
        }
        if (read == written)
            return;
        if (written - read > PREFETCHED_OBJECTS / 2)
            prefetch_inside(ring[(read + PREFETCHED_OBJECTS / 2) % PREFETCHED_OBJECTS].op);
        Queued *queued = &ring[read++ % PREFETCHED_OBJECTS];
        look_into(walk, queued->op, queued->node);
    }
}
