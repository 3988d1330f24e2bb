/* The collector's lists: all generations, the permanent one last. */
#ifndef HEAPVIEW_COLLECTOR_LISTS_H
#define HEAPVIEW_COLLECTOR_LISTS_H

#define HV_GENERATIONS 4

/* 3.14.0 to 3.14.4 collect in increments, and name their lists otherwise. They lie where the three
 * generations lie before and after (gh-142516), so a core runs on either half of 3.14. */
#if PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030E05C1
#define HV_GENERATION(gc, i) ((i) == 0 ? &(gc)->young : &(gc)->old[(i) - 1])
#else
#define HV_GENERATION(gc, i) (&(gc)->generations[i])
#endif

static inline void
hv_generations(PyInterpreterState *interp, PyGC_Head **heads)
{
    for (int i = 0; i < HV_GENERATIONS - 1; i++)
        heads[i] = &HV_GENERATION(&interp->gc, i)->head;
    heads[HV_GENERATIONS - 1] = &interp->gc.permanent_generation.head;
}

#endif
