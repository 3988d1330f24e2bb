/* Tracebacks of samples: names, lines, stacks and tags, each kept once, in tables of fixed size.
 *
 * Frames are read as tracemalloc reads them (Modules/_tracemalloc.c): nothing is allocated, no frame
 * object is made, no reference is kept to code that the service may let go. Keys are 64-bit hashes,
 * CPython's own (keyed, SipHash) of the names: two that collide would be taken for one.
 */
#include "heap/core.h"
#include "sampler/sampler.h"

#include <string.h>
#include <sys/mman.h>

#define KNOWN_BITS 13 /* of slots for lines that were met lately */
#define NAME 400      /* bytes of a name that are kept */
#define OTHER 0       /* what stands for all that found no place; the first in each list */

typedef struct {
    HvFrame *frame;
    PyCodeObject *code;
    int at;
    uint32_t place;
} HvCall;

#define CALLS 128
static HvCall calls[CALLS];
static struct { /* the last endpoint: mostly it is the next one's, too */
    PyObject *name;
    uint64_t hash;
    uint32_t tag;
} last;
static __thread uint32_t own_tag, own_epoch; /* of the running thread, once its name is known */

/* --- one mapping for everything: it can only fail at the start */

#define TABLES(X)                                      \
    X(strings.keys, HV_STRINGS * 2)                    \
    X(places.keys, HV_PLACES * 2)                      \
    X(entries.keys, HV_ENTRIES * 2)                    \
    X(tags.keys, HV_TAGS * 2)                          \
    X(entry, HV_ENTRIES)                               \
    X(known, (size_t)1 << KNOWN_BITS)                  \
    X(strings.values, HV_STRINGS * 2)                  \
    X(places.values, HV_PLACES * 2)                    \
    X(entries.values, HV_ENTRIES * 2)                  \
    X(tags.values, HV_TAGS * 2)                        \
    X(string, HV_STRINGS)                              \
    X(place, HV_PLACES)                                \
    X(tag, HV_TAGS)                                    \
    X(pool, (size_t)HV_ENTRIES * hv_sampler.frames)    \
    X(text, HV_TEXT)

static size_t
lay_out(char *base)
{
    size_t at = 0;
#define PLACE(table, room)                                               \
    hv_sampler.table = (void *)(base + at);                              \
    at += ((size_t)(room) * sizeof *hv_sampler.table + 63) & ~(size_t)63;
    TABLES(PLACE)
#undef PLACE
    return at;
}

static void *tables;
static size_t tables_size;

