#include "native/sample.h"

#include "heap/core.h"
#include "native/live.h"
#include "native/sites.h"
#include "sampler/names.h"

#include <errno.h>

#define USUAL_RATE_BYTES (512.0 * 1024)
#define FINEST_RATE_BYTES (64.0 * 1024)
#define COARSEST_RATE_BYTES (64.0 * 1048576)
/* Nanoseconds between two looks at the rate: so many, since a burst is to have its share. */
#define WINDOW_NS 1000000000
#define MAX_SAMPLES_PER_SECOND 300.0  /* some 40 microseconds each, with cold caches: 1.2 % */
#define FINE_SAMPLES_PER_SECOND 150.0 /* up to here, finer than usual */
#define UNSAMPLED_BYTES (1 << 20)     /* until a thread looks again whether it is switched on */

/* --- random distances, a stream for each thread */

static void
draw(HvNativeThread *own)
{
    if (own->epoch != hv_native.epoch) {
        uint32_t number = __atomic_add_fetch(&hv_native.threads, 1, __ATOMIC_RELAXED);
        own->epoch = hv_native.epoch;
        own->random = hv_mix(hv_native.seed, number);
    }
    own->rate = hv_native.rate;
    own->left = (int64_t)(-log(hv_uniform(&own->random)) * own->rate);
}

/* --- the rate; with the lock */

/* Too many: of the samples that were taken at a finer rate each stays with the chance that it
 * would have had at twice the finest one. */
static void
thin(HvNativeThread *own)
{
    HvNative *all = &hv_native;
    while (__atomic_load_n(&all->live, __ATOMIC_RELAXED) > HV_NATIVE_MAX_LIVE / 4 * 3) {
        all->finest *= 2;
        for (uint32_t at = 0; at < HV_NATIVE_ALL_SLOTS; at++) {
            uintptr_t block = __atomic_load_n(&all->address[at], __ATOMIC_ACQUIRE);
            HvNativeSample *sample = &all->sample[at];
            if (block <= 1 || sample->rate >= all->finest)
                continue;
            double before = hv_chance(sample->size, sample->rate);
            if (hv_uniform(&own->random) * before <= hv_chance(sample->size, all->finest)) {
                sample->rate = (float)all->finest;
                continue;
            }
            hv_live_drop(at, block);
            all->thinned++;
        }
    }
    if (all->rate < all->finest)
        all->rate = all->finest;
}

/* Few samples tell little of a small leak. Where little is allocated, more of them cost nothing. */
static double
rate_for(double bytes_per_second)
{
    double fine = bytes_per_second / FINE_SAMPLES_PER_SECOND;
    double least = bytes_per_second / MAX_SAMPLES_PER_SECOND;
    double rate = fine < FINEST_RATE_BYTES ? FINEST_RATE_BYTES : fine;
    rate = rate > USUAL_RATE_BYTES ? USUAL_RATE_BYTES : rate;
    rate = rate < least ? least : rate;
    return rate > COARSEST_RATE_BYTES ? COARSEST_RATE_BYTES : rate;
}

/* Keeps the number of samples a second near what it may be. */
static void
control(void)
{
    HvNative *all = &hv_native;
    all->in_window++;
    if (all->asked > 0)
        return;
    int64_t now = hv_clock(), passed = now - all->window_began;
    if (passed < WINDOW_NS && all->in_window < MAX_SAMPLES_PER_SECOND * WINDOW_NS / 1e9)
        return;
    double seconds = (double)(passed > 1000 ? passed : 1000) / 1e9;
    if (all->live < HV_NATIVE_MAX_LIVE / 8 && all->finest > FINEST_RATE_BYTES)
        all->finest /= 2;
    /* by steps: of what comes while samples lie far apart, a burst leaves too few to tell */
    double rate = rate_for(all->rate * all->in_window / seconds);
    rate = rate > all->rate * 2 ? all->rate * 2 : rate;
    rate = rate < all->rate / 2 ? all->rate / 2 : rate;
    all->rate = rate < all->finest ? all->finest : rate;
    all->window_began = now;
    all->in_window = 0;
}

/* --- samples */

static void
add(HvNativeThread *own, void *block, size_t size, int is_map, const HvSite *site)
{
    HvNative *all = &hv_native;
    uint32_t number = hv_site_entry(site);
    HvNativeEntry *entry = &all->entry[number];
    HvNativeSample sample = {
        .entry = number,
        .rate = (float)own->rate,
        .size = size,
        .request = all->requests,
        .own_request = all->tag[entry->tag].requests,
        .second = (uint32_t)((hv_clock() - all->began) / 1000000000),
    };
    double stands_for = 1 / hv_chance(size, sample.rate);
    entry->blocks += stands_for;
    entry->bytes += stands_for * (double)size;
    all->samples++;
    if (!(is_map ? hv_map_put(block, size, &sample) : hv_live_put(block, &sample)))
        all->dropped++;
    control();
    if (all->live >= HV_NATIVE_MAX_LIVE)
        thin(own);
}

