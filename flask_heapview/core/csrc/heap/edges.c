/* The references that leave an object, each with the name by which a person would search for it. */
#include "heap/core.h"

#define PREFETCHED_OBJECTS 8 /* items of a list that are fetched before they are looked at */

typedef struct {
    HvEdge edge;
    void *state;
    uint32_t label;
} Traversal;

static int
visit_traversed(PyObject *child, void *arg)
{
    Traversal *traversal = arg;
    if (child != NULL)
        traversal->edge(traversal->state, child, traversal->label, -1);
    return 0;
}

void
hv_traverse(HvCore *core, PyObject *op, visitproc visit, void *state)
{
    PyTypeObject *type = Py_TYPE(op);
    if (type->tp_traverse == NULL || !hv_is_gc(op, type))
        return;
    core->examined_type = type;
    type->tp_traverse(op, visit, state);
}

static void
traversed_edges(HvCore *core, PyObject *op, uint32_t label, HvEdge edge, void *state)
{
    Traversal traversal = {edge, state, label};
    hv_traverse(core, op, visit_traversed, &traversal);
}

static void
array_edges(PyObject **items, Py_ssize_t count, HvEdge edge, void *state)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (i + PREFETCHED_OBJECTS < count && items[i + PREFETCHED_OBJECTS] != NULL)
            __builtin_prefetch((char *)items[i + PREFETCHED_OBJECTS] - 16);
        if (items[i] != NULL)
            edge(state, items[i], HV_LABEL_ITEM, i);
    }
}

static void
key_edges(PyObject *dict, uint32_t label, HvEdge edge, void *state)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &key, &value))
        edge(state, key, label, -1);
}

static void
dict_edges(HvCore *core, PyObject *dict, HvEdge edge, void *state)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    int named = hv_may_have_named_keys(core, dict);
    while (PyDict_Next(dict, &at, &key, &value))
        edge(state, value, named ? hv_entry_label(core, key) : HV_LABEL_VALUE, -1);
    key_edges(dict, HV_LABEL_KEY, edge, state);
}

static void
set_edges(PyObject *op, HvEdge edge, void *state)
{
    PySetObject *set = (PySetObject *)op;
    for (Py_ssize_t i = 0; i <= set->mask; i++) {
        setentry *entry = &set->table[i];
        if (entry->key != NULL && entry->hash != -1) /* that hash marks what was taken out */
            edge(state, entry->key, HV_LABEL_ITEM, -1);
    }
}

/* The values of a namespace, each under its name: the first names, up to the place `own`, are
 * certain. The names themselves are nobody's growth. */
static void
named_edges(HvCore *core, PyObject *dict, Py_ssize_t own, uint8_t kind, HvEdge edge, void *state)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    if (dict == NULL || !PyDict_Check(dict))
        return;
    while (PyDict_Next(dict, &at, &key, &value))
        edge(state, value, hv_label(core, at <= own ? HV_FORM_ATTRIBUTE : kind, key), -1);
    key_edges(dict, HV_LABEL_CODE, edge, state);
}

static void
namespace_edges(HvCore *core, PyObject *dict, uint8_t kind, HvEdge edge, void *state)
{
    named_edges(core, dict, 0, kind, edge, state);
}

static void
module_edges(HvCore *core, PyObject *op, HvEdge edge, void *state)
{
    PyObject *dict = PyModule_GetDict(op);
    named_edges(core, dict, hv_own_names(core, dict), HV_FORM_ATTRIBUTE_IF_SAID, edge, state);
    traversed_edges(core, op, HV_LABEL_REF, edge, state);
}

static void
attribute_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state)
{
    HvAttributes found = hv_attributes(op, type->type);
    if (found.values != NULL) {
        for (Py_ssize_t i = 0; i < found.keys->dk_nentries; i++) {
            if (found.values[i] != NULL)
                edge(state, found.values[i],
                     hv_label(core, HV_FORM_ATTRIBUTE_IF_SAID, hv_key(found.keys, i)), -1);
        }
    } else if (found.dict != NULL) {
        edge(state, found.dict, HV_LABEL_DICT, -1);
        namespace_edges(core, found.dict, HV_FORM_ATTRIBUTE_IF_SAID, edge, state);
    }
}

