#define _GNU_SOURCE
#include "native/elf.h"

#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#define JUMP_SLOT R_X86_64_JUMP_SLOT
#define GLOBAL_DATA R_X86_64_GLOB_DAT
#define ABSOLUTE R_X86_64_64
#elif defined(__aarch64__)
#define JUMP_SLOT R_AARCH64_JUMP_SLOT
#define GLOBAL_DATA R_AARCH64_GLOB_DAT
#define ABSOLUTE R_AARCH64_ABS64
#endif

/* glibc has made addresses of the offsets in the dynamic section, musl leaves them. */
static uintptr_t
address_in(const HvObject *object, ElfW(Addr) value)
{
    return value < object->base ? object->base + value : value;
}

static void
note_dynamic(HvObject *object, const ElfW(Dyn) * dynamic)
{
    ElfW(Xword) kind = DT_RELA;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        uintptr_t at = address_in(object, dynamic->d_un.d_ptr);
        size_t count = dynamic->d_un.d_val / sizeof(ElfW(Rela));
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            object->symbols = (const void *)at;
            break;
        case DT_STRTAB:
            object->strings = (const void *)at;
            break;
        case DT_JMPREL:
            object->relocations[0].begin = (const void *)at;
            break;
        case DT_PLTRELSZ:
            object->relocations[0].count = count;
            break;
        case DT_RELA:
            object->relocations[1].begin = (const void *)at;
            break;
        case DT_RELASZ:
            object->relocations[1].count = count;
            break;
        case DT_PLTREL:
            kind = dynamic->d_un.d_val;
            break;
        }
    }
    if (kind != DT_RELA)
        object->relocations[0].count = 0;
}

int
hv_object_of(const struct dl_phdr_info *info, HvObject *object)
{
    const ElfW(Dyn) *dynamic = NULL;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    *object = (HvObject){.path = info->dlpi_name, .base = info->dlpi_addr, .low = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + part->p_vaddr, end = begin + part->p_memsz;
        if (part->p_type == PT_DYNAMIC)
            dynamic = (const void *)begin;
        if (part->p_type == PT_GNU_RELRO) { /* glibc, elf/dl-reloc.c: rounds both down */
            object->sealed_low = begin & ~(page - 1);
            object->sealed_high = end & ~(page - 1);
        }
        if (part->p_type != PT_LOAD)
            continue;
        object->low = begin < object->low ? begin : object->low;
        object->high = end > object->high ? end : object->high;
    }
    if (dynamic == NULL)
        return -1;
    note_dynamic(object, dynamic);
    return object->symbols != NULL && object->strings != NULL ? 0 : -1;
}

void
hv_each_entry(const HvObject *object, HvEachEntry each, void *state)
{
#ifdef JUMP_SLOT
    for (size_t part = 0; part < 2; part++) {
        const ElfW(Rela) *row = object->relocations[part].begin;
        size_t count = row == NULL ? 0 : object->relocations[part].count;
        for (; count > 0; count--, row++) {
            uint64_t type = ELF64_R_TYPE(row->r_info), number = ELF64_R_SYM(row->r_info);
            if (number == 0 || (type != JUMP_SLOT && type != GLOBAL_DATA && type != ABSOLUTE))
                continue;
            if (type == ABSOLUTE && row->r_addend != 0)
                continue;
            const ElfW(Sym) *symbol = &object->symbols[number];
            HvEntryPoint entry = {
                .at = (uintptr_t *)(object->base + row->r_offset),
                .name = object->strings + symbol->st_name,
                .is_lazy = type == JUMP_SLOT,
                .is_data = type == ABSOLUTE,
                .own = symbol->st_shndx == SHN_UNDEF ? 0 : object->base + symbol->st_value,
            };
            each(object, &entry, state);
        }
    }
#else
    (void)object, (void)each, (void)state;
#endif
}
