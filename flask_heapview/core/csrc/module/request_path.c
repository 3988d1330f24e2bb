/* What nearly every request needs of web/pipeline.py, in a few hundred instructions.
 *
 * A request counts here when all of this holds: its rule is known to be the app's, no reading is
 * due, its endpoint was counted before. Anything else goes to the Python functions, before a thing
 * was changed. Both do the same; what they do is said there.
 */
#include "module/request_path.h"

#include "native/sample.h"
#include "sampler/tags.h"

#include <time.h>
#include <unistd.h>

enum { DISPATCH, END_REQUEST, END_CONTEXT, METHODS };
#define MAX_ARGUMENTS 6 /* of the app's methods: more go the long way */

typedef struct {
    PyObject_HEAD PyObject *app, *service, *history, *counter; /* as web/fast_path.py names them */
    PyObject *current;                                         /* context variables */
    PyObject *ours, *local_call, *serving;
    PyObject *app_rules;
    PyObject *begun_key, *own_tag;
    PyObject *slow;    /* a tuple: the Python functions */
    PyObject *methods; /* a tuple: of each its name in the app's class, or a callable */
} RequestPath;

static PyObject *s_request, *s_url_rule, *s_endpoint, *s_environ, *s_serving, *s_left, *s_due,
    *s_begun, *s_ended, *s_counts;

/* --- small things */

static PyObject *
value_of(PyObject *variable)
{
    PyObject *value = NULL;
    return PyContextVar_Get(variable, NULL, &value) < 0 ? NULL : value;
}

static int
is_set(PyObject *variable)
{
    PyObject *value = value_of(variable);
    Py_XDECREF(value);
    return value != Py_False; /* what cannot be told is looked at in Python */
}

static void
set_variable(PyObject *variable, PyObject *value)
{
    PyObject *token = PyContextVar_Set(variable, value);
    Py_XDECREF(token);
}

static void
step(PyObject *counter)
{
    PyObject *value = PyIter_Next(counter);
    Py_XDECREF(value);
}

static long long
number_of(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    long long number = value != NULL && PyLong_Check(value) ? PyLong_AsLongLong(value) : -1;
    Py_XDECREF(value);
    return number;
}

static long long
now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* --- the app's own method */

static PyObject *
of_the_app(RequestPath *self, int which, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *known = PyTuple_GET_ITEM(self->methods, which), *row[1 + MAX_ARGUMENTS], *answer;
    Py_ssize_t all = count + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    if (!PyUnicode_Check(known))
        return PyObject_Vectorcall(known, args, (size_t)count, names);
    /* monitoring agents may patch the class at any time */
    PyObject *method = PyObject_GetAttr((PyObject *)Py_TYPE(self->app), known);
    if (method == NULL)
        return NULL;
    row[0] = self->app;
    for (Py_ssize_t i = 0; i < all; i++)
        row[1 + i] = args[i];
    answer = PyObject_Vectorcall(method, row, (size_t)count + 1, names);
    Py_DECREF(method);
    return answer;
}

static int
is_long(Py_ssize_t count, PyObject *names)
{
    return count + (names == NULL ? 0 : PyTuple_GET_SIZE(names)) > MAX_ARGUMENTS;
}

static PyObject *
in_python(RequestPath *self, int which, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyErr_Clear();
    return PyObject_Vectorcall(PyTuple_GET_ITEM(self->slow, which), args, (size_t)count, names);
}

/* --- a request begins */

typedef struct {
    PyObject *asked, *rule, *tag, *environ, *counts, *begun;
    PyObject *counter; /* borrowed from the counts */
} Request;

static void
drop(Request *one)
{
    Py_XDECREF(one->asked);
    Py_XDECREF(one->rule);
    Py_XDECREF(one->tag);
    Py_XDECREF(one->environ);
    Py_XDECREF(one->counts);
    Py_XDECREF(one->begun);
}

static PyObject *
current_request(RequestPath *self)
{
    PyObject *context = value_of(self->current);
    PyObject *asked = context == NULL ? NULL : PyObject_GetAttr(context, s_request);
    Py_XDECREF(context);
    return asked;
}

/* Whether its rule is known to lead to none of our pages. The key is the rule's address, as id()
 * gives it. */
static int
is_the_apps(RequestPath *self, PyObject *rule)
{
    PyObject *key = PyLong_FromVoidPtr(rule);
    PyObject *found = key == NULL ? NULL : PyDict_GetItemWithError(self->app_rules, key);
    Py_XDECREF(key);
    return found == rule && !is_set(self->ours);
}

