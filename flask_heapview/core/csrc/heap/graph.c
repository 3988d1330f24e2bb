#include "heap/graph.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 16)
#define MAX_NAMED_REFERENCES 4096 /* named references of one object that are told apart */

typedef struct {
    int fd;
    uint64_t at;
    size_t used;
    char *buffer;
} ArrayWriter;

typedef struct {
    HvWalk *walk;
    HvTable input_references; /* how often the capture's own input refers to an object */
    ArrayWriter stream[HV_ARRAYS];
    uint64_t edges;
    /* the object at hand */
    PyObject *source;
    uint32_t unnamed; /* the label of what has no name */
    struct {
        PyObject *child;
        uint32_t label;
    } *named;
    size_t names, next;
} GraphWriter;

static void
flush(ArrayWriter *stream)
{
    size_t done = 0;
    while (done < stream->used) {
        ssize_t n = pwrite(stream->fd, stream->buffer + done, stream->used - done,
                           (off_t)(stream->at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            hv_give_up(errno == ENOSPC ? "the disk is full" : "cannot write the graph");
        done += (size_t)n;
    }
    stream->at += done;
    stream->used = 0;
}

static void
put(ArrayWriter *stream, const void *data, size_t length)
{
    if (stream->used + length > BUFFER_BYTES)
        flush(stream);
    memcpy(stream->buffer + stream->used, data, length);
    stream->used += length;
}

static void
put32(ArrayWriter *stream, uint64_t value) /* what is larger is written as the largest there is */
{
    uint32_t small = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    put(stream, &small, sizeof small);
}

/* --- references: those that are owned, each once, with a name where it has one */

static void
arc(GraphWriter *writer, PyObject *child, uint32_t label)
{
    if (!hv_set_has(&writer->walk->state.visited_set, child))
        return;
    HvArc made = {(uint32_t)hv_set_index(&writer->walk->state.visited_set, child), label};
    put(&writer->stream[HV_ARRAY_EDGE], &made, sizeof made);
    writer->edges++;
}

static void
take_arc(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    (void)place;
    arc(state, child, label);
}

static void
take_name(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    GraphWriter *writer = state;
    (void)place;
    if (label == HV_LABEL_ITEM || label == HV_LABEL_REF || label == HV_LABEL_CODE ||
        writer->names == MAX_NAMED_REFERENCES)
        return;
    writer->named[writer->names].child = child;
    writer->named[writer->names++].label = label;
}

/* The name of a reference that the traverse function shows: both come in about the same order. */
static uint32_t
name_of(GraphWriter *writer, PyObject *child)
{
    for (size_t i = 0; i < writer->names; i++) {
        size_t at = (writer->next + i) % writer->names;
        if (writer->named[at].child == child) {
            writer->next = at + 1;
            return writer->named[at].label;
        }
    }
    if (PyModule_Check(writer->source) && child == PyModule_GetDict(writer->source))
        return HV_LABEL_DICT;
    return child == (PyObject *)Py_TYPE(writer->source) ? HV_LABEL_TYPE : writer->unnamed;
}

static int
visit(PyObject *child, void *arg)
{
    GraphWriter *writer = arg;
    if (child != NULL)
        arc(writer, child, name_of(writer, child));
    return 0;
}

static void
namespace_arcs(GraphWriter *writer, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0, own = hv_own_names(&writer->walk->core, dict);
    while (PyDict_Next(dict, &at, &key, &value)) {
        uint8_t kind = at <= own ? HV_FORM_ATTRIBUTE : HV_FORM_ATTRIBUTE_IF_SAID;
        arc(writer, value, hv_label(&writer->walk->core, kind, key));
        arc(writer, key, HV_LABEL_KEY);
    }
}

/* References that no traverse function shows. */
static void
hidden_arcs(GraphWriter *writer, PyTypeObject *type)
{
    PyHeapTypeObject *heap = (PyHeapTypeObject *)type;
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        PyObject *dict = hv_type_dict(type);
        if (dict != NULL)
            arc(writer, dict, HV_LABEL_DICT);
        return;
    }
    PyObject *parts[] = {heap->ht_name, heap->ht_qualname, heap->ht_slots};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] != NULL)
            arc(writer, parts[i], HV_LABEL_CODE);
    }
    for (Py_ssize_t i = 0; heap->ht_cached_keys != NULL && i < heap->ht_cached_keys->dk_nentries;
         i++) {
        PyObject *key = hv_key(heap->ht_cached_keys, i);
        if (key != NULL)
            arc(writer, key, HV_LABEL_CODE);
    }
}

static uint32_t
unnamed_label(HvType *type)
{
    switch (type->kind) {
    case HV_KIND_FUNCTION:
    case HV_KIND_PART_OF_CODE:
        return HV_LABEL_CODE;
    case HV_KIND_FRAME:
    case HV_KIND_GENERATOR:
        return HV_LABEL_LOCALS;
    case HV_KIND_PLAIN:
    case HV_KIND_EXCEPTION:
        return HV_LABEL_ITEM;
    default:
        return HV_LABEL_REF;
    }
}

/* Whether hv_edges shows just the references that are owned. */
static int
is_plain(HvType *type, PyObject *op)
{
    switch (type->kind) {
    case HV_KIND_LIST:
    case HV_KIND_TUPLE:
    case HV_KIND_SET:
    case HV_KIND_CODE:
        return 1;
    case HV_KIND_DICT:
        return type->type == &PyDict_Type;
    case HV_KIND_PLAIN: /* not tracked by type, like a slice: its members are all it has */
        return !PyType_IS_GC(type->type) ||
               (type->exact && hv_attributes(op, type->type).dict == NULL);
    default:
        return 0;
    }
}

