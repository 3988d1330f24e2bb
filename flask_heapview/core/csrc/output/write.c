/* The result, as a file of sections that raw.py reads: a name, a length, and plain arrays. */
#include "heap/graph.h"
#include "output/out.h"
#include "sampler/sampler.h"

#include <fcntl.h>
#include <stdlib.h>

#define SMALL 4096 /* bytes below which a library's subtree has no line of its own */

/* --- which nodes are worth a line */

static void
choose_nodes(HvWalk *walk)
{
    size_t count = walk->nodes.count;
    HvNode *nodes = (HvNode *)walk->nodes.items;
    uint64_t *below = hv_pages((count + 1) * sizeof *below);
    for (size_t i = 0; i < count; i++)
        below[i] = nodes[i].bytes;
    for (size_t i = count; i-- > 0;) {
        HvNode *node = &nodes[i];
        HvCollects *known =
            node->collects ? &HV_AT(&walk->collects, HvCollects, node->collects - 1) : NULL;
        if (node->parent == HV_NONE || below[i] >= SMALL || (known && known->entries) ||
            node->rank == HV_APP)
            node->kept = 1;
        if (node->parent != HV_NONE) {
            below[node->parent] += below[i];
            nodes[node->parent].kept |= node->kept;
        }
    }
    hv_drop_pages(below, (count + 1) * sizeof *below);
}

/* --- sections */

static void
write_labels(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->core.labels.count);
    for (size_t i = 0; i < walk->core.labels.count; i++) {
        HvLabel *label = &HV_AT(&walk->core.labels, HvLabel, i);
        u8(out, label->kind);
        if (label->text != NULL)
            put_string(out, label->text, strlen(label->text));
        else
            put_text(out, label->name);
    }
}

static void
write_type_name(Out *out, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        put_text(out, hv_type_dict_get(type, "__module__"));
        put_text(out, ((PyHeapTypeObject *)type)->ht_qualname);
        return;
    }
    const char *dot = strrchr(type->tp_name, '.');
    if (dot == NULL) {
        put_string(out, "builtins", 8);
        put_string(out, type->tp_name, strlen(type->tp_name));
        return;
    }
    put_string(out, type->tp_name, (size_t)(dot - type->tp_name));
    put_string(out, dot + 1, strlen(dot + 1));
}

static void
write_types(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->core.types.count);
    for (size_t i = 0; i < walk->core.types.count; i++) {
        HvType *type = HV_AT(&walk->core.types, HvType *, i);
        write_type_name(out, type->type);
        u8(out, type->cache);
        u8(out, type->resource);
        u64(out, type->count);
        u64(out, type->bytes);
        u64(out, type->tracked);
    }
}

static void
write_nodes(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->nodes.count);
    for (size_t i = 0; i < walk->nodes.count; i++) {
        HvNode *node = &HV_AT(&walk->nodes, HvNode, i);
        u32(out, node->parent);
        u32(out, node->label);
        u32(out, node->type);
        u8(out, node->rank);
        u8(out, node->kept);
        u64(out, node->count);
        u64(out, node->bytes);
        u32(out, node->collects);
    }
}

static void
write_collects(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->collects.count);
    for (size_t i = 0; i < walk->collects.count; i++) {
        HvCollects *known = &HV_AT(&walk->collects, HvCollects, i);
        u64(out, known->entries);
        u64(out, known->containers);
        u64(out, (uint64_t)known->limit);
    }
}

static void
write_caches(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->caches.count);
    for (size_t i = 0; i < walk->caches.count; i++) {
        HvCache *cache = &HV_AT(&walk->caches, HvCache, i);
        u32(out, cache->node);
        u32(out, cache->type);
        u64(out, (uint64_t)cache->entries);
        u64(out, (uint64_t)cache->limit);
        u64(out, (uint64_t)cache->hits);
        u64(out, (uint64_t)cache->misses);
    }
}

static void
write_open(HvWalk *walk, Out *out)
{
    u32(out, (uint32_t)walk->open.count);
    for (size_t i = 0; i < walk->open.count; i++) {
        HvOpen *open = &HV_AT(&walk->open, HvOpen, i);
        u32(out, open->node);
        u32(out, hv_type_of(&walk->core, open->object)->number);
        u64(out, block_of(open->object));
    }
}

