#define _GNU_SOURCE
#include "module/child.h"
#include "heap/graph.h"
#include "native/sample.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define NICENESS 5
#define SIGNAL_STACK_BYTES ((size_t)1 << 16)

/* Globals, because signal handlers take no context argument. */
static HvWalk *child_walk;
static char *child_progress;

static void
report(const char *words, const char *more)
{
    if (child_progress == NULL)
        return;
    char *at = child_progress + HV_PROGRESS_ERROR_AT;
    size_t room = HV_PROGRESS_BYTES - HV_PROGRESS_ERROR_AT, used = strnlen(words, room);
    memcpy(at, words, used);
    size_t extra = strnlen(more, room - used);
    memcpy(at + used, more, extra);
    ((volatile int64_t *)child_progress)[HV_PROGRESS_ERROR_LENGTH] = (int64_t)(used + extra);
}

static void __attribute__((noreturn))
give_up(const char *reason)
{
    report(reason, "");
    _exit(1);
}

/* A C extension's tp_traverse crashed: report the type being visited. */
static void
crashed(int number)
{
    static char name[400];
    const char *what = number == SIGBUS    ? "the child crashed (SIGBUS) while visiting "
                       : number == SIGABRT ? "the child crashed (SIGABRT) while visiting "
                       : number == SIGSEGV ? "the child crashed (SIGSEGV) while visiting "
                                           : "the child crashed while visiting ";
    PyTypeObject *type = child_walk == NULL ? NULL : child_walk->core.examined_type;
    report(what, "an object");
    if (type != NULL) {
        hv_full_name(type, name, sizeof name); /* should this crash as well: the first words stay */
        report(what, name);
    }
    _exit(128 + number);
}

static void
set_signals(double deadline)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < _NSIG; number++)
        sigaction(number, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGINT, &action, NULL); /* a ^C at the terminal is the service's */
    sigaction(SIGXFSZ, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    stack_t stack = {.ss_sp = hv_pages(SIGNAL_STACK_BYTES), .ss_size = SIGNAL_STACK_BYTES};
    sigaltstack(&stack, NULL); /* a traverse function may have used up the other one */
    action.sa_handler = crashed;
    action.sa_flags = SA_ONSTACK | (int)SA_RESETHAND;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)deadline}};
    timer.it_value.tv_usec = (suseconds_t)((deadline - (double)(time_t)deadline) * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Killed first when memory runs out, and with the service when that goes. See prctl(2), proc(5). */
static void
be_expendable(pid_t parent)
{
    struct rlimit none = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) /* it went before we asked */
        _exit(1);
    setrlimit(RLIMIT_CORE, &none);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "1000", 4) < 0) { /* not ours to set: then so be it */
        }
        close(fd);
    }
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS);
}

static void
close_range_of(unsigned first, unsigned last)
{
    if (first > last)
        return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
#endif
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && last > limit.rlim_cur)
        last = (unsigned)limit.rlim_cur;
    for (unsigned fd = first; fd <= last; fd++)
        close((int)fd);
}

/* Keeps the results' descriptors alone: a listening socket must not outlive its service. */
static void
close_descriptors(int kept, int other)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        if (fd != kept && fd != other)
            dup2(null, fd);
    }
    int low = other < 0 || kept < other ? kept : other, high = kept < other ? other : kept;
    close_range_of(3, (unsigned)low - 1);
    close_range_of((unsigned)low + 1, (unsigned)high - 1);
    close_range_of((unsigned)high + 1, ~0u);
}

/* --- CPython's allocators, replaced in the child: whatever a type's own functions allocate comes
 * from here, so that no page of the heap is written and no lock of a tracer is taken. */

static HvArena scratch;

static void *
scratch_malloc(void *context, size_t size)
{
    (void)context;
    size_t *block = hv_arena_alloc(&scratch, size + 16);
    *block = size;
    return block + 2;
}

static void *
scratch_calloc(void *context, size_t count, size_t size)
{
    return scratch_malloc(context, count * size); /* pages come zeroed, and none is used twice */
}

static void *
scratch_realloc(void *context, void *block, size_t size)
{
    if (block == NULL)
        return scratch_malloc(context, size);
    give_up("a type's function tried to resize a block of the service's");
}

static void
scratch_free(void *context, void *block)
{
    (void)context;
    (void)block;
}

static void
replace_allocators(HvWalk *walk, const HvCaptureOptions *options)
{
    PyMemAllocatorEx plain = options->plain;
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &plain);
    hv_ask_allocator(walk);
    PyMemAllocatorEx own = {NULL, scratch_malloc, scratch_calloc, scratch_realloc, scratch_free};
    PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &own);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &own);
}

void
hv_carry_out(HvWalk *walk, const HvCaptureOptions *options)
{
    HvGraph graph;
    hv_walk_all(walk);
    if (options->graph_fd >= 0)
        hv_write_graph(walk, options->graph_fd, &graph);
    hv_write_all(walk, options->fd, options->graph_fd >= 0 ? &graph : NULL);
}

static void __attribute__((noreturn))
be_child(HvWalk *walk, const HvCaptureOptions *options, pid_t parent)
{
    hv_native_freeze(); /* another thread may have had its lock */
    child_walk = walk;
    child_progress = options->progress;
    hv_give_up = give_up;
    set_signals(options->deadline);
    be_expendable(parent);
    close_descriptors(options->fd, options->graph_fd);
    if (child_progress != NULL)
        ((volatile int64_t *)child_progress)[HV_PROGRESS_STARTED] = 1;
    replace_allocators(walk, options);
    hv_carry_out(walk, options);
    _exit(0);
}

pid_t
hv_spawn(HvWalk *walk, const HvCaptureOptions *options)
{
    pid_t parent = getpid();
    /* the system call itself: the C library's fork() runs the handlers of every library loaded */
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        be_child(walk, options, parent);
    return pid;
}
