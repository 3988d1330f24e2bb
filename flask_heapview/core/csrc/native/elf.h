/* One loaded object, as its own headers describe it: elf(5), and the psABI of each processor. */
#ifndef HEAPVIEW_NATIVE_ELF_H
#define HEAPVIEW_NATIVE_ELF_H

#include <link.h>
#include <stdint.h>

typedef struct {
    const char *path;
    uintptr_t low, high;               /* of what is mapped of it */
    uintptr_t sealed_low, sealed_high; /* whole pages that are read-only once it is loaded */
    ElfW(Addr) base;
    const ElfW(Sym) * symbols;
    const char *strings;
    struct {
        const ElfW(Rela) * begin;
        size_t count;
    } relocations[2];
} HvObject;

typedef struct {
    uintptr_t *at;
    const char *name;
    int is_lazy;   /* it may lead back into its own object: the loader has not filled it yet */
    int is_data;   /* a pointer in the library's data, which it may have changed */
    uintptr_t own; /* the object's own function of that name, or 0 */
} HvEntryPoint;

typedef void (*HvEachEntry)(const HvObject *object, const HvEntryPoint *entry, void *state);

/* 0, or -1 for what has no relocations, as the kernel's own object. */
int hv_object_of(const struct dl_phdr_info *info, HvObject *object);
/* All entries for names of functions elsewhere. */
void hv_each_entry(const HvObject *object, HvEachEntry each, void *state);

#endif
