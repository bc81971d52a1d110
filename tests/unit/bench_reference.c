/* bench_reference.c -- the programs that georep is compared with do the work of
 * bench/scenarios/reference.yaml: their numbers are written out in bench/peers/reference_setting.h
 * (peer_simpy.py reads them there), and here they are held against what the scenario says. */
#include "bench/peers/reference_setting.h"
#include "scenario_text.h"

#include <math.h>

#define MS 1e6

TestSuite(bench_reference, .init = text_begin, .fini = text_end);

static struct document *reference_read(void)
{
    struct diagnostics *d = diagnostics_new();
    struct document *doc =
        document_read(GEOREP_SOURCE_DIR "/bench/scenarios/reference.yaml", NULL, 0, NULL, 0, d);

    cr_assert_not_null(doc);
    diagnostics_free(d);
    return doc;
}

static void expect_draw(const struct distribution *d, enum distribution_kind kind, double a, double b)
{
    cr_assert_not_null(d);
    cr_assert_eq(d->kind, kind);
    cr_assert(fabs(d->a - a) <= 1e-9 * fabs(a) && fabs(d->b - b) <= 1e-9 * fabs(b),
              "%g, %g; the programs have %g, %g", d->a, d->b, a, b);
}

Test(bench_reference, the_programs_by_hand_have_the_numbers_of_the_scenario)
{
    struct document *doc = reference_read();
    const struct world_def *w = &document_scenario(doc, 0)->world;

    cr_assert_eq(w->region_count, REGIONS);
    cr_assert(w->key_count == KEYS && w->own_key_count == 0 && w->data == GEO_REGISTER);
    expect_draw(w->client, DISTRIBUTION_CONSTANT, 2 * CLIENT_ONE_WAY_MS * MS, 0);
    for (uint32_t r = 0; r < REGIONS; r++) {
        const struct workload_def *load = &w->regions[r].workload;
        const struct clock_def *clock = &w->regions[r].clock;

        cr_assert(w->regions[r].nodes == 1 && load->route_to == r && load->roam_share == 0);
        cr_assert(load->arrivals == ARRIVALS_POISSON && load->rate_per_s == ARRIVALS_PER_S);
        cr_assert(load->keys == KEYS_ZIPFIAN && load->zipf_theta == ZIPF_THETA && load->local_share == 0);
        cr_assert(load->mix[GEO_READ] == READ_SHARE && fabs(load->mix[GEO_WRITE] - (1 - READ_SHARE)) < 1e-12);
        expect_draw(clock->offset, DISTRIBUTION_NORMAL, 0, CLOCK_OFFSET_MS * MS);
        expect_draw(clock->drift, DISTRIBUTION_NORMAL, 0, CLOCK_DRIFT_PPM * 1e-6);
        expect_draw(clock->sync_error, DISTRIBUTION_NORMAL, 0, CLOCK_ERROR_MS * MS);
        cr_assert_eq(clock->sync_every_ns, (sim_ns)(CLOCK_SYNC_S * 1e9));
        for (uint32_t to = 0; to < REGIONS; to++) {
            const struct link_def *link = &w->links[r * REGIONS + to];
            if (to == r)
                continue;
            cr_assert(link->delay_is_round_trip && link->loss == 0 && !link->bursts.on &&
                      link->duplicate == 0 && link->bandwidth_bits_per_s == 0);
            expect_draw(link->delay, DISTRIBUTION_CONSTANT, ROUND_TRIP_MS[r][to] * MS, 0);
            expect_draw(link->jitter, DISTRIBUTION_LOGNORMAL, JITTER_MEDIAN_MS * MS, JITTER_SIGMA);
        }
    }
    document_free(doc);
}

/* What the programs leave out is not in the scenario. */
Test(bench_reference, nothing_fails_and_nothing_waits)
{
    struct document *doc = reference_read();
    const struct scenario *s = document_scenario(doc, 0);
    const struct world_def *w = &s->world;

    cr_assert(w->fault_count == 0 && w->probes.share == 0 && !w->datagram);
    expect_draw(w->storage.write, DISTRIBUTION_CONSTANT, 0, 0);
    expect_draw(w->storage.read, DISTRIBUTION_CONSTANT, 0, 0);
    expect_draw(w->storage.apply, DISTRIBUTION_CONSTANT, 0, 0);
    cr_assert_eq(s->model_count, 1);
    cr_assert_str_eq(s->models[0].model->name, "lww");
    cr_assert_not_null(strstr(s->models[0].strategy, "hlc"), "%s", s->models[0].strategy);
    document_free(doc);
}

/* Without --events the limit program does as much as the scenario: 1.5 million operations. */
Test(bench_reference, operations_are_seconds)
{
    struct document *doc = reference_read();
    const struct world_def *w = &document_scenario(doc, 0)->world;

    cr_assert_eq((sim_ns)(reference_duration_s(1500000) * 1e9), w->duration_ns);
    cr_assert_eq((sim_ns)(reference_warmup_s(reference_duration_s(1500000)) * 1e9), w->warmup_ns);
    document_free(doc);
}
