/* check_search.c -- a search for an order that sees many configurations, and another one right after it: what
 * the first has seen is forgotten by the second. */
#include "sim/observe/check.h"

#include <criterion/criterion.h>

enum { ADDS = 8 };

struct told {
    struct check_stream *stream;
    uint64_t position, id;
};

static struct check_op *begins(struct told *t, uint64_t session, uint8_t f, uint64_t value)
{
    return check_begin(
        t->stream, &(struct check_begin){
                       .id = ++t->id, .session = session, .position = ++t->position, .value = value, .f = f});
}

static void reads(struct told *t, uint64_t elements)
{
    struct check_op *op = begins(t, ADDS, CHECK_READ, 0);

    check_end(t->stream, op, ++t->position, CHECK_OK, elements, (int64_t)elements);
}

/* While all elements are being added at once, so that each read is reached in as many orders as its new
 * elements have, through any of their subsets. */
static enum check_holds holds(const uint64_t *elements, int count)
{
    struct told t = {.stream = check_stream_new(
                         &(struct check_stream_def){.checks = 1u << GEO_LINEARIZABLE, .noun = "operation"})};
    struct check_op *adds[ADDS];
    struct check_verdict v;

    check_key_kind(t.stream, 0, CHECK_KEY_SET);
    for (uint64_t i = 0; i < ADDS; i++)
        adds[i] = begins(&t, i, CHECK_ADD, i);
    for (int i = 0; i < count; i++)
        reads(&t, elements[i]);
    for (uint64_t i = 0; i < ADDS; i++)
        check_end(t.stream, adds[i], ++t.position, CHECK_OK, i, 0);
    check_stream_finish(t.stream);
    check_stream_verdict(t.stream, GEO_LINEARIZABLE, &v);
    check_stream_free(t.stream);
    return (enum check_holds)v.holds;
}

Test(check_search, a_set_that_grows_under_reads_is_linearizable)
{
    const uint64_t few_by_few[] = {0x07, 0x3f, 0x7f, 0xff}, the_other_way[] = {0xe0, 0xf8, 0xff};

    cr_expect_eq(holds(few_by_few, 4), CHECK_HOLDS);
    cr_expect_eq(holds(the_other_way, 3), CHECK_HOLDS);
}

Test(check_search, an_element_that_was_there_does_not_go)
{
    const uint64_t lost[] = {0x07, 0x3f, 0x3e};

    cr_expect_eq(holds(lost, 3), CHECK_BROKEN);
}
