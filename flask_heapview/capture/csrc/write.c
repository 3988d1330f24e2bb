/* The result, as a file of sections that raw.py reads: a name, a length, and plain arrays. */
#include "graph.h"
#include "sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)1 << 16)
#define SMALL 4096 /* bytes below which a library's subtree has no line of its own */
#define NAME 700   /* bytes of a name that are written: 160 characters are shown */

typedef struct {
    int fd;
    size_t used;
    char *buffer;
} Out;

static void
flush(Out *out)
{
    size_t done = 0;
    while (done < out->used) {
        ssize_t n = write(out->fd, out->buffer + done, out->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            hv_give_up(errno == ENOSPC ? "the disk is full" : "cannot write the result");
        done += (size_t)n;
    }
    out->used = 0;
}

static void
put_bytes(Out *out, const void *data, size_t length)
{
    const char *from = data;
    while (length > 0) {
        if (out->used == BUFFER)
            flush(out);
        size_t part = BUFFER - out->used < length ? BUFFER - out->used : length;
        memcpy(out->buffer + out->used, from, part);
        out->used += part;
        from += part;
        length -= part;
    }
}

static void
put_any(void *out, const void *data, size_t length)
{
    put_bytes(out, data, length);
}

static void
u8(Out *out, uint8_t value)
{
    put_bytes(out, &value, 1);
}

static void
u32(Out *out, uint32_t value)
{
    put_bytes(out, &value, 4);
}

static void
u64(Out *out, uint64_t value)
{
    put_bytes(out, &value, 8);
}

static void
put_string(Out *out, const char *data, size_t length)
{
    u32(out, (uint32_t)length);
    put_bytes(out, data, length);
}

static void
put_text(Out *out, PyObject *name)
{
    char buffer[NAME];
    if (name == NULL || !PyUnicode_CheckExact(name))
        put_string(out, "?", 1);
    else
        put_string(out, buffer, hv_utf8(name, buffer, sizeof buffer));
}

/* --- which nodes are worth a line */

static void
choose_nodes(HvWalk *walk)
{
    size_t count = walk->nodes.count;
    HvNode *nodes = (HvNode *)walk->nodes.items;
    uint64_t *below = hv_pages((count + 1) * sizeof *below);
    for (size_t i = 0; i < count; i++)
        below[i] = nodes[i].bytes;
    for (size_t i = count; i-- > 0;) {
        HvNode *node = &nodes[i];
        HvCollects *known =
            node->collects ? &HV_AT(&walk->collects, HvCollects, node->collects - 1) : NULL;
        if (node->parent == HV_NONE || below[i] >= SMALL || (known && known->entries) ||
            node->rank == HV_APP)
            node->kept = 1;
        if (node->parent != HV_NONE) {
            below[node->parent] += below[i];
            nodes[node->parent].kept |= node->kept;
        }
    }
    hv_drop_pages(below, (count + 1) * sizeof *below);
}

/* --- sections */

static void
write_labels(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->core.labels.count);
    for (size_t i = 0; i < walk->core.labels.count; i++) {
        HvLabel *label = &HV_AT(&walk->core.labels, HvLabel, i);
        u8(out, label->kind);
        if (label->text != NULL)
            put_string(out, label->text, strlen(label->text));
        else
            put_text(out, label->name);
    }
}

static void
write_type_name(Out *out, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        put_text(out, hv_type_dict_get(type, "__module__"));
        put_text(out, ((PyHeapTypeObject *)type)->ht_qualname);
        return;
    }
    const char *dot = strrchr(type->tp_name, '.');
    if (dot == NULL) {
        put_string(out, "builtins", 8);
        put_string(out, type->tp_name, strlen(type->tp_name));
        return;
    }
    put_string(out, type->tp_name, (size_t)(dot - type->tp_name));
    put_string(out, dot + 1, strlen(dot + 1));
}

static void
write_types(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->core.types.count);
    for (size_t i = 0; i < walk->core.types.count; i++) {
        HvType *type = HV_AT(&walk->core.types, HvType *, i);
        write_type_name(out, type->type);
        u8(out, type->cache);
        u8(out, type->resource);
        u64(out, type->count);
        u64(out, type->bytes);
        u64(out, type->tracked);
    }
}

static void
write_nodes(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->nodes.count);
    for (size_t i = 0; i < walk->nodes.count; i++) {
        HvNode *node = &HV_AT(&walk->nodes, HvNode, i);
        u32(out, node->parent);
        u32(out, node->label);
        u32(out, node->type);
        u8(out, node->rank);
        u8(out, node->kept);
        u64(out, node->count);
        u64(out, node->bytes);
        u32(out, node->collects);
    }
}

static void
write_collects(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->collects.count);
    for (size_t i = 0; i < walk->collects.count; i++) {
        HvCollects *known = &HV_AT(&walk->collects, HvCollects, i);
        u64(out, known->entries);
        u64(out, known->containers);
        u64(out, (uint64_t)known->limit);
    }
}

