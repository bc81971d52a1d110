/* observe_guarantees.c -- which notes of a session stand for which, when BEGINs are told before their turn.
 */
#include "sim/model/model.h"
#include "sim/observe/guarantees.h"

#include <criterion/criterion.h>

static const struct history_setting setting = {.region_count = 1, .key_count = 1, .data = GEO_REGISTER};

struct room {
    struct keys keys;
    struct ledger ledger;
    struct operations operations; /* none of them is asked for */
    struct guarantees guarantees;
    struct live_write *old, *new;
};

static struct live_write *write_new(uint64_t number)
{
    struct live_write *w = memory_new(1, sizeof *w);

    w->id = number << 8;
    w->stamp = (int64_t)number;
    w->took = number;
    return w;
}

static void room_open(struct room *r)
{
    *r = (struct room){.old = write_new(1), .new = write_new(2)};
    keys_open(&r->keys, setting.key_count, 0);
    r->ledger.setting = &setting;
    guarantees_open(&r->guarantees, &setting, &r->keys);
}

static void room_close(struct room *r)
{
    guarantees_close(&r->guarantees);
    keys_close(&r->keys);
    free(r->old);
    free(r->new);
}

/* The session's only operations: a read that begins here, and one that ends here with this write. */
static struct operation begins(struct room *r, uint64_t position)
{
    struct operation op = {.begin_position = position, .kind = GEO_READ};

    guarantees_begin(&r->guarantees, &op);
    return op;
}

static void ends(struct room *r, const struct operation *op, uint64_t position, const struct live_write *read)
{
    r->ledger.position = position;
    guarantees_end(&r->guarantees, op);
    guarantees_read(&r->guarantees, &r->ledger, &r->operations, op, read);
}

Test(observe_guarantees, a_note_stands_for_an_older_one_while_nothing_older_is_open)
{
    struct room r;

    room_open(&r);
    struct operation first = begins(&r, 1);
    ends(&r, &first, 2, r.old);
    cr_expect_eq(r.guarantees.note_count, 1);
    struct operation second = begins(&r, 3);
    ends(&r, &second, 4, r.new);
    cr_expect_eq(r.guarantees.note_count, 1);
    room_close(&r);
}

Test(observe_guarantees, a_note_stays_beside_a_newer_one_while_something_is_open)
{
    struct room r;

    room_open(&r);
    struct operation first = begins(&r, 1), second = begins(&r, 3), third = begins(&r, 4);
    ends(&r, &first, 2, r.old);
    ends(&r, &second, 5, r.new);
    cr_expect_eq(r.guarantees.note_count, 2, "the third began before, and may be answered with the old one");
    ends(&r, &third, 6, NULL);
    struct operation fourth = begins(&r, 7);
    ends(&r, &fourth, 8, r.new);
    cr_expect_eq(r.guarantees.note_count, 2, "what is known is noted once");
    room_close(&r);
}
