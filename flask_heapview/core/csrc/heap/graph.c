#include "heap/graph.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)1 << 16)
#define NAMED 4096 /* named references of one object that are told apart */

typedef struct {
    int fd;
    uint64_t at;
    size_t used;
    char *buffer;
} Stream;

typedef struct {
    HvWalk *walk;
    HvTable ours; /* how often the order itself refers to an object */
    Stream stream[HV_REGIONS];
    uint64_t edges;
    /* the object at hand */
    PyObject *of;
    uint32_t rest; /* the label of what has no name */
    struct {
        PyObject *child;
        uint32_t label;
    } *named;
    size_t names, next;
} Writer;

static void
flush(Stream *stream)
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
put(Stream *stream, const void *data, size_t length)
{
    if (stream->used + length > BUFFER)
        flush(stream);
    memcpy(stream->buffer + stream->used, data, length);
    stream->used += length;
}

static void
put32(Stream *stream, uint64_t value) /* what is larger is written as the largest there is */
{
    uint32_t small = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    put(stream, &small, sizeof small);
}

/* --- references: those that are owned, each once, with a name where it has one */

static void
arc(Writer *writer, PyObject *child, uint32_t label)
{
    if (!hv_has(&writer->walk->seen, child))
        return;
    HvArc made = {(uint32_t)hv_index(&writer->walk->seen, child), label};
    put(&writer->stream[HV_EDGES], &made, sizeof made);
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
    Writer *writer = state;
    (void)place;
    if (label == HV_ITEM || label == HV_REF || label == HV_CODE || writer->names == NAMED)
        return;
    writer->named[writer->names].child = child;
    writer->named[writer->names++].label = label;
}

/* The name of a reference that the traverse function shows: both come in about the same order. */
static uint32_t
name_of(Writer *writer, PyObject *child)
{
    for (size_t i = 0; i < writer->names; i++) {
        size_t at = (writer->next + i) % writer->names;
        if (writer->named[at].child == child) {
            writer->next = at + 1;
            return writer->named[at].label;
        }
    }
    if (PyModule_Check(writer->of) && child == PyModule_GetDict(writer->of))
        return HV_DICT;
    return child == (PyObject *)Py_TYPE(writer->of) ? HV_TYPE : writer->rest;
}

static int
visit(PyObject *child, void *arg)
{
    Writer *writer = arg;
    if (child != NULL)
        arc(writer, child, name_of(writer, child));
    return 0;
}

static void
namespace_arcs(Writer *writer, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &key, &value)) {
        arc(writer, value, hv_label(&writer->walk->core, HV_ATTRIBUTE, key));
        arc(writer, key, HV_KEY);
    }
}

/* References that no traverse function shows. */
static void
hidden_arcs(Writer *writer, PyTypeObject *type)
{
    PyHeapTypeObject *heap = (PyHeapTypeObject *)type;
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        PyObject *dict = hv_type_dict(type);
        if (dict != NULL)
            arc(writer, dict, HV_DICT);
        return;
    }
    PyObject *parts[] = {heap->ht_name, heap->ht_qualname, heap->ht_slots};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i] != NULL)
            arc(writer, parts[i], HV_CODE);
    }
    for (Py_ssize_t i = 0; heap->ht_cached_keys != NULL && i < heap->ht_cached_keys->dk_nentries; i++) {
        PyObject *key = hv_key(heap->ht_cached_keys, i);
        if (key != NULL)
            arc(writer, key, HV_CODE);
    }
}

static uint32_t
rest_label(HvType *type)
{
    switch (type->kind) {
    case HV_FUNCTION_KIND:
    case HV_OF_CODE:
        return HV_CODE;
    case HV_FRAME_KIND:
    case HV_GENERATOR_KIND:
        return HV_LOCALS;
    case HV_PLAIN:
    case HV_EXCEPTION_KIND:
        return HV_ITEM;
    default:
        return HV_REF;
    }
}

/* Whether hv_edges shows just the references that are owned. */
static int
is_plain(HvType *type, PyObject *op)
{
    switch (type->kind) {
    case HV_LIST_KIND:
    case HV_TUPLE_KIND:
    case HV_SET_KIND:
    case HV_CODE_KIND:
        return 1;
    case HV_DICT_KIND:
        return type->type == &PyDict_Type;
    case HV_PLAIN: /* not tracked by type, like a slice: its members are all it has */
        return !PyType_IS_GC(type->type) ||
               (type->exact && hv_attributes(op, type->type).dict == NULL);
    default:
        return 0;
    }
}

