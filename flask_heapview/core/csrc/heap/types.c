/* What is known of a type, worked out once: its kind, its members, how its size is found. */
#include "heap/core.h"

#include <string.h>

static uint8_t
place_in(const char **names, const char *name)
{
    for (int i = 0; names != NULL && names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return (uint8_t)(i + 1);
    }
    return 0;
}

/* Whether it is a cache, or holds something open, by its own name or that of a base. */
static void
recognise(HvCore *core, HvType *found)
{
    PyObject *mro = found->type->tp_mro;
    char name[400];
    Py_ssize_t count = mro != NULL && PyTuple_Check(mro) ? PyTuple_GET_SIZE(mro) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *base = PyTuple_GET_ITEM(mro, i);
        if (!PyType_Check(base))
            continue;
        hv_full_name((PyTypeObject *)base, name, sizeof name);
        if (found->cache == 0)
            found->cache = place_in(core->cache_names, name);
        if (found->resource == 0)
            found->resource = place_in(core->resource_names, name);
        found->visits_frames |= HV_GREENLETS_VISIT_FRAMES && strcmp(name, "greenlet.greenlet") == 0;
    }
}

static int
is_of_code(PyTypeObject *type)
{
    return type == &PyCFunction_Type || type == &PyGetSetDescr_Type ||
           type == &PyMemberDescr_Type || type == &PyMethodDescr_Type ||
           type == &PyWrapperDescr_Type || type == &PyClassMethodDescr_Type;
}

static uint8_t
kind_of(HvCore *core, PyTypeObject *type)
{
    if (type == &PyCode_Type)
        return HV_KIND_CODE;
    if (!(type->tp_flags & Py_TPFLAGS_HAVE_GC))
        return HV_KIND_ATOM;
    if (type == &PyList_Type)
        return HV_KIND_LIST;
    if (type == &PyTuple_Type)
        return HV_KIND_TUPLE;
    if (hv_is_dict_type(type))
        return HV_KIND_DICT;
    if (type == &PySet_Type || type == &PyFrozenSet_Type)
        return HV_KIND_SET;
    if (type->tp_flags & Py_TPFLAGS_TYPE_SUBCLASS)
        return HV_KIND_CLASS;
    if (type == &PyModule_Type || PyType_IsSubtype(type, &PyModule_Type))
        return HV_KIND_MODULE;
    if (type == &PyFunction_Type)
        return HV_KIND_FUNCTION;
    if (is_of_code(type))
        return HV_KIND_PART_OF_CODE;
    if (type == &PyFrame_Type)
        return HV_KIND_FRAME;
    if (type == &PyGen_Type || type == &PyCoro_Type || type == &PyAsyncGen_Type)
        return HV_KIND_GENERATOR;
    if (type->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS)
        return HV_KIND_EXCEPTION;
    return type == core->context_type ? HV_KIND_CONTEXT : HV_KIND_PLAIN;
}

static uint8_t
length_of(HvCore *core, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_LIST_SUBCLASS)
        return HV_LENGTH_LIST;
    if (hv_is_dict_type(type))
        return HV_LENGTH_DICT;
    if (PyType_IsSubtype(type, &PySet_Type))
        return HV_LENGTH_SET;
    if (core->deque_type != NULL && PyType_IsSubtype(type, core->deque_type))
        return HV_LENGTH_DEQUE;
    if (core->lru_type != NULL && PyType_IsSubtype(type, core->lru_type))
        return HV_LENGTH_LRU;
    return HV_NO_LENGTH;
}

static PyMemberDef *
members_of(PyTypeObject *type, Py_ssize_t *count)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        *count = Py_SIZE(type);
        return (PyMemberDef *)((char *)type + Py_TYPE(type)->tp_basicsize);
    }
    *count = 0;
    while (type->tp_members != NULL && type->tp_members[*count].name != NULL)
        ++*count;
    return type->tp_members;
}

static int
is_object(const PyMemberDef *member)
{
    return (member->type == T_OBJECT || member->type == T_OBJECT_EX) && member->name != NULL;
}

