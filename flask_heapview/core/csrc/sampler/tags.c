#include "sampler/tags.h"

#include "heap/core.h"
#include "sampler/between.h"
#include "sampler/names.h"
#include "sampler/sampler.h"

static struct { /* mostly it is the next sample's, too */
    PyObject *name;
    uint64_t hash;
    uint32_t tag;
} last_endpoint;
static __thread uint32_t own_tag, own_epoch; /* of the running thread, once its name is known */

static uint32_t
tag_of(uint8_t kind, uint64_t hash, const char *name, size_t length)
{
    HvSampler *all = &hv_sampler;
    int fresh;
    uint32_t tag = hv_index_find(&all->tags, hv_mix(hash, kind), HV_MAX_TAGS, &fresh);
    if (tag == HV_MAX_TAGS)
        return HV_OTHER_PLACE;
    if (fresh)
        all->tag[tag] =
            (HvTag){.string = hv_text_keep(&all->texts, hash, name, length), .kind = kind};
    return tag;
}

/* Writes '#' for the numbers that pools give their threads, as roots.py does: Thread-7, pool-0_3.
 */
static size_t
fold_numbers(char *name, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = name[i] >= '0' && name[i] <= '9';
        int after = used > 0 && (name[used - 1] == '-' || name[used - 1] == '_');
        int again =
            used > 1 && name[used - 1] == '#' && (name[used - 2] == '-' || name[used - 2] == '_');
        if (digit && again)
            continue;
        name[used++] = digit && after ? '#' : name[i];
    }
    return used;
}

static PyObject *
name_in(PyObject *thread)
{
    HvAttributes has = hv_attributes(thread, Py_TYPE(thread));
    PyObject *key, *value;
    Py_ssize_t at = 0;
    static const char wanted[] = "_name";
    if (has.dict != NULL && PyDict_Check(has.dict)) {
        while (PyDict_Next(has.dict, &at, &key, &value)) {
            if (PyUnicode_CheckExact(key) && PyUnicode_CompareWithASCIIString(key, wanted) == 0)
                return value;
        }
    }
    for (; has.values != NULL && at < has.keys->dk_nentries; at++) {
        key = hv_key(has.keys, at);
        if (key != NULL && PyUnicode_CheckExact(key) && has.values[at] != NULL &&
            PyUnicode_CompareWithASCIIString(key, wanted) == 0)
            return has.values[at];
    }
    return NULL;
}

static PyObject *
thread_name(void)
{
    unsigned long own = PyThread_get_thread_ident();
    PyObject *key, *thread;
    Py_ssize_t at = 0;
    if (!PyDict_CheckExact(hv_sampler.threads))
        return NULL;
    while (PyDict_Next(hv_sampler.threads, &at, &key, &thread)) {
        if (PyLong_CheckExact(key) && PyLong_AsUnsignedLong(key) == own)
            return name_in(thread);
    }
    return NULL; /* it has not come that far, or is none of Python's */
}

static uint32_t
thread_tag(void)
{
    if (own_epoch == hv_sampler.epoch)
        return own_tag;
    PyObject *found = thread_name();
    char name[HV_MAX_NAME_BYTES];
    if (found == NULL || !PyUnicode_CheckExact(found))
        return tag_of(HV_TAG_THREAD, 1, "?", 1);
    size_t length = fold_numbers(name, hv_utf8(found, name, sizeof name));
    own_epoch = hv_sampler.epoch;
    return own_tag = tag_of(HV_TAG_THREAD, hv_text_fnv(name, length), name, length);
}

static uint32_t
endpoint_tag(PyObject *name)
{
    char buffer[HV_MAX_NAME_BYTES];
    uint64_t hash = hv_text_hash(name);
    if (last_endpoint.name != name || last_endpoint.hash != hash) {
        size_t length = hv_utf8(name, buffer, sizeof buffer);
        last_endpoint.tag = tag_of(HV_TAG_ENDPOINT, hash, buffer, length);
        last_endpoint.name = name; /* not held: it is only compared */
        last_endpoint.hash = hash;
    }
    return last_endpoint.tag;
}

void
hv_tags_reset(void)
{
    last_endpoint.name = NULL;
}

uint32_t
hv_tag_here(void)
{
    PyObject *name = NULL;
    uint32_t tag = HV_OTHER_PLACE;
    if (PyContextVar_Get(hv_sampler.endpoint, NULL, &name) < 0)
        PyErr_Clear();
    if (name == NULL || name == Py_None)
        tag = thread_tag();
    else if (PyUnicode_CheckExact(name))
        tag = endpoint_tag(name);
    Py_XDECREF(name); /* the context holds it */
    return tag;
}

void
hv_request_begun(PyObject *endpoint)
{
    if (!hv_sampler.on || PyThreadState_Get()->interp != hv_sampler.interp)
        return;
    hv_sampler.requests++;
    uint32_t tag = PyUnicode_CheckExact(endpoint) ? endpoint_tag(endpoint) : HV_OTHER_PLACE;
    hv_sampler.tag[tag].requests++;
    hv_sampler_enter(tag);
    hv_between_ends(tag);
}
