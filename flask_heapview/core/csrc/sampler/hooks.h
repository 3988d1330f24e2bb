/* The hooks into Python's object and mem allocator domains. */
#ifndef HEAPVIEW_SAMPLER_HOOKS_H
#define HEAPVIEW_SAMPLER_HOOKS_H

int hv_hooks_in(void); /* whether both domains are hooked now; hooks them where they are not */
void hv_hooks_out(void);

#endif
