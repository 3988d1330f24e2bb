#include "output/writer.h"

/* --- the newest entries of what collects: their types, and where to ask who allocated them */

#define MAX_NEWEST_ENTRIES 24 /* entries of a container that are looked at */
#define MAX_OBJECTS_BELOW 40  /* objects below each of them */
#define END_ENTRIES                                                                                \
    4 /* entries at either end of a container by which it is seen whether they stay */

typedef struct {
    PyObject *entry[2 * END_ENTRIES]; /* the first ones, and a ring of the last */
    size_t count;
} Ends;

typedef struct {
    HvWalk *walk;
    HvWriter *out;
    PyObject *newest[MAX_NEWEST_ENTRIES];
    size_t seen; /* entries so far: the last ones stay, in a ring */
    PyObject *below[MAX_OBJECTS_BELOW];
    size_t found;
} EntryReader;

static int
is_number(PyObject *key)
{
    return PyLong_CheckExact(key) || PyBool_Check(key);
}

static void
note_end(Ends *ends, PyObject *entry)
{
    size_t at = ends->count++;
    ends->entry[at < END_ENTRIES ? at : END_ENTRIES + at % END_ENTRIES] = entry;
}

static void
note_item(void *ends, PyObject *child, uint32_t label, Py_ssize_t place)
{
    (void)place;
    if (label == HV_LABEL_ITEM || label == HV_LABEL_REF)
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
    } else if (type->length == HV_LENGTH_LIST || type->length == HV_LENGTH_DEQUE)
        hv_edges(core, container, type, note_item, ends);
}

/* One way only: a small number is its own hash, and is nobody's business. The key are addresses,
 * which differ from process to process. */
static uint32_t
hash_again(HvCore *core, Py_hash_t hash, uint64_t factor)
{
    uint64_t mixed = ((uint64_t)hash ^ (uint64_t)(uintptr_t)core->interp) * factor;
    mixed = (mixed ^ mixed >> 29 ^ (uint64_t)(uintptr_t)&PySet_Type) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 32) | 1;
}

/* Of a set, which has no ends: the least of its entries' hashes, hashed again in four ways. An
 * entry that comes can only lower them. So one that rose tells that entries went (min-wise hashing:
 * Broder, 1997). */
#define WAYS 4

static void
find_least(HvCore *core, PySetObject *set, uint32_t *least)
{
    static const uint64_t factors[WAYS] = {0xbf58476d1ce4e5b9u, 0x94d049bb133111ebu,
                                           0xd6e8feb86659fd93u, 0xa0761d6478bd642fu};
    for (Py_ssize_t at = 0; at <= set->mask; at++) {
        setentry *entry = &set->table[at];
        if (entry->key == NULL || entry->hash == -1) /* -1: one that was removed */
            continue;
        for (int way = 0; way < WAYS; way++) {
            uint32_t hash = hash_again(core, entry->hash, factors[way]);
            if (hash < least[way])
                least[way] = hash;
        }
    }
}

/* Tells whether the entries at one end of a container are still the same ones; 0 where unknown. */
static uint64_t
end_mark(const Ends *ends, int last)
{
    uint64_t mark = 0;
    for (int i = 0; i < END_ENTRIES && ends->count >= 2 * END_ENTRIES;
         i++) /* the ring has no order, nor has a sum */
        mark +=
            (uint64_t)(uintptr_t)ends->entry[last * END_ENTRIES + i] * 0x9e3779b97f4a7c15u >> 14;
    return mark;
}

static void
write_marks(EntryReader *reader, PyObject *container)
{
    HvCore *core = &reader->walk->core;
    uint32_t least[WAYS] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    Ends ends;
    if (PyAnySet_CheckExact(container) && PySet_GET_SIZE(container) >= 2 * END_ENTRIES) {
        find_least(core, (PySetObject *)container, least);
        for (int way = 0; way < WAYS; way++)
            put_u32(reader->out, least[way]);
        return;
    }
    find_ends(core, container, &ends);
    put_u64(reader->out, end_mark(&ends, 0));
    put_u64(reader->out, end_mark(&ends, 1));
}

