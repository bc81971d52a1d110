/* check_bounded.c -- bounded staleness, and the checks that the ledger decides and this room only counts:
 * see check_live.h.
 *
 * How stale a read is cannot be told from its answer alone where the order of versions is the model's own,
 * so the ledger's figure for each read (semantics, B) is held against what was promised. */
#include "sim/observe/check_live.h"

#include <stdio.h>

void bounded_note(struct bounded *b, uint64_t op, sim_ns staleness_ns, uint64_t versions)
{
    b->told = true;
    if (b->ns_most > 0 && staleness_ns > b->ns_most)
        check_violation(&b->tally, op, (uint64_t[4]){0},
                        "operation %llu missed a write for %.9g ms; promised were %.9g",
                        (unsigned long long)op, (double)staleness_ns / 1e6, (double)b->ns_most / 1e6);
    else if (b->versions_most > 0 && versions > b->versions_most)
        check_violation(&b->tally, op, (uint64_t[4]){0},
                        "operation %llu missed %llu writes; promised were %llu", (unsigned long long)op,
                        (unsigned long long)versions, (unsigned long long)b->versions_most);
}

void bounded_finish(struct bounded *b)
{
    if (b->ns_most <= 0 && b->versions_most == 0)
        check_undecided(&b->tally, "no bound was promised to hold it against");
    else if (!b->told)
        check_undecided(&b->tally, "no read was told of");
}
