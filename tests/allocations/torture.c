/* Threads that do to the allocator, and to the loader, all that a process may do to them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 256

static atomic_int stopping;
static atomic_long done, broken;
static char library[4096];

static unsigned
roll(unsigned *dice)
{
    *dice = *dice * 1664525u + 1013904223u;
    return *dice >> 8;
}

static void *
make(unsigned *dice, size_t size)
{
    void *block = NULL;
    switch (roll(dice) % 6) {
    case 0:
        return calloc(1, size);
    case 1:
        return posix_memalign(&block, 64, size) ? NULL : block;
    case 2:
        return aligned_alloc(32, (size + 31) & ~(size_t)31);
    case 3:
        return strdup("a text that is copied, so long that it is a block of its own");
    default:
        return malloc(size);
    }
}

static void
with_memory(unsigned *dice)
{
    static __thread void *block[SLOTS];
    for (int i = 0; i < 400; i++) {
        unsigned at = roll(dice) % SLOTS;
        size_t size = roll(dice) % 64 ? 1 + roll(dice) % 600 : 1 + roll(dice) % 300000;
        if (block[at] == NULL) {
            block[at] = make(dice, size);
            if (block[at] == NULL)
                broken++;
            else
                *(char *)block[at] = 1;
        } else if (roll(dice) % 3 == 0) {
            void *moved = realloc(block[at], size);
            if (moved == NULL || *(char *)moved != 1)
                broken++;
            block[at] = moved;
        } else {
            free(block[at]);
            block[at] = NULL;
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        free(block[i]);
        block[i] = NULL;
    }
}

static void
with_maps(unsigned *dice)
{
    size_t length = (size_t)4096 * (2 + roll(dice) % 200);
    char *pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        broken++;
        return;
    }
    pages[0] = 1;
    munmap(pages, 4096);
    munmap(pages + 4096, length - 4096);
}

static void
with_library(void)
{
    void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void (*work)(void);
    if (loaded == NULL) {
        broken++;
        return;
    }
    *(void **)&work = dlsym(loaded, "work");
    if (work == NULL)
        broken++;
    else
        work();
    dlclose(loaded);
}

static void
with_child(unsigned *dice)
{
    int status = -1, runs = roll(dice) % 2;
    pid_t child = fork();
    if (child == 0) {
        unsigned own = 7;
        with_memory(&own);
        if (runs)
            execl("/bin/true", "true", (char *)NULL);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        broken++;
}

static void *
short_life(void *given)
{
    unsigned dice = (unsigned)(size_t)given;
    with_memory(&dice);
    return NULL;
}

static void
with_thread(unsigned *dice)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, short_life, (void *)(size_t)roll(dice)) != 0)
        broken++;
    else
        pthread_join(thread, NULL);
}

static void *
live(void *given)
{
    unsigned dice = (unsigned)(size_t)given * 7919 + 1;
    while (!stopping) {
        with_memory(&dice);
        switch (roll(&dice) % 8) {
        case 0:
            with_library();
            break;
        case 1:
            if (roll(&dice) % 4 == 0)
                with_child(&dice);
            break;
        case 2:
            with_thread(&dice);
            break;
        case 3:
            with_maps(&dice);
            break;
        }
        done++;
    }
    return NULL;
}

#define MAX_THREADS 64
static pthread_t threads[MAX_THREADS];
static int running;

int
begin(int count, const char *path)
{
    strncpy(library, path, sizeof library - 1);
    stopping = 0;
    for (running = 0; running < count && running < MAX_THREADS; running++) {
        if (pthread_create(&threads[running], NULL, live, (void *)(size_t)(running + 1)) != 0)
            break;
    }
    return running;
}

long
rounds(void)
{
    return done;
}

/* What went wrong: blocks that were not handed out, contents lost, children that crashed. */
long
end(void)
{
    stopping = 1;
    while (running > 0)
        pthread_join(threads[--running], NULL);
    return broken;
}
