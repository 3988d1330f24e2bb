/* Objects that stand in a module of the app's own, by their names there. A library that keeps
 * something for such an object files it in a dictionary under the object itself: the path goes on
 * by the name that the app gave it, since that is what a person can search for. */
#include "heap/core.h"

#define MAX_ENTRIES 64 /* of a dictionary: registries of what an app made by hand are short */

/* The first names, up to the place that hv_own_names gives, are the app's own for certain. */
void
hv_note_named_keys(HvCore *core, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0, own = hv_own_names(core, dict);
    while (PyDict_Next(dict, &at, &key, &value) && at <= own) {
        int fresh;
        if (hv_type_of(core, value)->kind != HV_KIND_PLAIN)
            continue;
        uint32_t label = hv_label(core, HV_FORM_KEY, key);
        if (label == HV_LABEL_UNNAMED)
            continue;
        uint32_t *slot = hv_table_slot(&core->named_keys, (uint64_t)(uintptr_t)value, &fresh);
        if (fresh) /* the first name is the one by which its own path goes */
            *slot = label;
    }
}

int
hv_may_have_named_keys(HvCore *core, PyObject *dict)
{
    PyDictObject *looked_at = (PyDictObject *)dict;
    return core->named_keys.count > 0 && looked_at->ma_used <= MAX_ENTRIES &&
           looked_at->ma_keys->dk_kind == DICT_KEYS_GENERAL;
}

/* The label of the value under the key, which may be a weak reference to an object with a name. */
uint32_t
hv_entry_label(HvCore *core, PyObject *key)
{
    int fresh;
    if (PyWeakref_CheckRefExact(key))
        key = ((PyWeakReference *)key)->wr_object;
    if (!hv_table_has(&core->named_keys, (uint64_t)(uintptr_t)key))
        return HV_LABEL_VALUE;
    return *hv_table_slot(&core->named_keys, (uint64_t)(uintptr_t)key, &fresh);
}
