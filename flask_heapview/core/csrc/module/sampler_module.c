/* The Python side of the sampler. */
#include "module/sampler_module.h"

#include "module/named_tuple.h"
#include "native/sample.h"
#include "sampler/hooks.h"
#include "sampler/sampler.h"
#include "sampler/sampler_dump.h"
#include "sampler/tables.h"
#include "sampler/tags.h"

#include <string.h>

static int
is_context_variable(PyObject *object)
{
    if (PyContextVar_CheckExact(object))
        return 1;
    PyErr_SetString(PyExc_TypeError, "endpoint must be a ContextVar");
    return 0;
}

PyDoc_STRVAR(start_doc,
             "sampling_start(endpoint, threads, frames=32, sample_bytes=0.0, seed=0)\n\n"
             "Begins to sample allocations, from nothing. `endpoint` is a ContextVar with the name "
             "to give them, \n"
             "`threads` the dictionary of threads by ident. With sample_bytes at 0 the distance "
             "between two\n"
             "samples adapts itself, else it is that many bytes on average. Raises MemoryError.");

static PyObject *
start(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"endpoint", "threads", "frames", "sample_bytes", "seed", NULL};
    PyObject *endpoint, *threads;
    unsigned frames = 32;
    double sample_bytes = 0;
    unsigned long long seed = 0;
    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO!|IdK", names, &endpoint, &PyDict_Type,
                                     &threads, &frames, &sample_bytes, &seed) ||
        !is_context_variable(endpoint))
        return NULL;
    if (frames < 1 || frames > HV_MAX_FRAMES || sample_bytes < 0) {
        PyErr_Format(PyExc_ValueError, "frames must be 1 to %d, sample_bytes 0 or more",
                     HV_MAX_FRAMES);
        return NULL;
    }
    if (hv_sampler_start(sample_bytes, frames, endpoint, threads, seed) < 0)
        return PyErr_NoMemory();
    hv_hooks_in();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(stop_doc, "sampling_stop()\n\nForgets all samples, and takes the hooks away.");

