#include "sampler/names.h"

#include "heap/core.h"

uint64_t
hv_text_hash(PyObject *text)
{
    return text != NULL && PyUnicode_CheckExact(text) ? (uint64_t)PyObject_Hash(text) : 0;
}

uint32_t
hv_string_of(PyObject *text)
{
    char name[HV_MAX_NAME_BYTES];
    if (text == NULL || !PyUnicode_CheckExact(text))
        return HV_OTHER_PLACE;
    return hv_text_keep(&hv_sampler.texts, hv_text_hash(text), name,
                        hv_utf8(text, name, sizeof name));
}
