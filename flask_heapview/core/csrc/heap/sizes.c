/* sys.getsizeof without calling Python, and for the common types without calling anything. */
#include "heap/core.h"

#include <string.h>

#define WANTS_CLASS (METH_METHOD | METH_FASTCALL | METH_KEYWORDS)

static PyMethodDef *
own_method(PyTypeObject *type)
{
    PyObject *found = hv_type_dict_get(type, "__sizeof__");
    if (found == NULL || !Py_IS_TYPE(found, &PyMethodDescr_Type))
        return NULL;
    PyMethodDef *method = ((PyMethodDescrObject *)found)->d_method;
    return method->ml_flags == METH_NOARGS || method->ml_flags == WANTS_CLASS ? method : NULL;
}

/* The first __sizeof__ in the method resolution order; NULL where that is Python's. */
static PyMethodDef *
find_method(PyTypeObject *type, PyTypeObject **definer)
{
    PyObject *mro = type->tp_mro;
    if (mro == NULL || !PyTuple_Check(mro))
        return NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
        if (PyType_Check(base) && hv_type_dict_get(base, "__sizeof__") != NULL)
            return own_method(*definer = base);
    }
    return NULL;
}

void
hv_find_sizing(HvType *found)
{
    static const struct {
        PyTypeObject *type;
        uint8_t sizing;
    } known[] = {
        {&PyBaseObject_Type, HV_SIZE_OBJECT}, {&PyLong_Type, HV_SIZE_INT},
        {&PyUnicode_Type, HV_SIZE_STR},       {&PyList_Type, HV_SIZE_LIST},
        {&PyDict_Type, HV_SIZE_DICT},         {&PySet_Type, HV_SIZE_SET},
        {&PyFrozenSet_Type, HV_SIZE_SET},
    };
    PyTypeObject *definer = NULL;
    PyMethodDef *method = find_method(found->type, &definer);
    found->base = found->type->tp_basicsize;
    found->sizing = HV_SIZE_OBJECT;
    if (method == NULL)
        return;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        PyMethodDef *theirs = own_method(known[i].type);
        if (theirs != NULL && method->ml_meth == theirs->ml_meth) {
            found->sizing = known[i].sizing;
            return;
        }
    }
    found->sizing = HV_SIZE_CALL;
    found->size_of = method->ml_meth;
    found->size_class = method->ml_flags == WANTS_CLASS ? definer : NULL;
}

static size_t
str_size(PyObject *op)
{
    PyASCIIObject *ascii = (PyASCIIObject *)op;
    size_t length = (size_t)PyUnicode_GET_LENGTH(op), size;
    if (ascii->state.compact && ascii->state.ascii)
        size = sizeof(PyASCIIObject) + length + 1;
    else if (ascii->state.compact)
        size = sizeof(PyCompactUnicodeObject) + (length + 1) * (size_t)PyUnicode_KIND(op);
    else {
        size = sizeof(PyUnicodeObject);
        if (((PyUnicodeObject *)op)->data.any != NULL)
            size += (length + 1) * (size_t)PyUnicode_KIND(op);
    }
    size += hv_str_wide_bytes(op);
    if (!(ascii->state.compact && ascii->state.ascii)) {
        PyCompactUnicodeObject *compact = (PyCompactUnicodeObject *)op;
        if (compact->utf8 != NULL && (void *)compact->utf8 != PyUnicode_DATA(op))
            size += (size_t)compact->utf8_length + 1;
    }
    return size;
}

static size_t
int_size(HvCore *core, PyObject *op)
{
    size_t digits = hv_int_digits(op);
    return digits == 0 ? (size_t)core->offsets.zero_bytes
                       : HV_DIGITS_OFFSET + digits * sizeof(digit);
}

static size_t
object_size(PyObject *op, HvType *type)
{
    Py_ssize_t each = type->type->tp_itemsize;
    size_t size = (size_t)type->base;
    if (each > 0) {
        Py_ssize_t items = PyType_HasFeature(type->type, Py_TPFLAGS_LONG_SUBCLASS)
                               ? (Py_ssize_t)hv_int_digits(op)
                               : Py_SIZE(op);
        size += (size_t)(items < 0 ? -items : items) * (size_t)each;
    }
    return size;
}

static size_t
asked_size(PyObject *op, HvType *type)
{
    PyObject *answer =
        type->size_class == NULL
            ? type->size_of(op, NULL)
            : ((PyCMethod)(void (*)(void))type->size_of)(op, type->size_class, NULL, 0, NULL);
    if (answer == NULL) {
        PyErr_Clear();
        return object_size(op, type);
    }
    Py_ssize_t size = PyLong_CheckExact(answer) ? PyLong_AsSsize_t(answer) : -1;
    Py_DECREF(answer);
    if (size < 0) {
        PyErr_Clear();
        return object_size(op, type);
    }
    return (size_t)size;
}

size_t
hv_size(HvCore *core, PyObject *op, HvType *type)
{
    size_t before = _PyType_PreHeaderSize(type->type);
    if (type->type == &PyType_Type && !(((PyTypeObject *)op)->tp_flags & Py_TPFLAGS_HEAPTYPE))
        before = (size_t)core->offsets.static_header_bytes;
    switch (type->sizing) {
    case HV_SIZE_INT:
        return before + int_size(core, op);
    case HV_SIZE_STR:
        return before + str_size(op);
    case HV_SIZE_LIST:
        return before + (size_t)type->base +
               (size_t)((PyListObject *)op)->allocated * sizeof(PyObject *);
    case HV_SIZE_DICT:
        return before + (size_t)_PyDict_SizeOf((PyDictObject *)op);
    case HV_SIZE_SET: {
        PySetObject *set = (PySetObject *)op;
        size_t table = set->table == set->smalltable ? 0 : (size_t)(set->mask + 1);
        return before + (size_t)type->base + table * sizeof(setentry);
    }
    case HV_SIZE_CALL:
        core->examined_type = type->type;
        return before + asked_size(op, type);
    default:
        return before + object_size(op, type);
    }
}
