/* Where a walk begins: modules, threads, the interpreter; and what it begins and ends with. */
#include "heap/walk.h"
#include "python/allocator_text.h"

/* Whether only the module's makers gave it names: a library's, and of the import system's making.
 */
static int
has_own_names(HvWalk *walk, HvModuleRoot *root)
{
    PyObject *spec = hv_dict_get(root->dict, "__spec__");
    return root->rank != walk->input.ranks.app &&
           ((spec != NULL && spec != Py_None) || hv_dict_get(root->dict, "__file__") != NULL);
}

static void
walk_modules(HvWalk *walk)
{
    HvModuleRoot *roots = (HvModuleRoot *)walk->input.modules.items;
    for (size_t i = 0; i < walk->input.modules.count; i++) {
        HvModuleRoot *root = &roots[i];
        root->node = HV_NONE;
        if (hv_set_has(&walk->state.visited_set, root->module))
            continue;
        root->node =
            hv_new_root(walk, hv_label(&walk->core, HV_FORM_MODULE, root->name), root->rank);
        hv_node_at(walk, root->node)->type = hv_type_of(&walk->core, root->module)->number;
        hv_count_once(walk, root->module, root->node);
        if (root->dict == NULL)
            continue;
        hv_count_once(walk, root->dict, root->node);
        if (has_own_names(walk, root))
            hv_set_add(&walk->core.library_namespaces, root->dict);
        if (root->rank == walk->input.ranks.app)
            hv_note_named_keys(&walk->core, root->dict);
        if (walk->input.with_graph)
            hv_set_add(&walk->state.namespace_dicts, root->dict);
        int fresh;
        uint64_t key = (uint64_t)hv_label(&walk->core, HV_FORM_MODULE, root->name) + 1;
        uint32_t *place = hv_table_slot(&walk->state.module_of_class, key, &fresh);
        if (fresh)
            *place = (uint32_t)i + 1;
    }
    for (size_t i = 0; i < walk->input.modules.count; i++) {
        if (roots[i].node != HV_NONE)
            hv_enqueue(&walk->state.queue, roots[i].module, roots[i].node);
    }
    hv_walk_queue(walk);
}

