/* The child: a bare fork that never comes back to Python. */
#ifndef HEAPVIEW_CHILD_H
#define HEAPVIEW_CHILD_H

#include "heap/walk.h"

typedef struct {
    int fd;          /* where the result goes */
    int graph_fd;    /* where the graph goes, or -1; no other descriptor stays open */
    double deadline; /* seconds */
    char *progress;  /* a shared page, or NULL; its layout is in isolation/progress_page.py */
    PyMemAllocatorEx plain; /* the object allocator as it was before any tracer wrapped it */
} HvCaptureOptions;

#define HV_PROGRESS_BYTES 4096   /* bytes of the page that shows the progress */
#define HV_PROGRESS_ERROR_AT 256 /* where its error text begins */
#define HV_PROGRESS_STARTED                                                                        \
    3 /* numbers in front: done, total, pause, started, length of the error */
#define HV_PROGRESS_ERROR_LENGTH 4

/* Walks the heap and writes the results. */
void hv_carry_out(HvWalk *walk, const HvCaptureOptions *options);

/* Forks without at-fork handlers; the child walks, writes and ends. Returns its pid, or -1. */
pid_t hv_spawn(HvWalk *walk, const HvCaptureOptions *options);

#endif
