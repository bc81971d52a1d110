/* scenario_document.c -- extends, overrides, sweeps, the resolved text, and the schema. */
#include "scenario_text.h"

#include "sim/model/registry.h"

#include <jansson.h>
#include <sys/stat.h>

TestSuite(scenario_document, .init = text_begin, .fini = text_end);

static const char plain[] =
    "name: s\nregions: [a, {name: b, nodes: 2}]\nnetwork: {rtt: 80ms}\nmodels: [lww, {name: m, type: sync}]\n"
    "faults: [{name: down, at: 1s, for: 2s, crash: {region: a}}, {at: 2s, crash: {region: b}}]\n";

Test(scenario_document, settings_merge_and_choices_replace)
{
    static const char base[] =
        "name: base\nduration: 10s\nregions: [a, b]\n"
        "network: {rtt: {normal: {mean: 80ms, stddev: 1ms}}, jitter: 1ms, loss: 1%}\n"
        "clocks: {offset: 1ms, regions: {a: {offset: 2ms, drift: 1ppm}}}\n"
        "workload: {arrivals: {poisson: 5/s}, mix: {read: 50%, write: 50%}, keys: {count: 7, local: 10%}}\n"
        "models: [lww, sync]\n";
    static const char own[] = "extends: ../base.yaml\nname: own\n"
                              "network: {rtt: {uniform: {min: 1ms, max: 3ms}}, loss: {gilbert_elliott: "
                              "{to_bad: 1/s, to_good: 1/s, bad: 1%}}}\n"
                              "clocks: {regions: {a: {offset: 3ms}, b: {offset: 4ms}}}\n"
                              "workload: {arrivals: {constant: 6/s}, mix: {read: 100%}, keys: {local: 20%}}\n"
                              "models: [async]\n";
    struct diagnostics *d = diagnostics_new();

    cr_assert_eq(mkdir("folder", 0700), 0);
    file_write("base.yaml", base);
    file_write("folder/own.yaml", own);
    struct document *doc = document_read("folder/own.yaml", NULL, 0, NULL, 0, d);
    cr_assert_not_null(doc, "%s", diagnostics_text(d, 0));
    const struct scenario *s = document_scenario(doc, 0);
    const struct world_def *w = &s->world;
    cr_assert_str_eq(s->name, "own");
    cr_assert_eq(w->duration_ns, 10 * SIM_SECOND);
    cr_assert(w->links[1].delay->kind == DISTRIBUTION_UNIFORM && w->links[1].jitter->a == 1e6 &&
              w->links[1].bursts.on);
    cr_assert(w->regions[0].clock.offset->a == 3e6 && w->regions[0].clock.drift->a == 1e-6);
    cr_assert(w->regions[1].clock.offset->a == 4e6);
    cr_assert(w->regions[0].workload.arrivals == ARRIVALS_CONSTANT && w->regions[0].workload.rate_per_s == 6);
    cr_assert(w->key_count == 7 && w->regions[0].workload.local_share == 0.2 &&
              w->regions[0].workload.mix[GEO_READ] == 1);
    cr_assert(s->model_count == 1 && strcmp(s->models[0].name, "async") == 0);
    cr_assert_eq(document_input_count(doc), 2);
    document_free(doc);
    diagnostics_free(d);
}

/* An error in the file that is extended is said there. */
Test(scenario_document, places_are_those_of_the_file_that_is_wrong)
{
    file_write("base.yaml", "regions: [a]\nmodels: [lww]\nduration: 3\n");
    expect_errors("extends: base.yaml\nwarmup: 1\n",
                  "base.yaml:3:11: error: `3` has no unit: write a time such as 80ms, 1.5s or 2m\n"
                  "s.yaml:2:9: error: `1` has no unit: write a time such as 80ms, 1.5s or 2m\n");
}

static const struct scenario *scenario_with(struct document **doc, const char *path, const char *value)
{
    *doc = text_document_set(plain, path, value);
    return document_scenario(*doc, 0);
}

Test(scenario_document, overrides_reach_maps_names_numbers_and_bare_names)
{
    struct document *doc;

    cr_assert_eq(scenario_with(&doc, "network.loss", "1%")->world.links[1].loss, 0.01);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "regions.a.nodes", "3")->world.regions[0].nodes, 3);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "regions.1.nodes", "5")->world.regions[1].nodes, 5);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "faults.down.for", "7s")->world.faults[0].lasts->a, 7e9);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "faults.1.at", "7s")->world.faults[1].at_ns, 7 * SIM_SECOND);
    document_free(doc);
    cr_assert_str_eq(scenario_with(&doc, "models.lww.clock", "hlc")->models[0].strategy, "lww clock=hlc");
    document_free(doc);
    cr_assert_str_eq(scenario_with(&doc, "models.m.leader", "b")->models[1].strategy, "sync leader=b");
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "models", "[async]")->model_count, 1);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "workload.keys.distribution", "{zipfian: 1.2}")
                     ->world.regions[0]
                     .workload.zipf_theta,
                 1.2);
    document_free(doc);
    cr_assert_eq(scenario_with(&doc, "clocks.regions.b.offset", "-3ms")->world.regions[1].clock.offset->a,
                 -3e6);
    document_free(doc);
}

