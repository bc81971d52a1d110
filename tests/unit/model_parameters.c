/* model_parameters.c -- what the models' own checks refuse, and what they say would be right. */
#include "sim/scenario/scenario.h"

#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Reads a scenario of three regions, one of two nodes, with this data and model; true when it goes, or when
 * its error says `expected`. */
static void expect(const char *data, const char *model, const char *expected)
{
    char *yaml = NULL;
    struct diagnostics *d = diagnostics_new();

    cr_assert(
        asprintf(&yaml,
                 "name: p\nregions: [a, b, {name: c, nodes: 2}]\nnetwork: {rtt: 80ms}\nworkload: {data: %s}\n"
                 "models: [%s]\n",
                 data, model) >= 0);
    struct document *document = document_of_text(yaml, NULL, d);
    if (expected == NULL) {
        cr_expect_not_null(document, "%s should go: %s", model,
                           diagnostics_count(d) > 0 ? diagnostics_text(d, 0) : "");
    } else {
        cr_expect_null(document, "%s should not go", model);
        if (document == NULL)
            cr_expect_not_null(strstr(diagnostics_text(d, 0), expected), "%s: %s", model,
                               diagnostics_text(d, 0));
    }
    document_free(document);
    diagnostics_free(d);
    free(yaml);
}

Test(model_parameters, sync_asks_for_no_more_copies_than_there_are)
{
    expect("register", "{type: sync, acks: 3}", NULL);
    expect("register", "{type: sync, acks: 4}", "more copies than there are regions");
    expect("register", "{type: sync, acks: [b, c]}", NULL);
}

Test(model_parameters, async_has_a_bound_that_can_be_kept)
{
    expect("register", "{type: async, read: {bounded: 5s}}", NULL);
    expect("register", "{type: async, read: {bounded: 1s}}", "status_every");
    expect("register", "{type: async, read: {bounded: 1s}, status_every: 100ms}", NULL);
    expect("register", "{type: async, read: {bounded: 1 versions}}", NULL);
    expect("register", "{type: async, read: {bounded: 0 versions}}", "no version");
    expect("register", "{type: async, batch: 257}", "256");
}

Test(model_parameters, crdt_has_a_variant_that_fits_the_data)
{
    expect("register", "{type: crdt, variant: lww_register}", NULL);
    expect("register", "{type: crdt, variant: or_set}", "use auto, mv_register or lww_register");
    expect("counter", "{type: crdt, variant: g_set}", "use auto, pn_counter or g_counter");
    expect("set", "{type: crdt, variant: pn_counter}", "use auto, or_set or g_set");
}

Test(model_parameters, quorum_counts_votes_among_its_copies)
{
    expect("register", "{type: quorum, n: 4, w: 4}", NULL);
    expect("register", "{type: quorum, n: 5}", "n is more than there are nodes");
    expect("register", "{type: quorum, n: 3, r: 4}", "r is more than n");
    expect("register", "{type: quorum, n: 3, w: 4}", "w is more than n");
}
