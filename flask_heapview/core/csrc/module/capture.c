#include "module/capture.h"
#include "module/arguments.h"
#include "module/child.h"
#include "module/levels.h"

PyMemAllocatorEx hv_plain_allocator;

typedef struct {
    HvCaptureOptions options;
    int fork, with_addresses, with_keys, with_malloc;
    unsigned node_limit, min_entries;
    Py_ssize_t expected_objects;
} CaptureRequest;

/* Forks and leaves the rest to the child, or does it all here. Returns (pid, pause, malloc). */
static PyObject *
start_capture(HvWalk *walk, void *state)
{
    CaptureRequest *request = state;
    pid_t pid = 0;
    hv_open_allocator_stream(walk);
    walk->core.progress = (volatile int64_t *)request->options.progress;
    walk->input.node_limit = request->node_limit;
    walk->input.min_entries = request->min_entries;
    walk->input.expected_objects = (uint64_t)request->expected_objects;
    walk->input.with_addresses = request->with_addresses;
    walk->input.with_keys = request->with_keys;
    walk->input.with_graph = request->options.graph_fd >= 0;
    int64_t began = hv_clock();
    /* here, where no thread with the interpreter's lock can allocate before the walk: later it
     * would have objects that the walk does not see, and earlier it would lack some */
    HvMallocFigures malloc = request->with_malloc ? hv_malloc_figures() : (HvMallocFigures){0};
    if (request->fork) {
        pid = hv_spawn(walk, &request->options);
        if (pid < 0)
            return PyErr_SetFromErrno(PyExc_OSError);
    } else {
        hv_ask_allocator(walk);
        hv_carry_out(walk, &request->options);
    }
    return Py_BuildValue("iL(LLL)", (int)pid, (long long)(hv_clock() - began),
                         (long long)malloc.arenas, (long long)malloc.used, (long long)malloc.free);
}

static int
is_valid(const CaptureRequest *request, const Py_buffer *progress)
{
    if (progress->len < HV_PROGRESS_BYTES)
        PyErr_SetString(PyExc_ValueError, "the progress page is too small");
    else if (request->node_limit == 0 || request->options.deadline <= 0)
        PyErr_SetString(PyExc_ValueError, "node_limit and deadline must be above 0");
    else
        return 1;
    return 0;
}

PyDoc_STRVAR(
    capture_doc,
    "capture(fd, type_table, modules, threads, *, progress, fork, deadline, node_limit,\n"
    "        expected_objects, with_addresses, with_keys, graph_fd, min_entries=1,\n"
    "        with_malloc=False)\n"
    "-> (pid, pause, malloc)\n\n"
    "Walks the heap and writes the result to `fd` (docs/walk-file.md), and the graph's\n"
    "arrays to `graph_fd` unless that is -1. With `fork`, a child does it, whose pid is\n"
    "returned at once. Without, it is done here under the interpreter's lock, and the pid\n"
    "is 0. `pause` is for how many nanoseconds this thread stood still, `deadline` the\n"
    "seconds that the child may take. A library's containers with fewer than `min_entries`\n"
    "have a line of their own only for their bytes. `malloc` are the bytes of the C library's\n"
    "arenas, those that are handed out and those that are free, as the walk sees the heap; 0 "
    "without\n"
    "`with_malloc`, and where the library does not tell. Raises OSError when there can be no "
    "fork,\n"
    "MemoryError without memory, ValueError for wrong arguments.");

static PyObject *
capture(PyObject *Py_UNUSED(self), PyObject *args, PyObject *keywords)
{
    static char *names[] = {
        "fd",        "type_table", "modules",     "threads",          "progress",
        "fork",      "deadline",   "node_limit",  "expected_objects", "with_addresses",
        "with_keys", "graph_fd",   "min_entries", "with_malloc",      NULL};
    HvWalkArguments given;
    CaptureRequest request = {.options = {.graph_fd = -1, .plain = hv_plain_allocator},
                              .min_entries = 1};
    Py_buffer progress = {0};
    PyObject *result = NULL;
    if (!PyArg_ParseTupleAndKeywords(
            args, keywords, "iO!O!O!|$w*pdInppiIp", names, &request.options.fd, &PyTuple_Type,
            &given.type_table, &PyList_Type, &given.modules, &PyList_Type, &given.threads,
            &progress, &request.fork, &request.options.deadline, &request.node_limit,
            &request.expected_objects, &request.with_addresses, &request.with_keys,
            &request.options.graph_fd, &request.min_entries, &request.with_malloc))
        return NULL;
    request.options.progress = progress.buf;
    if (is_valid(&request, &progress))
        result = hv_with_walk(&given, start_capture, &request);
    if (progress.obj != NULL)
        PyBuffer_Release(&progress);
    return result;
}

/* Walks, and returns the members of the set, as pairs of address and size. */
static PyObject *
walk_here(HvWalk *walk, void *Py_UNUSED(state))
{
    hv_walk_all(walk);
    HvVisitedSet *set = &walk->state.visited_set;
    Py_ssize_t bytes = (Py_ssize_t)(set->members * 2 * sizeof(uint64_t));
    PyObject *found = PyBytes_FromStringAndSize(NULL, bytes);
    uint64_t *at = found == NULL ? NULL : (uint64_t *)PyBytes_AS_STRING(found);
    for (size_t i = 0; at != NULL && i < set->chunks.count; i++) {
        HvChunk *chunk = HV_AT(&set->chunks, HvChunk *, i);
        for (uint64_t bit = 0; bit < HV_CHUNK_WORDS * 64; bit++) {
            if (!(chunk->bits[bit / 64] >> (bit % 64) & 1))
                continue;
            PyObject *op = (PyObject *)hv_set_address(set, chunk, bit);
            *at++ = (uint64_t)(uintptr_t)op;
            *at++ = hv_size(&walk->core, op, hv_type_of(&walk->core, op));
        }
    }
    return found;
}

PyDoc_STRVAR(audit_doc,
             "audit(type_table, modules, threads) -> bytes\n\n"
             "Walks here and returns (address, size) of every object that was visited, as native\n"
             "64-bit pairs, so that tests can hold the walk against another. Raises MemoryError.");

static PyObject *
audit(PyObject *Py_UNUSED(self), PyObject *args)
{
    HvWalkArguments given;
    if (!PyArg_ParseTuple(args, "O!O!O!", &PyTuple_Type, &given.type_table, &PyList_Type,
                          &given.modules, &PyList_Type, &given.threads))
        return NULL;
    return hv_with_walk(&given, walk_here, NULL);
}

PyMethodDef hv_capture_methods[] = {
    {"capture", (PyCFunction)(void (*)(void))capture, METH_VARARGS | METH_KEYWORDS, capture_doc},
    {"audit", audit, METH_VARARGS, audit_doc},
    {NULL, NULL, 0, NULL},
};