int
hv_tables_make(void)
{
    HvSampler *all = &hv_sampler;
    char mark;
    tables_size = lay_out(&mark);
    tables = mmap(NULL, tables_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (tables == MAP_FAILED) {
        tables = NULL;
        return -1;
    }
    lay_out(tables);
    all->strings.mask = HV_STRINGS * 2 - 1;
    all->places.mask = HV_PLACES * 2 - 1;
    all->entries.mask = HV_ENTRIES * 2 - 1;
    all->tags.mask = HV_TAGS * 2 - 1;
    all->strings.count = all->places.count = all->entries.count = all->tags.count = 1;
    all->pool_room = HV_ENTRIES * all->frames;
    memset(calls, 0, sizeof calls);
    last.name = NULL;
    memcpy(all->text, "(other)", 7);
    all->text_used = 7;
    all->string[OTHER] = (HvString){0, 7};
    all->pool_used = 1; /* the entry for all others has one place, "(other)" */
    all->entry[OTHER].depth = 1;
    return 0;
}

void
hv_tables_drop(void)
{
    if (tables != NULL)
        munmap(tables, tables_size);
    tables = NULL;
}

size_t
hv_tables_used(void)
{
    HvSampler *all = &hv_sampler;
    return all->strings.count * (sizeof(HvString) + 24) + all->places.count * (sizeof(HvPlace) + 24) +
           all->entries.count * (sizeof(HvEntry) + 24) + all->text_used +
           all->pool_used * sizeof *all->pool + sizeof(HvKnownLine) * ((size_t)1 << KNOWN_BITS) +
           (size_t)HV_LIVE_SLOTS * (sizeof *all->address + sizeof *all->sample) +
           ((size_t)1 << HV_FILTER_BITS);
}

/* --- indexes */

static uint64_t
mix(uint64_t a, uint64_t b)
{
    uint64_t key = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;
    return key ^ key >> 31;
}

/* The place of a key in its list; `limit` when it is new, and the list full. */
static uint32_t
find(HvIndex *index, uint64_t key, uint32_t limit, int *fresh)
{
    if (key == 0)
        key = 1;
    uint32_t at = (uint32_t)(key >> 20) & index->mask;
    while (index->keys[at] != 0 && index->keys[at] != key)
        at = (at + 1) & index->mask;
    *fresh = index->keys[at] == 0;
    if (!*fresh)
        return index->values[at];
    if (index->count >= limit)
        return limit;
    index->keys[at] = key;
    return index->values[at] = index->count++;
}

/* --- names */

static uint64_t
text_hash(PyObject *text) /* of a str, kept by it once it is known; nothing is allocated */
{
    return text != NULL && PyUnicode_CheckExact(text) ? (uint64_t)PyObject_Hash(text) : 0;
}

static uint32_t
keep_text(uint64_t hash, const char *data, size_t length)
{
    HvSampler *all = &hv_sampler;
    int fresh;
    if (all->text_used + length > HV_TEXT)
        return OTHER;
    uint32_t string = find(&all->strings, hash, HV_STRINGS, &fresh);
    if (!fresh)
        return string;
    if (string == HV_STRINGS)
        return OTHER;
    memcpy(all->text + all->text_used, data, length);
    all->string[string] = (HvString){(uint32_t)all->text_used, (uint32_t)length};
    all->text_used += length;
    return string;
}

static uint32_t
string_of(PyObject *text)
{
    char name[NAME];
    if (text == NULL || !PyUnicode_CheckExact(text))
        return OTHER;
    return keep_text(text_hash(text), name, hv_utf8(text, name, sizeof name));
}

/* --- lines */

static uint64_t
names_of(PyCodeObject *code)
{
    return mix(text_hash(code->co_filename), text_hash(code->co_name)) +
           (uint64_t)code->co_firstlineno;
}

/* Tells code apart that came to lie where other code lay, without looking at its names. */
static uint64_t
marks_of(PyCodeObject *code)
{
    return (uint64_t)(uintptr_t)code->co_filename * 3 ^ (uint64_t)(uintptr_t)code->co_name * 5 ^
           (uint64_t)(uintptr_t)code->co_consts ^ (uint64_t)code->co_firstlineno << 48;
}

static uint32_t
new_place(PyCodeObject *code, int at)
{
    HvSampler *all = &hv_sampler;
    uint64_t names = names_of(code);
    int fresh, line = PyCode_Addr2Line(code, at);
    uint32_t place = find(&all->places, mix(names, (uint64_t)(line + 1)), HV_PLACES, &fresh);
    if (place == HV_PLACES)
        return OTHER;
    if (fresh)
        all->place[place] =
            (HvPlace){string_of(code->co_filename), string_of(code->co_name), (uint32_t)line};
    return place;
}

static uint32_t
place_of(PyCodeObject *code, int at)
{
    uint64_t marks = marks_of(code);
    uint64_t slot = mix((uint64_t)(uintptr_t)code, (uint64_t)at) >> (64 - KNOWN_BITS);
    HvKnownLine *known = &hv_sampler.known[slot];
    if (known->code != code || known->at != at || known->marks != marks)
        *known = (HvKnownLine){code, marks, at, new_place(code, at)};
    return known->place;
}

/* Most of a stack is as it was at the sample before: those calls go on, at the same instruction. That
 * is seen without a look at their code, which would cost a wait for memory each. */
static uint32_t
place_of_call(HvFrame *frame)
{
    PyCodeObject *code = hv_frame_code(frame);
    int at = hv_frame_offset(frame);
    HvCall *call = &calls[(uintptr_t)frame / 64 % CALLS];
    if (call->frame != frame || call->code != code || call->at != at)
        *call = (HvCall){frame, code, at, place_of(code, at)};
    return call->place;
}

int
hv_places_here(PyThreadState *thread, uint32_t *places, int most)
{
    int depth = 0;
    for (HvFrame *frame = hv_top_frame(thread); frame != NULL && depth < most;
         frame = frame->previous) {
        if (!hv_frame_is_python(frame) || _PyFrame_IsIncomplete(frame))
            continue;
        places[depth++] = place_of_call(frame);
    }
    return depth;
}

/* --- tags: the endpoint of the request, else the thread */

static uint32_t
tag_of(uint8_t kind, uint64_t hash, const char *name, size_t length)
{
    HvSampler *all = &hv_sampler;
    int fresh;
    uint32_t tag = find(&all->tags, mix(hash, kind), HV_TAGS, &fresh);
    if (tag == HV_TAGS)
        return OTHER;
    if (fresh)
        all->tag[tag] = (HvTag){.string = keep_text(hash, name, length), .kind = kind};
    return tag;
}

/* Writes '#' for the numbers that pools give their threads, as roots.py does: Thread-7, pool-0_3. */
static size_t
fold_numbers(char *name, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = name[i] >= '0' && name[i] <= '9';
        int after = used > 0 && (name[used - 1] == '-' || name[used - 1] == '_');
        int again = used > 1 && name[used - 1] == '#' && (name[used - 2] == '-' || name[used - 2] == '_');
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
    char name[NAME];
    if (found == NULL || !PyUnicode_CheckExact(found))
        return tag_of(HV_TAG_THREAD, 1, "?", 1);
    size_t length = fold_numbers(name, hv_utf8(found, name, sizeof name));
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
    own_epoch = hv_sampler.epoch;
    return own_tag = tag_of(HV_TAG_THREAD, hash, name, length);
}

static uint32_t
endpoint_tag(PyObject *name)
{
    char buffer[NAME];
    uint64_t hash = text_hash(name);
    if (last.name != name || last.hash != hash) {
        size_t length = hv_utf8(name, buffer, sizeof buffer);
        last.tag = tag_of(HV_TAG_ENDPOINT, hash, buffer, length);
        last.name = name; /* not held: it is only compared */
        last.hash = hash;
    }
    return last.tag;
}

uint32_t
hv_tag_here(void)
{
    PyObject *name = NULL;
    uint32_t tag = OTHER;
    if (PyContextVar_Get(hv_sampler.endpoint, NULL, &name) < 0)
        PyErr_Clear();
    if (name == NULL || name == Py_None)
        tag = thread_tag();
    else if (PyUnicode_CheckExact(name))
        tag = endpoint_tag(name);
    Py_XDECREF(name); /* the context holds it */
    return tag;
}

/* --- entries */

static void
move_entry(uint32_t from, uint32_t to, uint32_t first)
{
    HvSampler *all = &hv_sampler;
    memmove(all->pool + first, all->pool + all->entry[from].first,
            all->entry[from].depth * sizeof *all->pool);
    all->entry[to] = all->entry[from];
    all->entry[to].first = first;
}

/* Gives up what is no longer alive and was never much; its totals are kept under "(other)". Returns
 * how many stay, and tells for each where it is now. */
static uint32_t
keep_some(uint32_t *now_at)
{
    HvSampler *all = &hv_sampler;
    double least = hv_bytes_seen() / 2048;
    uint32_t count = 1, used = 1;
    for (uint32_t i = 1; i < all->entries.count; i++) {
        HvEntry *entry = &all->entry[i];
        if (entry->live == 0 && entry->bytes < least) {
            all->entry[OTHER].blocks += entry->blocks;
            all->entry[OTHER].bytes += entry->bytes;
            now_at[i] = OTHER;
            continue;
        }
        uint32_t depth = entry->depth;
        move_entry(i, count, used);
        now_at[i] = count++;
        used += depth;
    }
    all->pool_used = used;
    return count;
}

static void
index_again(const uint32_t *now_at, uint32_t count)
{
    static uint64_t keys[HV_ENTRIES];
    HvIndex *index = &hv_sampler.entries;
    for (uint32_t at = 0; at <= index->mask; at++) {
        uint32_t moved = index->keys[at] == 0 ? OTHER : now_at[index->values[at]];
        if (moved != OTHER)
            keys[moved] = index->keys[at];
    }
    memset(index->keys, 0, (index->mask + 1) * sizeof *index->keys);
    index->count = 1;
    for (uint32_t i = 1; i < count; i++) {
        int fresh;
        find(index, keys[i], HV_ENTRIES, &fresh);
    }
}

static void
make_room(void)
{
    static uint32_t now_at[HV_ENTRIES];
    HvSampler *all = &hv_sampler;
    uint32_t count = keep_some(now_at);
    index_again(now_at, count);
    for (uint32_t at = 0; at < HV_LIVE_SLOTS; at++) {
        if (all->address[at] != 0)
            all->sample[at].entry = now_at[all->sample[at].entry];
    }
    all->room_made = all->samples;
}

uint32_t
hv_entry_here(PyThreadState *thread, uint32_t tag)
{
    HvSampler *all = &hv_sampler;
    uint32_t places[HV_FRAMES];
    int depth = hv_places_here(thread, places, (int)all->frames), fresh;
    uint64_t key = mix(tag, (uint64_t)depth);
    for (int i = 0; i < depth; i++)
        key = mix(key, places[i]);
    uint32_t number = find(&all->entries, key, HV_ENTRIES, &fresh);
    if (number == HV_ENTRIES) {
        if (all->samples - all->room_made > HV_ENTRIES / 4) /* it takes a while: not each time */
            make_room();
        number = find(&all->entries, key, HV_ENTRIES / 8 * 7, &fresh);
        if (number == HV_ENTRIES / 8 * 7 && fresh) {
            all->dropped++;
            return OTHER;
        }
    }
    if (fresh) {
        all->entry[number] = (HvEntry){.first = all->pool_used, .depth = (uint32_t)depth, .tag = tag};
        memcpy(all->pool + all->pool_used, places, (size_t)depth * sizeof *places);
        all->pool_used += (uint32_t)depth;
    }
    return number;
}
