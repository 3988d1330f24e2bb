/* The Python side of the sampler of native memory. */
#include "module/native_module.h"

#include "module/named_tuple.h"
#include "native/dump.h"
#include "native/objects.h"
#include "native/sample.h"
#include "native/sites.h"

static HvScan hooked; /* that lead to the hooks, and those of other tools */

/* Begins; where it is not to be, `why` has the reason, and all is as it was. */
static int
switch_on(PyObject *endpoint, double sample_bytes, uint64_t seed, char *why)
{
    if (hv_objects_find(why) < 0)
        return -1;
    hv_stack_warm_up();
    if (hv_native_at_fork() < 0 || hv_native_begin(endpoint, sample_bytes, seed) < 0) {
        snprintf(why, HV_REASON_BYTES, "there is no memory for its tables");
        return -1;
    }
    if (hv_objects_hook(&hooked, why) == 0)
        return 0;
    hv_native_end();
    hooked = (HvScan){0};
    return -1;
}

PyDoc_STRVAR(start_doc,
             "native_start(endpoint, sample_bytes=0.0, seed=0) -> str or None\n\n"
             "Begins to sample what C libraries allocate, from nothing. `endpoint` is a ContextVar "
             "with the\n"
             "name of the endpoint that is served. Two samples are sample_bytes apart on average; "
             "at 0, 512 kB\n"
             "or more. None when it is on, else the reason why it cannot be, and then nothing has "
             "changed.");

static int
switch_off(void)
{
    HvScan found;
    hv_native_end(); /* first: then no other thread hooks what it loads */
    hv_objects_unhook(&found);
    hooked = (HvScan){0};
    return (int)found.failed;
}

static PyObject *
start(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"endpoint", "sample_bytes", "seed", NULL};
    PyObject *endpoint;
    double sample_bytes = 0;
    unsigned long long seed = 0;
    char why[HV_REASON_BYTES] = "";
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!|dK", names, &PyContextVar_Type, &endpoint,
                                     &sample_bytes, &seed))
        return NULL;
    if (!(sample_bytes >= 0)) {
        PyErr_SetString(PyExc_ValueError, "sample_bytes must be 0 or more");
        return NULL;
    }
    switch_off();
    if (switch_on(endpoint, sample_bytes, seed, why) == 0)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(why, (Py_ssize_t)strlen(why), "replace");
}

PyDoc_STRVAR(stop_doc, "native_stop() -> int\n\n"
                       "Forgets all samples, and points every entry back at what it led to. How "
                       "many could not be.");

static PyObject *
stop(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyLong_FromLong(switch_off());
}

PyDoc_STRVAR(rescan_doc, "native_rescan() -> int\n\n"
                         "Hooks the libraries that were loaded meanwhile: how many entries. 0 "
                         "while it is off.");

static PyObject *
rescan(PyObject *self, PyObject *unused)
{
    HvScan found = {0};
    (void)self;
    (void)unused;
    hv_objects_hook_new(&found);
    hooked.objects += found.objects;
    hooked.entries += found.entries;
    hooked.foreign = found.foreign;
    return PyLong_FromUnsignedLong(found.entries);
}

PyDoc_STRVAR(freeze_doc, "native_freeze()\n\nFor a child: nothing is sampled any more, what was is "
                         "still there to be read.");

static PyObject *
freeze(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hv_native_freeze();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(read_doc, "native_read() -> bytes or None\n\n"
                       "All that it knows; allocations/native_samples.py reads it. None while it "
                       "is off. Raises MemoryError.");

static PyObject *
read_all(PyObject *self, PyObject *unused)
{
    HvDump dump;
    PyObject *found = NULL;
    (void)self;
    (void)unused;
    if (!hv_native.on)
        Py_RETURN_NONE;
    if (hv_native_dump(&dump) < 0)
        PyErr_NoMemory();
    else
        found = PyBytes_FromStringAndSize(dump.data, (Py_ssize_t)dump.length);
    hv_native_dump_drop(&dump);
    return found;
}

static PyTypeObject *state_type;

static PyStructSequence_Field state_fields[] = {
    {"asked_bytes", "between two samples, as it was asked for; 0: it adapts"},
    {"sample_bytes", "between two samples, now"},
    {"live", "samples of blocks that are alive"},
    {"samples", "taken since the start"},
    {"dropped", "samples that found no place"},
    {"objects", "whose entries lead to the hooks"},
    {"entries", "that lead to the hooks"},
    {"foreign", "entries of libraries loaded since, which another tool has redirected"},
    {"memory_bytes", "that the sampler takes itself"},
    {NULL, NULL},
};

static PyStructSequence_Desc state_description = {
    "flask_heapview.core._core.NativeState", "What the native sampler does now.", state_fields, 9};

PyDoc_STRVAR(state_doc, "native() -> NativeState or None\n\nNone while it is off.");

static PyObject *
state(PyObject *self, PyObject *unused)
{
    HvNative *all = &hv_native;
    (void)self;
    (void)unused;
    if (!all->on)
        Py_RETURN_NONE;
    PyObject *figures[] = {
        PyFloat_FromDouble(all->asked),
        PyFloat_FromDouble(all->rate),
        PyLong_FromUnsignedLong(all->live),
        PyLong_FromUnsignedLongLong(all->samples),
        PyLong_FromUnsignedLongLong(all->dropped),
        PyLong_FromUnsignedLong(hooked.objects),
        PyLong_FromUnsignedLong(hooked.entries),
        PyLong_FromUnsignedLong(hooked.foreign),
        PyLong_FromSize_t(hv_native_tables_used()),
    };
    return hv_named_tuple(state_type, figures, sizeof figures / sizeof *figures);
}

PyDoc_STRVAR(ended_doc, "native_request_ended()\n\nThe request that this thread served has ended.");

static PyObject *
request_ended(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hv_native_request_ended();
    Py_RETURN_NONE;
}

int
hv_native_types(PyObject *module)
{
    if (state_type == NULL) /* once in a process, however often it is imported */
        state_type = PyStructSequence_NewType(&state_description);
    return state_type == NULL ? -1 : PyModule_AddType(module, state_type);
}

PyMethodDef hv_native_methods[] = {
    {"native_start", (PyCFunction)(void (*)(void))start, METH_VARARGS | METH_KEYWORDS, start_doc},
    {"native_stop", stop, METH_NOARGS, stop_doc},
    {"native_rescan", rescan, METH_NOARGS, rescan_doc},
    {"native_freeze", freeze, METH_NOARGS, freeze_doc},
    {"native_read", read_all, METH_NOARGS, read_doc},
    {"native", state, METH_NOARGS, state_doc},
    {"native_request_ended", request_ended, METH_NOARGS, ended_doc},
    {NULL, NULL, 0, NULL},
};
