#include "module/objects.h"
#include "module/arguments.h"

/* --- what the self-check asks */

static void
add_address(void *list, PyObject *child, uint32_t label, Py_ssize_t place)
{
    PyObject *address = PyLong_FromVoidPtr(child);
    (void)label;
    (void)place;
    if (address == NULL || PyList_Append(list, address) < 0)
        PyErr_Clear();
    Py_XDECREF(address);
}

static PyObject *
look_at(HvWalk *walk, void *state)
{
    PyObject *op = state, *addresses = PyList_New(0);
    if (addresses == NULL)
        return NULL;
    HvType *type = hv_type_of(&walk->core, op);
    hv_edges(&walk->core, op, type, add_address, addresses);
    return Py_BuildValue("nN", (Py_ssize_t)hv_size(&walk->core, op, type), addresses);
}

PyDoc_STRVAR(look_doc,
             "look(type_table, obj) -> (size, addresses)\n\n"
             "An object's size in bytes and the addresses of what it refers to, as the walk sees\n"
             "them. Raises MemoryError.");

static PyObject *
look(PyObject *Py_UNUSED(self), PyObject *args)
{
    HvWalkArguments given = {0};
    PyObject *op;
    if (!PyArg_ParseTuple(args, "O!O", &PyTuple_Type, &given.type_table, &op))
        return NULL;
    return hv_with_walk(&given, look_at, op);
}

PyDoc_STRVAR(tracked_doc,
             "tracked() -> int\n\n"
             "How many objects stand in the collector's lists, the permanent generation included.");

static PyObject *
tracked(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(unused))
{
    PyGC_Head *heads[HV_GENERATIONS];
    Py_ssize_t total = 0;
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
traceback_of(PyObject *Py_UNUSED(self), PyObject *address)
{
    void *block = PyLong_AsVoidPtr(address);
    if (block == NULL && PyErr_Occurred())
        return NULL;
    return _PyTraceMalloc_GetTraceback(0, (uintptr_t)block);
}

PyDoc_STRVAR(words_doc,
             "words(obj) -> tuple of int\n\n"
             "The machine words of an object's fixed part, by which its layout is found out.");

static PyObject *
words(PyObject *Py_UNUSED(self), PyObject *op)
{
    Py_ssize_t count = Py_TYPE(op)->tp_basicsize / (Py_ssize_t)sizeof(Py_ssize_t);
    PyObject *found = PyTuple_New(count);
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

PyMethodDef hv_object_methods[] = {
    {"look", look, METH_VARARGS, look_doc},
    {"tracked", tracked, METH_NOARGS, tracked_doc},
    {"traceback_of", traceback_of, METH_O, traceback_of_doc},
    {"words", words, METH_O, words_doc},
    {NULL, NULL, 0, NULL},
};
