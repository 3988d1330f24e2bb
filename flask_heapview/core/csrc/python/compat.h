/* CPython's internals, as far as the walk needs them, one spelling for all versions.
 *
 * Read from the internal headers of the interpreter that this is compiled for: layouts are those of
 * that version, and a version that is not known here does not compile. Sources: Include/internal/
 * pycore_{gc,interp,frame,dict,object}.h of 3.11 to 3.14.
 */
#ifndef HEAPVIEW_COMPAT_H
#define HEAPVIEW_COMPAT_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_BUILD_CORE_MODULE
#define Py_BUILD_CORE_MODULE 1
#endif
#include <Python.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030F0000
#error "flask-heapview's core knows CPython 3.11 to 3.14"
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
#if PY_VERSION_HEX >= 0x030E0000
#include "internal/pycore_interpframe.h"
#include "internal/pycore_genobject.h"
#include "internal/pycore_stackref.h"
#endif
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

/* --- the collector's lists: all generations, the permanent one last */

static inline int
hv_generations(PyInterpreterState *interp, PyGC_Head **heads)
{
    struct _gc_runtime_state *gc = &interp->gc;
    int n = 0;
#if PY_VERSION_HEX >= 0x030E0000
    heads[n++] = &gc->young.head;
    heads[n++] = &gc->old[0].head;
    heads[n++] = &gc->old[1].head;
#else
    for (int i = 0; i < NUM_GENERATIONS; i++)
        heads[n++] = &gc->generations[i].head;
#endif
    heads[n++] = &gc->permanent_generation.head;
    return n;
}

#define HV_GENERATIONS 4

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

/* A type may say of single instances that they are not for the collector: static classes are not.
 */
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

/* --- an instance's attributes: inline values, or a dictionary */

typedef struct {
    PyDictKeysObject
        *keys; /* with values: shared keys; NULL when there is a dictionary, or nothing */
    PyObject **values;
    PyObject *dict;
} HvAttributes;

static inline PyObject *
hv_plain_dict(PyObject *op, PyTypeObject *type)
{
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset == 0)
        return NULL;
    if (offset < 0) {
        Py_ssize_t size = Py_SIZE(op);
        if (PyType_HasFeature(type, Py_TPFLAGS_LONG_SUBCLASS)) {
#if PY_VERSION_HEX >= 0x030C0000
            size = (Py_ssize_t)(((PyLongObject *)op)->long_value.lv_tag >> 3);
#endif
        }
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, size < 0 ? -size : size);
    }
    return *(PyObject **)((char *)op + offset);
}

static inline HvAttributes
hv_attributes(PyObject *op, PyTypeObject *type)
{
    HvAttributes found = {NULL, NULL, NULL};
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        found.dict = hv_plain_dict(op, type);
        return found;
    }
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
#if PY_VERSION_HEX >= 0x030D0000
    found.dict = (PyObject *)_PyObject_ManagedDictPointer(op)->dict;
    if (found.dict == NULL && (type->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        PyDictValues *values = _PyObject_InlineValues(op);
        if (values->valid && keys != NULL) {
            found.keys = keys;
            found.values = values->values;
        }
    }
#elif PY_VERSION_HEX >= 0x030C0000
    PyDictOrValues both = *_PyObject_DictOrValuesPointer(op);
    if (!_PyDictOrValues_IsValues(both))
        found.dict = _PyDictOrValues_GetDict(both);
    else if (keys != NULL) {
        found.keys = keys;
        found.values = _PyDictOrValues_GetValues(both)->values;
    }
#else
    PyDictValues *values = *_PyObject_ValuesPointer(op);
    if (values != NULL && keys != NULL) {
        found.keys = keys;
        found.values = values->values;
    } else
        found.dict = *_PyObject_ManagedDictPointer(op);
#endif
    return found;
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

static inline int
hv_is_ending(void)
{
#if PY_VERSION_HEX >= 0x030D0000
    return Py_IsFinalizing();
#else
    return _Py_IsFinalizing();
#endif
}

/* --- frames */

static inline HvFrame *
hv_top_frame(PyThreadState *thread)
{
#if PY_VERSION_HEX >= 0x030D0000
    return thread->current_frame;
#else
    return thread->cframe == NULL ? NULL : thread->cframe->current_frame;
#endif
}

static inline PyCodeObject *
hv_frame_code(HvFrame *frame)
{
    PyObject *code;
#if PY_VERSION_HEX >= 0x030E0000
    code = PyStackRef_AsPyObjectBorrow(frame->f_executable);
#elif PY_VERSION_HEX >= 0x030D0000
    code = frame->f_executable;
#else
    code = (PyObject *)frame->f_code;
#endif
    return code != NULL && Py_IS_TYPE(code, &PyCode_Type) ? (PyCodeObject *)code : NULL;
}

static inline PyObject *
hv_frame_function(HvFrame *frame)
{
#if PY_VERSION_HEX >= 0x030E0000
    return PyStackRef_AsPyObjectBorrow(frame->f_funcobj);
#elif PY_VERSION_HEX >= 0x030C0000
    return frame->f_funcobj;
#else
    return (PyObject *)frame->f_func;
#endif
}

/* False for the frames by which C calls Python: they have no function and no locals. */
static inline int
hv_frame_is_python(HvFrame *frame)
{
#if PY_VERSION_HEX >= 0x030E0000
    if (frame->owner >= FRAME_OWNED_BY_INTERPRETER)
        return 0;
#elif PY_VERSION_HEX >= 0x030C0000
    if (frame->owner == FRAME_OWNED_BY_CSTACK)
        return 0;
#endif
    return hv_frame_code(frame) != NULL;
}

/* Bytes from the code's begin to the instruction that runs. */
static inline int
hv_frame_offset(HvFrame *frame)
{
    return (int)_PyInterpreterFrame_LASTI(frame) * (int)sizeof(_Py_CODEUNIT);
}

static inline PyObject *
hv_frame_local(HvFrame *frame, int i)
{
#if PY_VERSION_HEX >= 0x030E0000
    _PyStackRef ref = frame->localsplus[i];
    return PyStackRef_IsNull(ref) ? NULL : PyStackRef_AsPyObjectBorrow(ref);
#else
    return frame->localsplus[i];
#endif
}

static inline HvFrame *
hv_suspended(PyObject *op)
{
    PyGenObject *gen = (PyGenObject *)op;
    if (gen->gi_frame_state >= FRAME_COMPLETED)
        return NULL;
#if PY_VERSION_HEX >= 0x030E0000
    return &gen->gi_iframe;
#else
    return (HvFrame *)gen->gi_iframe;
#endif
}

#endif