static PyObject *
stop(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hv_sampler_stop();
    hv_hooks_out();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(freeze_doc, "sampling_freeze()\n\nFor a child: nothing is sampled any more, what was "
                         "is still there to be read.");

static PyObject *
freeze(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    hv_sampler_freeze();
    Py_RETURN_NONE;
}

static PyTypeObject *state_type;

static PyStructSequence_Field state_fields[] = {
    {"frames", "kept of each traceback, at most"},
    {"asked_bytes", "between two samples, as it was asked for; 0: it adapts"},
    {"sample_bytes", "between two samples, of late on average"},
    {"live", "samples of blocks that are alive"},
    {"samples", "taken since the start"},
    {"allocated_bytes", "since the start"},
    {"memory_bytes", "that the sampler takes itself"},
    {NULL, NULL},
};

static PyStructSequence_Desc state_description = {"flask_heapview.core._core.SamplerState",
                                                  "What the sampler does now.", state_fields, 7};

PyDoc_STRVAR(state_doc, "sampling() -> SamplerState or None\n\n"
                        "None while it is off; it is still told while it is frozen.");

static PyObject *
state(PyObject *self, PyObject *unused)
{
    HvSampler *all = &hv_sampler;
    (void)self;
    (void)unused;
    if (all->sample == NULL)
        Py_RETURN_NONE;
    PyObject *figures[] = {
        PyLong_FromUnsignedLong(all->frames),      PyFloat_FromDouble(all->asked),
        PyFloat_FromDouble(all->mean_rate),        PyLong_FromUnsignedLong(all->live),
        PyLong_FromUnsignedLongLong(all->samples), PyFloat_FromDouble(hv_bytes_seen()),
        PyLong_FromSize_t(hv_tables_used()),
    };
    return hv_named_tuple(state_type, figures, sizeof figures / sizeof *figures);
}

PyDoc_STRVAR(heal_doc, "sampling_heal() -> bool\n\n"
                       "Whether the hooks are where they were put. If another tool took them away "
                       "they are put back, but\n"
                       "frees were missed: begin again.");

static PyObject *
heal(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyBool_FromLong(!hv_sampler.on || hv_hooks_in());
}

static void
add_length(void *state, const void *data, size_t length)
{
    (void)data;
    *(size_t *)state += length;
}

static void
append(void *state, const void *data, size_t length)
{
    char **at = state;
    memcpy(*at, data, length);
    *at += length;
}

PyDoc_STRVAR(dump_doc,
             "sampling_dump() -> bytes\n\nAll that it knows; allocations/samples.py reads it.");

static PyObject *
dump(PyObject *self, PyObject *unused)
{
    size_t length = 0;
    (void)self;
    (void)unused;
    hv_sampler.resting = 1; /* else the answer itself might be a sample, and not find room in it */
    hv_write_samples(add_length, &length, NULL, NULL);
    PyObject *found = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
    if (found != NULL) {
        char *at = PyBytes_AS_STRING(found);
        hv_write_samples(append, &at, NULL, NULL);
    }
    hv_sampler.resting = 0;
    return found;
}

static int
add_to(PyObject *sums, const char *name, uint32_t length, double bytes)
{
    PyObject *key = PyBytes_FromStringAndSize(name, length), *sum = NULL;
    PyObject *before = key == NULL ? NULL : PyDict_GetItemWithError(sums, key);
    int failed = key == NULL || (before == NULL && PyErr_Occurred());
    if (!failed) {
        sum = PyFloat_FromDouble(bytes + (before == NULL ? 0 : PyFloat_AS_DOUBLE(before)));
        failed = sum == NULL || PyDict_SetItem(sums, key, sum) < 0;
    }
    Py_XDECREF(key);
    Py_XDECREF(sum);
    return failed ? -1 : 0;
}

PyDoc_STRVAR(live_doc,
             "sampling_live() -> {endpoint: bytes} or None\n\n"
             "Estimated bytes alive by the endpoint, in UTF-8, that was served when they were "
             "allocated.\n"
             "What no request allocated is under b''. None while nothing is sampled.");

static PyObject *
live(PyObject *self, PyObject *unused)
{
    static double bytes[HV_MAX_TAGS];
    HvSampler *all = &hv_sampler;
    (void)self;
    (void)unused;
    all->resting = 1;              /* else the answer itself might be a sample */
    PyObject *sums = PyDict_New(); /* it alone may run the collector, and so code that stops us */
    int is_on = all->sample != NULL;
    if (is_on)
        hv_live_bytes(bytes);
    for (uint32_t tag = 0; is_on && sums != NULL && tag < all->tags.count; tag++) {
        HvString *name = &all->texts.string[all->tag[tag].string];
        uint32_t length = all->tag[tag].kind == HV_TAG_ENDPOINT ? name->length : 0;
        if (bytes[tag] > 0 && add_to(sums, all->texts.text + name->at, length, bytes[tag]) < 0)
            Py_CLEAR(sums);
    }
    all->resting = 0;
    if (is_on || sums == NULL)
        return sums;
    Py_DECREF(sums);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(request_doc, "sampling_request(endpoint)\n\n"
                          "A request of that endpoint has begun: what is allocated from now on was "
                          "born in it.");

static PyObject *
request(PyObject *self, PyObject *endpoint)
{
    (void)self;
    hv_request_begun(endpoint);
    hv_native_request_begun(endpoint);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(where_doc, "where() -> [(code, offset), ...]\n\n"
                        "The code that runs now, the innermost first, as the sampler sees it.");

static PyObject *
where(PyObject *self, PyObject *unused)
{
    PyObject *found = PyList_New(0);
    (void)self;
    (void)unused;
    for (HvFrame *frame = hv_top_frame(PyThreadState_Get()); found != NULL && frame != NULL;
         frame = frame->previous) {
        if (!hv_frame_is_python(frame) || _PyFrame_IsIncomplete(frame))
            continue;
        PyObject *row = Py_BuildValue("(Oi)", hv_frame_code(frame), hv_frame_offset(frame));
        if (row == NULL || PyList_Append(found, row) < 0)
            Py_CLEAR(found);
        Py_XDECREF(row);
    }
    return found;
}

int
hv_sampling_types(PyObject *module)
{
    if (state_type == NULL) /* once in a process, however often it is imported */
        state_type = PyStructSequence_NewType(&state_description);
    return state_type == NULL ? -1 : PyModule_AddType(module, state_type);
}

PyMethodDef hv_sampling_methods[] = {
    {"sampling_start", (PyCFunction)(void (*)(void))start, METH_VARARGS | METH_KEYWORDS, start_doc},
    {"sampling_stop", stop, METH_NOARGS, stop_doc},
    {"sampling_freeze", freeze, METH_NOARGS, freeze_doc},
    {"sampling", state, METH_NOARGS, state_doc},
    {"sampling_heal", heal, METH_NOARGS, heal_doc},
    {"sampling_dump", dump, METH_NOARGS, dump_doc},
    {"sampling_live", live, METH_NOARGS, live_doc},
    {"sampling_request", request, METH_O, request_doc},
    {"where", where, METH_NOARGS, where_doc},
    {NULL, NULL, 0, NULL},
};
