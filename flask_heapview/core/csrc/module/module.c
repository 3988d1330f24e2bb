/* The Python side of the core: reads arguments, returns plain figures. */
#include "module/child.h"
#include "module/levels.h"
#include "module/sampling.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

static PyMemAllocatorEx plain; /* as found when this module was loaded */
static jmp_buf escape;
static const char *escape_reason;

static void __attribute__((noreturn))
escape_walk(const char *reason)
{
    escape_reason = reason;
    longjmp(escape, 1);
}

/* --- reading the arguments; everything borrowed: the caller's arguments live until the walk is
 * done */

static const char **
c_strings(HvCore *core, PyObject *names)
{
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    const char **found = hv_take(&core->arena, (size_t)(count + 1) * sizeof *found);
    for (Py_ssize_t i = 0; i < count; i++) {
        found[i] = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, i));
        if (found[i] == NULL)
            return NULL;
    }
    return found;
}

static PyObject **
strings(HvCore *core, PyObject *names, Py_ssize_t *count)
{
    *count = PyTuple_GET_SIZE(names);
    PyObject **found = hv_take(&core->arena, (size_t)(*count + 1) * sizeof *found);
    for (Py_ssize_t i = 0; i < *count; i++)
        found[i] = PyTuple_GET_ITEM(names, i);
    return found;
}

static int
read_knowledge(HvCore *core, PyObject *knowledge)
{
    PyObject *caches, *resources, *limits, *datas, *plain, *lru, *deque;
    HvOffsets *at = &core->offsets;
    if (!PyArg_ParseTuple(knowledge, "O!O!sO!O!O!O!O!(nnnnnnn)", &PyTuple_Type, &caches,
                          &PyTuple_Type, &resources, &core->resource_signs, &PyTuple_Type, &limits,
                          &PyTuple_Type, &datas, &PyType_Type, &plain, &PyType_Type, &lru,
                          &PyType_Type, &deque, &at->lru_maxsize, &at->lru_hits, &at->lru_misses,
                          &at->lru_cache, &at->deque_maxlen, &at->static_header_bytes,
                          &at->zero_bytes))
        return -1;
    core->limit_names = strings(core, limits, &core->limit_name_count);
    core->data_names = strings(core, datas, &core->data_name_count);
    core->subtype_traverse = ((PyTypeObject *)plain)->tp_traverse;
    core->lru_type = (PyTypeObject *)lru;
    core->deque_type = (PyTypeObject *)deque;
    core->context_type = &PyContext_Type;
    core->cache_names = c_strings(core, caches);
    core->resource_names = c_strings(core, resources);
    return core->cache_names == NULL || core->resource_names == NULL ? -1 : 0;
}

static int
read_roots(HvWalk *walk, PyObject *roots)
{
    hv_array(&walk->input.modules, sizeof(HvModuleRoot));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(roots); i++) {
        HvModuleRoot *root = hv_push(&walk->input.modules);
        int rank;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(roots, i), "UOOi", &root->name, &root->module,
                              &root->dict, &rank))
            return -1;
        root->rank = (uint8_t)rank;
        root->node = HV_NONE;
        if (root->dict == Py_None)
            root->dict = NULL;
    }
    return 0;
}

static int
read_threads(HvWalk *walk, PyObject *threads)
{
    hv_array(&walk->input.thread_names, sizeof(HvThreadName));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(threads); i++) {
        HvThreadName *known = hv_push(&walk->input.thread_names);
        if (!PyArg_ParseTuple(PyList_GET_ITEM(threads, i), "kU", &known->ident, &known->name))
            return -1;
    }
    return 0;
}

static HvWalk *
prepare(PyObject *knowledge, PyObject *roots, PyObject *threads, unsigned node_limit,
        Py_ssize_t expected)
{
    HvWalk *walk = hv_pages(sizeof *walk);
    walk->core.interp = PyInterpreterState_Get();
    walk->input.capturing_thread = PyThreadState_Get();
    walk->input.node_limit = node_limit;
    walk->input.expected_objects = (uint64_t)expected;
    walk->input.ranks = (HvRanks){0, 2, 3};
    hv_walk_init(walk);
    if (read_knowledge(&walk->core, knowledge) < 0 || read_roots(walk, roots) < 0 ||
        read_threads(walk, threads) < 0) {
        hv_walk_drop(walk);
        hv_drop_pages(walk, sizeof *walk);
        return NULL;
    }
    return walk;
}

/* The lists that were handed over, and the tuples in them: they are no part of the service. */
static void
exclude_input(HvWalk *walk, PyObject *list)
{
    *(PyObject **)hv_push(&walk->input.own_objects) = list;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
        *(PyObject **)hv_push(&walk->input.own_objects) = PyList_GET_ITEM(list, i);
}

/* --- functions */

