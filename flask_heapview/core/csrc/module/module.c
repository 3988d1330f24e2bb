/* The module: its functions, and the constants that Python shares with the walk. */
#include "heap/graph.h"
#include "module/capture.h"
#include "module/child.h"
#include "module/levels.h"
#include "module/native_module.h"
#include "module/objects.h"
#include "module/request_path.h"
#include "module/sampler_module.h"
#include "output/writer.h"
#include "sampler/state.h"

/* Written once, here: Python takes them from the module. */
static const struct {
    const char *name;
    long value;
} constants[] = {
    {"WALK_VERSION", HV_WALK_VERSION},
    {"NONE", HV_NONE},
    {"DOUBTFUL", HV_DOUBTFUL},
    {"FORM_FIXED", HV_FORM_FIXED},
    {"FORM_ATTRIBUTE", HV_FORM_ATTRIBUTE},
    {"FORM_LOCAL", HV_FORM_LOCAL},
    {"FORM_CLOSURE", HV_FORM_CLOSURE},
    {"FORM_FRAME", HV_FORM_FRAME},
    {"FORM_CONTEXT", HV_FORM_CONTEXT},
    {"FORM_MODULE", HV_FORM_MODULE},
    {"FORM_THREAD", HV_FORM_THREAD},
    {"FORM_KEY", HV_FORM_KEY},
    {"GRAPH_ARRAYS", HV_ARRAYS},
    {"TAG_OTHER", HV_TAG_OTHER},
    {"TAG_ENDPOINT", HV_TAG_ENDPOINT},
    {"TAG_THREAD", HV_TAG_THREAD},
    {"PROGRESS_BYTES", HV_PROGRESS_BYTES},
    {"PROGRESS_ERROR_AT", HV_PROGRESS_ERROR_AT},
};

static int
add_constants(PyObject *module)
{
    static const char signs[][2] = {{HV_SIGN_DESCRIPTOR}, {HV_SIGN_POINTER}, {HV_SIGN_UNKNOWN}};
    PyObject *magic = PyBytes_FromStringAndSize(HV_WALK_MAGIC, HV_WALK_MAGIC_BYTES);
    int failed = magic == NULL || PyModule_AddObjectRef(module, "WALK_MAGIC", magic) < 0;
    Py_XDECREF(magic);
    for (size_t i = 0; !failed && i < sizeof constants / sizeof *constants; i++)
        failed = PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0;
    return failed || PyModule_AddStringConstant(module, "SIGN_DESCRIPTOR", signs[0]) < 0 ||
                   PyModule_AddStringConstant(module, "SIGN_POINTER", signs[1]) < 0 ||
                   PyModule_AddStringConstant(module, "SIGN_UNKNOWN", signs[2]) < 0
               ? -1
               : 0;
}

static int
fill(PyObject *module)
{
    PyMethodDef *methods[] = {hv_capture_methods, hv_object_methods, hv_sampling_methods,
                              hv_native_methods, hv_levels_methods};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (PyModule_AddFunctions(module, methods[i]) < 0)
            return -1;
    }
    if (hv_sampling_types(module) < 0 || hv_native_types(module) < 0 ||
        hv_levels_types(module) < 0 || hv_request_path_types(module) < 0)
        return -1;
    return add_constants(module);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "flask_heapview.core._core",
    .m_doc = "Walks the heap without touching a reference count.",
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__core(void)
{
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &hv_plain_allocator);
    return PyModuleDef_Init(&definition);
}