/* The slots of a class in Python are named as its maker pleased, members of C classes by C code. */
static uint8_t
form_of_members(PyTypeObject *type)
{
    int slots =
        (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 && ((PyHeapTypeObject *)type)->ht_slots != NULL;
    return slots ? HV_FORM_ATTRIBUTE_IF_SAID : HV_FORM_ATTRIBUTE;
}

/* The str of a member's name: its descriptor's, which lives as long as the class. */
static PyObject *
name_of(PyTypeObject *type, const PyMemberDef *member)
{
    PyObject *descriptor = hv_type_dict_get(type, member->name);
    if (descriptor == NULL || !Py_IS_TYPE(descriptor, &PyMemberDescr_Type))
        return NULL;
    return ((PyDescrObject *)descriptor)->d_name;
}

static void
add_members(HvCore *core, HvType *found, PyTypeObject *type)
{
    Py_ssize_t count;
    PyMemberDef *members = members_of(type, &count);
    for (Py_ssize_t i = 0; i < count && found->members < UINT16_MAX; i++) {
        if (!is_object(&members[i]))
            continue;
        PyObject *name = name_of(type, &members[i]);
        HvMember *member = &found->member[found->members++];
        member->offset = members[i].offset;
        member->label =
            name == NULL ? HV_LABEL_UNNAMED : hv_label(core, form_of_members(type), name);
    }
}

/* Slots, and the members that C classes publish: object references at known places. */
static void
find_members(HvCore *core, HvType *found)
{
    size_t total = 0;
    for (PyTypeObject *type = found->type; type != NULL; type = type->tp_base) {
        Py_ssize_t count;
        PyMemberDef *members = members_of(type, &count);
        for (Py_ssize_t i = 0; i < count; i++)
            total += (size_t)is_object(&members[i]);
    }
    if (total == 0)
        return;
    found->member = hv_arena_alloc(&core->arena, total * sizeof *found->member);
    for (PyTypeObject *type = found->type; type != NULL; type = type->tp_base)
        add_members(core, found, type);
}

/* Whether slots, dictionary and class are all that an instance refers to. */
static uint8_t
is_exact(HvCore *core, PyTypeObject *type)
{
    if (core->subtype_traverse == NULL || type->tp_traverse != core->subtype_traverse)
        return 0;
    for (PyTypeObject *base = type; base != NULL; base = base->tp_base) {
        if (base->tp_traverse != NULL && base->tp_traverse != core->subtype_traverse)
            return 0;
        if (base->tp_traverse == NULL && base != &PyBaseObject_Type)
            return 0;
    }
    return 1;
}

static uint8_t
is_interlinked(HvType *found)
{
    PyTypeObject *type = found->type;
    return found->kind == HV_KIND_CLASS || found->kind == HV_KIND_MODULE ||
           found->kind == HV_KIND_FUNCTION || found->kind == HV_KIND_CODE ||
           found->kind == HV_KIND_PART_OF_CODE || found->kind == HV_KIND_FRAME ||
           type == &PyDictProxy_Type || type == &PyProperty_Type || type == &PyStaticMethod_Type ||
           type == &PyClassMethod_Type;
}

HvType *
hv_new_type(HvCore *core, PyTypeObject *type)
{
    int fresh;
    uint32_t *slot = hv_table_slot(&core->type_table, (uint64_t)(uintptr_t)type, &fresh);
    if (!fresh)
        return HV_AT(&core->types, HvType *, *slot);
    HvType *found = hv_arena_alloc(&core->arena, sizeof *found);
    found->type = type;
    found->number = *slot = (uint32_t)core->types.count;
    *(HvType **)hv_array_push(&core->types) = found;
    found->kind = kind_of(core, type);
    found->length = length_of(core, type);
    found->may_have_dict =
        type->tp_dictoffset != 0 || (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
    if (found->kind >= HV_KIND_PLAIN || found->kind == HV_KIND_ATOM)
        find_members(core, found);
    if (found->members != 0 && found->kind == HV_KIND_ATOM)
        found->kind =
            HV_KIND_PLAIN; /* slices and ranges: not tracked, and yet they refer to others */
    found->exact = found->kind == HV_KIND_PLAIN && is_exact(core, type);
    found->interlinked = is_interlinked(found);
    found->reused = (uint8_t)hv_is_reused(type);
    recognise(core, found);
    hv_find_sizing(found);
    return found;
}

/* Whether it still holds its resource. The first word behind the header tells: see HV_SIGN_. */
int
hv_is_open(HvCore *core, PyObject *op, HvType *type)
{
    switch (core->resource_signs[type->resource - 1]) {
    case HV_SIGN_DESCRIPTOR:
        return *(int *)(op + 1) >= 0;
    case HV_SIGN_POINTER:
        return *(void **)(op + 1) != NULL;
    default:
        return 1;
    }
}