Test(scenario_document, a_sweep_is_a_product_with_the_last_path_fastest)
{
    static const char text[] = "name: s\nregions: [a, b]\nnetwork: {rtt: 1ms}\nmodels: [lww]\n"
                               "clocks: {offset: {normal: {mean: 0, stddev: 0}}}\n"
                               "sweep:\n"
                               "  models.lww.clock: [wall, hlc]\n"
                               "  clocks.offset.normal.stddev: {from: 1ms, to: 1s, points: 4, scale: log}\n"
                               "  network.loss: {from: 0, to: 1%, points: 3}\n";
    static const char *const stddevs[] = {"1ms", "10ms", "100ms", "1s"}, *const losses[] = {"0", "0.5%",
                                                                                            "1%"};
    static const double ns[] = {1e6, 1e7, 1e8, 1e9}, shares[] = {0, 0.005, 0.01};
    struct document *doc = text_document(text);
    const char *const *paths;

    cr_assert_eq(document_point_count(doc), 24);
    cr_assert_eq(document_sweep_paths(doc, &paths), 3);
    cr_assert_str_eq(paths[1], "clocks.offset.normal.stddev");
    for (size_t point = 0; point < 24; point++) {
        const struct scenario *s = document_scenario(doc, point);
        cr_expect_str_eq(document_point_value(doc, point, 0), point < 12 ? "wall" : "hlc");
        cr_expect_str_eq(document_point_value(doc, point, 1), stddevs[point / 3 % 4]);
        cr_expect_str_eq(document_point_value(doc, point, 2), losses[point % 3]);
        cr_expect_str_eq(s->models[0].strategy, point < 12 ? "lww clock=wall" : "lww clock=hlc");
        cr_expect_eq(s->world.regions[0].clock.offset->b, ns[point / 3 % 4]);
        cr_expect_eq(s->world.links[1].loss, shares[point % 3]);
    }
    document_free(doc);
}

/* 10^(1/3) = 2.15443469, 10^(2/3) = 4.64158883: six digits; and whole numbers stay whole. */
Test(scenario_document, made_values_have_six_digits_and_a_unit)
{
    struct document *doc =
        text_document("name: s\nregions: [a, b]\nnetwork: {rtt: 1ms}\nmodels: [lww]\nsweep:\n"
                      "  network.local: {from: 1ms, to: 10ms, points: 4, scale: log}\n"
                      "  workload.keys.count: {from: 1000000, to: 3000000, points: 3}\n");

    cr_assert_str_eq(document_point_value(doc, 3, 0), "2.15443ms");
    cr_assert_str_eq(document_point_value(doc, 6, 0), "4.64159ms");
    cr_assert_eq(document_scenario(doc, 6)->world.local_ns, 4641590);
    cr_assert_str_eq(document_point_value(doc, 1, 1), "2000000");
    document_free(doc);
}

Test(scenario_document, an_override_of_a_swept_path_is_refused)
{
    struct diagnostics *d = diagnostics_new();
    static const char text[] =
        "name: s\nregions: [a, b]\nnetwork: {rtt: 1ms}\nmodels: [lww]\nsweep: {network.loss: [0%, 1%]}\n";
    struct document_override set = {"network.loss", "2%"}, instead = {"sweep.network.loss", "[2%]"};

    file_write("s.yaml", text);
    cr_assert_null(document_read("s.yaml", &set, 1, NULL, 0, d));
    cr_assert_str_eq(diagnostics_text(d, 0),
                     "--set network.loss=2%: error: the scenario sweeps `network.loss`: set "
                     "sweep.network.loss=[...] in its place");
    struct document *doc = document_read("s.yaml", &instead, 1, NULL, 0, d);
    cr_assert_eq(document_point_count(doc), 1);
    cr_assert_eq(document_scenario(doc, 0)->world.links[1].loss, 0.02);
    document_free(doc);
    diagnostics_free(d);
}

