/* manifest.c -- see manifest.h. Key order is that of insertion, so that a reader meets what matters first. */
#include "sim/experiment/manifest.h"

#include "sim/base/check.h"
#include "sim/experiment/machine.h"
#include "sim/model/registry.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static void put(json_t *object, const char *key, json_t *value)
{
    CHECK(json_object_set_new(object, key, value) == 0);
}

/* Text from outside may be no UTF-8, which JSON cannot hold: then byte by byte, with ? for what is not ASCII.
 */
static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);

    if (value == NULL) {
        char *plain = memory_text(text);
        for (char *c = plain; *c != '\0'; c++)
            if ((unsigned char)*c >= 128)
                *c = '?';
        value = json_string(plain);
        free(plain);
    }
    CHECK(value != NULL);
    return value;
}

static json_t *seconds(sim_ns ns)
{
    return json_real((double)ns / 1e9);
}

/* Faults at fixed times and for fixed times; repeated ones differ from replication to replication. */
static json_t *faults_of(const struct world_def *world)
{
    json_t *list = json_array();
    sim_ns limit = world->duration_ns + world->drain_ns;

    for (uint32_t i = 0; i < world->fault_count; i++) {
        const struct fault_def *fault = &world->faults[i];
        if (fault->every != NULL || (fault->lasts != NULL && !distribution_is_constant(fault->lasts)))
            continue;
        double lasts = fault->kind == FAULT_CLOCK || fault->kind == FAULT_SWITCHOVER ? 0
                       : fault->lasts == NULL ? (double)(limit - fault->at_ns)
                                              : rint(distribution_quantile(fault->lasts, 0.5));
        json_t *one = json_object();
        put(one, "name", text_of(fault->name));
        put(one, "begin_s", seconds(fault->at_ns));
        put(one, "end_s", json_real(((double)fault->at_ns + lasts) / 1e9));
        json_array_append_new(list, one);
    }
    return list;
}

json_t *manifest_point(const struct document *doc, size_t point, const struct scenario *s,
                       const struct gathering *g)
{
    const char *const *paths;
    size_t path_count = document_sweep_paths(doc, &paths);
    json_t *one = json_object(), *values = json_object(), *regions = json_array();

    for (size_t i = 0; i < path_count; i++)
        put(values, paths[i], text_of(document_point_value(doc, point, i)));
    for (uint32_t r = 0; r < s->world.region_count; r++)
        json_array_append_new(regions, text_of(s->world.regions[r].name));
    put(one, "point", json_integer((json_int_t)point));
    put(one, "values", values);
    put(one, "replications", json_integer(gathering_count(g)));
    put(one, "warmup_s", seconds(s->world.warmup_ns));
    put(one, "duration_s", seconds(s->world.duration_ns));
    put(one, "drain_s", seconds(s->world.drain_ns));
    put(one, "bin_s", seconds(gathering_bin_ns(g)));
    put(one, "regions", regions);
    put(one, "faults", faults_of(&s->world));
    return one;
}

static json_t *models_of(const struct scenario *s)
{
    json_t *list = json_array();

    for (uint32_t m = 0; m < s->model_count; m++) {
        json_t *one = json_object(), *promise = json_array();
        uint64_t checks = promised_checks(s, m);
        for (unsigned c = 0; c < GEO_CHECKS; c++)
            if ((checks >> c & 1) != 0)
                json_array_append_new(promise, json_string(geo_check_names[c]));
        put(one, "name", text_of(s->models[m].name));
        put(one, "type", text_of(s->models[m].model->name));
        put(one, "strategy", text_of(s->models[m].strategy));
        put(one, "promise", promise);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *host_of(void)
{
    char *name = machine_name(), *system_name = machine_system();
    json_t *host = json_object();

    put(host, "name", text_of(name));
    put(host, "system", text_of(system_name));
    put(host, "cores", json_integer(machine_cores()));
    put(host, "memory_bytes", json_integer((json_int_t)machine_memory_bytes()));
    free(name);
    free(system_name);
    return host;
}

char *manifest_text(const struct results_def *def, const struct results_run *run, json_t *points,
                    json_t *inputs)
{
    const struct scenario *s = document_scenario(def->document, 0);
    json_t *m = json_object(), *arguments = json_array();
    char *resolved = document_resolved(def->document), started[32] = "";
    time_t when = (time_t)run->started;
    struct tm utc;

    if (gmtime_r(&when, &utc) != NULL)
        strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    for (int i = 0; i < run->argument_count; i++)
        json_array_append_new(arguments, text_of(run->arguments[i]));
    put(m, "program", json_string("georep"));
    put(m, "version", text_of(def->version));
    put(m, "name", text_of(s->name));
    put(m, "description", text_of(s->description != NULL ? s->description : ""));
    put(m, "complete", json_boolean(run->complete));
    if (run->note != NULL)
        put(m, "note", text_of(run->note));
    put(m, "seed", json_integer((json_int_t)s->seed));
    put(m, "models", models_of(s));
    put(m, "points", points);
    put(m, "point_count", json_integer((json_int_t)document_point_count(def->document)));
    put(m, "command", arguments);
    put(m, "started", json_string(started));
    put(m, "wall_time_s", json_real(run->wall_s));
    put(m, "jobs", json_integer(run->jobs));
    put(m, "trials", json_integer((json_int_t)run->trials));
    put(m, "events", json_integer((json_int_t)run->events));
    put(m, "operations", json_integer((json_int_t)run->operations));
    put(m, "host", host_of());
    put(m, "inputs", inputs);
    put(m, "scenario", text_of(resolved));
    char *text = json_dumps(m, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    CHECK(text != NULL);
    json_decref(m);
    free(resolved);
    return text;
}
