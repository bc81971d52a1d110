/* registry.c -- see registry.h. The one file that knows dlopen. A plug-in proves its ABI before anything else
 * of it is read: three numbers at the start of its vtable. */
#include "sim/model/registry.h"

#include "sim/base/array.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

extern const geo_model model_local, model_sync, model_async, model_lww, model_crdt, model_quorum,
    model_gossip;

static const geo_model *const built_in[] = {
    &model_local, &model_sync, &model_async, &model_lww, &model_crdt, &model_quorum, &model_gossip,
};
enum { BUILT_IN = sizeof built_in / sizeof built_in[0] };

static ARRAY(const geo_model *) plugins;

const char *const geo_check_names[GEO_CHECKS] = {
    "linearizable",        "sequential",        "causal",
    "read_your_writes",    "monotonic_reads",   "monotonic_writes",
    "writes_follow_reads", "bounded_staleness", "eventual",
    "strong_eventual",     "nothing_lost",
};
const char *const geo_kind_names[GEO_KINDS] = {"read",      "write", "update", "increment",
                                               "decrement", "add",   "remove"};
const char *const geo_data_names[GEO_DATA] = {"register", "counter", "set"};
const char *const geo_counter_names[GEO_COUNTERS] = {"dead_letters", "throttled", "siblings"};

const geo_model *registry_model(size_t index)
{
    if (index < BUILT_IN)
        return built_in[index];
    return index - BUILT_IN < plugins.count ? plugins.items[index - BUILT_IN] : NULL;
}

const geo_model *registry_find(const char *name)
{
    for (size_t i = 0; registry_model(i) != NULL; i++)
        if (strcmp(registry_model(i)->name, name) == 0)
            return registry_model(i);
    return NULL;
}

static char *wrong(const char *path, const char *what)
{
    char *text = NULL;

    CHECK(asprintf(&text, "the plug-in %s %s", path, what) >= 0);
    return text;
}

char *registry_load_plugin(const char *path)
{
    char *from = NULL; /* a name without a slash would be looked for in the system's folders */
    CHECK(asprintf(&from, "%s%s", strchr(path, '/') == NULL ? "./" : "", path) >= 0);
    void *handle = dlopen(from, RTLD_NOW | RTLD_LOCAL);
    free(from);
    if (handle == NULL)
        return wrong(path, dlerror());
    void *symbol = dlsym(handle, GEO_PLUGIN_SYMBOL);
    if (symbol == NULL)
        return wrong(path, "does not export " GEO_PLUGIN_SYMBOL
                           "(): build it from one model's source with that function");
    const geo_model *(*plugin)(void);
    memcpy(&plugin, &symbol, sizeof plugin); /* ISO C has no cast from a data pointer to a function pointer */
    const geo_model *model = plugin();
    if (model == NULL || model->abi != GEO_ABI || model->model_bytes != sizeof(geo_model) ||
        model->param_bytes != sizeof(geo_param))
        return wrong(path, "was built against another model.h: build it again with this version's");
    if (model->name == NULL || model->summary == NULL || model->params == NULL || model->messages == NULL ||
        model->placement == NULL || model->promise == NULL || model->request == NULL ||
        model->message == NULL)
        return wrong(
            path,
            "leaves out a part that every model has: name, summary, params, messages, placement, promise, "
            "request, message");
    if (registry_find(model->name) != NULL)
        return wrong(path, "has the name of a model that is there already");
    *array_add(&plugins) = model;
    return NULL;
}