static void
take_entry(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    EntryReader *reader = state;
    (void)place;
    if (label == HV_LABEL_KEY && is_number(child))
        return; /* small numbers are shared, and say nothing */
    if (PyType_Check(child))
        return;
    reader->newest[reader->seen++ % MAX_NEWEST_ENTRIES] = child;
}

static int
take_below(PyObject *child, void *arg)
{
    EntryReader *reader = arg;
    if (child == NULL || reader->found == MAX_OBJECTS_BELOW)
        return 0;
    if (hv_type_of(&reader->walk->core, child)->interlinked)
        return 0;
    for (size_t i = 0; i < reader->found; i++) {
        if (reader->below[i] == child)
            return 0;
    }
    reader->below[reader->found++] = child;
    return 0;
}

static void
write_entry(EntryReader *reader, PyObject *entry)
{
    HvCore *core = &reader->walk->core;
    put_u32(reader->out, hv_type_of(core, entry)->number);
    reader->found = 0;
    if (reader->walk->input.with_addresses) {
        take_below(entry, reader);
        for (size_t i = 0; i < reader->found; i++)
            hv_traverse(core, reader->below[i], take_below, reader);
    }
    put_u32(reader->out, (uint32_t)reader->found);
    for (size_t i = 0; i < reader->found; i++) {
        PyObject *op = reader->below[i];
        put_u64(reader->out, block_of(op));
        put_u64(reader->out, hv_size(core, op, hv_type_of(core, op)));
    }
}

static void
write_sample(EntryReader *reader, PyObject *container)
{
    HvCore *core = &reader->walk->core;
    reader->seen = 0;
    hv_edges(core, container, hv_type_of(core, container), take_entry, reader);
    size_t count = reader->seen < MAX_NEWEST_ENTRIES ? reader->seen : MAX_NEWEST_ENTRIES;
    write_marks(reader, container);
    put_u32(reader->out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        write_entry(reader, reader->newest[i]);
}

void
hv_write_container_entries(HvWalk *walk, HvWriter *out)
{
    EntryReader reader = {.walk = walk, .out = out};
    for (size_t i = 0; i < walk->result.containers.count; i++) {
        HvContainers *known = &HV_AT(&walk->result.containers, HvContainers, i);
        for (int k = 0; k < HV_SAMPLED_CONTAINERS && known->sample[k] != NULL; k++) {
            put_u32(out, (uint32_t)i + 1);
            write_sample(&reader, known->sample[k]);
        }
    }
    put_u32(out, 0);
}

/* --- some keys, only on demand, and only of types that have nothing to hide behind a repr */

#define MAX_KEYS_SHOWN 10

static int
write_key(HvWriter *out, PyObject *key)
{
    if (PyUnicode_CheckExact(key)) {
        put_u8(out, 's');
        put_text(out, key);
        return 1;
    }
    if (PyBytes_CheckExact(key)) {
        Py_ssize_t length = PyBytes_GET_SIZE(key);
        put_u8(out, 'b');
        put_string(out, PyBytes_AS_STRING(key),
                   (size_t)(length < MAX_NAME_BYTES ? length : MAX_NAME_BYTES));
        return 1;
    }
    int overflow = 1;
    long long value = PyLong_CheckExact(key) ? PyLong_AsLongLongAndOverflow(key, &overflow) : 0;
    if (overflow != 0)
        return 0;
    put_u8(out, 'i');
    put_u64(out, (uint64_t)value);
    return 1;
}

void
hv_write_keys(HvWalk *walk, HvWriter *out)
{
    for (size_t i = 0; walk->input.with_keys && i < walk->result.containers.count; i++) {
        PyObject *dict = HV_AT(&walk->result.containers, HvContainers, i).sample[0], *key, *value;
        Py_ssize_t at = 0;
        if (dict == NULL || !PyDict_Check(dict))
            continue;
        put_u32(out, (uint32_t)i + 1);
        for (int written = 0; written < MAX_KEYS_SHOWN && PyDict_Next(dict, &at, &key, &value);)
            written += write_key(out, key);
        put_u8(out, 0);
    }
    put_u32(out, 0);
}
