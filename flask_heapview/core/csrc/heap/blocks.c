/* In which blocks an object lies: pymalloc's, in Python's arenas, or malloc's. What is in use in
 * the arenas and is none of these blocks belongs to no object that was found. */
#include "heap/walk.h"

#define MAX_PYMALLOC_BYTES 512 /* SMALL_REQUEST_THRESHOLD in Objects/obmalloc.c */
#define BLOCK_BYTES 16         /* ALIGNMENT there: blocks are multiples of it */

#define ODICT_NODE_BYTES 32 /* key, hash, and two neighbours, in a block */

static void
count_block(HvWalk *walk, size_t size)
{
    if (size > MAX_PYMALLOC_BYTES)
        walk->result.large_bytes += size;
    else
        walk->result.small_bytes += (size + BLOCK_BYTES - 1) & ~(size_t)(BLOCK_BYTES - 1);
}

/* Of an instance's attributes, which sys.getsizeof leaves out: new_values in Objects/dictobject.c.
 */
static size_t
values_bytes(PyObject *op, PyTypeObject *type)
{
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT))
        return 0;
    HvAttributes has = hv_attributes(op, type);
    if (has.values == NULL)
        return 0;
    size_t room = (size_t)(has.keys->dk_nentries + has.keys->dk_usable), word = sizeof(PyObject *);
    return ((room + 4 + word - 1) & ~(word - 1)) + room * word;
}

void
hv_count_blocks(HvWalk *walk, PyObject *op, HvType *type, size_t size)
{
    size_t head = hv_before(op, type->type) + (size_t)type->base;
    switch (type->sizing) {
    case HV_SIZE_LIST:
    case HV_SIZE_DICT:
    case HV_SIZE_SET: /* what they refer with lies in a block of its own */
        count_block(walk, head);
        if (size > head)
            count_block(walk, size - head);
        break;
    case HV_SIZE_CALL:
        if (PyODict_Check(op)) { /* and so does each of its nodes: Objects/odictobject.c */
            size_t nodes = (size_t)PyODict_SIZE(op) * ODICT_NODE_BYTES;
            walk->result.small_bytes += nodes;
            size = size > nodes ? size - nodes : 0;
        }
        count_block(walk, size);
        break;
    default:
        count_block(walk, size);
    }
    size_t values = values_bytes(op, type->type);
    if (values != 0)
        count_block(walk, values);
}
