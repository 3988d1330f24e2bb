/* The result, as a file of sections: docs/walk-file.md. capture/native/walk_file.py reads it. */
#include "heap/graph.h"
#include "output/writer.h"
#include "sampler/sampler_dump.h"

#include <fcntl.h>
#include <stdlib.h>

/* --- sections */

static void
write_labels(HvWalk *walk, HvWriter *out)
{
    HvArray *labels = &walk->core.labels;
    put_u32(out, (uint32_t)labels->count);
    for (size_t i = 0; i < labels->count; i++) {
        HvLabel *label = &HV_AT(labels, HvLabel, i);
        if (label->hidden)
            label = &HV_AT(labels, HvLabel, label->hidden);
        put_u8(out, label->kind);
        if (label->text != NULL)
            put_string(out, label->text, strlen(label->text));
        else
            put_text(out, label->name);
    }
}

static void
write_type_name(HvWriter *out, PyTypeObject *type)
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
write_types(HvWalk *walk, HvWriter *out)
{
    put_u32(out, (uint32_t)walk->core.types.count);
    for (size_t i = 0; i < walk->core.types.count; i++) {
        HvType *type = HV_AT(&walk->core.types, HvType *, i);
        write_type_name(out, type->type);
        put_u8(out, type->cache);
        put_u8(out, type->resource);
        put_u8(out, type->kind == HV_KIND_CLASS);
        put_u64(out, type->count);
        put_u64(out, type->bytes);
        put_u64(out, type->tracked);
    }
}

static void
write_nodes(HvWalk *walk, HvWriter *out)
{
    put_u32(out, (uint32_t)walk->result.nodes.count);
    for (size_t i = 0; i < walk->result.nodes.count; i++) {
        HvNode *node = &HV_AT(&walk->result.nodes, HvNode, i);
        put_u32(out, node->parent);
        put_u32(out, node->label);
        put_u32(out, node->type);
        put_u8(out, node->rank);
        put_u8(out, node->kept);
        put_u64(out, node->count);
        put_u64(out, node->bytes);
        put_u32(out, node->containers);
    }
}

static void
write_containers(HvWalk *walk, HvWriter *out)
{
    put_u32(out, (uint32_t)walk->result.containers.count);
    for (size_t i = 0; i < walk->result.containers.count; i++) {
        HvContainers *known = &HV_AT(&walk->result.containers, HvContainers, i);
        put_u64(out, known->entries);
        put_u64(out, known->containers);
        put_u64(out, (uint64_t)known->limit);
    }
}

static void
write_caches(HvWalk *walk, HvWriter *out)
{
    put_u32(out, (uint32_t)walk->result.caches.count);
    for (size_t i = 0; i < walk->result.caches.count; i++) {
        HvCache *cache = &HV_AT(&walk->result.caches, HvCache, i);
        put_u32(out, cache->node);
        put_u32(out, cache->type);
        put_u64(out, (uint64_t)cache->entries);
        put_u64(out, (uint64_t)cache->limit);
        put_u64(out, (uint64_t)cache->hits);
        put_u64(out, (uint64_t)cache->misses);
    }
}

static void
write_open_objects(HvWalk *walk, HvWriter *out)
{
    put_u32(out, (uint32_t)walk->result.open_objects.count);
    for (size_t i = 0; i < walk->result.open_objects.count; i++) {
        HvOpenObject *open = &HV_AT(&walk->result.open_objects, HvOpenObject, i);
        put_u32(out, open->node);
        put_u32(out, hv_type_of(&walk->core, open->object)->number);
        put_u64(out, block_of(open->object));
    }
}

