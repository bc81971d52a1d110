/* scenario_world.c -- what a scenario's text becomes: every default, links, clocks, workloads, faults,
 * models. */
#include "scenario_text.h"

#include "sim/history/setting.h"

#include <math.h>

TestSuite(scenario_world, .init = text_begin, .fini = text_end);

static const struct link_def *link_of(const struct world_def *w, uint32_t from, uint32_t to)
{
    return &w->links[from * w->region_count + to];
}

/* The contract: "a key left out is neutral ... the rest of the defaults". */
Test(scenario_world, what_is_left_out_is_neutral)
{
    struct document *doc = text_document("regions: [a, b]\nnetwork: {rtt: 80ms}\nmodels: [lww]\n");
    const struct scenario *s = document_scenario(doc, 0);
    const struct world_def *w = &s->world;
    const struct workload_def *load = &w->regions[1].workload;

    cr_assert_str_eq(s->name, "s", "the file's name");
    cr_assert_eq(s->seed, 1);
    cr_assert(s->replications_min == 10 && s->replications_max == 10 && s->stop_metric == NULL);
    cr_assert(w->duration_ns == 60 * SIM_SECOND && w->warmup_ns == 5 * SIM_SECOND &&
              w->drain_ns == 30 * SIM_SECOND);
    cr_assert(w->region_count == 2 && w->regions[0].nodes == 1);
    cr_assert(!w->datagram && w->retransmit_max_ns == SIM_SECOND && w->overhead_bytes == 64);
    cr_assert(w->local_ns == 500000 && w->client->kind == DISTRIBUTION_CONSTANT && w->client->a == 500000);
    cr_assert(w->storage.workers == 8 && w->storage.write->a == 0 && w->storage.read->a == 0 &&
              w->storage.apply->a == 0);
    cr_assert(w->data == GEO_REGISTER && w->key_count == 10000 && w->own_key_count == 0 && w->initial == 100);
    cr_assert(w->probes.share == 0 && w->fault_count == 0);
    cr_assert(load->clients == 10 && load->arrivals == ARRIVALS_POISSON && load->rate_per_s == 100);
    cr_assert(load->keys == KEYS_UNIFORM && load->local_share == 0 && load->own_share == 0 &&
              load->roam_share == 0);
    cr_assert(load->mix[GEO_READ] == 0.9 && load->mix[GEO_WRITE] == 0.1 && load->mix[GEO_UPDATE] == 0);
    cr_assert(load->value_bytes == 1000 && load->timeout_ns == 10 * SIM_SECOND && load->retries == 0 &&
              !load->retry_as_new);
    cr_assert(load->failover && load->failover_after_ns == SIM_SECOND && load->route_to == 1);
    const struct clock_def *clock = &w->regions[0].clock;
    cr_assert(clock->offset == NULL && clock->drift == NULL && clock->sync_every_ns == 0 &&
              !clock->has_uncertainty);
    const struct link_def *link = link_of(w, 0, 1);
    cr_assert(link->jitter == NULL && link->loss == 0 && !link->bursts.on && link->duplicate == 0);
    cr_assert(link->bandwidth_bits_per_s == 0 && link->price_usd_per_byte == 0.02e-9);
    cr_assert(link->delay_is_round_trip && link->delay->a == 80e6 &&
              link->rtt_median_ns == 80 * SIM_MILLISECOND);
    cr_assert(link->odd_up && !link_of(w, 1, 0)->odd_up);
    document_free(doc);
}

