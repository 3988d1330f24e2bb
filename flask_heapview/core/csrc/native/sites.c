#define _GNU_SOURCE
#include "native/sites.h"

#include "heap/core.h"
#include "sampler/names.h"

#include <string.h>
#include <sys/prctl.h>

/* A thread that has let go of the interpreter's lock, as ctypes and I/O do, keeps its frames: they
 * are its own, and stand still as long as it is in C. */
void
hv_site_here(HvSite *site)
{
    HvNative *all = &hv_native;
    site->thread = NULL;
    site->endpoint = NULL;
    site->has_lock = 0;
    site->calls = hv_stack_here(site->call, HV_NATIVE_CALLS);
    if (hv_is_ending()) /* threads and contexts come apart */
        return;
    PyThreadState *thread = PyGILState_GetThisThreadState();
    if (thread == NULL || thread->interp != all->interp)
        return;
    site->thread = thread;
    site->has_lock = hv_this_thread() == thread;
    if (!site->has_lock || all->endpoint == NULL)
        return;
    if (PyContextVar_Get(all->endpoint, NULL, &site->endpoint) < 0)
        PyErr_Clear();
}

void
hv_site_drop(HvSite *site)
{
    Py_CLEAR(site->endpoint); /* the context holds it */
}

/* --- whose work it is */

static uint32_t
thread_tag(void)
{
    char name[17] = {0}; /* prctl(2): up to 16 bytes */
    prctl(PR_GET_NAME, name, 0, 0, 0);
    size_t length = strlen(name);
    return hv_native_tag(HV_TAG_THREAD, hv_text_fnv(name, length), name, length);
}

/* By the context, which tells greenlets and async views apart; without the interpreter's lock by
 * the thread. */
static uint32_t
tag_of(const HvSite *site)
{
    HvNativeThread *own = &hv_native_own;
    if (!site->has_lock)
        return own->tag != HV_OTHER_PLACE && own->tag_epoch == hv_native.epoch ? own->tag
                                                                               : thread_tag();
    if (site->endpoint == NULL || !PyUnicode_CheckExact(site->endpoint))
        return thread_tag();
    char name[HV_MAX_NAME_BYTES];
    size_t length = hv_utf8(site->endpoint, name, sizeof name);
    return hv_native_tag(HV_TAG_ENDPOINT, hv_text_fnv(name, length), name, length);
}

/* --- lines of Python */

static uint32_t
string_of(PyObject *text)
{
    char name[HV_MAX_NAME_BYTES];
    if (text == NULL || !PyUnicode_CheckExact(text))
        return HV_OTHER_PLACE;
    size_t length = hv_utf8(text, name, sizeof name);
    return hv_text_keep(&hv_native.texts, hv_text_fnv(name, length), name, length);
}

static uint32_t
place_of(HvFrame *frame)
{
    HvNative *all = &hv_native;
    PyCodeObject *code = hv_frame_code(frame);
    int line = PyCode_Addr2Line(code, hv_frame_offset(frame)), fresh;
    uint32_t file = string_of(code->co_filename), function = string_of(code->co_name);
    uint64_t key = hv_mix(hv_mix(file, function), (uint64_t)(line + 1));
    uint32_t place = hv_index_find(&all->places, key, HV_NATIVE_PLACES, &fresh);
    if (place == HV_NATIVE_PLACES)
        return HV_OTHER_PLACE;
    if (fresh)
        all->place[place] = (HvPlace){file, function, (uint32_t)line};
    return place;
}

static uint32_t
places_of(PyThreadState *thread, uint32_t *places)
{
    uint32_t count = 0;
    HvFrame *frame = thread == NULL ? NULL : hv_top_frame(thread);
    for (; frame != NULL && count < HV_NATIVE_FRAMES; frame = frame->previous) {
        if (hv_frame_is_python(frame) && !_PyFrame_IsIncomplete(frame))
            places[count++] = place_of(frame);
    }
    return count;
}

/* --- entries: each stack under each tag once */

/* Gives up what has no sample alive and was never much, so that others find room. */
static void
make_room(void)
{
    static uint32_t now_at[HV_NATIVE_ENTRIES];
    static uint64_t keys[HV_NATIVE_ENTRIES];
    HvNative *all = &hv_native;
    HvIndex *index = &all->entries;
    uint32_t count = 1;
    memset(now_at, 0, sizeof now_at);
    for (uint32_t at = 0; at < HV_NATIVE_ALL_SLOTS; at++) {
        if (__atomic_load_n(&all->address[at], __ATOMIC_ACQUIRE) > 1)
            now_at[all->sample[at].entry] = 1;
    }
    for (uint32_t i = 0; i < all->maps; i++)
        now_at[all->map[i].begin ? all->map[i].sample.entry : 0] = 1;
    for (uint32_t i = 1; i < index->count; i++) {
        if (now_at[i])
            all->entry[now_at[i] = count++] = all->entry[i];
    }
    now_at[HV_OTHER_PLACE] = HV_OTHER_PLACE;
    hv_index_again(index, now_at, count, keys);
    for (uint32_t at = 0; at < HV_NATIVE_ALL_SLOTS; at++)
        all->sample[at].entry = now_at[all->sample[at].entry];
    for (uint32_t i = 0; i < all->maps; i++)
        all->map[i].sample.entry = now_at[all->map[i].sample.entry];
    all->room_made = all->samples;
}

static uint64_t
key_of(const HvNativeEntry *entry)
{
    uint64_t key = hv_mix(entry->tag, (uint64_t)entry->calls << 16 | entry->frames);
    for (uint32_t i = 0; i < entry->calls; i++)
        key = hv_mix(key, entry->call[i]);
    for (uint32_t i = 0; i < entry->frames; i++)
        key = hv_mix(key, entry->frame[i]);
    return key;
}

uint32_t
hv_site_entry(const HvSite *site)
{
    HvNative *all = &hv_native;
    HvNativeEntry made = {.tag = tag_of(site), .calls = (uint16_t)site->calls};
    int fresh;
    memcpy(made.call, site->call, site->calls * sizeof *site->call);
    made.frames = (uint16_t)places_of(site->thread, made.frame);
    uint64_t key = key_of(&made);
    uint32_t number = hv_index_find(&all->entries, key, HV_NATIVE_ENTRIES, &fresh);
    if (number == HV_NATIVE_ENTRIES) {
        if (all->samples - all->room_made >= HV_NATIVE_ENTRIES / 4) /* it takes a while */
            make_room();
        number = hv_index_find(&all->entries, key, HV_NATIVE_ENTRIES / 8 * 7, &fresh);
        if (number == HV_NATIVE_ENTRIES / 8 * 7 && fresh) {
            all->dropped++;
            return HV_OTHER_PLACE;
        }
    }
    if (fresh)
        all->entry[number] = made;
    return number;
}
