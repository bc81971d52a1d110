/* history_batch.c -- who sees which records of a history, and when. */
#include "sim/history/history.h"

#include <criterion/criterion.h>

struct seen {
    ARRAY(uint64_t) positions;
    uint32_t calls;
};

static void see(void *self, const struct history_record *r, uint64_t position)
{
    struct seen *s = self;

    cr_assert_eq(r->op, position * 3, "the record of this position");
    *array_add(&s->positions) = position;
    s->calls++;
}

static void see_batch(void *self, const struct history_batch *batch)
{
    struct seen *s = self;

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct history_entry *e = &batch->entries[i];
        cr_assert_eq(e->record.op, e->position * 3);
        cr_assert_eq(batch->kinds[i], e->record.kind);
        *array_add(&s->positions) = e->position;
    }
    s->calls++;
}

/* BEGIN, TAKE, STORE, BEGIN, ...: the third of these is read by nobody, the second by the batch reader alone.
 */
static void append(struct history *h, uint64_t from, uint64_t to)
{
    static const uint8_t kinds[] = {HISTORY_BEGIN, HISTORY_TAKE, HISTORY_STORE};

    for (uint64_t position = from; position <= to; position++) {
        struct history_record r = {.kind = kinds[position % 3], .op = position * 3};
        cr_assert_eq(history_append(h, &r), position);
        cr_assert_eq(history_position(h), position);
    }
}

static struct history *with_readers(struct seen *one, struct seen *many)
{
    struct history *h = history_new();

    history_add_reader(h, see, one, 1u << HISTORY_BEGIN);
    history_add_batch_reader(h, see_batch, many, 1u << HISTORY_BEGIN | 1u << HISTORY_TAKE);
    cr_assert(history_wants(h, HISTORY_TAKE) && !history_wants(h, HISTORY_STORE));
    return h;
}

Test(history_batch, a_record_is_read_at_once_unless_told_to_gather)
{
    struct seen one = {0}, many = {0};
    struct history *h = with_readers(&one, &many);

    append(h, 1, 9);
    cr_expect_eq(one.positions.count, 3u);
    cr_expect_eq(many.positions.count, 6u);
    cr_expect_eq(many.calls, 6u);
    history_free(h);
    array_free(&one.positions);
    array_free(&many.positions);
}

Test(history_batch, gathered_records_come_in_order_when_there_are_enough_or_somebody_asks)
{
    struct seen one = {0}, many = {0};
    struct history *h = with_readers(&one, &many);

    history_gather(h);
    uint64_t thirds = HISTORY_BATCH / 2 - 1; /* of every three two are wanted */
    append(h, 1, 3 * thirds);
    cr_assert_eq(many.positions.count, 0u);
    append(h, 3 * thirds + 1, 3 * thirds + 30);
    cr_assert_eq(many.positions.count, (size_t)HISTORY_BATCH);
    cr_assert_eq(many.calls, 1u);
    history_flush(h);
    history_flush(h); /* nothing left */
    cr_assert_eq(many.calls, 2u);
    cr_assert_eq(one.positions.count, thirds + 10);
    cr_assert_eq(many.positions.count, 2 * (thirds + 10));
    for (size_t i = 0; i < one.positions.count; i++)
        cr_assert_eq(one.positions.items[i], 3 * (i + 1));
    for (size_t i = 1; i < many.positions.count; i++)
        cr_assert_gt(many.positions.items[i], many.positions.items[i - 1]);
    history_free(h);
    array_free(&one.positions);
    array_free(&many.positions);
}