Test(scenario_world, exceptions_of_links_win_in_order)
{
    struct document *doc =
        text_document("regions: [a, b, c]\n"
                      "network:\n"
                      "  rtt: 100ms\n  jitter: 1ms\n  loss: 1%\n  bandwidth: 1Gbps\n"
                      "  links:\n"
                      "    - {between: [a, b], rtt: 80ms, jitter: none, loss: {gilbert_elliott: {to_bad: "
                      "6/m, to_good: 10/s, bad: 20%}}}\n"
                      "    - {from: b, to: a, delay: 30ms, bandwidth: unlimited}\n"
                      "  price: {default: 0.09 USD/GB, links: [{from: a, to: b, price: 0.01 USD/GB}]}\n"
                      "models: [lww]\n");
    const struct world_def *w = &document_scenario(doc, 0)->world;
    const struct link_def *ab = link_of(w, 0, 1), *ba = link_of(w, 1, 0), *ac = link_of(w, 0, 2);

    cr_assert(ab->delay_is_round_trip && ab->delay->a == 80e6 && ab->jitter == NULL && ab->loss == 0);
    cr_assert(ab->bursts.on && ab->bursts.to_bad_per_s == 0.1 && ab->bursts.to_good_per_s == 10 &&
              ab->bursts.good == 0 && ab->bursts.bad == 0.2);
    cr_assert(!ba->delay_is_round_trip && ba->delay->a == 30e6 && ba->bandwidth_bits_per_s == 0);
    cr_assert(ab->bandwidth_bits_per_s == 1e9 && ac->bandwidth_bits_per_s == 1e9 && ac->loss == 0.01);
    /* 40 ms there and 30 ms back; 100 ms and a jitter of 1 ms each way. */
    cr_assert(ab->rtt_median_ns == 70 * SIM_MILLISECOND && ba->rtt_median_ns == 70 * SIM_MILLISECOND);
    cr_assert_eq(ac->rtt_median_ns, 102 * SIM_MILLISECOND);
    cr_assert(ab->price_usd_per_byte == 0.01e-9 && ba->price_usd_per_byte == 0.09e-9);
    document_free(doc);
}

Test(scenario_world, a_matrix_is_directed_and_in_milliseconds)
{
    file_write("m.csv", "# measured\nfrom,b,a\na,10.5,\nb,,\"20.25\"\n");
    struct document *doc = text_document("regions: [a, b]\nnetwork: {rtt: m.csv}\nmodels: [lww]\n");
    const struct world_def *w = &document_scenario(doc, 0)->world;

    cr_assert(link_of(w, 0, 1)->delay->a == 10500000 && link_of(w, 1, 0)->delay->a == 20250000);
    cr_assert_eq(link_of(w, 0, 1)->rtt_median_ns, 15375000, "half of each");
    const char *contents;
    size_t bytes;
    cr_assert_eq(document_input_count(doc), 2);
    const char *path = document_input(doc, 1, &contents, &bytes);
    cr_assert(path[0] == '/' && bytes == strlen(contents) && memcmp(contents, "# measured", 10) == 0);
    document_free(doc);
}

Test(scenario_world, links_may_fill_what_a_matrix_leaves_blank)
{
    const char *filled = "name: s\nregions: [a, b]\nnetwork: {rtt: m.csv, links: [{from: b, to: a, rtt: "
                         "7ms}]}\nmodels: [lww]\n";

    file_write("m.csv", "from,b\na,10\n");
    struct document *doc = text_document(filled);
    cr_assert_eq(link_of(&document_scenario(doc, 0)->world, 1, 0)->delay->a, 7e6);
    document_free(doc);
    expect_errors(
        "name: s\nregions: [a, b]\nnetwork: {rtt: m.csv}\nmodels: [lww]\n",
        "s.yaml:3:16: error: `m.csv` has no round trip from b to a: add it there, or as one of `links`\n");
}

Test(scenario_world, presets_are_bundled)
{
    struct document *doc = text_document(
        "regions: [us-east-1, eu-west-1]\nnetwork: {rtt: aws-2020, price: aws}\nmodels: [lww]\n");
    const struct world_def *w = &document_scenario(doc, 0)->world;

    /* One way across the Atlantic by light in fibre is more than 25 ms, and nobody's route is twice the
     * Earth. */
    cr_assert(link_of(w, 0, 1)->rtt_median_ns > 50 * SIM_MILLISECOND &&
              link_of(w, 0, 1)->rtt_median_ns < 400 * SIM_MILLISECOND);
    cr_assert_eq(link_of(w, 0, 1)->price_usd_per_byte, 0.02e-9);
    cr_assert_eq(document_input_count(doc), 4);
    document_free(doc);
}