static void
member_edges(PyObject *op, HvType *type, HvEdge edge, void *state)
{
    for (int i = 0; i < type->members; i++) {
        PyObject *child = *(PyObject **)((char *)op + type->member[i].offset);
        if (child != NULL)
            edge(state, child, type->member[i].label, -1);
    }
}

static void
instance_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state)
{
    member_edges(op, type, edge, state);
    if (type->may_have_dict)
        attribute_edges(core, op, type, edge, state);
    if (type->exact)
        edge(state, (PyObject *)type->type, HV_LABEL_TYPE, -1);
    else
        traversed_edges(core, op, HV_LABEL_ITEM, edge, state);
}

static void
code_edge(PyObject *child, HvEdge edge, void *state)
{
    if (child != NULL)
        edge(state, child, HV_LABEL_CODE, -1);
}

/* What a class holds past its traverse function: its names, and those of its instances' values. */
static void
heap_class_edges(PyHeapTypeObject *type, HvEdge edge, void *state)
{
    PyDictKeysObject *keys = type->ht_cached_keys;
    code_edge(type->ht_name, edge, state);
    code_edge(type->ht_qualname, edge, state);
    code_edge(type->ht_slots, edge, state);
    if (keys == NULL)
        return;
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++)
        code_edge(hv_key(keys, i), edge, state);
}

static void
class_edges(HvCore *core, PyObject *op, HvEdge edge, void *state)
{
    PyTypeObject *type = (PyTypeObject *)op;
    PyObject *dict = hv_type_dict(type);
    namespace_edges(core, dict,
                    type->tp_flags & Py_TPFLAGS_HEAPTYPE ? HV_FORM_ATTRIBUTE_IF_SAID
                                                         : HV_FORM_ATTRIBUTE,
                    edge, state);
    if (dict != NULL)
        edge(state, dict, HV_LABEL_DICT, -1);
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
        heap_class_edges((PyHeapTypeObject *)op, edge, state);
    traversed_edges(core, op, HV_LABEL_REF, edge, state);
}

static void
function_edges(HvCore *core, PyObject *op, HvEdge edge, void *state)
{
    PyFunctionObject *function = (PyFunctionObject *)op;
    PyObject *cells = function->func_closure;
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    if (cells != NULL && PyTuple_CheckExact(cells) && code != NULL) {
        int first = code->co_nlocalsplus - code->co_nfreevars;
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(cells) && i < code->co_nfreevars; i++) {
            PyObject *cell = PyTuple_GET_ITEM(cells, i);
            PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, first + i);
            if (cell != NULL)
                edge(state, cell, hv_label(core, HV_FORM_CLOSURE, name), -1);
        }
    }
    namespace_edges(core, function->func_dict, HV_FORM_ATTRIBUTE_IF_SAID, edge, state);
    namespace_edges(core, function->func_kwdefaults, HV_FORM_ATTRIBUTE_IF_SAID, edge, state);
    traversed_edges(core, op, HV_LABEL_CODE, edge, state);
}

/* Code objects have no traverse function: their parts have to be named. */
static void
code_edges(HvCore *core, PyObject *op, HvEdge edge, void *state)
{
    PyCodeObject *code = (PyCodeObject *)op;
    hv_note_code(core, code);
    code_edge(code->co_consts, edge, state);
    code_edge(code->co_names, edge, state);
    code_edge(code->co_exceptiontable, edge, state);
    code_edge(code->co_localsplusnames, edge, state);
    code_edge(code->co_localspluskinds, edge, state);
    code_edge(code->co_filename, edge, state);
    code_edge(code->co_name, edge, state);
    code_edge(code->co_qualname, edge, state);
    code_edge(code->co_linetable, edge, state);
    hv_visit_code_cache(code, visit_traversed, &(Traversal){edge, state, HV_LABEL_CODE});
}