static void
write_arcs(Writer *writer, PyObject *op, HvType *type)
{
    HvCore *core = &writer->walk->core;
    if (type->kind == HV_ATOM)
        return;
    if (type->type == &PyDict_Type && hv_has(&writer->walk->namespaces, op)) {
        namespace_arcs(writer, op);
        return;
    }
    if (is_plain(type, op)) {
        hv_edges(core, op, type, take_arc, writer);
        return;
    }
    writer->of = op;
    writer->rest = rest_label(type);
    writer->names = writer->next = 0;
    hv_edges(core, op, type, take_name, writer);
    hv_traverse(core, op, visit, writer);
    if (type->kind == HV_CLASS_KIND)
        hidden_arcs(writer, (PyTypeObject *)op);
}

/* --- nodes */

static uint64_t
from_us(Writer *writer, PyObject *op)
{
    int fresh;
    if (!hv_in_table(&writer->ours, (uint64_t)(uintptr_t)op))
        return 0;
    return *hv_slot(&writer->ours, (uint64_t)(uintptr_t)op, &fresh);
}

static int
count_ours(PyObject *child, void *arg)
{
    int fresh;
    ++*hv_slot(&((Writer *)arg)->ours, (uint64_t)(uintptr_t)child, &fresh);
    return 0;
}

/* The order's own lists are no part of the service's graph, and neither are their references. */
static void
leave_out_ours(Writer *writer)
{
    HvArray *own = &writer->walk->own;
    for (size_t i = 0; i < own->count; i++) {
        PyObject *op = HV_AT(own, PyObject *, i);
        Py_TYPE(op)->tp_traverse(op, count_ours, writer);
        hv_unmark(&writer->walk->seen, op);
    }
}

static void
write_node(Writer *writer, PyObject *op)
{
    HvType *type = hv_type_of(&writer->walk->core, op);
    uint64_t address = (uint64_t)(uintptr_t)op;
    put(&writer->stream[HV_ADDRESS], &address, sizeof address);
    put32(&writer->stream[HV_TYPES], type->number);
    put32(&writer->stream[HV_SIZES], hv_size(&writer->walk->core, op, type));
    put32(&writer->stream[HV_REFCOUNTS], (uint64_t)Py_REFCNT(op) - from_us(writer, op));
    put(&writer->stream[HV_FIRSTS], &writer->edges, sizeof writer->edges);
    write_arcs(writer, op, type);
}

static void
write_nodes(Writer *writer)
{
    HvWalk *walk = writer->walk;
    uint64_t done = 0;
    for (size_t i = 0; i < walk->seen.chunks.count; i++) {
        HvChunk *chunk = HV_AT(&walk->seen.chunks, HvChunk *, i);
        for (size_t word = 0; word < HV_WORDS; word++) {
            for (uint64_t left = chunk->bits[word]; left != 0; left &= left - 1) {
                uint64_t bit = word * 64 + (uint64_t)__builtin_ctzll(left);
                write_node(writer, (PyObject *)hv_address(&walk->seen, chunk, bit));
                if (++done % 50000 == 0 && walk->core.board != NULL)
                    walk->core.board[0] = (int64_t)done;
            }
        }
    }
    put(&writer->stream[HV_FIRSTS], &writer->edges, sizeof writer->edges);
}

static uint64_t
lay_out(HvGraph *graph, int region, uint64_t at, uint64_t length)
{
    uint64_t offset = (at + HV_GAP + 63) & ~(uint64_t)63;
    graph->region[region] = (HvRegion){offset, length};
    return offset + length;
}

void
hv_write_graph(HvWalk *walk, int fd, HvGraph *graph)
{
    Writer writer = {.walk = walk};
    leave_out_ours(&writer);
    hv_rank(&walk->seen);
    uint64_t n = graph->objects = walk->seen.members, at = 0;
    at = lay_out(graph, HV_ADDRESS, at, n * 8);
    at = lay_out(graph, HV_TYPES, at, n * 4);
    at = lay_out(graph, HV_SIZES, at, n * 4);
    at = lay_out(graph, HV_REFCOUNTS, at, n * 4);
    at = lay_out(graph, HV_FIRSTS, at, (n + 1) * 8);
    lay_out(graph, HV_EDGES, at, 0);
    writer.named = hv_pages(NAMED * sizeof *writer.named);
    for (int i = 0; i < HV_REGIONS; i++)
        writer.stream[i] = (Stream){fd, graph->region[i].offset, 0, hv_pages(BUFFER)};
    write_nodes(&writer);
    for (int i = 0; i < HV_REGIONS; i++) {
        flush(&writer.stream[i]);
        hv_drop_pages(writer.stream[i].buffer, BUFFER);
    }
    hv_drop_table(&writer.ours);
    hv_drop_pages(writer.named, NAMED * sizeof *writer.named);
    graph->edges = writer.edges;
    graph->region[HV_EDGES].length = writer.edges * sizeof(HvArc);
}