Test(scenario_world, clocks_by_region_replace_the_draw)
{
    struct document *doc =
        text_document("regions: [a, b, c]\nnetwork: {rtt: 1ms}\nmodels: [lww]\n"
                      "clocks:\n"
                      "  offset: {normal: {mean: -1ms, stddev: 2ms}}\n"
                      "  drift: {normal: {mean: 0ppm, stddev: 20ppm}}\n"
                      "  sync: {every: 64s, error: 1ms}\n"
                      "  uncertainty: 4ms\n"
                      "  regions: {b: {offset: -120ms}, c: {uncertainty: none, sync: none}}\n");
    const struct region_def *r = document_scenario(doc, 0)->world.regions;

    cr_assert(r[0].clock.offset->kind == DISTRIBUTION_NORMAL && r[0].clock.offset->a == -1e6 &&
              r[0].clock.offset->b == 2e6);
    cr_assert(r[0].clock.drift->b == 20e-6 && r[0].clock.sync_every_ns == 64 * SIM_SECOND &&
              r[0].clock.sync_error->a == 1e6);
    cr_assert(r[0].clock.has_uncertainty && r[0].clock.uncertainty_ns == 4 * SIM_MILLISECOND);
    cr_assert(r[0].clock.cut_offset && r[0].clock.cut_error);
    cr_assert(r[1].clock.offset->a == -120e6 && !r[1].clock.cut_offset && r[1].clock.cut_error);
    cr_assert(!r[2].clock.has_uncertainty && !r[2].clock.cut_offset && r[2].clock.sync_every_ns == 0 &&
              r[2].clock.sync_error == NULL);
    document_free(doc);
}

Test(scenario_world, a_regions_workload_is_laid_over_the_general_one)
{
    struct document *doc = text_document("regions: [a, {name: b, nodes: 3, workload: {clients: 50, mix: "
                                         "{read: 100%}, keys: {own: 20%}}}, {name: c, nodes: 0}]\n"
                                         "network: {rtt: 30ms, links: [{between: [a, c], rtt: 10ms}]}\n"
                                         "workload: {clients: 4, arrivals: {closed: {think: {exponential: "
                                         "{mean: 50ms}}}}, retries: 2, retry_as: new,\n"
                                         "           keys: {distribution: {zipfian: 0.9}, local: 10%}, "
                                         "routing: {failover: none}, probes: {share: 10%}}\n"
                                         "models: [lww]\n");
    const struct world_def *w = &document_scenario(doc, 0)->world;
    const struct workload_def *a = &w->regions[0].workload, *b = &w->regions[1].workload;

    cr_assert(a->clients == 4 && b->clients == 50 && w->regions[1].nodes == 3);
    cr_assert(a->mix[GEO_READ] == 0.9 && b->mix[GEO_READ] == 1 && b->mix[GEO_WRITE] == 0,
              "a mix replaces whole");
    cr_assert(b->keys == KEYS_ZIPFIAN && b->zipf_theta == 0.9 && b->local_share == 0.1 &&
              b->own_share == 0.2);
    cr_assert_eq(a->own_share, 0);
    cr_assert_eq(w->own_key_count, 58);
    cr_assert(a->arrivals == ARRIVALS_CLOSED && a->think->kind == DISTRIBUTION_EXPONENTIAL &&
              a->think->a == 50e6);
    cr_assert(a->retries == 2 && a->retry_as_new && !a->failover);
    cr_assert_eq(w->regions[2].workload.route_to, 0, "a region without nodes goes to the nearest with");
    cr_assert(w->probes.share == 0.1 && w->probes.after_count == 5 && w->probes.after[4] == SIM_SECOND);
    document_free(doc);
}

