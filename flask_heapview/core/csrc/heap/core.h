/* What the parts of a walk share. */
#ifndef HEAPVIEW_CORE_H
#define HEAPVIEW_CORE_H

#include "python/compat.h"
#include "memory/memory.h"
#include "memory/visited_set.h"

#define HV_NONE UINT32_MAX /* no node, no type, no place */

/* --- labels of edges */

/* How a label is written in front of its name. */
enum {
    HV_FORM_FIXED,     /* "[item]": a fixed text, no name */
    HV_FORM_ATTRIBUTE, /* ".name" */
    HV_FORM_LOCAL,     /* " local name" */
    HV_FORM_CLOSURE,   /* " closure name" */
    HV_FORM_FRAME,     /* " in name" */
    HV_FORM_CONTEXT,   /* " context name" */
    HV_FORM_MODULE,    /* a module's name */
    HV_FORM_THREAD,    /* "thread name:" */
    HV_FORM_KEY,       /* "[name]": what is filed under an object that has a name in the app */
    /* as the first two, but only if source code says the name: hidden.c decides it at the end */
    HV_FORM_ATTRIBUTE_IF_SAID,
    HV_FORM_LOCAL_IF_SAID,
};

/* The fixed labels; labels.c has their texts. */
enum {
    HV_LABEL_ITEM,
    HV_LABEL_VALUE,
    HV_LABEL_KEY,
    HV_LABEL_REF,
    HV_LABEL_CODE,
    HV_LABEL_UNNAMED, /* "[attribute]": a namespace's key that may not be shown */
    HV_LABEL_DICT,    /* ".__dict__" */
    HV_LABEL_TYPE,
    HV_LABEL_LOCALS, /* "[local]" */
    HV_LABEL_OTHER,  /* "(other)" */
    HV_LABEL_INTERPRETER,
    HV_LABEL_FROM_C,
    HV_LABEL_GARBAGE,
    HV_LABEL_CAPTURE,
    HV_LABEL_UNNAMED_THREAD, /* a thread that Python's threading does not know */
    HV_LABEL_SMALL,
    HV_LABEL_EXCEPTION,
    HV_LABEL_THREAD_DATA,
    HV_LABEL_ARGS,
    HV_LABEL_TRACEBACK,
    HV_LABEL_CONTEXT,
    HV_LABEL_CAUSE,
    HV_LABEL_NOTES,
    HV_LABEL_ATEXIT, /* "atexit.register": what a person would search for */
    HV_FIXED_LABELS
};

typedef struct {
    uint8_t kind;
    int8_t limit;     /* place among the names that say how large a container may become; -1 */
    uint8_t data;     /* whether a cache keeps its entries under this name */
    uint8_t hidden;   /* the fixed label that is shown in its place; 0 where it is shown itself */
    PyObject *name;   /* the str, or NULL for a fixed label */
    const char *text; /* a fixed label's text */
} HvLabel;

/* --- types */

enum {
    HV_SIZE_OBJECT, /* basicsize + items * itemsize */
    HV_SIZE_INT,
    HV_SIZE_STR,
    HV_SIZE_LIST,
    HV_SIZE_DICT,
    HV_SIZE_SET,
    HV_SIZE_CALL, /* ask its own C function */
};

enum {
    HV_KIND_ATOM, /* leads nowhere */
    HV_KIND_PLAIN,
    HV_KIND_LIST,
    HV_KIND_TUPLE,
    HV_KIND_DICT, /* and its subclasses, and frozendict */
    HV_KIND_SET,
    HV_KIND_MODULE,
    HV_KIND_CLASS,
    HV_KIND_FUNCTION,
    HV_KIND_CODE,
    HV_KIND_PART_OF_CODE, /* descriptors and builtin functions */
    HV_KIND_FRAME,
    HV_KIND_GENERATOR,
    HV_KIND_EXCEPTION,
    HV_KIND_CONTEXT,
};

/* How the number of entries is known. */
enum {
    HV_NO_LENGTH,
    HV_LENGTH_LIST,
    HV_LENGTH_DICT,
    HV_LENGTH_SET,
    HV_LENGTH_DEQUE,
    HV_LENGTH_LRU,
};

typedef struct {
    uint32_t label;
    Py_ssize_t offset;
} HvMember;

typedef struct {
    PyTypeObject *type;
    uint32_t number;
    uint8_t kind, sizing, length;
    uint8_t exact;       /* every reference is known by name: no need to ask tp_traverse */
    uint8_t interlinked; /* modules, classes, functions: all refer to each other */
    uint8_t cache;       /* 1 + place in the names of known caches, 0 for none */
    uint8_t resource;    /* 1 + place in the names of types that hold something open, 0 for none */
    uint8_t may_have_dict;
    uint8_t visits_frames; /* its traverse function goes through frames: a greenlet */
    uint8_t reused;        /* freed instances are used again without asking the allocator */
    uint16_t members;
    HvMember *member;
    PyCFunction size_of;
    PyTypeObject *size_class; /* the class that defines it, where the function wants to be told */
    Py_ssize_t base;          /* basicsize and what stands in front of an object */
    uint64_t count, bytes, tracked;
} HvType;

