#define _GNU_SOURCE
#include "native/pages.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    uintptr_t begin, end;
    int protection;
} Range;

static struct {
    char *text;
    size_t length, room;
    Range *range;
    size_t count, bytes;
} known;

static void *
pages(size_t bytes)
{
    void *found = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return found == MAP_FAILED ? NULL : found;
}

/* All of it, in a mapping that ends in a zero. */
static int
read_text(int file)
{
    known.room = (size_t)1 << 18;
    known.length = 0;
    known.text = pages(known.room);
    while (known.text != NULL) {
        ssize_t count = read(file, known.text + known.length, known.room - known.length - 1);
        if (count <= 0)
            return count < 0 ? -1 : 0;
        known.length += (size_t)count;
        if (known.room - known.length > 1)
            continue;
        void *larger = mremap(known.text, known.room, known.room * 2, MREMAP_MAYMOVE);
        if (larger == MAP_FAILED)
            return -1;
        known.text = larger;
        known.room *= 2;
    }
    return -1;
}

static Range
range_of(char *line)
{
    char *at;
    Range found = {.begin = strtoul(line, &at, 16)};
    found.end = strtoul(at + 1, &at, 16);
    found.protection = (at[1] == 'r' ? PROT_READ : 0) | (at[2] == 'w' ? PROT_WRITE : 0) |
                       (at[3] == 'x' ? PROT_EXEC : 0);
    return found;
}

static int
read_ranges(void)
{
    size_t lines = 0;
    for (size_t i = 0; i < known.length; i++)
        lines += known.text[i] == '\n';
    known.bytes = (lines + 1) * sizeof(Range);
    known.range = pages(known.bytes);
    if (known.range == NULL)
        return -1;
    known.count = 0;
    for (char *line = known.text; *line != 0 && known.count < lines; line++) {
        known.range[known.count++] = range_of(line);
        line = strchr(line, '\n');
        if (line == NULL)
            break;
    }
    return known.count > 0 ? 0 : -1;
}

int
hv_protections_read(void)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    hv_protections_drop();
    if (file < 0)
        return -1;
    int failed = read_text(file) < 0 || read_ranges() < 0;
    close(file);
    if (failed)
        hv_protections_drop();
    return failed ? -1 : 0;
}

void
hv_protections_drop(void)
{
    if (known.text != NULL)
        munmap(known.text, known.room);
    if (known.range != NULL)
        munmap(known.range, known.bytes);
    memset(&known, 0, sizeof known);
}

static int
protection_of(uintptr_t at)
{
    size_t low = 0, high = known.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (known.range[middle].end <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low < known.count && known.range[low].begin <= at ? known.range[low].protection : -1;
}

int
hv_is_writable(uintptr_t at)
{
    int protection = protection_of(at);
    return protection >= 0 && protection & PROT_WRITE;
}

int
hv_store(uintptr_t at, uintptr_t value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    int protection = protection_of(at);
    void *begin = (void *)(at & ~(page - 1));
    if (protection < 0)
        return -1;
    int writable = protection & PROT_WRITE;
    if (!writable && mprotect(begin, page, protection | PROT_WRITE) < 0)
        return -1;
    __atomic_store_n((uintptr_t *)at, value, __ATOMIC_RELEASE);
    if (!writable && mprotect(begin, page, protection) < 0)
        return -1;
    return 0;
}