Test(scenario_world, faults_are_of_every_kind)
{
    struct document *doc =
        text_document("regions: [a, {name: b, nodes: 2}, c]\nnetwork: {rtt: 1ms}\nmodels: [lww]\n"
                      "faults:\n"
                      "  - {at: 20s, for: 10s, partition: [[a], [b, c]]}\n"
                      "  - {at: 20s, cut: {from: a, to: b}}\n"
                      "  - {at: 20s, for: 10s, slow: {between: [a, b], factor: 10, loss: 5%}}\n"
                      "  - {name: down, at: 20s, for: {exponential: {mean: 10s}}, crash: {region: b, node: "
                      "1, lose: disk}}\n"
                      "  - {at: 20s, crash: {leader: true}}\n"
                      "  - {at: 20s, overload: {region: b, factor: inf, of: apply}}\n"
                      "  - {at: 20s, load: {region: b, factor: 10}}\n"
                      "  - {at: 20s, clock: {region: b, step: -500ms}}\n"
                      "  - {every: 1h, for: 60s, partition: random}\n");
    const struct world_def *w = &document_scenario(doc, 0)->world;
    const struct fault_def *f = w->faults;

    cr_assert_eq(w->fault_count, 9);
    cr_assert(f[0].kind == FAULT_PARTITION && f[0].target == TARGET_GROUPS && f[0].at_ns == 20 * SIM_SECOND);
    cr_assert(f[0].group[0] == 1 && f[0].group[1] == 2 && f[0].group[2] == 2 && f[0].lasts->a == 10e9);
    cr_assert_str_eq(f[0].name, "partition");
    cr_assert(f[1].kind == FAULT_CUT && f[1].target == TARGET_LINK && f[1].from == 0 && f[1].to == 1 &&
              f[1].lasts == NULL);
    cr_assert(f[2].kind == FAULT_SLOW && f[2].target == TARGET_PAIR && f[2].factor == 10 && f[2].has_loss &&
              f[2].loss == 0.05);
    cr_assert(f[3].kind == FAULT_CRASH && f[3].target == TARGET_NODE && f[3].region == 1 && f[3].node == 1 &&
              f[3].lose == 2);
    cr_assert_str_eq(f[3].name, "down");
    cr_assert_eq(f[4].target, TARGET_LEADER);
    cr_assert(f[5].kind == FAULT_OVERLOAD && isinf(f[5].factor) && f[5].only_apply &&
              f[5].target == TARGET_REGION);
    cr_assert(f[6].kind == FAULT_LOAD && f[6].factor == 10 && f[6].region == 1);
    cr_assert(f[7].kind == FAULT_CLOCK && f[7].step_ns == -500 * SIM_MILLISECOND);
    cr_assert(f[8].target == TARGET_RANDOM_GROUPS && f[8].every->a == 3600e9);
    document_free(doc);
}

Test(scenario_world, an_empirical_distribution_is_a_column_of_a_file)
{
    file_write("d.csv", "n,delay\n1,1.5\n2,0.25\n3,\n4,2\n");
    struct document *doc = text_document(
        "regions: [a, b]\nmodels: [lww]\n"
        "network: {rtt: {shifted: {by: 1ms, of: {empirical: {file: d.csv, column: delay, unit: ms}}}}}\n");
    const struct distribution *d = link_of(&document_scenario(doc, 0)->world, 0, 1)->delay;

    cr_assert(d->kind == DISTRIBUTION_SHIFTED && d->a == 1e6 && d->of->kind == DISTRIBUTION_EMPIRICAL &&
              d->of->count == 3);
    cr_assert(d->of->values[0] == 1500000 && d->of->values[1] == 250000 && d->of->values[2] == 2000000);
    cr_assert_eq(link_of(&document_scenario(doc, 0)->world, 0, 1)->rtt_median_ns, 2500000);
    document_free(doc);
}

