#include "sampler/sampler.h"

#include "sampler/between.h"
#include "sampler/entries.h"
#include "sampler/places.h"
#include "sampler/tags.h"

#include <string.h>
#include <sys/mman.h>

#define FINEST_RATE_BYTES 4096.0 /* bytes: the rate never is finer by itself */
#define WINDOW_NS 100000000      /* nanoseconds between two looks at the rate */
#define MAX_LOOKS_PER_SECOND                                                                       \
    12000.0 /* a second, at two tenths of a microsecond: 0.2 % of a processor */
#define MAX_SAMPLES_PER_SECOND 6000.0 /* a second, at 0.4 microseconds, 1 where caches are cold */
#define COARSEST_RATE_BYTES (64.0 * 1048576)

/* --- random distances */

static void
set_countdown(int64_t bytes)
{
    __atomic_store_n(&hv_countdown, bytes, __ATOMIC_RELAXED);
}

static void
draw(void)
{
    hv_sampler.drawn = (int64_t)(-log(hv_uniform(&hv_sampler.random)) * hv_sampler.rate);
    set_countdown(hv_sampler.drawn);
}

/* Those since the last distance was drawn. */
static void
count_bytes(void)
{
    hv_sampler.bytes += (uint64_t)(hv_sampler.drawn - hv_countdown);
}

/* The distance of two looks while that tag allocates. */
static double
look_rate_of(uint32_t tag)
{
    const HvSampler *all = &hv_sampler;
    if (all->asked > 0)
        return all->asked;
    double own = all->tag[tag].look_rate;
    return own > all->finest ? own : all->finest;
}

void
hv_sampler_enter(uint32_t tag)
{
    HvSampler *all = &hv_sampler;
    double rate = look_rate_of(tag);
    if (rate == all->rate)
        return;
    count_bytes();
    all->rate = rate;
    draw();
}

/* --- live samples */

static uint32_t
slot_of(const void *block)
{
    return (uint32_t)(hv_hash_address(block) >> (64 - HV_LIVE_BITS));
}

int
hv_find_sample(const void *block)
{
    uint32_t at = slot_of(block);
    if (hv_sampler.live == 0 || block == NULL)
        return -1;
    while (hv_sampler.address[at] != 0) {
        if (hv_sampler.address[at] == (uintptr_t)block)
            return (int)at;
        at = (at + 1) % HV_LIVE_SLOTS;
    }
    return -1;
}

static void
put_in(uintptr_t block, const HvSample *sample)
{
    uint32_t at = slot_of((void *)block);
    while (hv_sampler.address[at] != 0)
        at = (at + 1) % HV_LIVE_SLOTS;
    hv_sampler.address[at] = block;
    hv_sampler.sample[at] = *sample;
    hv_sampler.live++;
    hv_sampler.entry[sample->entry].live++;
    hv_filter_count(&hv_filter, (void *)block, 1);
}

static void
take_out(uint32_t at) /* and moves back those that had to step over it */
{
    HvSampler *all = &hv_sampler;
    hv_filter_count(&hv_filter, (void *)all->address[at], -1);
    all->entry[all->sample[at].entry].live--;
    all->live--;
    uint32_t next = at;
    for (;;) {
        next = (next + 1) % HV_LIVE_SLOTS;
        if (all->address[next] == 0)
            break;
        uint32_t wanted = slot_of((void *)all->address[next]);
        if ((next - wanted) % HV_LIVE_SLOTS < (next - at) % HV_LIVE_SLOTS)
            continue;
        all->address[at] = all->address[next];
        all->sample[at] = all->sample[next];
        at = next;
    }
    all->address[at] = 0;
}

void
hv_forget(void *block)
{
    PyThreadState *thread = hv_this_thread();
    if (thread == NULL || thread->interp != hv_sampler.interp)
        return; /* an interpreter with a lock of its own: no business of ours */
    int at = hv_find_sample(block);
    if (at >= 0)
        take_out((uint32_t)at);
}

/* Too many: from now on the rate is at least twice the finest, and of the samples that were taken
 * at a finer one each stays with the chance that it would have had. */
