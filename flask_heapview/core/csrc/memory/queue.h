/* What was found and still has to be looked into, first in, first out.
 *
 * A breadth-first walk of a large heap waits for millions of objects at once. They are kept as
 * differences of addresses in a byte stream (zigzag and LEB128 varints, as in Protocol Buffers and
 * DWARF): objects made one after the other lie side by side, so an entry takes two or three bytes.
 */
#ifndef HEAPVIEW_QUEUE_H
#define HEAPVIEW_QUEUE_H

#include "memory/memory.h"

typedef struct HvBlock HvBlock;

typedef struct {
    HvBlock *first, *last, *spare;
    uint8_t *read, *write, *write_end;
    uintptr_t read_address, write_address;
    uint32_t read_node, write_node;
    uint64_t waiting;
} HvQueue;

void hv_queue_init(HvQueue *queue);
void hv_queue_drop(HvQueue *queue);
void hv_enqueue(HvQueue *queue, const void *object, uint32_t node);
int hv_dequeue(HvQueue *queue, void **object, uint32_t *node); /* 0 when it is empty */
/* Every node that waits; it may be changed to a lower number. */
void hv_queue_each_node(HvQueue *queue, void (*each)(uint32_t *node, void *state), void *state);

#endif
