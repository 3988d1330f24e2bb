#include "heap/core.h"

#include <string.h>

static const char *const fixed[HV_FIXED_LABELS] = {
    [HV_LABEL_ITEM] = "[item]",
    [HV_LABEL_VALUE] = "[value]",
    [HV_LABEL_KEY] = "[key]",
    [HV_LABEL_REF] = "[ref]",
    [HV_LABEL_CODE] = "[code]",
    [HV_LABEL_UNNAMED] = "[attribute]",
    [HV_LABEL_DICT] = ".__dict__",
    [HV_LABEL_TYPE] = "[type]",
    [HV_LABEL_LOCALS] = "[local]",
    [HV_LABEL_OTHER] = "(other)",
    [HV_LABEL_INTERPRETER] = "(interpreter)",
    [HV_LABEL_FROM_C] = "(held from C)",
    [HV_LABEL_GARBAGE] = "(cyclic garbage)",
    [HV_LABEL_CAPTURE] = "(capture)",
    [HV_LABEL_UNNAMED_THREAD] = "thread ?:",
    [HV_LABEL_SMALL] = "(small)",
    [HV_LABEL_EXCEPTION] = "[exception]",
    [HV_LABEL_THREAD_DATA] = "[thread data]",
    [HV_LABEL_ARGS] = ".args",
    [HV_LABEL_TRACEBACK] = ".__traceback__",
    [HV_LABEL_CONTEXT] = ".__context__",
    [HV_LABEL_CAUSE] = ".__cause__",
    [HV_LABEL_NOTES] = ".__notes__",
    [HV_LABEL_ATEXIT] = "atexit.register",
};

void
hv_labels_init(HvCore *core)
{
    hv_array_init(&core->labels, sizeof(HvLabel));
    for (int i = 0; i < HV_FIXED_LABELS; i++) {
        HvLabel *label = hv_array_push(&core->labels);
        *label = (HvLabel){HV_FORM_FIXED, -1, 0, 0, NULL, fixed[i]};
    }
}

static uint64_t
hash_text(PyObject *text) /* FNV-1a */
{
    uint64_t hash = 0xcbf29ce484222325u;
    const uint8_t *data = PyUnicode_DATA(text);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text) * PyUnicode_KIND(text);
    for (Py_ssize_t i = 0; i < length; i++)
        hash = (hash ^ data[i]) * 0x100000001b3u;
    return hash;
}

int
hv_same_text(PyObject *a, PyObject *b)
{
    if (a == b)
        return 1;
    if (a == NULL || b == NULL || PyUnicode_KIND(a) != PyUnicode_KIND(b))
        return 0;
    Py_ssize_t length = PyUnicode_GET_LENGTH(a);
    return length == PyUnicode_GET_LENGTH(b) &&
           memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), length * PyUnicode_KIND(a)) == 0;
}

static int
place_among(PyObject *name, PyObject **names, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (hv_same_text(name, names[i]))
            return (int)i;
    }
    return -1;
}

static uint32_t
new_label(HvCore *core, uint8_t kind, PyObject *name)
{
    HvLabel *label = hv_array_push(&core->labels);
    *label = (HvLabel){kind, -1, 0, 0, name, NULL};
    if (kind == HV_FORM_ATTRIBUTE || kind == HV_FORM_ATTRIBUTE_IF_SAID) {
        label->limit = (int8_t)place_among(name, core->limit_names, core->limit_name_count);
        label->data = place_among(name, core->data_names, core->data_name_count) >= 0;
    }
    return (uint32_t)core->labels.count - 1;
}

#define MAX_LABELS 200000 /* labels; further names are left out, as if they could not be shown */

/* A name that may be shown: an identifier of bearable length. */
static int
is_name(PyObject *name)
{
    return PyUnicode_CheckExact(name) && PyUnicode_GET_LENGTH(name) < 100 &&
           PyUnicode_IsIdentifier(name);
}

/* Whether such names are keys of a dictionary, which may be anything. */
static int
is_key(uint8_t kind)
{
    return kind == HV_FORM_ATTRIBUTE || kind == HV_FORM_ATTRIBUTE_IF_SAID ||
           kind == HV_FORM_LOCAL_IF_SAID || kind == HV_FORM_KEY;
}

static uint32_t
by_content(HvCore *core, uint8_t kind, PyObject *name)
{
    for (uint64_t probe = 0;; probe++) { /* keys collide: the text decides */
        int fresh;
        uint64_t key = (hash_text(name) + probe * 16 + kind) | 1;
        uint32_t *found = hv_table_slot(&core->label_content, key, &fresh);
        if (fresh) {
            uint32_t made = new_label(core, kind, name);
            *found = made;
            return made;
        }
        HvLabel *label = &HV_AT(&core->labels, HvLabel, *found);
        if (label->kind == kind && hv_same_text(label->name, name))
            return *found;
    }
}

uint32_t
hv_label(HvCore *core, uint8_t kind, PyObject *name)
{
    int fresh;
    uint64_t key = (uint64_t)(uintptr_t)name << 1 | kind; /* a str's address is a multiple of 8 */
    uint32_t *found = hv_table_slot(&core->label_table, key, &fresh);
    if (!fresh)
        return *found;
    uint32_t label, unnamed = kind == HV_FORM_LOCAL_IF_SAID ? HV_LABEL_LOCALS : HV_LABEL_UNNAMED;
    if (!PyUnicode_CheckExact(name) || !PyUnicode_IS_READY(name) ||
        core->labels.count >= MAX_LABELS)
        label = unnamed;
    else if (is_key(kind) && !is_name(name))
        label = unnamed;
    else
        label = by_content(core, kind, name);
    *hv_table_slot(&core->label_table, key, &fresh) = label;
    return label;
}

static size_t
put_character(Py_UCS4 c, char *at)
{
    if (c < 0x80) {
        at[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        at[0] = (char)(0xc0 | c >> 6);
        at[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) { /* lone surrogates as well: the reader knows */
        at[0] = (char)(0xe0 | c >> 12);
        at[1] = (char)(0x80 | (c >> 6 & 63));
        at[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    at[0] = (char)(0xf0 | c >> 18);
    at[1] = (char)(0x80 | (c >> 12 & 63));
    at[2] = (char)(0x80 | (c >> 6 & 63));
    at[3] = (char)(0x80 | (c & 63));
    return 4;
}

size_t
hv_utf8(PyObject *text, char *buffer, size_t room)
{
    size_t used = 0;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t i = 0; i < length && used + 4 <= room; i++)
        used += put_character(PyUnicode_READ(kind, data, i), buffer + used);
    return used;
}
