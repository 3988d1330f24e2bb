#include "module/arguments.h"

#include <setjmp.h>

static jmp_buf escape;
static const char *escape_reason;

static void __attribute__((noreturn))
escape_walk(const char *reason)
{
    escape_reason = reason;
    longjmp(escape, 1);
}

static const char **
c_strings(HvCore *core, PyObject *names)
{
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    const char **found = hv_arena_alloc(&core->arena, (size_t)(count + 1) * sizeof *found);
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
    PyObject **found = hv_arena_alloc(&core->arena, (size_t)(*count + 1) * sizeof *found);
    for (Py_ssize_t i = 0; i < *count; i++)
        found[i] = PyTuple_GET_ITEM(names, i);
    return found;
}

/* The order of the fields is that of TypeTable, StructOffsets and RootRanks in core/arguments.py.
 */
static int
read_type_table(HvWalk *walk, PyObject *type_table)
{
    PyObject *caches, *resources, *limits, *datas, *plain, *lru, *deque;
    HvCore *core = &walk->core;
    HvOffsets *at = &core->offsets;
    HvRanks *ranks = &walk->input.ranks;
    if (!PyArg_ParseTuple(type_table, "O!O!sO!O!O!O!O!(nnnnn)nn(bbb):TypeTable", &PyTuple_Type,
                          &caches, &PyTuple_Type, &resources, &core->resource_signs, &PyTuple_Type,
                          &limits, &PyTuple_Type, &datas, &PyType_Type, &plain, &PyType_Type, &lru,
                          &PyType_Type, &deque, &at->lru_maxsize, &at->lru_hits, &at->lru_misses,
                          &at->lru_cache, &at->deque_maxlen, &at->static_header_bytes,
                          &at->zero_bytes, &ranks->app, &ranks->standard, &ranks->ours))
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
read_modules(HvWalk *walk, PyObject *modules)
{
    hv_array_init(&walk->input.modules, sizeof(HvModuleRoot));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(modules); i++) {
        HvModuleRoot *root = hv_array_push(&walk->input.modules);
        if (!PyArg_ParseTuple(PyList_GET_ITEM(modules, i), "UOOb:ModuleRoot", &root->name,
                              &root->module, &root->dict, &root->rank))
            return -1;
        root->node = HV_NONE;
        if (root->dict == Py_None)
            root->dict = NULL;
    }
    return 0;
}

static int
read_threads(HvWalk *walk, PyObject *threads)
{
    hv_array_init(&walk->input.thread_names, sizeof(HvThreadName));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(threads); i++) {
        HvThreadName *known = hv_array_push(&walk->input.thread_names);
        if (!PyArg_ParseTuple(PyList_GET_ITEM(threads, i), "kU:ThreadName", &known->ident,
                              &known->name))
            return -1;
    }
    return 0;
}

/* The lists that were handed over, and the tuples in them: they are no part of the service. */
static void
exclude_list(HvWalk *walk, PyObject *list)
{
    *(PyObject **)hv_array_push(&walk->input.own_objects) = list;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
        *(PyObject **)hv_array_push(&walk->input.own_objects) = PyList_GET_ITEM(list, i);
}

static int
read_arguments(HvWalk *walk, const HvWalkArguments *given)
{
    walk->core.interp = PyInterpreterState_Get();
    walk->input.capturing_thread = PyThreadState_Get();
    walk->input.node_limit = HV_NONE;
    if (read_type_table(walk, given->type_table) < 0)
        return -1;
    hv_walk_init(walk);
    if (given->modules == NULL)
        return 0;
    if (read_modules(walk, given->modules) < 0 || read_threads(walk, given->threads) < 0)
        return -1;
    exclude_list(walk, given->modules);
    exclude_list(walk, given->threads);
    return 0;
}

PyObject *
hv_with_walk(const HvWalkArguments *given, HvWalkWork work, void *state)
{
    PyObject *volatile result = NULL;
    HvWalk *volatile walk = NULL;
    hv_give_up = escape_walk;
    if (setjmp(escape) != 0)
        PyErr_Format(PyExc_MemoryError, "%s", escape_reason);
    else {
        walk = hv_pages(sizeof *walk);
        if (read_arguments(walk, given) == 0)
            result = work(walk, state);
    }
    if (walk != NULL) {
        hv_walk_drop(walk);
        hv_drop_pages(walk, sizeof *walk);
    }
    return result;
}
