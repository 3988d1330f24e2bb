/* What is known of containers and caches: entries, limits, and which to look into later. */
#include "heap/containers.h"

#define MIN_SAMPLED_ENTRIES 8 /* from so many on, a container's newest entries are worth a look */

Py_ssize_t
hv_length(HvCore *core, PyObject *op, HvType *type)
{
    switch (type->length) {
    case HV_LENGTH_LIST:
    case HV_LENGTH_DEQUE:
        return Py_SIZE(op);
    case HV_LENGTH_DICT:
        return ((PyDictObject *)op)->ma_used;
    case HV_LENGTH_SET:
        return ((PySetObject *)op)->used;
    case HV_LENGTH_LRU:
        if (core->offsets.lru_cache >= 0) {
            PyObject *dict = *(PyObject **)((char *)op + core->offsets.lru_cache);
            return dict != NULL && PyDict_Check(dict) ? ((PyDictObject *)dict)->ma_used : 0;
        }
        return 0;
    default:
        return -1;
    }
}

static HvContainers *
containers_of(HvWalk *walk, uint32_t node)
{
    HvNode *at = hv_node_at(walk, node);
    if (at->containers == 0) {
        HvContainers *made = hv_array_push(&walk->result.containers);
        made->limit = -1;
        at->containers = (uint32_t)walk->result.containers.count;
        return made;
    }
    return &HV_AT(&walk->result.containers, HvContainers, at->containers - 1);
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

void
hv_set_limit(HvWalk *walk, uint32_t node, int64_t limit)
{
    HvContainers *known = containers_of(walk, node);
    if (limit > known->limit)
        known->limit = limit;
}

void
hv_note_container(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
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

void
hv_note_cache(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
{
    HvOffsets *offsets = &walk->core.offsets;
    HvCache *cache = hv_array_push(&walk->result.caches);
    *cache = (HvCache){node, type->number, 0, walk->state.current_limit, -1, -1};
    if (type->length == HV_LENGTH_LRU) {
        cache->entries = hv_length(&walk->core, op, type);
        cache->limit = word_at(op, offsets->lru_maxsize);
        cache->hits = word_at(op, offsets->lru_hits);
        cache->misses = word_at(op, offsets->lru_misses);
        return;
    }
    PyObject *data = type->length != HV_NO_LENGTH ? op : walk->state.current_data;
    if (data != NULL)
        cache->entries = hv_length(&walk->core, data, hv_type_of(&walk->core, data));
    if (cache->entries < 0)
        cache->entries = 0;
}