static void
thin(void)
{
    HvSampler *all = &hv_sampler;
    while (all->live > HV_MAX_LIVE / 4 * 3) {
        all->finest *= 2;
        for (uint32_t at = 0; at < HV_LIVE_SLOTS;) {
            HvSample *sample = &all->sample[at];
            if (all->address[at] == 0 || sample->rate >= all->finest) {
                at++;
                continue;
            }
            double before = hv_chance(sample->size, sample->rate);
            if (hv_uniform(&hv_sampler.random) * before <= hv_chance(sample->size, all->finest)) {
                sample->rate = (float)all->finest;
                at++;
                continue;
            }
            all->thinned++;
            take_out(at); /* another one may lie there now */
        }
    }
    if (all->rate < all->finest)
        all->rate = all->finest;
}

static double
within(double rate, double finest)
{
    return rate < finest ? finest : rate > COARSEST_RATE_BYTES ? COARSEST_RATE_BYTES : rate;
}

/* The rates that give one of `sharing` its part of the looks and of the samples; what rests becomes
 * finer step by step. */
static void
set_rates(HvTag *tag, double bytes_per_second, double sharing)
{
    double look_rate = bytes_per_second / MAX_LOOKS_PER_SECOND * sharing;
    double rate = bytes_per_second / MAX_SAMPLES_PER_SECOND * sharing;
    int rests = bytes_per_second == 0;
    tag->look_rate = within(rests ? tag->look_rate / 2 : look_rate, hv_sampler.finest);
    tag->rate = within(rests ? tag->rate / 2 : rate, FINEST_RATE_BYTES);
}

/* Every endpoint that allocated gets an equal share, and so do all threads together outside of
 * requests. */
static void
control_tags(double seconds)
{
    HvSampler *all = &hv_sampler;
    double sharing = 0, outside = 0, bytes = 0;
    for (uint32_t i = 0; i < all->tags.count; i++) {
        HvTag *tag = &all->tag[i];
        bytes += tag->in_window;
        if (tag->kind == HV_TAG_ENDPOINT)
            sharing += tag->in_window > 0;
        else
            outside += tag->in_window;
    }
    sharing += outside > 0;
    for (uint32_t i = 0; i < all->tags.count; i++) {
        HvTag *tag = &all->tag[i];
        double own = tag->kind == HV_TAG_ENDPOINT ? tag->in_window : outside;
        set_rates(tag, own / seconds, sharing);
        tag->in_window = 0;
    }
    all->mean_rate = bytes / all->in_window;
}

/* Keeps the numbers of looks and of samples a second near what they may be, so that the cost is
 * bounded whatever the service does: finer where little is allocated, coarser where much is. */
static void
control(uint32_t tag)
{
    HvSampler *all = &hv_sampler;
    if (all->asked > 0)
        return;
    all->in_window++;
    all->tag[tag].in_window += all->rate;
    int64_t now = hv_clock(), passed = now - all->window_began;
    if (passed < WINDOW_NS && all->in_window < MAX_LOOKS_PER_SECOND * WINDOW_NS / 1e9)
        return;
    double seconds = (double)(passed > 1000 ? passed : 1000) / 1e9;
    if (all->live < HV_MAX_LIVE / 8 && all->finest > FINEST_RATE_BYTES)
        all->finest /= 2;
    control_tags(seconds);
    all->window_began = now;
    all->in_window = 0;
}

/* Whether a block that was looked at is one of its tag's samples. */
static int
is_chosen(size_t size, double rate)
{
    double looked = hv_sampler.rate;
    return rate <= looked ||
           hv_uniform(&hv_sampler.random) * hv_chance(size, looked) <= hv_chance(size, rate);
}

