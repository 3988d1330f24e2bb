/* How the parts of the result are written: a buffer in front of a descriptor. */
#ifndef HEAPVIEW_WRITER_H
#define HEAPVIEW_WRITER_H

#include "heap/walk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The walk's file; docs/walk-file.md. The version changes with every change of what is written. */
#define HV_WALK_MAGIC "\x89HVWALK\n"
#define HV_WALK_MAGIC_BYTES 8
#define HV_WALK_VERSION 5
#define HV_TAG_BYTES 4 /* of the tag in front of each section */

#define BUFFER_BYTES ((size_t)1 << 16)
#define MAX_NAME_BYTES 700 /* bytes of a name that are written: 160 characters are shown */

typedef struct {
    int fd;
    size_t used;
    char *buffer;
} HvWriter;

static inline void
flush(HvWriter *out)
{
    size_t done = 0;
    while (done < out->used) {
        ssize_t n = write(out->fd, out->buffer + done, out->used - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            hv_give_up(errno == ENOSPC ? "the disk is full" : "cannot write the result");
        done += (size_t)n;
    }
    out->used = 0;
}

static inline void
put_bytes(HvWriter *out, const void *data, size_t length)
{
    const char *from = data;
    while (length > 0) {
        if (out->used == BUFFER_BYTES)
            flush(out);
        size_t part = BUFFER_BYTES - out->used < length ? BUFFER_BYTES - out->used : length;
        memcpy(out->buffer + out->used, from, part);
        out->used += part;
        from += part;
        length -= part;
    }
}

static inline void
put_any(void *out, const void *data, size_t length)
{
    put_bytes(out, data, length);
}

static inline void
put_u8(HvWriter *out, uint8_t value)
{
    put_bytes(out, &value, 1);
}

static inline void
put_u32(HvWriter *out, uint32_t value)
{
    put_bytes(out, &value, 4);
}

static inline void
put_u64(HvWriter *out, uint64_t value)
{
    put_bytes(out, &value, 8);
}

static inline void
put_string(HvWriter *out, const char *data, size_t length)
{
    put_u32(out, (uint32_t)length);
    put_bytes(out, data, length);
}

static inline void
put_text(HvWriter *out, PyObject *name)
{
    char buffer[MAX_NAME_BYTES];
    if (name == NULL || !PyUnicode_CheckExact(name))
        put_string(out, "?", 1);
    else
        put_string(out, buffer, hv_utf8(name, buffer, sizeof buffer));
}

/* The address that an allocator knows an object by. */
static inline uint64_t
block_of(PyObject *op)
{
    return (uint64_t)((uintptr_t)op - hv_before(op, Py_TYPE(op)));
}

/* merge_hidden.c */
void hv_merge_hidden(HvWalk *walk);

/* container_entries.c */
void hv_write_container_entries(HvWalk *walk, HvWriter *out);
void hv_write_keys(HvWalk *walk, HvWriter *out);

#endif
