/* The child: a bare fork that never comes back to Python. */
#ifndef HEAPVIEW_CHILD_H
#define HEAPVIEW_CHILD_H

#include "heap/walk.h"

typedef struct {
    int fd;          /* where the result goes */
    int graph_fd;    /* where the graph goes, or -1; no other descriptor stays open */
    double deadline; /* seconds */
    char *board;     /* a shared page, or NULL; its layout is in progress.py */
    PyMemAllocatorEx plain; /* the object allocator as it was before any tracer wrapped it */
} HvOrder;

#define HV_BOARD 4096       /* bytes of a board */
#define HV_BOARD_ERROR 256  /* where its error text begins */
#define HV_BOARD_STARTED 3  /* numbers in front: done, total, pause, started, length of the error */
#define HV_BOARD_LENGTH 4

/* Walks, and writes what was ordered. */
void hv_carry_out(HvWalk *walk, const HvOrder *order);

/* Forks without at-fork handlers; the child walks, writes and ends. Returns its pid, or -1. */
pid_t hv_spawn(HvWalk *walk, const HvOrder *order);

#endif