static void
write_cycles(HvWalk *walk, Out *out)
{
    u64(out, walk->garbage_looked_at);
    u64(out, walk->live_looked_at);
    u64(out, walk->live_candidates);
    u32(out, (uint32_t)walk->cycles.count);
    for (size_t i = 0; i < walk->cycles.count; i++) {
        HvCycle *group = &HV_AT(&walk->cycles, HvCycle, i);
        u8(out, group->garbage);
        u64(out, group->components);
        u64(out, group->count);
        u64(out, group->bytes);
        u32(out, group->kinds);
        for (int k = 0; k < group->kinds; k++) {
            u32(out, group->kind[k]);
            u64(out, group->of_kind[k]);
        }
        u32(out, group->steps);
        for (int k = 0; k < group->steps; k++) {
            u32(out, group->chain[k].type);
            u32(out, group->chain[k].label);
            u64(out, (uint64_t)group->chain[k].place);
        }
        u32(out, group->traced);
        for (int k = 0; k < group->traced; k++)
            u64(out, block_of(group->object[k]));
    }
}

/* --- what the kernel says of this process's own memory */

static uint64_t
private_bytes(void)
{
    static const char field[] = "Private_Dirty:";
    char buffer[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, buffer, sizeof buffer - 1);
    if (fd >= 0)
        close(fd);
    buffer[length > 0 ? length : 0] = 0;
    const char *at = strstr(buffer, field);
    return at == NULL ? 0 : strtoull(at + sizeof field - 1, NULL, 10) * 1024;
}

static void
write_allocator(HvWalk *walk, Out *out)
{
    put_string(out, walk->stream_text, walk->stream == NULL ? 0 : strnlen(walk->stream_text, HV_STREAM));
    u64(out, private_bytes());
}

static void
write_graph(HvWalk *walk, Out *out, HvGraph *graph)
{
    u64(out, graph == NULL ? 0 : graph->objects);
    u64(out, graph == NULL ? 0 : graph->edges);
    for (int i = 0; i < HV_REGIONS; i++) {
        u64(out, graph == NULL ? 0 : graph->region[i].offset);
        u64(out, graph == NULL ? 0 : graph->region[i].length);
    }
    u32(out, (uint32_t)walk->held.count);
    for (size_t i = 0; i < walk->held.count; i++) {
        HvHeld *held = &HV_AT(&walk->held, HvHeld, i);
        u64(out, hv_index(&walk->seen, held->object));
        u32(out, held->node);
        u32(out, held->label);
    }
    u32(out, (uint32_t)walk->roots.count);
    for (size_t i = 0; i < walk->roots.count; i++) {
        HvRoot *root = &HV_AT(&walk->roots, HvRoot, i);
        PyObject *dict = root->dict == NULL ? root->module : root->dict;
        u64(out, graph == NULL ? 0 : hv_index(&walk->seen, root->module));
        u64(out, graph == NULL ? 0 : hv_index(&walk->seen, dict));
        u32(out, root->node);
    }
}

void
hv_write_all(HvWalk *walk, int fd, HvGraph *graph)
{
    Out out = {fd, 0, hv_pages(BUFFER)};
    choose_nodes(walk);
    put_bytes(&out, "HVRAW001", 8);
    u64(&out, walk->visited);
    u64(&out, walk->large);
    u64(&out, walk->truncated);
    u64(&out, walk->rest_objects);
    u32(&out, walk->garbage);
    write_labels(walk, &out);
    write_types(walk, &out);
    write_nodes(walk, &out);
    write_collects(walk, &out);
    hv_write_samples_of_entries(walk, &out);
    hv_write_keys(walk, &out);
    write_caches(walk, &out);
    write_open(walk, &out);
    write_cycles(walk, &out);
    write_allocator(walk, &out);
    write_graph(walk, &out, graph);
    hv_write_samples(put_any, &out, walk->sample_node);
    put_bytes(&out, "END.", 4);
    flush(&out);
    hv_drop_pages(out.buffer, BUFFER);
}