PyDoc_STRVAR(capture_doc,
             "capture(fd, knowledge, roots, threads, *, board=None, fork=True, deadline=120.0,\n"
             "        node_limit=100000, expected=0, traced=False, keys=False,\n"
             "        graph_fd=-1) -> (pid, pause_ns)\n\n"
             "Walks the heap and writes the result to the descriptor, and the graph to its own, if "
             "given. With fork, in a child, whose pid is\n"
             "returned at once; without, here, under the interpreter's lock, and the pid is 0. The "
             "pause is the\n"
             "nanoseconds for which this thread stood still. Raises OSError when there is no fork "
             "to be had,\n"
             "MemoryError without memory.");

static PyObject *
capture(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fd",   "knowledge", "roots",      "threads",  "board",
                            "fork", "deadline",  "node_limit", "expected", "traced",
                            "keys", "graph_fd",  NULL};
    PyObject *knowledge, *roots, *threads;
    HvCaptureOptions options = {.graph_fd = -1, .deadline = 120, .plain = plain};
    Py_buffer board = {0};
    int fork = 1, traced = 0, keys = 0;
    unsigned node_limit = 100000;
    Py_ssize_t expected = 0;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!O!O!|$w*pdInppi", names, &options.fd,
                                     &PyTuple_Type, &knowledge, &PyList_Type, &roots, &PyList_Type,
                                     &threads, &board, &fork, &options.deadline, &node_limit,
                                     &expected, &traced, &keys, &options.graph_fd))
        return NULL;
    PyObject *result = NULL;
    if (board.buf != NULL && board.len < HV_PROGRESS_BYTES) {
        PyErr_SetString(PyExc_ValueError, "the board is too small");
        PyBuffer_Release(&board);
        return NULL;
    }
    hv_give_up = escape_walk;
    HvWalk *volatile walk = NULL;
    volatile int64_t begin = hv_clock();
    if (setjmp(escape) != 0) {
        PyErr_Format(PyExc_MemoryError, "%s", escape_reason);
        goto done;
    }
    walk = prepare(knowledge, roots, threads, node_limit, expected);
    if (walk == NULL)
        goto done;
    exclude_input(walk, roots);
    exclude_input(walk, threads);
    hv_open_allocator_stream(walk);
    options.progress = board.buf;
    walk->core.progress = board.buf;
    walk->input.with_addresses = traced;
    walk->input.with_keys = keys;
    walk->input.with_graph = options.graph_fd >= 0;
    pid_t pid = 0;
    if (fork) {
        begin = hv_clock();
        pid = hv_spawn(walk, &options);
        if (pid < 0) {
            PyErr_SetFromErrno(PyExc_OSError);
            goto done;
        }
    } else {
        hv_ask_allocator(walk);
        hv_carry_out(walk, &options);
    }
    result = Py_BuildValue("iL", (int)pid, (long long)(hv_clock() - begin));
done:
    if (walk != NULL) {
        hv_walk_drop(walk);
        hv_drop_pages(walk, sizeof *walk);
    }
    if (board.obj != NULL)
        PyBuffer_Release(&board);
    return result;
}

/* The members of the set, as pairs of address and size. */
static PyObject *
members(HvWalk *walk)
{
    Py_ssize_t count = (Py_ssize_t)walk->state.visited_set.members;
    PyObject *found = PyBytes_FromStringAndSize(NULL, count * 2 * (Py_ssize_t)sizeof(uint64_t));
    uint64_t *at = found == NULL ? NULL : (uint64_t *)PyBytes_AS_STRING(found);
    for (size_t i = 0; at != NULL && i < walk->state.visited_set.chunks.count; i++) {
        HvChunk *chunk = HV_AT(&walk->state.visited_set.chunks, HvChunk *, i);
        for (uint64_t bit = 0; bit < HV_CHUNK_WORDS * 64; bit++) {
            if (!(chunk->bits[bit / 64] >> (bit % 64) & 1))
                continue;
            uintptr_t address = hv_set_address(&walk->state.visited_set, chunk, bit);
            *at++ = address;
            *at++ = hv_size(&walk->core, (PyObject *)address,
                            hv_type_of(&walk->core, (PyObject *)address));
        }
    }
    return found;
}

PyDoc_STRVAR(audit_doc, "audit(knowledge, roots, threads) -> bytes\n\n"
                        "Walks here and returns (address, size) of every object that was visited, "
                        "as native 64-bit pairs,\n"
                        "so that tests can hold the walk against another. Raises MemoryError.");