void
hv_frame_edges(HvCore *core, HvFrame *frame, HvEdge edge, void *state)
{
    PyCodeObject *code = hv_frame_code(frame);
    if (code == NULL)
        return;
    code_edge((PyObject *)code, edge, state);
    code_edge(hv_frame_function(frame), edge, state);
    for (int i = 0; i < code->co_nlocalsplus; i++) {
        PyObject *value = hv_frame_local(frame, i);
        if (value != NULL)
            edge(state, value,
                 hv_label(core, HV_FORM_LOCAL, PyTuple_GET_ITEM(code->co_localsplusnames, i)), -1);
    }
    if (frame->f_locals != NULL && PyDict_CheckExact(frame->f_locals))
        namespace_edges(core, frame->f_locals, HV_FORM_LOCAL_IF_SAID, edge, state);
    code_edge(frame->f_locals, edge, state);
    code_edge((PyObject *)frame->frame_obj, edge, state);
}

static void
exception_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state)
{
    PyBaseExceptionObject *error = (PyBaseExceptionObject *)op;
    struct {
        PyObject *child;
        uint32_t label;
    } known[] = {
        {error->args, HV_LABEL_ARGS},           {error->notes, HV_LABEL_NOTES},
        {error->traceback, HV_LABEL_TRACEBACK}, {error->context, HV_LABEL_CONTEXT},
        {error->cause, HV_LABEL_CAUSE},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].child != NULL)
            edge(state, known[i].child, known[i].label, -1);
    }
    instance_edges(core, op, type, edge, state);
}

/* The kinds that are rarer: what belongs to code, and what holds a frame. */
static void
code_related_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state)
{
    HvFrame *frame;
    switch (type->kind) {
    case HV_KIND_MODULE:
        module_edges(core, op, edge, state);
        return;
    case HV_KIND_CLASS:
        class_edges(core, op, edge, state);
        return;
    case HV_KIND_FUNCTION:
        function_edges(core, op, edge, state);
        return;
    case HV_KIND_CODE:
        code_edges(core, op, edge, state);
        return;
    case HV_KIND_PART_OF_CODE:
        traversed_edges(core, op, HV_LABEL_CODE, edge, state);
        return;
    case HV_KIND_FRAME:
        if ((frame = ((PyFrameObject *)op)->f_frame) != NULL)
            hv_frame_edges(core, frame, edge, state);
        traversed_edges(core, op, HV_LABEL_LOCALS, edge, state);
        return;
    default: /* HV_KIND_GENERATOR */
        if ((frame = hv_suspended(op)) != NULL)
            hv_frame_edges(core, frame, edge, state);
        traversed_edges(core, op, HV_LABEL_LOCALS, edge, state);
    }
}

void
hv_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state)
{
    core->examined_type = type->type;
    switch (type->kind) {
    case HV_KIND_ATOM:
        return;
    case HV_KIND_LIST:
        array_edges(((PyListObject *)op)->ob_item, Py_SIZE(op), edge, state);
        return;
    case HV_KIND_TUPLE:
        array_edges(((PyTupleObject *)op)->ob_item, Py_SIZE(op), edge, state);
        return;
    case HV_KIND_SET:
        set_edges(op, edge, state);
        return;
    case HV_KIND_DICT:
        dict_edges(core, op, edge, state);
        if (!hv_is_exact_dict_type(type->type))
            instance_edges(core, op, type, edge, state);
        return;
    case HV_KIND_PLAIN:
        instance_edges(core, op, type, edge, state);
        return;
    case HV_KIND_EXCEPTION:
        exception_edges(core, op, type, edge, state);
        return;
    case HV_KIND_CONTEXT:
        hv_context_edges(core, op, edge, state);
        traversed_edges(core, op, HV_LABEL_REF, edge, state);
        return;
    default:
        code_related_edges(core, op, type, edge, state);
    }
}
