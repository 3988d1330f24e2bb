#include "output/out.h"

/* --- the newest entries of what collects: their types, and where to ask who allocated them */

#define NEWEST 24 /* entries of a container that are looked at */
#define BELOW 40  /* objects below each of them */
#define ENDS 4    /* entries at either end of a container by which it is seen whether they stay */

typedef struct {
    PyObject *entry[2 * ENDS]; /* the first ones, and a ring of the last */
    size_t count;
} Ends;

typedef struct {
    HvWalk *walk;
    Out *out;
    PyObject *newest[NEWEST];
    size_t seen; /* entries so far: the last ones stay, in a ring */
    PyObject *below[BELOW];
    size_t found;
} Sampler;

static int
is_number(PyObject *key)
{
    return PyLong_CheckExact(key) || PyBool_Check(key);
}

static void
note_end(Ends *ends, PyObject *entry)
{
    size_t at = ends->count++;
    ends->entry[at < ENDS ? at : ENDS + at % ENDS] = entry;
}

static void
note_item(void *ends, PyObject *child, uint32_t label, Py_ssize_t place)
{
    (void)place;
    if (label == HV_ITEM || label == HV_REF)
        note_end(ends, child);
}

/* Of a pair the key says which entry it is, since a value may be exchanged; but small numbers are
 * shared, and say nothing. A set has no order. */
static void
find_ends(HvCore *core, PyObject *container, Ends *ends)
{
    HvType *type = hv_type_of(core, container);
    PyObject *key, *value;
    Py_ssize_t at = 0;
    ends->count = 0;
    if (type->length == HV_LENGTH_DICT) {
        while (PyDict_Next(container, &at, &key, &value))
            note_end(ends, is_number(key) ? value : key);
    }
    else if (type->length == HV_LENGTH_LIST || type->length == HV_LENGTH_DEQUE)
        hv_edges(core, container, type, note_item, ends);
}

/* Tells whether the entries at one end of a container are still the same ones; 0 where unknown. */
static uint64_t
end_mark(const Ends *ends, int last)
{
    uint64_t mark = 0;
    for (int i = 0; i < ENDS && ends->count >= 2 * ENDS; i++) /* the ring has no order, nor has a sum */
        mark += (uint64_t)(uintptr_t)ends->entry[last * ENDS + i] * 0x9e3779b97f4a7c15u >> 14;
    return mark;
}

static void
take_entry(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    Sampler *sampler = state;
    (void)place;
    if (label == HV_KEY && is_number(child))
        return; /* small numbers are shared, and say nothing */
    if (PyType_Check(child))
        return;
    sampler->newest[sampler->seen++ % NEWEST] = child;
}

static int
take_below(PyObject *child, void *arg)
{
    Sampler *sampler = arg;
    if (child == NULL || sampler->found == BELOW)
        return 0;
    if (hv_type_of(&sampler->walk->core, child)->blob)
        return 0;
    for (size_t i = 0; i < sampler->found; i++) {
        if (sampler->below[i] == child)
            return 0;
    }
    sampler->below[sampler->found++] = child;
    return 0;
}

static void
write_entry(Sampler *sampler, PyObject *entry)
{
    HvCore *core = &sampler->walk->core;
    u32(sampler->out, hv_type_of(core, entry)->number);
    sampler->found = 0;
    if (sampler->walk->traced) {
        take_below(entry, sampler);
        for (size_t i = 0; i < sampler->found; i++)
            hv_traverse(core, sampler->below[i], take_below, sampler);
    }
    u32(sampler->out, (uint32_t)sampler->found);
    for (size_t i = 0; i < sampler->found; i++) {
        PyObject *op = sampler->below[i];
        u64(sampler->out, block_of(op));
        u64(sampler->out, hv_size(core, op, hv_type_of(core, op)));
    }
}

static void
write_sample(Sampler *sampler, PyObject *container)
{
    HvCore *core = &sampler->walk->core;
    Ends ends;
    find_ends(core, container, &ends);
    sampler->seen = 0;
    hv_edges(core, container, hv_type_of(core, container), take_entry, sampler);
    size_t count = sampler->seen < NEWEST ? sampler->seen : NEWEST;
    u64(sampler->out, end_mark(&ends, 0));
    u64(sampler->out, end_mark(&ends, 1));
    u32(sampler->out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        write_entry(sampler, sampler->newest[i]);
}

void
hv_write_samples_of_entries(HvWalk *walk, Out *out)
{
    Sampler sampler = {.walk = walk, .out = out};
    for (size_t i = 0; i < walk->collects.count; i++) {
        HvCollects *known = &HV_AT(&walk->collects, HvCollects, i);
        for (int k = 0; k < HV_SAMPLES && known->sample[k] != NULL; k++) {
            u32(out, (uint32_t)i + 1);
            write_sample(&sampler, known->sample[k]);
        }
    }
    u32(out, 0);
}

/* --- some keys, only on demand, and only of types that have nothing to hide behind a repr */

#define KEYS 10

static int
write_key(Out *out, PyObject *key)
{
    if (PyUnicode_CheckExact(key)) {
        u8(out, 's');
        put_text(out, key);
        return 1;
    }
    if (PyBytes_CheckExact(key)) {
        Py_ssize_t length = PyBytes_GET_SIZE(key);
        u8(out, 'b');
        put_string(out, PyBytes_AS_STRING(key), (size_t)(length < NAME ? length : NAME));
        return 1;
    }
    int overflow = 1;
    long long value = PyLong_CheckExact(key) ? PyLong_AsLongLongAndOverflow(key, &overflow) : 0;
    if (overflow != 0)
        return 0;
    u8(out, 'i');
    u64(out, (uint64_t)value);
    return 1;
}

void
hv_write_keys(HvWalk *walk, Out *out)
{
    for (size_t i = 0; walk->keys && i < walk->collects.count; i++) {
        PyObject *dict = HV_AT(&walk->collects, HvCollects, i).sample[0], *key, *value;
        Py_ssize_t at = 0;
        if (dict == NULL || !PyDict_Check(dict))
            continue;
        u32(out, (uint32_t)i + 1);
        for (int written = 0; written < KEYS && PyDict_Next(dict, &at, &key, &value);)
            written += write_key(out, key);
        u8(out, 0);
    }
    u32(out, 0);
}
