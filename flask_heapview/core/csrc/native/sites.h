/* Where native memory is allocated: the stack of C, the lines of Python, and whose work it is. */
#ifndef HEAPVIEW_NATIVE_SITES_H
#define HEAPVIEW_NATIVE_SITES_H

#include "native/state.h"

typedef struct {
    PyThreadState *thread; /* Python's, of this thread; NULL where it has none */
    PyObject *endpoint;    /* its name, a strong reference; NULL: none, or not known by it */
    int has_lock;          /* whether this thread has the interpreter's lock */
    uint32_t calls;
    uintptr_t call[HV_NATIVE_CALLS];
} HvSite;

/* Of the running thread; nothing is allocated. hv_site_drop lets go of what it holds. */
void hv_site_here(HvSite *site);
void hv_site_drop(HvSite *site);
/* With the lock of the tables: the number of its entry. */
uint32_t hv_site_entry(const HvSite *site);

/* Finds the unwinder, and has it do all that it does once in a process. */
void hv_stack_warm_up(void);
/* Return addresses of the C functions up to the interpreter, the innermost first. */
uint32_t hv_stack_here(uintptr_t *calls, uint32_t max_calls);

#endif