static int
is_time(RequestPath *self)
{
    long long due = number_of(self->history, s_due);
    return number_of(self->service, s_serving) != (long long)getpid() ||
           number_of(self->history, s_left) != 0 || due < 0 || now() >= due;
}

static PyObject *
counter_of(Request *one)
{
    PyObject *row = one->counts == NULL || !PyDict_Check(one->counts)
                        ? NULL
                        : PyDict_GetItemWithError(one->counts, one->tag);
    return row != NULL && PyTuple_Check(row) && PyTuple_GET_SIZE(row) == 2
               ? PyTuple_GET_ITEM(row, 1)
               : NULL;
}

static int
is_usual(RequestPath *self, Request *one)
{
    one->asked = current_request(self);
    one->rule = one->asked == NULL ? NULL : PyObject_GetAttr(one->asked, s_url_rule);
    if (one->rule == NULL || one->rule == Py_None || !is_the_apps(self, one->rule) || is_time(self))
        return 0;
    one->tag = PyObject_GetAttr(one->rule, s_endpoint);
    one->environ = PyObject_GetAttr(one->asked, s_environ);
    one->begun = PyObject_GetAttr(self->history, s_begun);
    one->counts = PyObject_GetAttr(self->counter, s_counts);
    if (one->tag == NULL || !PyUnicode_CheckExact(one->tag) || one->environ == NULL ||
        !PyDict_CheckExact(one->environ) || one->begun == NULL)
        return 0;
    one->counter = counter_of(one);
    return one->counter != NULL;
}

static PyObject *
dispatch(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    RequestPath *self = (RequestPath *)object;
    Request one = {0};
    if (is_long(count, names) || !is_usual(self, &one) ||
        PyDict_SetItem(one.environ, self->begun_key, one.tag) < 0) {
        drop(&one);
        return in_python(self, DISPATCH, args, count, names);
    }
    step(one.begun);
    step(one.counter);
    set_variable(self->serving, one.tag);
    hv_request_begun(one.tag);
    hv_native_request_begun(one.tag);
    PyErr_Clear();
    drop(&one);
    return of_the_app(self, DISPATCH, args, count, names);
}

/* --- and ends */

/* Whether one of the app's was counted at its begin, and is now taken off. */
static int
take_begun(RequestPath *self)
{
    PyObject *asked = current_request(self);
    PyObject *environ = asked == NULL ? NULL : PyObject_GetAttr(asked, s_environ);
    PyObject *tag = environ == NULL || !PyDict_CheckExact(environ)
                        ? NULL
                        : PyDict_GetItemWithError(environ, self->begun_key);
    int counted =
        tag != NULL && tag != self->own_tag && PyDict_DelItem(environ, self->begun_key) == 0;
    Py_XDECREF(environ);
    Py_XDECREF(asked);
    return counted;
}

static void
note_end(RequestPath *self)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    set_variable(self->serving, Py_None);
    hv_native_request_ended();
    PyObject *ended = PyObject_GetAttr(self->history, s_ended);
    if (ended != NULL)
        step(ended);
    Py_XDECREF(ended);
    PyErr_Restore(type, value, trace);
}

static PyObject *
end_request(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    RequestPath *self = (RequestPath *)object;
    if (is_long(count, names) || is_set(self->local_call) || !take_begun(self))
        return in_python(self, END_REQUEST, args, count, names);
    PyObject *answer = of_the_app(self, END_REQUEST, args, count, names);
    note_end(self);
    return answer;
}

static PyObject *
end_context(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    RequestPath *self = (RequestPath *)object;
    if (is_long(count, names) || is_set(self->local_call) || is_set(self->ours))
        return in_python(self, END_CONTEXT, args, count, names);
    return of_the_app(self, END_CONTEXT, args, count, names);
}

/* --- the type */

static int
traverse(PyObject *object, visitproc visit, void *arg)
{
    RequestPath *self = (RequestPath *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->app);
    Py_VISIT(self->service);
    Py_VISIT(self->history);
    Py_VISIT(self->counter);
    Py_VISIT(self->current);
    Py_VISIT(self->ours);
    Py_VISIT(self->local_call);
    Py_VISIT(self->serving);
    Py_VISIT(self->app_rules);
    Py_VISIT(self->slow);
    Py_VISIT(self->methods);
    return 0;
}