static PyObject *
thread_name(HvWalk *walk, PyThreadState *thread)
{
    for (size_t i = 0; i < walk->input.thread_names.count; i++) {
        HvThreadName *known = &HV_AT(&walk->input.thread_names, HvThreadName, i);
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
    uint32_t label =
        name == NULL ? HV_LABEL_UNNAMED_THREAD : hv_label(&walk->core, HV_FORM_THREAD, name);
    if (thread == walk->input.capturing_thread)
        label = HV_LABEL_CAPTURE;
    uint32_t *slot =
        hv_table_slot(&walk->state.steps, hv_step_key(HV_NONE, label, HV_NONE), &fresh);
    if (fresh) { /* the threads of a pool have one name: they share a root */
        uint32_t root =
            hv_new_node(walk, HV_NONE, label, HV_NONE,
                        label == HV_LABEL_CAPTURE ? walk->input.ranks.ours : walk->input.ranks.app);
        *slot = root;
    }
    return *slot;
}

/* A running function counts as one object, of no size where Python never looked at its frame. */
static void
count_frame(HvWalk *walk, HvFrame *frame, uint32_t node)
{
    PyObject *object = (PyObject *)frame->frame_obj;
    if (object != NULL && !hv_set_has(&walk->state.visited_set, object)) {
        hv_count_once(walk, object, node);
        return;
    }
    hv_node_at(walk, node)->count++;
    hv_new_type(&walk->core, &PyFrame_Type)->count++;
    walk->result.objects++;
}

static void
note_held(void *state, PyObject *child, uint32_t label, Py_ssize_t place)
{
    HvWalk *walk = state;
    (void)place;
    if (label == HV_LABEL_CODE)
        return;
    HvLocalVariable *held = hv_array_push(&walk->result.local_variables);
    *held = (HvLocalVariable){child, walk->state.current_node, label};
}

static void
walk_frames(HvWalk *walk, PyThreadState *thread, uint32_t root)
{
    uint32_t type = hv_new_type(&walk->core, &PyFrame_Type)->number;
    hv_node_at(walk, root)->type = type;
    for (HvFrame *frame = hv_top_frame(thread); frame != NULL; frame = frame->previous) {
        if (!hv_frame_is_python(frame))
            continue;
        uint32_t label = hv_label(&walk->core, HV_FORM_FRAME, hv_frame_code(frame)->co_name);
        walk->state.current_node = hv_step(walk, root, label, type);
        count_frame(walk, frame, walk->state.current_node);
        hv_frame_edges(&walk->core, frame, hv_follow_edge, walk);
        if (walk->input.with_graph && thread != walk->input.capturing_thread)
            hv_frame_edges(&walk->core, frame, note_held, walk);
    }
}

static void
hold(HvWalk *walk, PyObject *op, uint32_t label)
{
    if (op != NULL)
        hv_reach(walk, op, label);
}

static int
hold_item(PyObject *op, void *walk)
{
    hold(walk, op, HV_LABEL_ITEM);
    return 0;
}

static int
hold_reference(PyObject *op, void *walk)
{
    hold(walk, op, HV_LABEL_REF);
    return 0;
}

static void
walk_thread(HvWalk *walk, PyThreadState *thread)
{
    uint32_t root = thread_root(walk, thread);
    walk->state.current_type = hv_new_type(&walk->core, &PyFrame_Type);
    walk_frames(walk, thread, root);
    walk->state.current_node = root;
    hold(walk, thread->dict, HV_LABEL_THREAD_DATA);
    hold(walk, thread->context, HV_LABEL_REF);
    for (_PyErr_StackItem *item = thread->exc_info; item != NULL; item = item->previous_item)
        hold(walk, item->exc_value, HV_LABEL_EXCEPTION);
    hold(walk, thread->c_profileobj, HV_LABEL_REF);
    hold(walk, thread->c_traceobj, HV_LABEL_REF);
}

/* Local variables come after the modules: what a module holds too is the module's. */
static void
walk_threads(HvWalk *walk)
{
    PyThreadState *thread = PyInterpreterState_ThreadHead(walk->core.interp);
    for (; thread != NULL; thread = thread->next) {
        if (thread != walk->input.capturing_thread)
            walk_thread(walk, thread);
    }
    hv_walk_queue(walk);
    walk_thread(walk, walk->input.capturing_thread);
    hv_walk_queue(walk);
}

/* What is to be called at the end. */
static void
walk_atexit(HvWalk *walk)
{
    hv_begin_at_root(walk, HV_LABEL_ATEXIT, walk->input.ranks.standard);
    hv_visit_atexit(walk->core.interp, hold_item, walk);
    hv_walk_queue(walk);
}

static void
walk_interpreter(HvWalk *walk)
{
    PyInterpreterState *interp = walk->core.interp;
    hv_begin_at_root(walk, HV_LABEL_INTERPRETER, walk->input.ranks.ours);
    hold(walk, interp->dict, HV_LABEL_REF);
    hv_visit_interpreter(interp, hold_reference, walk);
    hold(walk, interp->sysdict, HV_LABEL_REF);
    hold(walk, interp->builtins, HV_LABEL_REF);
    hold(walk, interp->before_forkers, HV_LABEL_REF);
    hold(walk, interp->after_forkers_parent, HV_LABEL_REF);
    hold(walk, interp->after_forkers_child, HV_LABEL_REF);
    hold(walk, interp->gc.garbage, HV_LABEL_REF);
    hold(walk, interp->gc.callbacks, HV_LABEL_REF);
    hv_walk_queue(walk);
}

void
hv_walk_init(HvWalk *walk)
{
    HvCore *core = &walk->core;
    hv_array_init(&core->types, sizeof(HvType *));
    hv_labels_init(core);
    hv_set_init(&core->said_names);
    hv_set_init(&core->library_namespaces);
    hv_set_init(&core->program_code);
    hv_set_init(&walk->state.visited_set);
    hv_set_init(&walk->state.garbage_set);
    hv_set_init(&walk->state.namespace_dicts);
    hv_array_init(&walk->result.local_variables, sizeof(HvLocalVariable));
    hv_array_init(&walk->input.own_objects, sizeof(PyObject *));
    hv_queue_init(&walk->state.queue);
    hv_array_init(&walk->result.nodes, sizeof(HvNode));
    hv_array_init(&walk->result.containers, sizeof(HvContainers));
    hv_array_init(&walk->result.caches, sizeof(HvCache));
    hv_array_init(&walk->result.open_objects, sizeof(HvOpenObject));
    hv_array_init(&walk->result.cycles, sizeof(HvCycle));
    walk->state.last_parent = HV_NONE;
    walk->state.min_subtree_bytes = HV_MIN_SUBTREE_BYTES;
    walk->state.other_node = hv_new_root(walk, HV_LABEL_OTHER, walk->input.ranks.ours);
}

/* To be called where the C library's allocator may be used: in a child nothing else than the
 * stream's own buffer is. */
void
hv_open_allocator_stream(HvWalk *walk)
{
    walk->result.allocator_text = hv_pages(HV_ALLOCATOR_TEXT_BYTES);
    walk->result.allocator_buffer = hv_pages(BUFSIZ);
    walk->result.allocator_stream =
        fmemopen(walk->result.allocator_text, HV_ALLOCATOR_TEXT_BYTES - 1, "w");
    if (walk->result.allocator_stream != NULL)
        setvbuf(walk->result.allocator_stream, walk->result.allocator_buffer, _IOFBF, BUFSIZ);
}

/* CPython prints its allocator's figures: into memory. Nothing where a tracer is in its way. */
void
hv_ask_allocator(HvWalk *walk)
{
    if (walk->result.allocator_stream == NULL)
        return;
    hv_print_allocator(walk->result.allocator_stream);
    fflush(walk->result.allocator_stream);
}

void
hv_walk_drop(HvWalk *walk)
{
    HvCore *core = &walk->core;
    if (walk->result.allocator_stream != NULL)
        fclose(walk->result.allocator_stream);
    hv_drop_pages(walk->result.allocator_text,
                  walk->result.allocator_text == NULL ? 0 : HV_ALLOCATOR_TEXT_BYTES);
    hv_drop_pages(walk->result.allocator_buffer,
                  walk->result.allocator_buffer == NULL ? 0 : BUFSIZ);
    hv_unwatch_samples(walk);
    hv_array_drop(&core->types);
    hv_array_drop(&core->labels);
    hv_table_drop(&core->type_table);
    hv_table_drop(&core->label_table);
    hv_table_drop(&core->label_content);
    hv_table_drop(&core->named_keys);
    hv_arena_drop(&core->arena);
    hv_set_drop(&core->said_names);
    hv_set_drop(&core->program_code);
    hv_set_drop(&core->library_namespaces);
    hv_set_drop(&walk->state.visited_set);
    hv_set_drop(&walk->state.garbage_set);
    hv_set_drop(&walk->state.namespace_dicts);
    hv_array_drop(&walk->result.local_variables);
    hv_array_drop(&walk->input.own_objects);
    hv_queue_drop(&walk->state.queue);
    hv_array_drop(&walk->result.nodes);
    hv_array_drop(&walk->result.containers);
    hv_array_drop(&walk->result.caches);
    hv_array_drop(&walk->result.open_objects);
    hv_array_drop(&walk->result.cycles);
    hv_table_drop(&walk->state.steps);
    hv_table_drop(&walk->state.module_of_class);
    hv_array_drop(&walk->input.modules);
    hv_array_drop(&walk->input.thread_names);
}

void
hv_walk_all(HvWalk *walk)
{
    for (size_t i = 0; i < walk->input.own_objects.count; i++) /* they grow with the modules */
        hv_set_add(&walk->state.visited_set, HV_AT(&walk->input.own_objects, PyObject *, i));
    hv_watch_samples(walk);
    hv_note_program(&walk->core);
    walk_modules(walk);
    walk_threads(walk);
    walk_atexit(walk);
    walk_interpreter(walk);
    hv_walk_unreached(walk);
    hv_queue_drop(&walk->state.queue);
    hv_table_drop(&walk->state.steps); /* what is not needed any more makes room */
    hv_table_drop(&walk->state.module_of_class);
    hv_live_cycles(walk);
    hv_report_progress(walk);
}