Test(scenario_world, a_mixture_has_cumulative_weights)
{
    struct document *doc = text_document("regions: [a, b]\nmodels: [lww]\n"
                                         "network: {rtt: {mixture: [{weight: 3, of: 1ms}, {weight: 1, of: "
                                         "{uniform: {min: 0, max: 4ms}}}]}}\n");
    const struct distribution *d = link_of(&document_scenario(doc, 0)->world, 0, 1)->delay;

    cr_assert(d->kind == DISTRIBUTION_MIXTURE && d->count == 2 && d->weights[0] == 0.75 &&
              d->weights[1] == 1);
    cr_assert(d->of[0].a == 1e6 && d->of[1].b == 4e6);
    document_free(doc);
}

Test(scenario_world, expectations_are_in_the_metrics_own_unit)
{
    struct document *doc = text_document(
        "regions: [a]\nmodels: [lww, {name: other, type: lww, clock: hlc}]\n"
        "expect:\n"
        "  - lww: {stale_read_fraction: '< 5%', converged: true, read-your-writes: false, "
        "write_latency_ms.p99: '<= 0.05s'}\n"
        "  - all: {read_latency_ms.p50: {min: 1, max: 300us}, operations: 7, wan_bytes: '>= 2KB'}\n"
        "  - other: {failed: '< 0.5 * lww'}\n");
    const struct scenario *s = document_scenario(doc, 0);
    static const struct {
        uint32_t model;
        const char *metric, *statistic;
        enum expect_relation relation;
        double number;
        uint32_t other;
    } table[] = {
        {0, "stale_read_fraction", "value", EXPECT_BELOW, 0.05, UINT32_MAX},
        {0, "converged", "value", EXPECT_EQUAL, 1, UINT32_MAX},
        {0, "read_your_writes", "value", EXPECT_EQUAL, 0, UINT32_MAX},
        {0, "write_latency_ms", "p99", EXPECT_AT_MOST, 50, UINT32_MAX},
        {UINT32_MAX, "read_latency_ms", "p50", EXPECT_AT_LEAST, 1, UINT32_MAX},
        {UINT32_MAX, "read_latency_ms", "p50", EXPECT_AT_MOST, 0.3, UINT32_MAX},
        {UINT32_MAX, "operations", "value", EXPECT_EQUAL, 7, UINT32_MAX},
        {UINT32_MAX, "wan_bytes", "value", EXPECT_AT_LEAST, 2000, UINT32_MAX},
        {1, "failed", "value", EXPECT_BELOW, 0.5, 0},
    };

    cr_assert_eq(s->expect_count, sizeof table / sizeof *table);
    for (uint32_t i = 0; i < s->expect_count; i++) {
        const struct scenario_expect *x = &s->expects[i];
        cr_expect(x->model == table[i].model && x->relation == table[i].relation &&
                      x->number == table[i].number && x->other_model == table[i].other,
                  "%s", x->text);
        cr_expect_str_eq(x->metric, table[i].metric);
        cr_expect_str_eq(x->statistic, table[i].statistic);
        cr_expect_eq(x->is_check, i == 2);
    }
    document_free(doc);
}

Test(scenario_world, replications_may_stop_by_precision)
{
    struct document *doc =
        text_document("regions: [a]\nmodels: [lww]\n"
                      "replications: {min: 5, max: 100, metric: read_latency_ms.p99, precision: 5%}\n");
    const struct scenario *s = document_scenario(doc, 0);

    cr_assert(s->replications_min == 5 && s->replications_max == 100 && s->stop_precision == 0.05);
    cr_assert_str_eq(s->stop_metric, "read_latency_ms");
    cr_assert_str_eq(s->stop_statistic, "p99");
    document_free(doc);
}
