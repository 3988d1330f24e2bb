/* Whose are the blocks that the sampler knows? Asked while the walk passes by each object: its own
 * block, and those that it keeps beside itself. */
#include "sampler/sampler.h"
#include "heap/walk.h"

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

void
hv_watch_samples(HvWalk *walk)
{
    if (!hv_sampler.on)
        return;
    walk->result.sample_node = hv_pages(HV_LIVE_SLOTS * sizeof *walk->result.sample_node);
    for (int slot = 0; slot < HV_LIVE_SLOTS; slot++)
        walk->result.sample_node[slot] = HV_NONE;
}

void
hv_unwatch_samples(HvWalk *walk)
{
    hv_drop_pages(walk->result.sample_node,
                  walk->result.sample_node == NULL ? 0 : HV_LIVE_SLOTS * sizeof(uint32_t));
}
