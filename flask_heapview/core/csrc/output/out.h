/* How the parts of the result are written: a buffer in front of a descriptor. */
#ifndef HEAPVIEW_OUT_H
#define HEAPVIEW_OUT_H

#include "heap/walk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BUFFER ((size_t)1 << 16)
#define NAME 700 /* bytes of a name that are written: 160 characters are shown */

typedef struct {
    int fd;
    size_t used;
    char *buffer;
} Out;

static inline void
flush(Out *out)
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
put_bytes(Out *out, const void *data, size_t length)
{
    const char *from = data;
    while (length > 0) {
        if (out->used == BUFFER)
            flush(out);
        size_t part = BUFFER - out->used < length ? BUFFER - out->used : length;
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
u8(Out *out, uint8_t value)
{
    put_bytes(out, &value, 1);
}

static inline void
u32(Out *out, uint32_t value)
{
    put_bytes(out, &value, 4);
}

static inline void
u64(Out *out, uint64_t value)
{
    put_bytes(out, &value, 8);
}

static inline void
put_string(Out *out, const char *data, size_t length)
{
    u32(out, (uint32_t)length);
    put_bytes(out, data, length);
}

static inline void
put_text(Out *out, PyObject *name)
{
    char buffer[NAME];
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

/* entries.c */
void hv_write_samples_of_entries(HvWalk *walk, Out *out);
void hv_write_keys(HvWalk *walk, Out *out);

#endif