static void
keep(PyThreadState *thread, void *block, size_t size, uint32_t tag)
{
    HvSampler *all = &hv_sampler;
    double rate = all->tag[tag].rate > all->rate ? all->tag[tag].rate : all->rate;
    if (!is_chosen(size, rate))
        return;
    HvSample sample = {
        .entry = hv_entry_here(thread, tag),
        .rate = (float)rate,
        .size = size,
        .request = all->requests,
        .own_request = all->tag[tag].requests,
        .second = (uint32_t)((hv_clock() - all->began) / 1000000000),
    };
    if (all->tag[tag].kind == HV_TAG_THREAD)
        sample.last = (uint16_t)hv_between(block);
    double stands_for = 1 / hv_chance(size, sample.rate);
    all->entry[sample.entry].blocks += stands_for;
    all->entry[sample.entry].bytes += stands_for * (double)size;
    all->samples++;
    put_in((uintptr_t)block, &sample);
    if (all->live >= HV_MAX_LIVE)
        thin();
}

void
hv_take_sample(void *block, size_t size)
{
    HvSampler *all = &hv_sampler;
    PyThreadState *thread = hv_this_thread();
    if (!all->on || hv_is_ending()) { /* at the end, threads and contexts come apart */
        set_countdown(INT64_MAX);
        return;
    }
    if (thread == NULL || thread->interp != all->interp)
        return;          /* the next block of the right interpreter will do */
    if (block == NULL) { /* not handed out, so not counted */
        set_countdown(hv_countdown + (int64_t)size);
        return;
    }
    count_bytes();
    if (!all->resting) {
        uint32_t tag = hv_tag_here();
        keep(thread, block, size, tag);
        control(tag);
        all->rate = look_rate_of(tag);
    }
    draw();
}

void
hv_live_bytes(double *bytes)
{
    HvSampler *all = &hv_sampler;
    memset(bytes, 0, HV_MAX_TAGS * sizeof *bytes);
    for (uint32_t at = 0; at < HV_LIVE_SLOTS && all->live != 0; at++) {
        HvSample *sample = &all->sample[at];
        if (all->address[at] != 0)
            bytes[all->entry[sample->entry].tag] +=
                (double)sample->size / hv_chance(sample->size, sample->rate);
    }
}

/* --- on and off */

int
hv_sampler_start(double asked, uint32_t frames, PyObject *endpoint, PyObject *threads,
                 uint64_t seed)
{
    HvSampler *all = &hv_sampler;
    hv_sampler_stop();
    uint32_t epoch = all->epoch;
    *all = (HvSampler){.asked = asked, .frames = frames, .epoch = epoch + 1};
    if (hv_tables_make() < 0)
        return -1;
    hv_places_reset();
    hv_tags_reset();
    size_t bytes = (size_t)HV_LIVE_SLOTS * (sizeof *all->address + sizeof *all->sample);
    char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        hv_tables_drop();
        return -1;
    }
    all->sample = (HvSample *)pages;
    all->address = (uintptr_t *)(pages + HV_LIVE_SLOTS * sizeof *all->sample);
    all->interp = PyInterpreterState_Get();
    all->endpoint = Py_NewRef(endpoint);
    all->threads = Py_NewRef(threads);
    all->began = all->window_began = hv_clock();
    all->random = seed ? seed : (uint64_t)all->began;
    all->finest = asked > 0 ? asked : FINEST_RATE_BYTES;
    all->rate = all->mean_rate = all->finest;
    all->on = 1;
    draw();
    return 0;
}

void
hv_sampler_freeze(void)
{
    if (hv_sampler.on)
        count_bytes();
    hv_sampler.on = 0;
    set_countdown(INT64_MAX);
    hv_filter_close(&hv_filter);
}

void
hv_sampler_stop(void)
{
    HvSampler *all = &hv_sampler;
    hv_sampler_freeze();
    if (all->sample == NULL)
        return;
    hv_tables_drop();
    munmap(all->sample, (size_t)HV_LIVE_SLOTS * (sizeof *all->address + sizeof *all->sample));
    hv_filter_clear(&hv_filter);
    PyObject *endpoint = all->endpoint, *threads = all->threads;
    *all = (HvSampler){.epoch = all->epoch};
    Py_XDECREF(endpoint);
    Py_XDECREF(threads);
}
