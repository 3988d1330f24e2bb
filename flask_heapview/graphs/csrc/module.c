/* The Python side: arrays in, arrays out. It runs far from the service, in a process of its own. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#ifdef Py_GIL_DISABLED
#error "flask-heapview's graphs need the global interpreter lock"
#endif
#include "graph.h"

#include <setjmp.h>

static jmp_buf escape;

static void __attribute__((noreturn))
escape_with(const char *reason)
{
    (void)reason;
    longjmp(escape, 1);
}

static int
fits(const Py_buffer *buffer, uint64_t items, size_t width, const char *name)
{
    if ((uint64_t)buffer->len == items * width)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s has %zd bytes, not %llu", name, buffer->len,
                 (unsigned long long)(items * width));
    return 0;
}

enum { FIRST, ARC, SIZE, REFCOUNT, TYPE, DOMINATOR, RETAINED, TOWARD, COMPONENT, OF_TYPE, BUFFERS };

static int
read_graph(Py_buffer *b, HvGraph *graph)
{
    uint64_t nodes = b[FIRST].len >= 8 ? (uint64_t)b[FIRST].len / 8 - 1 : 0;
    uint64_t arcs = (uint64_t)b[ARC].len / sizeof(HvArc);
    if (nodes >= UINT32_MAX - 2 || arcs >= UINT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "the graph is too large");
        return 0;
    }
    *graph = (HvGraph){(uint32_t)nodes,
                       (uint32_t)(b[OF_TYPE].len / 8),
                       arcs,
                       b[FIRST].buf,
                       b[ARC].buf,
                       b[SIZE].buf,
                       b[REFCOUNT].buf,
                       b[TYPE].buf};
    if (!fits(&b[FIRST], nodes + 1, 8, "first") || !fits(&b[ARC], arcs, sizeof(HvArc), "edges") ||
        !fits(&b[SIZE], nodes, 4, "size") || !fits(&b[REFCOUNT], nodes, 4, "refcount") ||
        !fits(&b[TYPE], nodes, 4, "type") || !fits(&b[DOMINATOR], nodes, 4, "dominator") ||
        !fits(&b[RETAINED], nodes, 8, "retained") || !fits(&b[TOWARD], nodes, 4, "toward") ||
        !fits(&b[COMPONENT], nodes, 4, "component"))
        return 0;
    if (hv_check_graph(graph))
        return 1;
    PyErr_SetString(PyExc_ValueError, "the graph's arrays do not fit together");
    return 0;
}

/* --- what an analysis returns */

static PyTypeObject *figures_type;
static PyStructSequence_Field figures_fields[] = {
    {"roots", "objects that are held from outside of the graph"},
    {"unreached", "objects that no root leads to"},
    {"components", "circles of references"},
    {"largest", "objects of the largest circle"},
    {NULL, NULL},
};
static PyStructSequence_Desc figures_description = {
    .name = "flask_heapview.graphs._graph.GraphFigures",
    .doc = "How many there are of each, in one graph.",
    .fields = figures_fields,
    .n_in_sequence = 4,
};

static PyObject *
figures_of(const HvAnswer *answer)
{
    uint64_t values[] = {answer->roots, answer->unreached, answer->components, answer->largest};
    PyObject *figures = PyStructSequence_New(figures_type);
    for (int i = 0; figures != NULL && i < figures_description.n_in_sequence; i++) {
        PyObject *value = PyLong_FromUnsignedLongLong(values[i]);
        if (value == NULL)
            Py_CLEAR(figures);
        else
            PyStructSequence_SetItem(figures, i, value);
    }
    return figures;
}

/* --- functions */

PyDoc_STRVAR(
    analyse_doc,
    "analyse(first, edges, size, refcount, type, dominator, retained, toward, component,\n"
    "        of_type) -> GraphFigures\n\n"
    "Reads the first five arrays and fills the others: see graph.h. Raises ValueError for\n"
    "arrays that do not fit together, MemoryError.");