static PyObject *
audit(PyObject *self, PyObject *args)
{
    PyObject *knowledge, *roots, *threads, *volatile result = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyTuple_Type, &knowledge, &PyList_Type, &roots,
                          &PyList_Type, &threads))
        return NULL;
    hv_give_up = escape_walk;
    HvWalk *volatile walk = NULL;
    if (setjmp(escape) != 0)
        PyErr_Format(PyExc_MemoryError, "%s", escape_reason);
    else {
        walk = prepare(knowledge, roots, threads, 100000, 0);
        if (walk != NULL) {
            hv_walk_all(walk);
            result = members(walk);
        }
    }
    if (walk != NULL) {
        hv_walk_drop(walk);
        hv_drop_pages(walk, sizeof *walk);
    }
    return result;
}

/* --- what the self-check asks */

typedef struct {
    PyObject *list;
} Edges;

static void
add_edge(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    PyObject *address = PyLong_FromVoidPtr(child);
    (void)label;
    (void)place;
    if (address == NULL || PyList_Append(((Edges *)state)->list, address) < 0)
        PyErr_Clear();
    Py_XDECREF(address);
}

PyDoc_STRVAR(
    look_doc,
    "look(knowledge, obj) -> (size, addresses)\n\n"
    "An object's size in bytes and the addresses of what it refers to, as the walk sees them.");

static PyObject *
look(PyObject *self, PyObject *args)
{
    PyObject *knowledge, *op, *result = NULL;
    Edges edges = {NULL};
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O", &PyTuple_Type, &knowledge, &op))
        return NULL;
    hv_give_up = escape_walk;
    HvWalk *walk = hv_pages(sizeof *walk);
    hv_walk_init(walk);
    edges.list = PyList_New(0);
    if (edges.list != NULL && read_knowledge(&walk->core, knowledge) == 0) {
        HvType *type = hv_type_of(&walk->core, op);
        hv_edges(&walk->core, op, type, add_edge, &edges);
        result = Py_BuildValue("nO", (Py_ssize_t)hv_size(&walk->core, op, type), edges.list);
    }
    Py_XDECREF(edges.list);
    hv_walk_drop(walk);
    hv_drop_pages(walk, sizeof *walk);
    return result;
}

PyDoc_STRVAR(tracked_doc,
             "tracked() -> int\n\n"
             "How many objects stand in the collector's lists, the permanent generation included.");

static PyObject *
tracked(PyObject *self, PyObject *unused)
{
    PyGC_Head *heads[HV_GENERATIONS];
    Py_ssize_t total = 0;
    (void)self;
    (void)unused;
    hv_generations(PyInterpreterState_Get(), heads);
    for (int i = 0; i < HV_GENERATIONS; i++) {
        for (PyGC_Head *at = hv_next(heads[i]); at != heads[i]; at = hv_next(at))
            total++;
    }
    return PyLong_FromSsize_t(total);
}

PyAPI_FUNC(PyObject *) _PyTraceMalloc_GetTraceback(unsigned int domain, uintptr_t block);

PyDoc_STRVAR(traceback_of_doc,
             "traceback_of(address) -> tuple or None\n\n"
             "What tracemalloc knows of a block: ((file, line), ...), the innermost frame first.");

static PyObject *
traceback_of(PyObject *self, PyObject *address)
{
    void *block = PyLong_AsVoidPtr(address);
    (void)self;
    if (block == NULL && PyErr_Occurred())
        return NULL;
    return _PyTraceMalloc_GetTraceback(0, (uintptr_t)block);
}

PyDoc_STRVAR(words_doc,
             "words(obj) -> tuple of int\n\n"
             "The machine words of an object's fixed part, by which its layout is found out.");

static PyObject *
words(PyObject *self, PyObject *op)
{
    Py_ssize_t count = Py_TYPE(op)->tp_basicsize / (Py_ssize_t)sizeof(Py_ssize_t);
    PyObject *found = PyTuple_New(count);
    (void)self;
    for (Py_ssize_t i = 0; found != NULL && i < count; i++) {
        PyObject *word = PyLong_FromSsize_t(((Py_ssize_t *)op)[i]);
        if (word == NULL) {
            Py_CLEAR(found);
            break;
        }
        PyTuple_SET_ITEM(found, i, word);
    }
    return found;
}

static PyMethodDef methods[] = {
    {"capture", (PyCFunction)(void (*)(void))capture, METH_VARARGS | METH_KEYWORDS, capture_doc},
    {"audit", audit, METH_VARARGS, audit_doc},
    {"look", look, METH_VARARGS, look_doc},
    {"tracked", tracked, METH_NOARGS, tracked_doc},
    {"traceback_of", traceback_of, METH_O, traceback_of_doc},
    {"words", words, METH_O, words_doc},
    {NULL, NULL, 0, NULL},
};

static int
add_others(PyObject *module)
{
    if (PyModule_AddFunctions(module, hv_sampling_methods) < 0)
        return -1;
    return PyModule_AddFunctions(module, hv_levels_methods);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, add_others},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "flask_heapview.core._core",
    .m_doc = "Walks the heap without touching a reference count.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &plain);
    return PyModuleDef_Init(&definition);
}