static void
write_cycles(HvWalk *walk, HvWriter *out)
{
    put_u64(out, walk->result.garbage_examined);
    put_u64(out, walk->result.live_examined);
    put_u64(out, walk->result.live_candidates);
    put_u32(out, (uint32_t)walk->result.cycles.count);
    for (size_t i = 0; i < walk->result.cycles.count; i++) {
        HvCycle *group = &HV_AT(&walk->result.cycles, HvCycle, i);
        put_u8(out, group->garbage);
        put_u64(out, group->components);
        put_u64(out, group->count);
        put_u64(out, group->bytes);
        put_u32(out, group->kinds);
        for (int k = 0; k < group->kinds; k++) {
            put_u32(out, group->kind[k]);
            put_u64(out, group->of_kind[k]);
        }
        put_u32(out, group->steps);
        for (int k = 0; k < group->steps; k++) {
            put_u32(out, group->chain[k].type);
            put_u32(out, group->chain[k].label);
            put_u64(out, (uint64_t)group->chain[k].place);
        }
        put_u32(out, group->traced);
        for (int k = 0; k < group->traced; k++)
            put_u64(out, block_of(group->object[k]));
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
write_allocator(HvWalk *walk, HvWriter *out)
{
    put_string(out, walk->result.allocator_text,
               walk->result.allocator_stream == NULL
                   ? 0
                   : strnlen(walk->result.allocator_text, HV_ALLOCATOR_TEXT_BYTES));
    put_u64(out, private_bytes());
}

static void
write_graph(HvWalk *walk, HvWriter *out, HvGraph *graph)
{
    put_u64(out, graph == NULL ? 0 : graph->objects);
    put_u64(out, graph == NULL ? 0 : graph->edges);
    for (int i = 0; i < HV_ARRAYS; i++) {
        put_u64(out, graph == NULL ? 0 : graph->region[i].offset);
        put_u64(out, graph == NULL ? 0 : graph->region[i].length);
    }
    put_u32(out, (uint32_t)walk->result.local_variables.count);
    for (size_t i = 0; i < walk->result.local_variables.count; i++) {
        HvLocalVariable *held = &HV_AT(&walk->result.local_variables, HvLocalVariable, i);
        put_u64(out, hv_set_index(&walk->state.visited_set, held->object));
        put_u32(out, held->node);
        put_u32(out, held->label);
    }
    put_u32(out, (uint32_t)walk->input.modules.count);
    for (size_t i = 0; i < walk->input.modules.count; i++) {
        HvModuleRoot *root = &HV_AT(&walk->input.modules, HvModuleRoot, i);
        PyObject *dict = root->dict == NULL ? root->module : root->dict;
        put_u64(out, graph == NULL ? 0 : hv_set_index(&walk->state.visited_set, root->module));
        put_u64(out, graph == NULL ? 0 : hv_set_index(&walk->state.visited_set, dict));
        put_u32(out, root->node);
    }
}

static void
write_totals(HvWalk *walk, HvWriter *out)
{
    put_u64(out, walk->result.objects);
    put_u64(out, walk->result.large_bytes);
    put_u64(out, walk->result.small_bytes);
    put_u64(out, walk->result.truncated_objects);
    put_u64(out, walk->result.garbage_objects);
    put_u32(out, walk->result.garbage_node);
}

/* The sections in their order, each behind its tag; docs/walk-file.md describes them. */
static const struct {
    const char *tag;
    void (*write)(HvWalk *walk, HvWriter *out);
} sections[] = {
    {"TOTL", write_totals},  {"LABL", write_labels},     {"TYPE", write_types},
    {"NODE", write_nodes},   {"CONT", write_containers}, {"ENTR", hv_write_container_entries},
    {"KEYS", hv_write_keys}, {"CACH", write_caches},     {"OPEN", write_open_objects},
    {"CYCL", write_cycles},  {"ALOC", write_allocator},
};

void
hv_write_all(HvWalk *walk, int fd, HvGraph *graph)
{
    HvWriter out = {fd, 0, hv_pages(BUFFER_BYTES)};
    hv_hide_unsaid(&walk->core);
    hv_merge_hidden(walk);
    hv_merge_nodes(walk);
    put_bytes(&out, HV_WALK_MAGIC, HV_WALK_MAGIC_BYTES);
    put_u32(&out, HV_WALK_VERSION);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        put_bytes(&out, sections[i].tag, HV_TAG_BYTES);
        sections[i].write(walk, &out);
    }
    put_bytes(&out, "GRPH", HV_TAG_BYTES);
    write_graph(walk, &out, graph);
    put_bytes(&out, "SAMP", HV_TAG_BYTES);
    hv_recognise_lost_samples(walk);
    hv_write_samples(put_any, &out, walk->result.sample_node, walk->result.sample_type);
    put_bytes(&out, "END.", HV_TAG_BYTES);
    flush(&out);
    hv_drop_pages(out.buffer, BUFFER_BYTES);
}
