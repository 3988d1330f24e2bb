/* Which names are the program's own. A name of an attribute or a variable is a key of a dictionary,
 * and such keys may be data: setattr(), globals() and exec() take any. What source code says is no
 * data. So a name is shown if a code object that came from a file has it among the names of its
 * attributes and variables, or if it is such a code object's own name. Constants are not names. */
#include "heap/core.h"

#include <string.h>

static int
begins_with(PyObject *text, const char *with)
{
    Py_ssize_t i = 0;
    while (with[i] != 0 && i < PyUnicode_GET_LENGTH(text) &&
           PyUnicode_READ_CHAR(text, i) == (Py_UCS4)with[i])
        i++;
    return with[i] == 0;
}

/* Whether it was compiled from a file. What a running program compiles may be made of data. */
static int
is_source(HvCore *core, PyCodeObject *code)
{
    PyObject *file = code->co_filename;
    if (file == NULL || !PyUnicode_CheckExact(file))
        return 0;
    if (!begins_with(file, "<") || begins_with(file, "<frozen "))
        return 1;
    return hv_set_has(&core->program_code, code);
}

/* A code object of the program's own, and all that is defined within. */
static void
note_program_code(HvCore *core, PyCodeObject *code)
{
    hv_set_add(&core->program_code, code);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *within = PyTuple_GET_ITEM(code->co_consts, i);
        if (PyCode_Check(within))
            note_program_code(core, (PyCodeObject *)within);
    }
}

/* Of `python -c`, the program is what runs at the bottom of a thread. What it compiles is not. */
void
hv_note_program(HvCore *core)
{
    PyThreadState *thread = PyInterpreterState_ThreadHead(core->interp);
    for (; core->interp->config.run_command != NULL && thread != NULL; thread = thread->next) {
        PyCodeObject *bottom = NULL;
        for (HvFrame *frame = hv_top_frame(thread); frame != NULL; frame = frame->previous) {
            if (hv_frame_is_python(frame))
                bottom = hv_frame_code(frame);
        }
        if (bottom != NULL && PyUnicode_CheckExact(bottom->co_filename) &&
            begins_with(bottom->co_filename, "<string>"))
            note_program_code(core, bottom);
    }
}

/* Only their addresses are noted: to look at each one again and again would cost. */
static void
note_names(HvCore *core, PyObject *names)
{
    for (Py_ssize_t i = 0; names != NULL && i < PyTuple_GET_SIZE(names); i++)
        hv_set_add(&core->said_names, PyTuple_GET_ITEM(names, i));
}

void
hv_note_code(HvCore *core, PyCodeObject *code)
{
    if (!is_source(core, code))
        return;
    note_names(core, code->co_names);
    note_names(core, code->co_localsplusnames);
    if (code->co_name != NULL)
        hv_set_add(&core->said_names, code->co_name);
}

/* How far the names in a module's dictionary are its own for certain, as PyDict_Next counts places.
 * A dictionary keeps the order. So what stands before the last function that the module's own
 * source defined was there while it was imported. */
Py_ssize_t
hv_own_names(HvCore *core, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0, end = 0;
    if (hv_set_has(&core->library_namespaces, dict))
        return PY_SSIZE_T_MAX;
    while (PyDict_Next(dict, &at, &key, &value)) {
        PyFunctionObject *function = (PyFunctionObject *)value;
        if (!Py_IS_TYPE(value, &PyFunction_Type) || function->func_globals != dict ||
            !PyUnicode_CheckExact(key))
            continue;
        PyCodeObject *code = (PyCodeObject *)function->func_code;
        if (hv_same_text(code->co_qualname, key) && is_source(core, code))
            end = at;
    }
    return end;
}

/* --- in the end, when all code was seen */

typedef struct {
    HvCore *core;
    HvTable labels; /* hash -> 1 + the first such label that is still in doubt */
    uint32_t *next; /* 1 + the next one of the same hash */
} Doubts;

static int
is_in_doubt(const HvLabel *label)
{
    return label->kind == HV_FORM_ATTRIBUTE_IF_SAID || label->kind == HV_FORM_LOCAL_IF_SAID;
}

static void
settle(HvLabel *label, int said)
{
    if (!said)
        label->hidden = label->kind == HV_FORM_LOCAL_IF_SAID ? HV_LABEL_LOCALS : HV_LABEL_UNNAMED;
    label->kind = label->kind == HV_FORM_LOCAL_IF_SAID ? HV_FORM_LOCAL : HV_FORM_ATTRIBUTE;
}

static uint64_t
hash_key(PyObject *text) /* keys of dictionaries and names of code all have their hash */
{
    return (uint64_t)((PyASCIIObject *)text)->hash | 1;
}

/* The interpreter itself gives modules that attribute: Python/_warnings.c, setup_context. */
static int
is_the_interpreter_s(PyObject *name)
{
    const char *known = "__warningregistry__";
    return PyUnicode_GET_LENGTH(name) == (Py_ssize_t)strlen(known) && begins_with(name, known);
}

static void
note_doubts(Doubts *doubts)
{
    HvArray *labels = &doubts->core->labels;
    for (size_t i = 0; i < labels->count; i++) {
        HvLabel *label = &HV_AT(labels, HvLabel, i);
        int fresh;
        if (!is_in_doubt(label))
            continue;
        if (hv_set_has(&doubts->core->said_names, label->name) ||
            is_the_interpreter_s(label->name)) {
            settle(label, 1);
            continue;
        }
        uint32_t *first = hv_table_slot(&doubts->labels, hash_key(label->name), &fresh);
        doubts->next[i] = *first;
        *first = (uint32_t)i + 1;
    }
}

/* A name of code: another str of the same text may be the key. */
static void
settle_equal(Doubts *doubts, PyObject *name)
{
    int fresh;
    if (!PyUnicode_CheckExact(name) || !PyUnicode_IS_READY(name) ||
        !hv_table_has(&doubts->labels, hash_key(name)))
        return;
    uint32_t at = *hv_table_slot(&doubts->labels, hash_key(name), &fresh);
    for (; at != 0; at = doubts->next[at - 1]) {
        HvLabel *label = &HV_AT(&doubts->core->labels, HvLabel, at - 1);
        if (is_in_doubt(label) && hv_same_text(label->name, name))
            settle(label, 1);
    }
}

static void
settle_by_content(Doubts *doubts)
{
    HvVisitedSet *said = &doubts->core->said_names;
    for (size_t i = 0; i < said->chunks.count; i++) {
        HvChunk *chunk = HV_AT(&said->chunks, HvChunk *, i);
        for (size_t word = 0; word < HV_CHUNK_WORDS; word++) {
            for (uint64_t left = chunk->bits[word]; left != 0; left &= left - 1) {
                uint64_t bit = word * 64 + (uint64_t)__builtin_ctzll(left);
                settle_equal(doubts, (PyObject *)hv_set_address(said, chunk, bit));
            }
        }
    }
}

/* Names that no source code says are hidden from now on. */
void
hv_hide_unsaid(HvCore *core)
{
    size_t bytes = (core->labels.count + 1) * sizeof(uint32_t);
    Doubts doubts = {.core = core, .next = hv_pages(bytes)};
    note_doubts(&doubts);
    settle_by_content(&doubts);
    for (size_t i = 0; i < core->labels.count; i++) {
        HvLabel *label = &HV_AT(&core->labels, HvLabel, i);
        if (is_in_doubt(label))
            settle(label, 0);
    }
    hv_table_drop(&doubts.labels);
    hv_drop_pages(doubts.next, bytes);
}
