#include "memory/queue.h"

#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 16)
#define MAX_ENTRY_BYTES 24 /* bytes of the longest entry */

struct HvBlock {
    HvBlock *next;
    uint8_t *end; /* of what was written, once the block is full */
    uint8_t data[];
};

static HvBlock *
new_block(HvQueue *queue)
{
    HvBlock *block = queue->spare;
    if (block != NULL)
        queue->spare = block->next;
    else
        block = hv_pages(BLOCK_BYTES);
    block->next = NULL;
    block->end = NULL;
    return block;
}

void
hv_queue_init(HvQueue *queue)
{
    *queue = (HvQueue){0};
    queue->first = queue->last = new_block(queue);
    queue->read = queue->write = queue->first->data;
    queue->write_end = (uint8_t *)queue->last + BLOCK_BYTES - MAX_ENTRY_BYTES;
}

static uint8_t *
put(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static const uint8_t *
get(const uint8_t *at, uint64_t *value)
{
    uint64_t found = *at & 0x7f;
    for (int shift = 7; *at++ & 0x80; shift += 7)
        found |= (uint64_t)(*at & 0x7f) << shift;
    *value = found;
    return at;
}

void
hv_enqueue(HvQueue *queue, const void *object, uint32_t node)
{
    if (queue->write >= queue->write_end) {
        HvBlock *block = new_block(queue);
        queue->last->end = queue->write;
        queue->last->next = block;
        queue->last = block;
        queue->write = block->data;
        queue->write_end = (uint8_t *)block + BLOCK_BYTES - MAX_ENTRY_BYTES;
    }
    uintptr_t address = (uintptr_t)object >> 3;
    int64_t step = (int64_t)(address - queue->write_address);
    uint64_t zigzag = (uint64_t)step << 1 ^ (uint64_t)(step >> 63);
    int moved = node != queue->write_node;
    queue->write = put(queue->write, zigzag << 1 | (uint64_t)moved);
    if (moved)
        queue->write = put(queue->write, node);
    queue->write_address = address;
    queue->write_node = node;
    queue->waiting++;
}

/* A block that was read is used again, so that a queue never takes more than it once had to. */
static void
next_block(HvQueue *queue)
{
    HvBlock *done = queue->first;
    queue->first = done->next;
    queue->read = queue->first->data;
    done->next = queue->spare;
    queue->spare = done;
}

int
hv_dequeue(HvQueue *queue, void **object, uint32_t *node)
{
    uint64_t word, value;
    if (queue->waiting == 0)
        return 0;
    if (queue->read == queue->first->end)
        next_block(queue);
    const uint8_t *at = get(queue->read, &word);
    uint64_t zigzag = word >> 1;
    queue->read_address += (uintptr_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    if (word & 1) {
        at = get(at, &value);
        queue->read_node = (uint32_t)value;
    }
    queue->read = (uint8_t *)at;
    *object = (void *)(queue->read_address << 3);
    *node = queue->read_node;
    queue->waiting--;
    return 1;
}

/* In as many bytes as stand there: a varint may be longer than it must be. */
static void
replace(uint8_t *at, const uint8_t *end, uint64_t value)
{
    for (; at + 1 < end; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at = (uint8_t)(value & 0x7f);
}

static void
each_node_of(uint8_t *at, const uint8_t *end, void (*each)(uint32_t *node, void *state),
             void *state)
{
    while (at < end) {
        uint64_t word, node;
        at = (uint8_t *)get(at, &word);
        if (!(word & 1))
            continue;
        uint8_t *place = at;
        at = (uint8_t *)get(at, &node);
        uint32_t found = (uint32_t)node;
        each(&found, state);
        replace(place, at, found);
    }
}

void
hv_queue_each_node(HvQueue *queue, void (*each)(uint32_t *node, void *state), void *state)
{
    if (queue->waiting == 0)
        return;
    each(&queue->read_node, state);
    each(&queue->write_node, state);
    for (HvBlock *block = queue->first; block != NULL; block = block->next) {
        uint8_t *from = block == queue->first ? queue->read : block->data;
        each_node_of(from, block->end == NULL ? queue->write : block->end, each, state);
    }
}

static void
drop_blocks(HvBlock *block)
{
    while (block != NULL) {
        HvBlock *next = block->next;
        hv_drop_pages(block, BLOCK_BYTES);
        block = next;
    }
}

void
hv_queue_drop(HvQueue *queue)
{
    drop_blocks(queue->first);
    drop_blocks(queue->spare);
    *queue = (HvQueue){0};
}
