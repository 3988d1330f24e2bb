#include "sampler/names.h"

#include "heap/core.h"

#include <string.h>

uint64_t
hv_text_hash(PyObject *text)
{
    return text != NULL && PyUnicode_CheckExact(text) ? (uint64_t)PyObject_Hash(text) : 0;
}

uint32_t
hv_keep_text(uint64_t hash, const char *data, size_t length)
{
    HvSampler *all = &hv_sampler;
    int fresh;
    if (all->text_used + length > HV_MAX_TEXT_BYTES)
        return HV_OTHER_PLACE;
    uint32_t string = hv_index_find(&all->strings, hash, HV_MAX_STRINGS, &fresh);
    if (!fresh)
        return string;
    if (string == HV_MAX_STRINGS)
        return HV_OTHER_PLACE;
    memcpy(all->text + all->text_used, data, length);
    all->string[string] = (HvString){(uint32_t)all->text_used, (uint32_t)length};
    all->text_used += length;
    return string;
}

uint32_t
hv_string_of(PyObject *text)
{
    char name[HV_MAX_NAME_BYTES];
    if (text == NULL || !PyUnicode_CheckExact(text))
        return HV_OTHER_PLACE;
    return hv_keep_text(hv_text_hash(text), name, hv_utf8(text, name, sizeof name));
}
