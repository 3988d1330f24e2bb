/* What the kernel says of the process's pages: see proc(5), /proc/self/maps. */
#ifndef HEAPVIEW_NATIVE_PAGES_H
#define HEAPVIEW_NATIVE_PAGES_H

#include <stdint.h>

/* Reads them; 0, or -1. hv_pages_drop gives the memory back. */
int hv_protections_read(void);
void hv_protections_drop(void);
int hv_is_writable(uintptr_t at);
/* Stores a word, in a page that may be read-only: it is writable for that moment, and then as it
 * was. 0, or -1 where the kernel does not allow it. */
int hv_store(uintptr_t at, uintptr_t value);

#endif
