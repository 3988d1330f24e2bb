/* What the process takes at this moment, at the price of a few system calls.
 *
 * It is asked between requests, so it keeps the interpreter's lock: to let go of it would cost more
 * than the answer, where other threads wait for it.
 */
#include "module/levels.h"

#include "module/capture.h"
#include "module/named_tuple.h"
#include "python/allocator_text.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* struct mallinfo2 of glibc 2.33 and later, mallinfo(3); looked up at run time, since wheels are
 * compiled for older ones */
typedef struct {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} Mallinfo;

HvMallocFigures
hv_malloc_figures(void)
{
    static Mallinfo (*call)(void);
    static int looked;
    if (!looked) {
        *(void **)&call = dlsym(RTLD_DEFAULT, "mallinfo2");
        looked = 1;
    }
    if (call == NULL)
        return (HvMallocFigures){0};
    Mallinfo found = call();
    return (HvMallocFigures){
        .arenas = (int64_t)(found.arena + found.hblkhd),
        .used = (int64_t)(found.uordblks + found.hblkhd),
        .free = (int64_t)found.fordblks,
    };
}

/* proc(5): statm has the sizes in pages; the second is resident, the third of files and shared. */
static int64_t
anonymous(void)
{
    char text[128];
    long long resident, shared;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    if (sscanf(text, "%*s %lld %lld", &resident, &shared) != 2)
        return 0;
    return (resident - shared) * sysconf(_SC_PAGESIZE);
}

static int64_t
in_files(PyObject *mounts)
{
    int64_t total = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mounts); i++) {
        struct statvfs found;
        PyObject *place = PyTuple_GET_ITEM(mounts, i);
        if (PyBytes_Check(place) && statvfs(PyBytes_AS_STRING(place), &found) == 0)
            total += (int64_t)((found.f_blocks - found.f_bfree) * found.f_frsize);
    }
    return total;
}

static PyTypeObject *levels_type;

static PyStructSequence_Field levels_fields[] = {
    {"malloc", "bytes that the C library has handed out"},
    {"anonymous", "bytes that are resident and of no file"},
    {"files", "bytes that the given file systems take"},
    {NULL, NULL},
};

static PyStructSequence_Desc levels_description = {
    "flask_heapview.core._core.Levels",
    "What the process takes, in bytes; 0 where it is not known.", levels_fields, 3};

PyDoc_STRVAR(
    levels_doc,
    "levels(mounts, malloc=True) -> Levels\n\n"
    "What the process takes now; `mounts` is a tuple of bytes, the file systems to ask. The C\n"
    "library looks at each of its free blocks to tell: a hundred thousand take it some\n"
    "milliseconds. `malloc` at False spares it.");

static PyObject *
levels(PyObject *self, PyObject *args)
{
    PyObject *mounts;
    int malloc = 1;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!|p", &PyTuple_Type, &mounts, &malloc))
        return NULL;
    PyObject *figures[] = {
        PyLong_FromLongLong(malloc ? hv_malloc_figures().used : 0),
        PyLong_FromLongLong(anonymous()),
        PyLong_FromLongLong(in_files(mounts)),
    };
    return hv_named_tuple(levels_type, figures, sizeof figures / sizeof *figures);
}

PyDoc_STRVAR(pymalloc_doc,
             "pymalloc() -> bytes\n\n"
             "What CPython prints of its allocator of small objects; nothing where another one is "
             "used. It looks\n"
             "at each pool of 16 kB: a heap of 1 GB takes 2 ms.");

static PyObject *
pymalloc(PyObject *self, PyObject *unused)
{
    char *text = NULL;
    size_t length = 0;
    PyMemAllocatorEx now;
    (void)self;
    (void)unused;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        return PyErr_NoMemory();
    /* Under a tracer, the sampler included, it would print nothing. With the interpreter's lock
     * nobody allocates meanwhile. */
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &now);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &hv_plain_allocator);
    hv_print_allocator(stream);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &now);
    PyObject *found = fclose(stream) == 0 ? PyBytes_FromStringAndSize(text, (Py_ssize_t)length)
                                          : PyErr_NoMemory();
    free(text);
    return found;
}

int
hv_levels_types(PyObject *module)
{
    if (levels_type == NULL) /* once in a process, however often it is imported */
        levels_type = PyStructSequence_NewType(&levels_description);
    return levels_type == NULL ? -1 : PyModule_AddType(module, levels_type);
}

PyMethodDef hv_levels_methods[] = {
    {"levels", levels, METH_VARARGS, levels_doc},
    {"pymalloc", pymalloc, METH_NOARGS, pymalloc_doc},
    {NULL, NULL, 0, NULL},
};