Test(scenario_document, only_the_models_that_are_asked_for_stay)
{
    static const char text[] = "name: s\nregions: [a]\nmodels: [lww, sync, async]\n"
                               "expect: [{lww: {failed: 0}, sync: {failed: '< 2 * lww'}, async: {failed: '< "
                               "0.5 * sync', converged: true}}]\n";
    const char *const keep[] = {"async", "lww"}, *const wrong[] = {"lwww"};
    struct diagnostics *d = diagnostics_new();

    file_write("s.yaml", text);
    struct document *doc = document_read("s.yaml", NULL, 0, keep, 2, d);
    const struct scenario *s = document_scenario(doc, 0);
    cr_assert(s->model_count == 2 && strcmp(s->models[0].name, "lww") == 0 &&
              strcmp(s->models[1].name, "async") == 0);
    cr_assert_eq(s->expect_count, 2);
    char *resolved = document_resolved(doc);
    document_free(doc);
    doc = text_document(resolved);
    cr_assert(document_scenario(doc, 0)->model_count == 2 && document_scenario(doc, 0)->expect_count == 2);
    document_free(doc);
    free(resolved);
    cr_assert_null(document_read("s.yaml", NULL, 0, wrong, 1, d));
    cr_assert_str_eq(diagnostics_text(d, 0),
                     "--models: error: the scenario has no model `lwww`; did you mean `lww`?");
    diagnostics_free(d);
}

/* What was merged and set reads to the same again, from another folder too. */
Test(scenario_document, the_resolved_text_reads_to_the_same_scenario)
{
    static const char base[] = "regions: [a, b]\nnetwork: {rtt: m.csv, jitter: {empirical: {file: d.csv, "
                               "column: x, unit: ms}}}\nmodels: [lww]\n";
    struct diagnostics *d = diagnostics_new();
    struct document_override set[] = {{"network.loss", "1%"}, {"models.lww.clock", "hlc"}};

    cr_assert_eq(mkdir("folder", 0700), 0);
    file_write("folder/base.yaml", base);
    file_write("folder/m.csv", ",a,b\na,,7\nb,9,\n");
    file_write("folder/d.csv", "x\n1\n2\n");
    file_write("s.yaml", "extends: folder/base.yaml\nx-note: {any: [thing]}\n");
    struct document *doc = document_read("s.yaml", set, 2, NULL, 0, d);
    cr_assert_not_null(doc, "%s", diagnostics_text(d, 0));
    char *resolved = document_resolved(doc);
    cr_assert_null(strstr(resolved, "extends"));
    cr_assert_eq(mkdir("elsewhere", 0700), 0);
    file_write("elsewhere/r.yaml", resolved);
    struct document *again = document_read("elsewhere/r.yaml", NULL, 0, NULL, 0, d);
    cr_assert_not_null(again, "%s", diagnostics_text(d, 0));
    const struct scenario *s = document_scenario(doc, 0), *t = document_scenario(again, 0);
    cr_assert_str_eq(s->name, t->name);
    cr_assert_str_eq(t->models[0].strategy, "lww clock=hlc");
    cr_assert(t->world.links[1].delay->a == 7e6 && t->world.links[2].delay->a == 9e6 &&
              t->world.links[1].loss == 0.01);
    cr_assert_eq(t->world.links[1].jitter->count, 2);
    char *twice = document_resolved(again);
    cr_assert_str_eq(twice, resolved);
    free(twice);
    free(resolved);
    document_free(again);
    document_free(doc);
    diagnostics_free(d);
}

/* Every key that the list shows, and every parameter of every model, is in the schema. */
Test(scenario_document, the_schema_has_every_key_and_parameter)
{
    char *text = scenario_schema();
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);

    cr_assert_not_null(root, "%s", error.text);
    cr_assert_str_eq(json_string_value(json_object_get(root, "$schema")),
                     "https://json-schema.org/draft/2020-12/schema");
    json_t *properties = json_object_get(root, "properties");
    char *keys = NULL;
    size_t bytes = 0, lines = 0;
    FILE *to = open_memstream(&keys, &bytes);
    scenario_list_keys(to);
    fclose(to);
    for (char *line = strtok(keys, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        char name[64];
        cr_assert_eq(sscanf(line, "%63[^ ]", name), 1);
        if (strpbrk(name, ".[") == NULL)
            cr_expect_not_null(json_object_get(properties, name), "%s", name);
        char *leaf = strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name, *quoted = NULL;
        CHECK(asprintf(&quoted, "\"%s\"", leaf) >= 0);
        cr_expect_not_null(strstr(text, quoted), "%s", name);
        free(quoted);
    }
    cr_assert_gt(lines, 100);
    json_t *models =
        json_object_get(json_object_get(json_object_get(properties, "models"), "items"), "anyOf");
    for (size_t i = 0; registry_model(i) != NULL; i++) {
        json_t *model = json_array_get(models, i + 1);
        cr_assert_str_eq(json_string_value(json_object_get(
                             json_object_get(json_object_get(model, "properties"), "type"), "const")),
                         registry_model(i)->name);
        for (const geo_param *p = registry_model(i)->params; p->name != NULL; p++)
            if (strchr(p->name, '.') == NULL)
                cr_expect_not_null(json_object_get(json_object_get(model, "properties"), p->name), "%s",
                                   p->name);
    }
    json_decref(root);
    free(keys);
    free(text);
}
