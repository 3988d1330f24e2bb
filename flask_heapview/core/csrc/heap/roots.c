/* Where a walk begins: modules, threads, the interpreter; and what it begins and ends with. */
#include "heap/walk.h"

static void
walk_modules(HvWalk *walk)
{
    HvRoot *roots = (HvRoot *)walk->roots.items;
    for (size_t i = 0; i < walk->roots.count; i++) {
        HvRoot *root = &roots[i];
        root->node = HV_NONE;
        if (hv_has(&walk->seen, root->module))
            continue;
        root->node = hv_root(walk, HV_ROOT, root->name, 0, root->rank);
        hv_node_at(walk, root->node)->type = hv_type_of(&walk->core, root->module)->number;
        hv_account(walk, root->module, root->node);
        if (root->dict == NULL)
            continue;
        hv_account(walk, root->dict, root->node);
        if (walk->graph)
            hv_mark(&walk->namespaces, root->dict);
        int fresh;
        uint64_t key = (uint64_t)hv_label(&walk->core, HV_ROOT, root->name) + 1;
        uint32_t *home = hv_slot(&walk->homes, key, &fresh);
        if (fresh)
            *home = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < walk->roots.count; i++) {
        if (roots[i].node != HV_NONE)
            hv_enqueue(&walk->queue, roots[i].module, roots[i].node);
    }
    hv_drain(walk);
}

static PyObject *
thread_name(HvWalk *walk, PyThreadState *thread)
{
    for (size_t i = 0; i < walk->threads.count; i++) {
        HvThreadName *known = &HV_AT(&walk->threads, HvThreadName, i);
        if (known->ident == thread->thread_id)
            return known->name;
    }
    return NULL;
}

static uint32_t
thread_root(HvWalk *walk, PyThreadState *thread)
{
    int fresh;
    PyObject *name = thread_name(walk, thread);
    uint32_t label = name == NULL ? HV_NAMELESS : hv_label(&walk->core, HV_THREAD, name);
    if (thread == walk->self)
        label = HV_CAPTURE;
    uint32_t *slot = hv_slot(&walk->steps, hv_step_key(HV_NONE, label, HV_NONE), &fresh);
    if (fresh) { /* the threads of a pool have one name: they share a root */
        uint32_t root = hv_new_node(walk, HV_NONE, label, HV_NONE,
                                 label == HV_CAPTURE ? HV_OURS : HV_APP);
        *slot = root;
    }
    return *slot;
}

/* A running function counts as one object, of no size where Python never looked at its frame. */
static void
count_frame(HvWalk *walk, HvFrame *frame, uint32_t node)
{
    PyObject *object = (PyObject *)frame->frame_obj;
    if (object != NULL && !hv_has(&walk->seen, object)) {
        hv_account(walk, object, node);
        return;
    }
    hv_node_at(walk, node)->count++;
    hv_new_type(&walk->core, &PyFrame_Type)->count++;
    walk->visited++;
}

static void
note_held(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    HvWalk *walk = state;
    (void)place;
    if (label == HV_CODE)
        return;
    HvHeld *held = hv_push(&walk->held);
    *held = (HvHeld){child, walk->at, label};
}

static void
walk_frames(HvWalk *walk, PyThreadState *thread, uint32_t root)
{
    uint32_t type = hv_new_type(&walk->core, &PyFrame_Type)->number;
    hv_node_at(walk, root)->type = type;
    for (HvFrame *frame = hv_top_frame(thread); frame != NULL; frame = frame->previous) {
        if (!hv_frame_is_python(frame))
            continue;
        uint32_t label = hv_label(&walk->core, HV_FRAME, hv_frame_code(frame)->co_name);
        walk->at = hv_step(walk, root, label, type);
        count_frame(walk, frame, walk->at);
        hv_frame_edges(&walk->core, frame, hv_edge, walk);
        if (walk->graph && thread != walk->self)
            hv_frame_edges(&walk->core, frame, note_held, walk);
    }
}

static void
hold(HvWalk *walk, PyObject *op, uint32_t label)
{
    if (op != NULL)
        hv_reach(walk, op, label);
}

static void
walk_thread(HvWalk *walk, PyThreadState *thread)
{
    uint32_t root = thread_root(walk, thread);
    walk->of = hv_new_type(&walk->core, &PyFrame_Type);
    walk_frames(walk, thread, root);
    walk->at = root;
    hold(walk, thread->dict, HV_THREAD_DATA);
    hold(walk, thread->context, HV_REF);
    for (_PyErr_StackItem *item = thread->exc_info; item != NULL; item = item->previous_item)
        hold(walk, item->exc_value, HV_EXCEPTION);
    hold(walk, thread->c_profileobj, HV_REF);
    hold(walk, thread->c_traceobj, HV_REF);
}

/* Local variables come after the modules: what a module holds too is the module's. */
static void
walk_threads(HvWalk *walk)
{
    PyThreadState *thread = PyInterpreterState_ThreadHead(walk->core.interp);
    for (; thread != NULL; thread = thread->next) {
        if (thread != walk->self)
            walk_thread(walk, thread);
    }
    hv_drain(walk);
    walk_thread(walk, walk->self);
    hv_drain(walk);
}

