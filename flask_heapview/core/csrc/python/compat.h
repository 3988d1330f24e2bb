/* CPython's internals, as far as the walk needs them, one spelling for all versions. What differs
 * between versions stands in compat_311.h and its siblings; a new version gets one of its own. What
 * a version brought and later ones kept stands in since_312.h and its siblings, what older ones had
 * in until_312.h and until_313.h.
 *
 * Read from the internal headers of the interpreter that this is compiled for: layouts are those of
 * that version, and a version that is not known here does not compile. Sources: Include/internal/
 * pycore_{gc,interp,interpframe,frame,dict,object,stackref}.h of 3.11 to 3.15.
 */
#ifndef HEAPVIEW_COMPAT_H
#define HEAPVIEW_COMPAT_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE_MODULE
#define Py_BUILD_CORE_MODULE 1
#endif
#include <Python.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x03100000
#error "flask-heapview's core knows CPython 3.11 to 3.15"
#endif
#ifdef Py_GIL_DISABLED
#error "flask-heapview's core needs the global interpreter lock"
#endif
#if defined(PYPY_VERSION) || !defined(__linux__)
#error "flask-heapview's core is for CPython on Linux"
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wold-style-declaration"
#include "internal/pycore_interp.h"
#include "internal/pycore_gc.h"
#include "internal/pycore_pymem.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_object.h"
#include "internal/pycore_context.h"
#include "internal/pycore_hamt.h"
#include "internal/pycore_code.h"
#include <structmember.h>
#include <time.h>
#pragma GCC diagnostic pop

typedef _PyInterpreterFrame HvFrame;

/* Of an instance: inline values, or a dictionary. */
typedef struct {
    PyDictKeysObject *keys; /* with values: shared keys; NULL with a dictionary, or with nothing */
    PyObject **values;
    PyObject *dict;
} HvAttributes;

/* What differs between versions. Each of these headers defines the same names. */
#if PY_VERSION_HEX >= 0x030F0000
#include "python/compat_315.h"
#elif PY_VERSION_HEX >= 0x030E0000
#include "python/compat_314.h"
#elif PY_VERSION_HEX >= 0x030D0000
#include "python/compat_313.h"
#elif PY_VERSION_HEX >= 0x030C0000
#include "python/compat_312.h"
#else
#include "python/compat_311.h"
#endif

/* --- types whose freed objects are kept in a list, and used again without asking the allocator */

static inline int
hv_is_reused(PyTypeObject *type)
{
    PyTypeObject *const known[] = {&PyList_Type,  &PyDict_Type,    &PyFloat_Type,
                                   &PySlice_Type, &PyContext_Type, HV_MORE_REUSED_TYPES};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i] == type)
            return 1;
    }
    return 0;
}

/* --- the collector's lists */

static inline PyGC_Head *
hv_next(PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_next & ~(uintptr_t)3);
}

static inline PyGC_Head *
hv_prev(PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_prev & ~(uintptr_t)3);
}

#define HV_OBJECT(head) ((PyObject *)((PyGC_Head *)(head) + 1))

/* A type may say that the collector does not know an instance: it does not know static classes. */
static inline int
hv_is_gc(PyObject *op, PyTypeObject *type)
{
    return (type->tp_flags & Py_TPFLAGS_HAVE_GC) && (type->tp_is_gc == NULL || type->tp_is_gc(op));
}

static inline int
hv_tracked(PyObject *op, PyTypeObject *type)
{
    return hv_is_gc(op, type) && ((PyGC_Head *)op - 1)->_gc_next != 0;
}

/* --- dictionaries: 3.15 has a frozen one, which is no subclass, and of the same layout */

static inline int
hv_is_dict_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030F0000
    if (PyType_IsSubtype(type, &PyFrozenDict_Type))
        return 1;
#endif
    return (type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS) != 0;
}

static inline int
hv_is_exact_dict_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030F0000
    if (type == &PyFrozenDict_Type)
        return 1;
#endif
    return type == &PyDict_Type;
}

/* --- an instance's attributes */

static inline PyObject *
hv_plain_dict(PyObject *op, PyTypeObject *type)
{
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0)
        return NULL;
    if (offset < 0) {
        Py_ssize_t size = PyType_HasFeature(type, Py_TPFLAGS_LONG_SUBCLASS)
                              ? (Py_ssize_t)hv_int_digits(op)
                              : Py_SIZE(op);
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, size < 0 ? -size : size);
    }
    return *(PyObject **)((char *)op + offset);
}

static inline HvAttributes
hv_attributes(PyObject *op, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT)
        return hv_managed_attributes(op, type);
    return (HvAttributes){NULL, NULL, hv_plain_dict(op, type)};
}

static inline PyObject *
hv_key(PyDictKeysObject *keys, Py_ssize_t i)
{
    return DK_UNICODE_ENTRIES(keys)[i].me_key;
}

/* --- the bytes in front of an object: an allocator knows it by the address of these */

static inline size_t
hv_before(PyObject *op, PyTypeObject *type)
{
    if (type->tp_is_gc != NULL && !type->tp_is_gc(op)) /* static types alone have that slot */
        return 0;
    return _PyType_PreHeaderSize(type);
}

static inline int64_t
hv_clock(void) /* nanoseconds, monotonic */
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- frames */

/* Whether the collector looks into greenlets that wait: greenlet's traverse function goes through
 * their frames since then. */
#define HV_GREENLETS_VISIT_FRAMES (PY_VERSION_HEX >= 0x030F0000)

static inline PyCodeObject *
hv_frame_code(HvFrame *frame)
{
    PyObject *code = hv_frame_executable(frame);
    return code != NULL && Py_IS_TYPE(code, &PyCode_Type) ? (PyCodeObject *)code : NULL;
}

/* Whether its function left it to the frame object, which visits it from then on. */
static inline int
hv_is_own_frame(HvFrame *frame)
{
    return frame->owner == FRAME_OWNED_BY_FRAME_OBJECT;
}

/* False for the frames by which C calls Python: they have no function and no locals. */
static inline int
hv_frame_is_python(HvFrame *frame)
{
    return !hv_frame_is_entry(frame) && hv_frame_code(frame) != NULL;
}

/* Bytes from the code's begin to the instruction that runs. */
static inline int
hv_frame_offset(HvFrame *frame)
{
    return (int)_PyInterpreterFrame_LASTI(frame) * (int)sizeof(_Py_CODEUNIT);
}

#endif
