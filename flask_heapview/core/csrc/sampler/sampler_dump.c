#include "sampler/sampler_dump.h"

#include "sampler/tables.h"

#define HV_NOBODY UINT32_MAX

typedef struct {
    HvPut put;
    void *state;
} Output;

static void
u32(Output *out, uint32_t value)
{
    out->put(out->state, &value, sizeof value);
}

static void
u64(Output *out, uint64_t value)
{
    out->put(out->state, &value, sizeof value);
}

static void
f64(Output *out, double value)
{
    out->put(out->state, &value, sizeof value);
}

static void
write_head(Output *out)
{
    HvSampler *all = &hv_sampler;
    u32(out, all->frames);
    f64(out, all->asked);
    f64(out, all->mean_rate);
    f64(out, hv_bytes_seen());
    u64(out, all->samples);
    u64(out, all->dropped);
    u64(out, all->thinned);
    u64(out, (uint64_t)all->began);
    u64(out, hv_tables_used());
    u64(out, (uint64_t)hv_clock());
    u32(out, all->requests);
}

static void
write_names(Output *out)
{
    HvSampler *all = &hv_sampler;
    HvTexts *names = &all->texts;
    u32(out, names->index.count);
    for (uint32_t i = 0; i < names->index.count; i++) {
        u32(out, names->string[i].length);
        out->put(out->state, names->text + names->string[i].at, names->string[i].length);
    }
    u32(out, all->places.count);
    for (uint32_t i = 0; i < all->places.count; i++) {
        u32(out, all->place[i].file);
        u32(out, all->place[i].function);
        u32(out, all->place[i].line);
    }
    u32(out, all->tags.count);
    for (uint32_t i = 0; i < all->tags.count; i++) {
        u32(out, all->tag[i].kind);
        u32(out, all->tag[i].string);
        u32(out, all->tag[i].requests);
    }
}

static void
write_entries(Output *out)
{
    HvSampler *all = &hv_sampler;
    u32(out, all->entries.count);
    for (uint32_t i = 0; i < all->entries.count; i++) {
        HvEntry *entry = &all->entry[i];
        f64(out, entry->blocks);
        f64(out, entry->bytes);
        u32(out, entry->tag);
        u32(out, entry->depth);
        out->put(out->state, all->pool + entry->first, entry->depth * sizeof *all->pool);
    }
}

static void
write_live(Output *out, const uint32_t *node, const uint32_t *type)
{
    HvSampler *all = &hv_sampler;
    u32(out, all->live);
    for (uint32_t at = 0; at < HV_LIVE_SLOTS && all->live != 0; at++) {
        if (all->address[at] == 0)
            continue;
        u64(out, all->sample[at].size);
        f64(out, all->sample[at].rate);
        u32(out, all->sample[at].entry);
        u32(out, node == NULL ? HV_NOBODY : node[at]);
        u32(out, type == NULL ? HV_NOBODY : type[at]);
        u32(out, all->sample[at].request);
        u32(out, all->sample[at].own_request);
        u32(out, all->sample[at].second);
        u32(out, all->sample[at].last);
        u32(out, all->sample[at].next);
    }
}

void
hv_write_samples(HvPut put, void *state, const uint32_t *node, const uint32_t *type)
{
    Output out = {put, state};
    u32(&out, hv_sampler.sample != NULL);
    if (hv_sampler.sample == NULL)
        return;
    write_head(&out);
    write_names(&out);
    write_entries(&out);
    write_live(&out, node, type);
}
