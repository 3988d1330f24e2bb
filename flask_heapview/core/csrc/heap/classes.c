/* A class by itself: its namespace, and its full name. */
#include "heap/core.h"

#include <string.h>

/* The value under a name, borrowed; NULL where there is none. No key is asked whether it equals. */
PyObject *
hv_dict_get(PyObject *dict, const char *name)
{
    PyObject *key, *value;
    Py_ssize_t at = 0, length = (Py_ssize_t)strlen(name);
    if (dict == NULL || !PyDict_Check(dict))
        return NULL;
    while (PyDict_Next(dict, &at, &key, &value)) {
        if (PyUnicode_CheckExact(key) && PyUnicode_IS_COMPACT_ASCII(key) &&
            PyUnicode_GET_LENGTH(key) == length && memcmp(PyUnicode_DATA(key), name, length) == 0)
            return value;
    }
    return NULL;
}

/* The value under a name in a class's own namespace, likewise. */
PyObject *
hv_type_dict_get(PyTypeObject *type, const char *name)
{
    return hv_dict_get(hv_type_dict(type), name);
}

int
hv_full_name(PyTypeObject *type, char *buffer, size_t room)
{
    size_t used = 0;
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        used = strnlen(type->tp_name, room - 1);
        memcpy(buffer, type->tp_name, used);
        buffer[used] = 0;
        return (int)used;
    }
    PyObject *module = hv_type_dict_get(type, "__module__");
    PyObject *name = ((PyHeapTypeObject *)type)->ht_qualname;
    if (module != NULL && PyUnicode_CheckExact(module)) {
        used = hv_utf8(module, buffer, room / 2);
        if (used == 8 && memcmp(buffer, "builtins", 8) == 0)
            used = 0;
        else
            buffer[used++] = '.';
    }
    if (name != NULL && PyUnicode_CheckExact(name))
        used += hv_utf8(name, buffer + used, room - used - 1);
    buffer[used] = 0;
    return (int)used;
}