/* --- what Python tells of its own types, worked out once; see offsets.py */

typedef struct {
    Py_ssize_t lru_maxsize, lru_hits, lru_misses, lru_cache, deque_maxlen; /* offsets, or -1 */
    Py_ssize_t zero_bytes;          /* int.__sizeof__ of 0: it differs within 3.11 */
    Py_ssize_t static_header_bytes; /* in front of a static class, by sys.getsizeof */
} HvOffsets;

/* How to see that a resource is open, by the first word behind the header. */
#define HV_SIGN_DESCRIPTOR 'd' /* it is 0 or more */
#define HV_SIGN_POINTER 'p'    /* it is not NULL */
#define HV_SIGN_UNKNOWN '?'    /* only Python code could tell: it counts as open */

typedef struct HvCore HvCore;

/* Called for each reference. `label` and `place` tell where it is, `child` is never NULL. */
typedef void (*HvEdge)(void *state, PyObject *child, uint32_t label, Py_ssize_t place);

struct HvCore {
    PyInterpreterState *interp;
    HvOffsets offsets;
    HvArena arena;
    /* types */
    HvTable type_table;
    HvArray types; /* HvType * */
    HvType *recent[256];
    const char **cache_names, **resource_names;
    const char *resource_signs; /* how to see that one is open, a letter each: see hv_is_open */
    traverseproc subtype_traverse;
    PyTypeObject *lru_type, *deque_type, *context_type;
    /* labels */
    HvTable label_table;   /* by address of the str and kind */
    HvTable label_content; /* by content */
    HvArray labels;        /* HvLabel */
    PyObject **limit_names, **data_names;
    Py_ssize_t limit_name_count, data_name_count;
    HvVisitedSet said_names;         /* the strs that are names in source code */
    HvVisitedSet library_namespaces; /* dictionaries of modules that have their own names only */
    HvTable named_keys;              /* object of an app's module -> the label of its name */
    HvVisitedSet program_code;       /* of `python -c`: the program itself has no file */
    /* what is being looked at, for the case that looking is fatal */
    PyTypeObject *volatile examined_type;
    /* the page that shows the progress, or NULL */
    volatile int64_t *progress;
};

/* classes.c */
int hv_full_name(PyTypeObject *type, char *buffer, size_t room); /* "module.Class", builtins bare */
PyObject *hv_dict_get(PyObject *dict, const char *name);
PyObject *hv_type_dict_get(PyTypeObject *type, const char *name);

/* types.c */
HvType *hv_new_type(HvCore *core, PyTypeObject *type);
int hv_is_open(HvCore *core, PyObject *op, HvType *type);

static inline HvType *
hv_type_of(HvCore *core, PyObject *op)
{
    PyTypeObject *type = Py_TYPE(op);
    HvType **near = &core->recent[((uintptr_t)type >> 4) & 255];
    if (*near == NULL || (*near)->type != type)
        *near = hv_new_type(core, type);
    return *near;
}

/* sizes.c: it knows classes, and nothing of the table of types */
size_t hv_size(HvCore *core, PyObject *op, HvType *type); /* sys.getsizeof */
void hv_find_sizing(HvType *type);

/* labels.c */
void hv_labels_init(HvCore *core);
uint32_t hv_label(HvCore *core, uint8_t kind, PyObject *name);
size_t hv_utf8(PyObject *text, char *buffer, size_t room); /* bytes written; cut to the room */
int hv_same_text(PyObject *a, PyObject *b);

/* named_keys.c */
void hv_note_named_keys(HvCore *core, PyObject *dict);
int hv_may_have_named_keys(HvCore *core, PyObject *dict);
uint32_t hv_entry_label(HvCore *core, PyObject *key);

/* hidden.c */
void hv_note_program(HvCore *core);
void hv_note_code(HvCore *core, PyCodeObject *code);
Py_ssize_t hv_own_names(HvCore *core, PyObject *dict);
void hv_hide_unsaid(HvCore *core);

/* edges.c */
void hv_edges(HvCore *core, PyObject *op, HvType *type, HvEdge edge, void *state);
void hv_traverse(HvCore *core, PyObject *op, visitproc visit, void *state);
void hv_frame_edges(HvCore *core, HvFrame *frame, HvEdge edge, void *state);

/* uncounted.c */
void hv_visit_uncounted_of(HvCore *core, PyObject *op, visitproc visit, void *state);

/* context_variables.c */
void hv_context_edges(HvCore *core, PyObject *context, HvEdge edge, void *state);

/* containers.c */
Py_ssize_t hv_length(HvCore *core, PyObject *op, HvType *type); /* entries; -1 for no container */

#endif