static void
write_caches(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->caches.count);
    for (size_t i = 0; i < walk->caches.count; i++) {
        HvCache *cache = &HV_AT(&walk->caches, HvCache, i);
        u32(out, cache->node);
        u32(out, cache->type);
        u64(out, (uint64_t)cache->entries);
        u64(out, (uint64_t)cache->limit);
        u64(out, (uint64_t)cache->hits);
        u64(out, (uint64_t)cache->misses);
    }
}

/* The address that an allocator knows an object by. */
static uint64_t
block_of(PyObject *op)
{
    return (uint64_t)((uintptr_t)op - hv_before(op, Py_TYPE(op)));
}

static void
write_open(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->open.count);
    for (size_t i = 0; i < walk->open.count; i++) {
        HvOpen *open = &HV_AT(&walk->open, HvOpen, i);
        u32(out, open->node);
        u32(out, hv_type_of(&walk->core, open->object)->number);
        u64(out, block_of(open->object));
    }
}

static void
write_cycles(HvWalk *walk, Out *out)
{
    u64(out, walk->garbage_looked_at);
    u64(out, walk->live_looked_at);
    u64(out, walk->live_candidates);
    u32(out, (uint32_t)walk->cycles.count);
    for (size_t i = 0; i < walk->cycles.count; i++) {
        HvCycle *group = &HV_AT(&walk->cycles, HvCycle, i);
        u8(out, group->garbage);
        u64(out, group->components);
        u64(out, group->count);
        u64(out, group->bytes);
        u32(out, group->kinds);
        for (int k = 0; k < group->kinds; k++) {
            u32(out, group->kind[k]);
            u64(out, group->of_kind[k]);
        }
        u32(out, group->steps);
        for (int k = 0; k < group->steps; k++) {
            u32(out, group->chain[k].type);
            u32(out, group->chain[k].label);
            u64(out, (uint64_t)group->chain[k].place);
        }
        u32(out, group->traced);
        for (int k = 0; k < group->traced; k++)
            u64(out, block_of(group->object[k]));
    }
}

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

static void
write_samples(HvWalk *walk, Out *out)
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

static void
write_keys(HvWalk *walk, Out *out)
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

/* --- what the kernel says of this process's own memory */

static uint64_t
private_bytes(void)
{
    static const char field[] = "Private_Dirty:";
    char buffer[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, buffer, sizeof buffer - 1);
    if (fd >= 0)
        close(fd);
    buffer[length > 0 ? length : 0] = 0;
    const char *at = strstr(buffer, field);
    return at == NULL ? 0 : strtoull(at + sizeof field - 1, NULL, 10) * 1024;
}

static void
write_allocator(HvWalk *walk, Out *out)
{
    put_string(out, walk->stream_text, walk->stream == NULL ? 0 : strnlen(walk->stream_text, HV_STREAM));
    u64(out, private_bytes());
}

static void
write_graph(HvWalk *walk, Out *out, HvGraph *graph)
{
    u64(out, graph == NULL ? 0 : graph->objects);
    u64(out, graph == NULL ? 0 : graph->edges);
    for (int i = 0; i < HV_REGIONS; i++) {
        u64(out, graph == NULL ? 0 : graph->region[i].offset);
        u64(out, graph == NULL ? 0 : graph->region[i].length);
    }
    u32(out, (uint32_t)walk->held.count);
    for (size_t i = 0; i < walk->held.count; i++) {
        HvHeld *held = &HV_AT(&walk->held, HvHeld, i);
        u64(out, hv_index(&walk->seen, held->object));
        u32(out, held->node);
        u32(out, held->label);
    }
    u32(out, (uint32_t)walk->roots.count);
    for (size_t i = 0; i < walk->roots.count; i++) {
        HvRoot *root = &HV_AT(&walk->roots, HvRoot, i);
        PyObject *dict = root->dict == NULL ? root->module : root->dict;
        u64(out, graph == NULL ? 0 : hv_index(&walk->seen, root->module));
        u64(out, graph == NULL ? 0 : hv_index(&walk->seen, dict));
        u32(out, root->node);
    }
}

void
hv_write_all(HvWalk *walk, int fd, HvGraph *graph)
{
    Out out = {fd, 0, hv_pages(BUFFER)};
    choose_nodes(walk);
    put_bytes(&out, "HVRAW001", 8);
    u64(&out, walk->visited);
    u64(&out, walk->large);
    u64(&out, walk->truncated);
    u64(&out, walk->rest_objects);
    u32(&out, walk->garbage);
    write_labels(walk, &out);
    write_types(walk, &out);
    write_nodes(walk, &out);
    write_collects(walk, &out);
    write_samples(walk, &out);
    write_keys(walk, &out);
    write_caches(walk, &out);
    write_open(walk, &out);
    write_cycles(walk, &out);
    write_allocator(walk, &out);
    write_graph(walk, &out, graph);
    hv_write_samples(put_any, &out, walk->sample_node);
    put_bytes(&out, "END.", 4);
    flush(&out);
    hv_drop_pages(out.buffer, BUFFER);
}