static PyObject *
analyse(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"first",    "edges",  "size",      "refcount", "type", "dominator",
                            "retained", "toward", "component", "of_type",  NULL};
    Py_buffer b[BUFFERS] = {{0}};
    PyObject *volatile result = NULL;
    HvGraph graph;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "y*y*y*y*y*w*w*w*w*w*", names, &b[0], &b[1],
                                     &b[2], &b[3], &b[4], &b[5], &b[6], &b[7], &b[8], &b[9]))
        return NULL;
    hv_give_up = escape_with;
    if (read_graph(b, &graph)) {
        HvAnswer answer = {.dominator = b[DOMINATOR].buf,
                           .retained = b[RETAINED].buf,
                           .toward = b[TOWARD].buf,
                           .component = b[COMPONENT].buf,
                           .of_type = b[OF_TYPE].buf};
        if (setjmp(escape) != 0)
            PyErr_NoMemory();
        else {
            hv_dominators(&graph, &answer);
            hv_components(&graph, &answer);
            result = figures_of(&answer);
        }
    }
    for (int i = 0; i < BUFFERS; i++)
        PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(
    cut_doc,
    "cut(first, edges, size, type, toward, source, target, found, counts, sizes)\n"
    "    -> (objects, bytes)\n\n"
    "What no root leads to any more without the references from `source` to `target`. Fills\n"
    "`found`, the ways that are left, and by type the `counts` and `sizes` of what goes. Raises\n"
    "ValueError for arrays that do not fit together, MemoryError.");

static int
cut_fits(const Py_buffer *b, const HvGraph *graph, const HvCut *cut)
{
    uint64_t nodes = graph->nodes;
    if (!fits(&b[0], nodes + 1, 8, "first") || !fits(&b[2], nodes, 4, "size") ||
        !fits(&b[3], nodes, 4, "type") || !fits(&b[4], nodes, 4, "toward") ||
        !fits(&b[5], nodes, 4, "found") || !fits(&b[7], graph->kinds, 8, "sizes"))
        return 0;
    if (cut->source < nodes && cut->target < nodes && hv_check_graph(graph))
        return 1;
    PyErr_SetString(PyExc_ValueError, "the graph's arrays do not fit together");
    return 0;
}

static PyObject *
cut(PyObject *self, PyObject *args)
{
    Py_buffer b[8];
    unsigned int source, target;
    PyObject *volatile result = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*IIw*w*w*", &b[0], &b[1], &b[2], &b[3], &b[4], &source,
                          &target, &b[5], &b[6], &b[7]))
        return NULL;
    HvGraph graph = {.nodes = b[0].len >= 8 ? (uint32_t)(b[0].len / 8 - 1) : 0,
                     .kinds = (uint32_t)(b[6].len / 8),
                     .arcs = (uint64_t)b[1].len / sizeof(HvArc),
                     .first = b[0].buf,
                     .arc = b[1].buf,
                     .size = b[2].buf,
                     .type = b[3].buf};
    HvCut found = {.toward = b[4].buf,
                   .source = source,
                   .target = target,
                   .found = b[5].buf,
                   .counts = b[6].buf,
                   .sizes = b[7].buf};
    hv_give_up = escape_with;
    if (cut_fits(b, &graph, &found)) {
        if (setjmp(escape) != 0)
            PyErr_NoMemory();
        else {
            hv_cut(&graph, &found);
            result = Py_BuildValue("KK", (unsigned long long)found.objects,
                                   (unsigned long long)found.bytes);
        }
    }
    for (size_t i = 0; i < sizeof b / sizeof *b; i++)
        PyBuffer_Release(&b[i]);
    return result;
}

PyDoc_STRVAR(positions_doc,
             "positions(array, value, stride, limit) -> (total, list)\n\n"
             "Where an array of 32-bit numbers, every `stride`-th of them looked at, has a value:\n"
             "how often, and the first places, counted in strides.");

static PyObject *
positions(PyObject *self, PyObject *args)
{
    Py_buffer array;
    unsigned value;
    Py_ssize_t stride, limit, total = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*Inn", &array, &value, &stride, &limit))
        return NULL;
    PyObject *found = PyList_New(0);
    const uint32_t *items = array.buf;
    Py_ssize_t count = stride < 1 ? 0 : array.len / 4 / stride;
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        if (items[i * stride] != value || ++total > limit)
            continue;
        PyObject *place = PyLong_FromSsize_t(i);
        if (place == NULL || PyList_Append(found, place) < 0)
            Py_CLEAR(found);
        Py_XDECREF(place);
    }
    PyBuffer_Release(&array);
    return found == NULL ? NULL : Py_BuildValue("nN", total, found);
}