static void
drop_path(PyObject *object)
{
    RequestPath *self = (RequestPath *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_XDECREF(self->app);
    Py_XDECREF(self->service);
    Py_XDECREF(self->history);
    Py_XDECREF(self->counter);
    Py_XDECREF(self->current);
    Py_XDECREF(self->ours);
    Py_XDECREF(self->local_call);
    Py_XDECREF(self->serving);
    Py_XDECREF(self->app_rules);
    Py_XDECREF(self->begun_key);
    Py_XDECREF(self->own_tag);
    Py_XDECREF(self->slow);
    Py_XDECREF(self->methods);
    type->tp_free(object);
    Py_DECREF(type);
}

static int
take(RequestPath *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"app",     "service", "history",    "counter", "current",
                            "ours",    "serving", "local_call", "rules",   "begun_key",
                            "own_tag", "slow",    "methods",    NULL};
    PyObject **parts[] = {&self->app,       &self->service,   &self->history, &self->counter,
                          &self->current,   &self->ours,      &self->serving, &self->local_call,
                          &self->app_rules, &self->begun_key, &self->own_tag, &self->slow,
                          &self->methods};
    PyObject *given[sizeof parts / sizeof *parts];
    if (!PyArg_ParseTupleAndKeywords(
            args, keywords, "$OOOOOOOOO!UUO!O!", names, &given[0], &given[1], &given[2], &given[3],
            &given[4], &given[5], &given[6], &given[7], &PyDict_Type, &given[8], &given[9],
            &given[10], &PyTuple_Type, &given[11], &PyTuple_Type, &given[12]))
        return -1;
    for (int i = 4; i < 8; i++) {
        if (!PyContextVar_CheckExact(given[i])) {
            PyErr_Format(PyExc_TypeError, "%s must be a ContextVar", names[i]);
            return -1;
        }
    }
    if (PyTuple_GET_SIZE(given[11]) != METHODS || PyTuple_GET_SIZE(given[12]) != METHODS) {
        PyErr_Format(PyExc_ValueError, "slow and methods must have %d items", METHODS);
        return -1;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i] = Py_NewRef(given[i]);
    return 0;
}

static PyObject *
make(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    RequestPath *self = (RequestPath *)type->tp_alloc(type, 0);
    if (self != NULL && take(self, args, keywords) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

#define METHOD(name, doc)                                                                          \
    {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL | METH_KEYWORDS, doc}

static PyMethodDef methods[] = {
    METHOD(dispatch, "In place of the app's full_dispatch_request."),
    METHOD(end_request, "In place of its do_teardown_request."),
    METHOD(end_context, "In place of its do_teardown_appcontext."),
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(type_doc,
             "RequestPath(*, app, service, history, counter, current, ours, serving, local_call, "
             "rules, begun_key, own_tag, slow, methods)\n\n"
             "Stands in front of an app's pipeline. Raises TypeError, ValueError.");

/* No tp_clear: a request may be on its way through. The app's dictionary breaks the circle. */
static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)type_doc}, {Py_tp_new, make},        {Py_tp_dealloc, drop_path},
    {Py_tp_traverse, traverse},    {Py_tp_methods, methods}, {0, NULL},
};

static PyType_Spec spec = {
    .name = "flask_heapview.core._core.RequestPath",
    .basicsize = sizeof(RequestPath),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

static int
name_attributes(void)
{
    static const struct {
        PyObject **at;
        const char *name;
    } names[] = {
        {&s_request, "request"}, {&s_url_rule, "url_rule"}, {&s_endpoint, "endpoint"},
        {&s_environ, "environ"}, {&s_serving, "_serving"},  {&s_left, "_left"},
        {&s_due, "_due"},        {&s_begun, "_begun"},      {&s_ended, "_ended"},
        {&s_counts, "_counts"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (*names[i].at == NULL) /* once in a process */
            *names[i].at = PyUnicode_InternFromString(names[i].name);
        if (*names[i].at == NULL)
            return -1;
    }
    return 0;
}

int
hv_request_path_types(PyObject *module)
{
    PyObject *type = name_attributes() < 0 ? NULL : PyType_FromModuleAndSpec(module, &spec, NULL);
    int failed = type == NULL || PyModule_AddType(module, (PyTypeObject *)type) < 0;
    Py_XDECREF(type);
    return failed ? -1 : 0;
}
