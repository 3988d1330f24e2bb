/* What the process takes at this moment, at the price of a few system calls.
 *
 * It is asked between requests, so it keeps the interpreter's lock: to let go of it would cost more
 * than the answer, where other threads wait for it.
 */
#include "module/levels.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* struct mallinfo2 of glibc 2.33 and later, mallinfo(3); looked up at run time, since wheels are
 * compiled for older ones */
typedef struct {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} Mallinfo;

static int64_t
malloc_used(void)
{
    static Mallinfo (*call)(void);
    static int looked;
    if (!looked) {
        *(void **)&call = dlsym(RTLD_DEFAULT, "mallinfo2");
        looked = 1;
    }
    if (call == NULL)
        return 0;
    Mallinfo found = call();
    return (int64_t)(found.uordblks + found.hblkhd);
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

PyDoc_STRVAR(levels_doc,
"levels(mounts, malloc=True) -> (malloc, anonymous, files)\n\n"
"Bytes that the C library has handed out, that are resident and of no file, and that the file systems\n"
"mounted at `mounts`, a tuple of bytes, take. What is not known is 0. The C library looks at each of\n"
"its free blocks to tell: a hundred thousand take it some milliseconds. `malloc` at False spares it.");

static PyObject *
levels(PyObject *self, PyObject *args)
{
    PyObject *mounts;
    int malloc = 1;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!|p", &PyTuple_Type, &mounts, &malloc))
        return NULL;
    return Py_BuildValue("LLL", malloc ? (long long)malloc_used() : 0LL, (long long)anonymous(),
                         (long long)in_files(mounts));
}

PyMethodDef hv_levels_methods[] = {
    {"levels", levels, METH_VARARGS, levels_doc},
    {NULL, NULL, 0, NULL},
};