/* The stack is read before the lock is taken: that may take a while, and locks of its own. */
static void
keep(HvNativeThread *own, void *block, size_t size, int is_map)
{
    HvSite site;
    hv_site_here(&site);
    if (hv_native_lock()) {
        if (hv_native.on)
            add(own, block, size, is_map, &site);
        hv_native_unlock();
    } else {
        __atomic_fetch_add(&hv_native.dropped, 1, __ATOMIC_RELAXED);
    }
    hv_site_drop(&site);
}

static void
look(HvNativeThread *own, void *block, size_t size, int is_map)
{
    if (!hv_native.on || hv_native.frozen) { /* somebody has kept a hook's address */
        own->left = UNSAMPLED_BYTES;
        own->rate = 0;
        return;
    }
    if (own->rate == 0 || own->epoch == 0) { /* the first that this thread allocates */
        draw(own);
        if (hv_native_passes(size))
            return;
    }
    keep(own, block, size, is_map);
    draw(own);
}

static void *
made(void *block, size_t size, int is_map)
{
    HvNativeThread *own = &hv_native_own;
    int before = errno;
    if (block == NULL) { /* not handed out, so not counted */
        own->left = (int64_t)((uint64_t)own->left + size);
        return NULL;
    }
    if (!is_map && hv_native_maybe(block))
        hv_live_take(block, NULL); /* it was freed where we could not see it */
    if (own->left < 0 && !own->busy) {
        own->busy = 1;
        look(own, block, size, is_map);
        own->busy = 0;
    }
    errno = before;
    return block;
}

void *
hv_native_made(void *block, size_t size)
{
    return made(block, size, 0);
}

void *
hv_native_mapped(void *begin, size_t length)
{
    return made(begin, length, 1);
}

void
hv_native_forget(void *block)
{
    hv_live_take(block, NULL);
}

void
hv_native_put_back(void *block, const HvNativeSample *sample)
{
    HvNativeThread *own = &hv_native_own;
    if (own->busy || hv_native.frozen || !hv_native_lock())
        return;
    hv_live_put(block, sample);
    hv_native_unlock();
}

/* --- requests */

void
hv_native_request_begun(PyObject *endpoint)
{
    HvNativeThread *own = &hv_native_own;
    char name[HV_MAX_NAME_BYTES];
    if (!hv_native.on || hv_native.frozen || !PyUnicode_CheckExact(endpoint) || own->busy)
        return;
    size_t length = hv_utf8(endpoint, name, sizeof name);
    own->busy = 1;
    if (hv_native_lock()) {
        own->tag = hv_native_tag(HV_TAG_ENDPOINT, hv_text_fnv(name, length), name, length);
        own->tag_epoch = hv_native.epoch;
        hv_native.requests++;
        hv_native.tag[own->tag].requests++;
        hv_native_unlock();
    }
    own->busy = 0;
}

void
hv_native_request_ended(void)
{
    hv_native_own.tag = HV_OTHER_PLACE;
}

/* --- on and off */

int
hv_native_begin(PyObject *endpoint, double asked, uint64_t seed)
{
    HvNative *all = &hv_native;
    hv_native_end();
    if (hv_native_tables_make() < 0)
        return -1;
    all->interp = PyInterpreterState_Get();
    all->endpoint = Py_NewRef(endpoint);
    all->asked = asked;
    all->finest = asked > 0 ? asked : FINEST_RATE_BYTES;
    all->rate = all->finest;
    all->began = all->window_began = hv_clock();
    all->seed = seed ? seed : (uint64_t)all->began;
    all->in_window = all->requests = all->threads = 0;
    all->samples = all->dropped = all->thinned = all->room_made = 0;
    all->frozen = 0;
    all->epoch++;
    hv_native_own.rate = 0; /* other threads go on with the distance that they have drawn */
    hv_native_own.left = 0;
    __atomic_store_n(&all->on, 1, __ATOMIC_RELEASE);
    return 0;
}

void
hv_native_end(void)
{
    HvNative *all = &hv_native;
    int locked = hv_wait_for(&all->lock, HV_LONG_NAPS);
    all->on = 0;
    hv_native_tables_clear();
    if (locked)
        hv_native_unlock();
    PyObject *endpoint = all->endpoint;
    all->endpoint = NULL;
    Py_XDECREF(endpoint);
}

void
hv_native_freeze(void)
{
    hv_native.frozen = 1;
    hv_native_unlock();
}
