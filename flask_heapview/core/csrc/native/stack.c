/* The stack of C: by the tables that compilers leave for exceptions, with libgcc's unwinder.
 *
 * It is looked up at run time: musl has none, and a library that needs it would not load there.
 * It takes no lock where the C library has _dl_find_object (glibc 2.35). Before that it takes the
 * loader's, which a child may find held for good: there, no stack is read.
 */
#define _GNU_SOURCE
#include "native/objects.h"
#include "native/sites.h"

#include <dlfcn.h>

/* The interface of the Itanium C++ ABI, "Exception Handling", 1.4. */
typedef int (*Step)(void *context, void *state);
typedef int (*Backtrace)(Step step, void *state);
typedef uintptr_t (*GetIp)(void *context);
enum { GO_ON = 0, NORMAL_STOP = 4 };

static Backtrace backtrace;
static GetIp ip_of;
static int takes_no_lock;

typedef struct {
    uintptr_t *calls;
    uint32_t count, max;
} Walk;

static int
step(void *context, void *state)
{
    Walk *walk = state;
    uintptr_t at = ip_of(context);
    if (at == 0 || hv_in_interpreter(at))
        return NORMAL_STOP;
    if (hv_in_core(at))
        return GO_ON;
    walk->calls[walk->count++] = at;
    return walk->count < walk->max ? GO_ON : NORMAL_STOP;
}

uint32_t
hv_stack_here(uintptr_t *calls, uint32_t max_calls)
{
    Walk walk = {calls, 0, max_calls};
    if (backtrace != NULL && (takes_no_lock || !hv_native.forked))
        backtrace(step, &walk);
    return walk.count;
}

void
hv_stack_warm_up(void)
{
    uintptr_t calls[HV_NATIVE_CALLS];
    if (backtrace == NULL) {
        void *library = dlopen("libgcc_s.so.1", RTLD_LAZY);
        if (library == NULL)
            return;
        *(void **)&ip_of = dlsym(library, "_Unwind_GetIP");
        if (ip_of != NULL)
            *(void **)&backtrace = dlsym(library, "_Unwind_Backtrace");
        takes_no_lock = dlsym(RTLD_DEFAULT, "_dl_find_object") != NULL;
    }
    hv_stack_here(calls, HV_NATIVE_CALLS);
}
