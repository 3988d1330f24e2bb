/* The variables of a context, each under its name. A context's immutable map is a tree of three
 * sorts of nodes. Their layouts are those of Python/hamt.c, which publishes one of them only, and
 * that not in every version. */
#include "heap/core.h"

#include <string.h>

#define NODES_OF_ARRAY 32
#define MAX_DEPTH 16 /* levels; CPython has 8 at most */

typedef struct {
    PyVarObject head;
    uint32_t bitmap;
    PyObject *pairs[1]; /* a key and a value, or NULL and a node */
} BitmapNode;

typedef struct {
    PyObject head;
    PyObject *nodes[NODES_OF_ARRAY];
} ArrayNode;

typedef struct {
    PyVarObject head;
    int32_t hash;
    PyObject *pairs[1];
} CollisionNode;

static void
variable_edge(HvCore *core, PyObject *key, PyObject *value, HvEdge edge, void *state)
{
    if (key != NULL && value != NULL && Py_IS_TYPE(key, &PyContextVar_Type))
        edge(state, value, hv_label(core, HV_FORM_CONTEXT, ((PyContextVar *)key)->var_name), -1);
}

static void
node_edges(HvCore *core, PyObject *node, int depth, HvEdge edge, void *state)
{
    if (node == NULL || depth > MAX_DEPTH)
        return;
    const char *name = Py_TYPE(node)->tp_name;
    if (strcmp(name, "hamt_bitmap_node") == 0) {
        PyObject **pairs = ((BitmapNode *)node)->pairs;
        for (Py_ssize_t i = 0; i + 1 < Py_SIZE(node); i += 2) {
            if (pairs[i] == NULL)
                node_edges(core, pairs[i + 1], depth + 1, edge, state);
            else
                variable_edge(core, pairs[i], pairs[i + 1], edge, state);
        }
    } else if (strcmp(name, "hamt_array_node") == 0) {
        for (int i = 0; i < NODES_OF_ARRAY; i++)
            node_edges(core, ((ArrayNode *)node)->nodes[i], depth + 1, edge, state);
    } else if (strcmp(name, "hamt_collision_node") == 0) {
        PyObject **pairs = ((CollisionNode *)node)->pairs;
        for (Py_ssize_t i = 0; i + 1 < Py_SIZE(node); i += 2)
            variable_edge(core, pairs[i], pairs[i + 1], edge, state);
    }
}

void
hv_context_edges(HvCore *core, PyObject *context, HvEdge edge, void *state)
{
    PyHamtObject *map = ((struct _pycontextobject *)context)->ctx_vars;
    if (map != NULL)
        node_edges(core, (PyObject *)map->h_root, 0, edge, state);
}