static void
write_arcs(GraphWriter *writer, PyObject *op, HvType *type)
{
    HvCore *core = &writer->walk->core;
    if (type->kind == HV_KIND_ATOM)
        return;
    if (type->type == &PyDict_Type && hv_set_has(&writer->walk->state.namespace_dicts, op)) {
        namespace_arcs(writer, op);
        return;
    }
    if (is_plain(type, op)) {
        hv_edges(core, op, type, take_arc, writer);
        return;
    }
    writer->source = op;
    writer->unnamed = unnamed_label(type);
    writer->names = writer->next = 0;
    hv_edges(core, op, type, take_name, writer);
    hv_traverse(core, op, visit, writer);
    if (type->kind == HV_KIND_CLASS)
        hidden_arcs(writer, (PyTypeObject *)op);
}

/* --- nodes */

static uint64_t
from_input(GraphWriter *writer, PyObject *op)
{
    int fresh;
    if (!hv_table_has(&writer->input_references, (uint64_t)(uintptr_t)op))
        return 0;
    return *hv_table_slot(&writer->input_references, (uint64_t)(uintptr_t)op, &fresh);
}

static int
count_input_reference(PyObject *child, void *arg)
{
    int fresh;
    ++*hv_table_slot(&((GraphWriter *)arg)->input_references, (uint64_t)(uintptr_t)child, &fresh);
    return 0;
}

/* The capture's own input is no part of the service's graph, and neither are its references. */
static void
leave_out_input(GraphWriter *writer)
{
    HvArray *own = &writer->walk->input.own_objects;
    for (size_t i = 0; i < own->count; i++) {
        PyObject *op = HV_AT(own, PyObject *, i);
        Py_TYPE(op)->tp_traverse(op, count_input_reference, writer);
        hv_set_remove(&writer->walk->state.visited_set, op);
    }
}

static void
write_node(GraphWriter *writer, PyObject *op)
{
    HvType *type = hv_type_of(&writer->walk->core, op);
    uint64_t address = (uint64_t)(uintptr_t)op;
    put(&writer->stream[HV_ARRAY_ADDRESS], &address, sizeof address);
    put32(&writer->stream[HV_ARRAY_TYPE], type->number);
    put32(&writer->stream[HV_ARRAY_SIZE], hv_size(&writer->walk->core, op, type));
    put32(&writer->stream[HV_ARRAY_REFCOUNT], (uint64_t)Py_REFCNT(op) - from_input(writer, op));
    put(&writer->stream[HV_ARRAY_FIRST], &writer->edges, sizeof writer->edges);
    write_arcs(writer, op, type);
}

static void
write_nodes(GraphWriter *writer)
{
    HvWalk *walk = writer->walk;
    uint64_t done = 0;
    for (size_t i = 0; i < walk->state.visited_set.chunks.count; i++) {
        HvChunk *chunk = HV_AT(&walk->state.visited_set.chunks, HvChunk *, i);
        for (size_t word = 0; word < HV_CHUNK_WORDS; word++) {
            for (uint64_t left = chunk->bits[word]; left != 0; left &= left - 1) {
                uint64_t bit = word * 64 + (uint64_t)__builtin_ctzll(left);
                write_node(writer,
                           (PyObject *)hv_set_address(&walk->state.visited_set, chunk, bit));
                if (++done % 50000 == 0 && walk->core.progress != NULL)
                    walk->core.progress[0] = (int64_t)done;
            }
        }
    }
    put(&writer->stream[HV_ARRAY_FIRST], &writer->edges, sizeof writer->edges);
}

static uint64_t
lay_out(HvGraph *graph, int region, uint64_t at, uint64_t length)
{
    uint64_t offset = (at + HV_ARRAY_GAP_BYTES + 63) & ~(uint64_t)63;
    graph->region[region] = (HvArrayPlace){offset, length};
    return offset + length;
}

void
hv_write_graph(HvWalk *walk, int fd, HvGraph *graph)
{
    GraphWriter writer = {.walk = walk};
    leave_out_input(&writer);
    hv_set_rank(&walk->state.visited_set);
    uint64_t n = graph->objects = walk->state.visited_set.members, at = 0;
    at = lay_out(graph, HV_ARRAY_ADDRESS, at, n * 8);
    at = lay_out(graph, HV_ARRAY_TYPE, at, n * 4);
    at = lay_out(graph, HV_ARRAY_SIZE, at, n * 4);
    at = lay_out(graph, HV_ARRAY_REFCOUNT, at, n * 4);
    at = lay_out(graph, HV_ARRAY_FIRST, at, (n + 1) * 8);
    lay_out(graph, HV_ARRAY_EDGE, at, 0);
    writer.named = hv_pages(MAX_NAMED_REFERENCES * sizeof *writer.named);
    for (int i = 0; i < HV_ARRAYS; i++)
        writer.stream[i] = (ArrayWriter){fd, graph->region[i].offset, 0, hv_pages(BUFFER_BYTES)};
    write_nodes(&writer);
    for (int i = 0; i < HV_ARRAYS; i++) {
        flush(&writer.stream[i]);
        hv_drop_pages(writer.stream[i].buffer, BUFFER_BYTES);
    }
    hv_table_drop(&writer.input_references);
    hv_drop_pages(writer.named, MAX_NAMED_REFERENCES * sizeof *writer.named);
    graph->edges = writer.edges;
    graph->region[HV_ARRAY_EDGE].length = writer.edges * sizeof(HvArc);
}
