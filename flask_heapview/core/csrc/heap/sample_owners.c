/* Whose are the blocks that the sampler knows? Asked while the walk passes by each object: its own
 * block, and those that it keeps beside itself. */
#include "sampler/sampler.h"
#include "heap/walk.h"

#define SLOTS_BYTES (HV_LIVE_SLOTS * sizeof(uint32_t))
#define MAX_POINTER_WORDS 32 /* of an object's fixed part that may point to a block of its own */

static void
note(HvWalk *walk, const void *block, uint32_t node)
{
    int slot = hv_maybe_sampled(block) ? hv_find_sample(block) : -1;
    if (slot >= 0)
        walk->result.sample_node[slot] = node;
}

/* CPython keeps some freed objects in lists of its own, and uses them again without asking the
 * allocator: then the sample tells of whoever had the block first. */
static int
is_used_again(PyObject *op, HvType *type)
{
    return type->reused || (type->type == &PyTuple_Type && Py_SIZE(op) <= 20);
}

static int
are_used_again(PyDictKeysObject *keys)
{
    const int smallest = 3; /* PyDict_LOG_MINSIZE in Objects/dictobject.c: only these are kept */
    return keys->dk_log2_size == smallest && keys->dk_kind != DICT_KEYS_GENERAL;
}

static void
note_values(HvWalk *walk, PyObject *op, PyTypeObject *type, uint32_t node)
{
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return;
    HvAttributes has = hv_attributes(op, type);
    void *block = has.values == NULL ? NULL : hv_values_block(has.values);
    if (block != NULL)
        note(walk, block, node);
}

void
hv_note_samples(HvWalk *walk, PyObject *op, HvType *type, uint32_t node)
{
    uint32_t doubtful = is_used_again(op, type) ? node | HV_DOUBTFUL : node;
    note(walk, (char *)op - hv_before(op, type->type), doubtful);
    switch (type->sizing) {
    case HV_SIZE_LIST:
        note(walk, ((PyListObject *)op)->ob_item, node);
        break;
    case HV_SIZE_DICT: {
        PyDictKeysObject *keys = ((PyDictObject *)op)->ma_keys;
        note(walk, keys, are_used_again(keys) ? node | HV_DOUBTFUL : node);
        break;
    }
    case HV_SIZE_SET:
        note(walk, ((PySetObject *)op)->table, node);
        break;
    case HV_SIZE_CALL: { /* it counts more than its fixed part: somewhere there is a pointer to it
                          */
        size_t words = (size_t)type->type->tp_basicsize / sizeof(void *);
        for (size_t i = 2; i < words && i < MAX_POINTER_WORDS; i++)
            note(walk, ((void **)op)[i], node);
        break;
    }
    default:
        note_values(walk, op, type->type, node);
    }
}

/* The type of the object in a block, if one that the walk has met fits there; or HV_NONE. */
static uint32_t
type_in(HvWalk *walk, uintptr_t block, uint64_t size)
{
    static const size_t offsets[] = {0, 2 * sizeof(void *), 4 * sizeof(void *)}; /* of headers */
    int fresh;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        if (offsets[i] + sizeof(PyObject) > size)
            break;
        PyObject *op = (PyObject *)(block + offsets[i]);
        PyTypeObject *type = Py_TYPE(op);
        uint64_t key = (uint64_t)(uintptr_t)type;
        if (key == 0 || Py_REFCNT(op) <= 0 || !hv_table_has(&walk->core.type_table, key))
            continue;
        if (hv_before(op, type) == offsets[i])
            return *hv_table_slot(&walk->core.type_table, key, &fresh);
    }
    return HV_NONE;
}

void
hv_watch_samples(HvWalk *walk)
{
    if (!hv_sampler.on)
        return;
    walk->result.sample_node = hv_pages(SLOTS_BYTES);
    walk->result.sample_type = hv_pages(SLOTS_BYTES);
    for (int slot = 0; slot < HV_LIVE_SLOTS; slot++)
        walk->result.sample_node[slot] = walk->result.sample_type[slot] = HV_NONE;
}

/* What no walk comes to: no object refers to it, and no collector knows it. */
void
hv_recognise_lost_samples(HvWalk *walk)
{
    uint32_t *node = walk->result.sample_node, *type = walk->result.sample_type;
    for (int slot = 0; node != NULL && slot < HV_LIVE_SLOTS; slot++) {
        if (node[slot] == HV_NONE && hv_sampler.address[slot] != 0)
            type[slot] = type_in(walk, hv_sampler.address[slot], hv_sampler.sample[slot].size);
    }
}

void
hv_unwatch_samples(HvWalk *walk)
{
    hv_drop_pages(walk->result.sample_node, walk->result.sample_node == NULL ? 0 : SLOTS_BYTES);
    hv_drop_pages(walk->result.sample_type, walk->result.sample_type == NULL ? 0 : SLOTS_BYTES);
}