/* What is to be called at the end: a list of C's until 3.14. */
static void
walk_atexit(HvWalk *walk)
{
    struct atexit_state *state = &walk->core.interp->atexit;
    walk->at = hv_root(walk, HV_RAW, NULL, HV_ATEXIT, HV_STANDARD);
    walk->of = hv_new_type(&walk->core, &PyFrame_Type);
#if PY_VERSION_HEX >= 0x030E0000
    hold(walk, state->callbacks, HV_REF);
#else
    for (int i = 0; i < state->ncallbacks; i++) {
        if (state->callbacks[i] == NULL)
            continue;
        hold(walk, state->callbacks[i]->func, HV_ITEM);
        hold(walk, state->callbacks[i]->args, HV_ITEM);
        hold(walk, state->callbacks[i]->kwargs, HV_ITEM);
    }
#endif
    hv_drain(walk);
}

static void
walk_interpreter(HvWalk *walk)
{
    PyInterpreterState *interp = walk->core.interp;
    walk->at = hv_root(walk, HV_RAW, NULL, HV_INTERPRETER, HV_OURS);
    walk->of = hv_new_type(&walk->core, &PyFrame_Type);
    hold(walk, interp->dict, HV_REF);
#if PY_VERSION_HEX < 0x030C0000
    hold(walk, interp->modules, HV_REF);
    hold(walk, interp->codec_search_path, HV_REF);
    hold(walk, interp->codec_search_cache, HV_REF);
    hold(walk, interp->codec_error_registry, HV_REF);
#endif
    hold(walk, interp->sysdict, HV_REF);
    hold(walk, interp->builtins, HV_REF);
    hold(walk, interp->before_forkers, HV_REF);
    hold(walk, interp->after_forkers_parent, HV_REF);
    hold(walk, interp->after_forkers_child, HV_REF);
    hold(walk, interp->gc.garbage, HV_REF);
    hold(walk, interp->gc.callbacks, HV_REF);
    hv_drain(walk);
}

void
hv_walk_init(HvWalk *walk)
{
    HvCore *core = &walk->core;
    hv_array(&core->types, sizeof(HvType *));
    hv_labels_init(core);
    hv_seen_init(&walk->seen);
    hv_seen_init(&walk->waste);
    hv_seen_init(&walk->namespaces);
    hv_array(&walk->held, sizeof(HvHeld));
    hv_array(&walk->own, sizeof(PyObject *));
    hv_queue_init(&walk->queue);
    hv_array(&walk->nodes, sizeof(HvNode));
    hv_array(&walk->collects, sizeof(HvCollects));
    hv_array(&walk->caches, sizeof(HvCache));
    hv_array(&walk->open, sizeof(HvOpen));
    hv_array(&walk->cycles, sizeof(HvCycle));
    walk->last_parent = HV_NONE;
    walk->other = hv_root(walk, HV_RAW, NULL, HV_OTHER, HV_OURS);
}

/* To be called where the C library's allocator may be used: in a child nothing else than the
 * stream's own buffer is. */
void
hv_open_stream(HvWalk *walk)
{
    walk->stream_text = hv_pages(HV_STREAM);
    walk->stream_buffer = hv_pages(BUFSIZ);
    walk->stream = fmemopen(walk->stream_text, HV_STREAM - 1, "w");
    if (walk->stream != NULL)
        setvbuf(walk->stream, walk->stream_buffer, _IOFBF, BUFSIZ);
}

extern int _PyObject_DebugMallocStats(FILE *); /* Include/internal/pycore_obmalloc.h, and before */

/* CPython prints its allocator's figures: into memory. Nothing where a tracer is in its way. */
void
hv_ask_allocator(HvWalk *walk)
{
    if (walk->stream == NULL)
        return;
    _PyObject_DebugMallocStats(walk->stream);
    fflush(walk->stream);
}

void
hv_walk_drop(HvWalk *walk)
{
    HvCore *core = &walk->core;
    if (walk->stream != NULL)
        fclose(walk->stream);
    hv_drop_pages(walk->stream_text, walk->stream_text == NULL ? 0 : HV_STREAM);
    hv_drop_pages(walk->stream_buffer, walk->stream_buffer == NULL ? 0 : BUFSIZ);
    hv_unwatch_samples(walk);
    hv_drop(&core->types);
    hv_drop(&core->labels);
    hv_drop_table(&core->type_table);
    hv_drop_table(&core->label_table);
    hv_drop_table(&core->label_content);
    hv_drop_arena(&core->arena);
    hv_seen_drop(&walk->seen);
    hv_seen_drop(&walk->waste);
    hv_seen_drop(&walk->namespaces);
    hv_drop(&walk->held);
    hv_drop(&walk->own);
    hv_queue_drop(&walk->queue);
    hv_drop(&walk->nodes);
    hv_drop(&walk->collects);
    hv_drop(&walk->caches);
    hv_drop(&walk->open);
    hv_drop(&walk->cycles);
    hv_drop_table(&walk->steps);
    hv_drop_table(&walk->homes);
    hv_drop(&walk->roots);
    hv_drop(&walk->threads);
}

void
hv_walk_all(HvWalk *walk)
{
    for (size_t i = 0; i < walk->own.count; i++) /* it grows with the modules, and is not theirs */
        hv_mark(&walk->seen, HV_AT(&walk->own, PyObject *, i));
    hv_watch_samples(walk);
    walk_modules(walk);
    walk_threads(walk);
    walk_atexit(walk);
    walk_interpreter(walk);
    hv_walk_rest(walk);
    hv_queue_drop(&walk->queue);
    hv_drop_table(&walk->steps); /* what is not needed any more makes room */
    hv_drop_table(&walk->homes);
    hv_live_cycles(walk);
    hv_tick(walk);
}