/* A heap of the largest so far, the least of them on top. */
static void
sift(uint64_t *value, uint32_t *place, Py_ssize_t count, Py_ssize_t at)
{
    for (;;) {
        Py_ssize_t least = at, left = 2 * at + 1;
        if (left < count && value[left] < value[least])
            least = left;
        if (left + 1 < count && value[left + 1] < value[least])
            least = left + 1;
        if (least == at)
            return;
        uint64_t v = value[at];
        uint32_t p = place[at];
        value[at] = value[least], place[at] = place[least];
        value[least] = v, place[least] = p;
        at = least;
    }
}

PyDoc_STRVAR(
    largest_doc,
    "largest(values, keys, key, limit) -> (total, list)\n\n"
    "The places of the largest 64-bit values, the largest first, among those whose 32-bit\n"
    "key is `key` (or among all, where it is -1), and how many have that key.");

static PyObject *
largest(PyObject *self, PyObject *args)
{
    Py_buffer values, keys;
    long long key;
    Py_ssize_t limit, count = 0, total = 0;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*Ln", &values, &keys, &key, &limit))
        return NULL;
    limit = limit < 1 ? 1 : limit > 100000 ? 100000 : limit;
    uint64_t *value = PyMem_Malloc((size_t)limit * sizeof *value);
    uint32_t *place = PyMem_Malloc((size_t)limit * sizeof *place);
    PyObject *found = value == NULL || place == NULL ? PyErr_NoMemory() : PyList_New(0);
    const uint64_t *all = values.buf;
    const uint32_t *kind = keys.buf;
    Py_ssize_t items = values.len / 8 < keys.len / 4 ? values.len / 8 : keys.len / 4;
    for (Py_ssize_t i = 0; found != NULL && i < items; i++) {
        if (key >= 0 && kind[i] != (uint32_t)key)
            continue;
        total++;
        if (count < limit) {
            value[count] = all[i], place[count++] = (uint32_t)i;
            for (Py_ssize_t at = count / 2; count == limit && at-- > 0;)
                sift(value, place, count, at);
        } else if (all[i] > value[0]) {
            value[0] = all[i], place[0] = (uint32_t)i;
            sift(value, place, count, 0);
        }
    }
    for (Py_ssize_t at = count / 2; at-- > 0;)
        sift(value, place, count, at);
    while (found != NULL && count > 0) { /* the least first; turned round below */
        PyObject *number = PyLong_FromUnsignedLong(place[0]);
        if (number == NULL || PyList_Append(found, number) < 0)
            Py_CLEAR(found);
        Py_XDECREF(number);
        value[0] = value[--count], place[0] = place[count];
        sift(value, place, count, 0);
    }
    PyMem_Free(value);
    PyMem_Free(place);
    PyBuffer_Release(&values);
    PyBuffer_Release(&keys);
    if (found != NULL && PyList_Reverse(found) < 0)
        Py_CLEAR(found);
    return found == NULL ? NULL : Py_BuildValue("nN", total, found);
}

static PyMethodDef methods[] = {
    {"analyse", (PyCFunction)(void (*)(void))analyse, METH_VARARGS | METH_KEYWORDS, analyse_doc},
    {"cut", cut, METH_VARARGS, cut_doc},
    {"positions", positions, METH_VARARGS, positions_doc},
    {"largest", largest, METH_VARARGS, largest_doc},
    {NULL, NULL, 0, NULL},
};

static int
fill(PyObject *module)
{
    if (figures_type == NULL)
        figures_type = PyStructSequence_NewType(&figures_description);
    if (figures_type == NULL || PyModule_AddType(module, figures_type) < 0)
        return -1;
    return PyModule_AddIntConstant(module, "NONE", HV_NONE);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "flask_heapview.graphs._graph",
    .m_doc = "Dominators, retained sizes, components and ways to a root, of graphs in arrays.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__graph(void)
{
    return PyModuleDef_Init(&definition);
}
