/* part_crdt.c -- each data type, in a few operations whose outcome anybody can tell. */
#include "models/parts/crdt.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NODES = 3 };

union row {
    struct crdt_counter counter[NODES];
    struct crdt_set set[NODES];
    struct crdt_register reg[NODES];
};

union operation {
    struct crdt_operation head;
    unsigned char bytes[sizeof(struct crdt_operation) + NODES * sizeof(uint32_t)];
};

static geo_write next_write = 1;
static union operation acted; /* the last that was done */

static enum crdt_done act(enum crdt_type type, union row *row, geo_node self, enum geo_kind kind,
                          int64_t amount, uint8_t item)
{
    geo_op op = {.write = next_write++, .amount = amount, .kind = (uint8_t)kind, .item = item};

    op.data = type <= CRDT_G_COUNTER ? GEO_COUNTER : type <= CRDT_G_SET ? GEO_SET : GEO_REGISTER;
    return crdt_do(type, row, NODES, self, &op, crdt_count(type, row, self) + 1, (geo_ns)next_write, 100,
                   &acted);
}

static const geo_value initial = {.number = 100};

Test(part_crdt, counters_of_two_regions_add_up)
{
    union row a = {0}, b = {0};

    cr_assert_eq(act(CRDT_PN_COUNTER, &a, 0, GEO_INCREMENT, 7, 0), CRDT_DONE);
    cr_assert_eq(act(CRDT_PN_COUNTER, &b, 1, GEO_DECREMENT, 100, 0), CRDT_DONE);
    crdt_merge(CRDT_PN_COUNTER, &a, &b, NODES);
    crdt_merge(CRDT_PN_COUNTER, &a, &b, NODES);
    cr_assert_eq(crdt_value(CRDT_PN_COUNTER, &a, NODES, &initial).number, 7);
    cr_assert_eq(crdt_digest(CRDT_PN_COUNTER, &a, NODES, &initial), 7);
}

Test(part_crdt, a_decrement_is_refused_by_what_its_own_node_sees)
{
    union row a = {0}, b = {0};

    cr_assert_eq(act(CRDT_PN_COUNTER, &a, 0, GEO_DECREMENT, 101, 0), CRDT_BELOW);
    cr_assert_eq(a.counter[0].count, 0);
    cr_assert_eq(act(CRDT_PN_COUNTER, &a, 0, GEO_DECREMENT, 100, 0), CRDT_DONE);
    cr_assert_eq(act(CRDT_PN_COUNTER, &b, 1, GEO_DECREMENT, 100, 0), CRDT_DONE);
    crdt_merge(CRDT_PN_COUNTER, &a, &b, NODES);
    cr_assert_eq(crdt_value(CRDT_PN_COUNTER, &a, NODES, &initial).number,
                 -100); /* the last item, sold twice */
    cr_assert_eq(act(CRDT_G_COUNTER, &a, 0, GEO_DECREMENT, 1, 0), CRDT_CANNOT);
}

Test(part_crdt, an_add_wins_over_a_remove_that_had_not_seen_it)
{
    union row a = {0}, b = {0};
    geo_value none = {0};

    act(CRDT_OR_SET, &a, 0, GEO_ADD, 0, 3);
    crdt_merge(CRDT_OR_SET, &b, &a, NODES);
    act(CRDT_OR_SET, &b, 1, GEO_REMOVE, 0, 3);
    act(CRDT_OR_SET, &a, 0, GEO_ADD, 0, 3);
    cr_assert_eq(crdt_value(CRDT_OR_SET, &b, NODES, &none).members, 0);
    crdt_merge(CRDT_OR_SET, &b, &a, NODES);
    crdt_merge(CRDT_OR_SET, &a, &b, NODES);
    cr_assert_eq(crdt_value(CRDT_OR_SET, &a, NODES, &none).members, 1u << 3);
    cr_assert_eq(crdt_value(CRDT_OR_SET, &b, NODES, &none).members, 1u << 3);
    act(CRDT_OR_SET, &a, 2, GEO_REMOVE, 0, 3); /* has seen both adds */
    cr_assert_eq(crdt_value(CRDT_OR_SET, &a, NODES, &none).members, 0);
}

Test(part_crdt, concurrent_writes_are_siblings_until_one_overwrites_them)
{
    union row a = {0}, b = {0};
    geo_version found[NODES];

    cr_assert_eq(crdt_siblings(CRDT_MV_REGISTER, &a, NODES, found), 0);
    cr_assert_eq(crdt_digest(CRDT_MV_REGISTER, &a, NODES, &initial), 0);
    act(CRDT_MV_REGISTER, &a, 0, GEO_WRITE, 0, 0);
    act(CRDT_MV_REGISTER, &b, 1, GEO_WRITE, 0, 0);
    crdt_merge(CRDT_MV_REGISTER, &a, &b, NODES);
    cr_assert_eq(crdt_siblings(CRDT_MV_REGISTER, &a, NODES, found), 2);
    cr_assert_eq(found[0].write, a.reg[0].write);
    cr_assert_eq(found[1].write, b.reg[1].write);
    act(CRDT_MV_REGISTER, &a, 2, GEO_WRITE, 0, 0);
    cr_assert_eq(crdt_siblings(CRDT_MV_REGISTER, &a, NODES, found), 1);
    cr_assert_eq(found[0].write, a.reg[2].write);
    cr_assert_eq(crdt_digest(CRDT_MV_REGISTER, &a, NODES, &initial), a.reg[2].write);
    crdt_merge(CRDT_MV_REGISTER, &b, &a, NODES);
    cr_assert_eq(crdt_siblings(CRDT_MV_REGISTER, &b, NODES, found),
                 1); /* what was overwritten does not come back */
}

Test(part_crdt, a_write_that_was_overwritten_before_it_arrived_is_reflected)
{
    union row a = {0}, b = {0}, c = {0}, delta;

    act(CRDT_MV_REGISTER, &a, 0, GEO_WRITE, 0, 0);
    crdt_merge(CRDT_MV_REGISTER, &b, &a, NODES);
    act(CRDT_MV_REGISTER, &b, 1, GEO_WRITE, 0, 0);
    crdt_delta(CRDT_MV_REGISTER, &b, NODES, 1, &acted, NULL, &delta);
    crdt_merge(CRDT_MV_REGISTER, &c, &delta, NODES);
    cr_assert_eq(crdt_count(CRDT_MV_REGISTER, &c, 0), 0);
    cr_assert_eq(crdt_reflects(CRDT_MV_REGISTER, &c, 0), 1);
}

/* A delta that is packed late, as for a resend, says no more than its origin did: what the origin has heard
 * meanwhile of another's remove or overwrite comes with that other's own. */
Test(part_crdt, a_delta_that_is_packed_late_holds_its_origins_own_writes_alone)
{
    union row a = {0}, b = {0}, c = {0}, delta;
    struct crdt_removes none[NODES] = {0};
    union operation write;

    act(CRDT_MV_REGISTER, &a, 0, GEO_WRITE, 0, 0);
    write = acted;
    crdt_merge(CRDT_MV_REGISTER, &c, &a, NODES);
    act(CRDT_MV_REGISTER, &b, 1, GEO_WRITE, 0, 0);
    crdt_merge(CRDT_MV_REGISTER, &c, &b, NODES);
    act(CRDT_MV_REGISTER, &c, 2, GEO_WRITE, 0, 0); /* overwrites both */
    crdt_merge(CRDT_MV_REGISTER, &a, &c, NODES);
    crdt_delta(CRDT_MV_REGISTER, &a, NODES, 0, &write, NULL, &delta);
    cr_assert_eq(crdt_reflects(CRDT_MV_REGISTER, &delta, 0), 1);
    cr_assert_eq(crdt_reflects(CRDT_MV_REGISTER, &delta, 1), 0);

    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    act(CRDT_OR_SET, &b, 1, GEO_ADD, 0, 3);
    crdt_merge(CRDT_OR_SET, &a, &b, NODES);
    act(CRDT_OR_SET, &b, 1, GEO_REMOVE, 0, 3);
    act(CRDT_OR_SET, &a, 0, GEO_ADD, 0, 4);
    crdt_merge(CRDT_OR_SET, &a, &b, NODES);
    crdt_delta(CRDT_OR_SET, &a, NODES, 0, &acted, none, &delta);
    cr_assert_eq(delta.set[1].removed[3], 0);
    cr_assert_eq(delta.set[0].added[4], 1);
}

Test(part_crdt, the_largest_stamp_is_the_value_of_an_lww_register)
{
    union row a = {0}, b = {0};
    geo_version found[NODES];

    act(CRDT_LWW_REGISTER, &b, 1, GEO_WRITE, 0, 0);
    act(CRDT_LWW_REGISTER, &a, 0, GEO_WRITE, 0, 0); /* stamped later */
    crdt_merge(CRDT_LWW_REGISTER, &b, &a, NODES);
    cr_assert_eq(crdt_siblings(CRDT_LWW_REGISTER, &b, NODES, found), 1);
    cr_assert_eq(found[0].write, a.reg[0].write);
    cr_assert_eq(crdt_digest(CRDT_LWW_REGISTER, &b, NODES, &initial), a.reg[0].write);
}

Test(part_crdt, an_operation_that_comes_too_early_changes_nothing)
{
    union row a = {0}, b = {0}, empty = {0};
    union operation first, second;
    geo_op op = {.write = 1, .kind = GEO_INCREMENT, .data = GEO_COUNTER, .amount = 1};

    crdt_do(CRDT_PN_COUNTER, &a, NODES, 0, &op, 1, 0, 0, &first);
    crdt_do(CRDT_PN_COUNTER, &a, NODES, 0, &op, 2, 0, 0, &second);
    cr_assert_not(crdt_operate(CRDT_PN_COUNTER, &b, NODES, 0, &second));
    cr_assert_arr_eq(&b, &empty, sizeof b);
    cr_assert(crdt_operate(CRDT_PN_COUNTER, &b, NODES, 0, &first));
    cr_assert(crdt_operate(CRDT_PN_COUNTER, &b, NODES, 0, &second));
    cr_assert(crdt_operate(CRDT_PN_COUNTER, &b, NODES, 0, &second)); /* a repetition */
    cr_assert_arr_eq(&b, &a, sizeof b);
}

Test(part_crdt, bytes_are_those_of_the_entries_in_use)
{
    union row a = {0};

    cr_assert_eq(crdt_wire_bytes(CRDT_PN_COUNTER, &a, NODES, 1000), 0);
    act(CRDT_PN_COUNTER, &a, 0, GEO_INCREMENT, 1, 0);
    cr_assert_eq(crdt_wire_bytes(CRDT_PN_COUNTER, &a, NODES, 1000), 4 + 8);
    act(CRDT_PN_COUNTER, &a, 1, GEO_DECREMENT, 1, 0);
    cr_assert_eq(crdt_wire_bytes(CRDT_PN_COUNTER, &a, NODES, 1000), 2 * (4 + 8));
    a = (union row){0};
    act(CRDT_OR_SET, &a, 0, GEO_ADD, 0, 1);
    act(CRDT_OR_SET, &a, 0, GEO_WRITE, 0, 0); /* a fresh element */
    cr_assert_eq(crdt_wire_bytes(CRDT_OR_SET, &a, NODES, 1000), 4 + 4 + 1000);
    a = (union row){0};
    act(CRDT_MV_REGISTER, &a, 0, GEO_WRITE, 0, 0);
    act(CRDT_MV_REGISTER, &a, 1, GEO_WRITE, 0,
        0); /* overwrites it: one live value, two counts, one covered */
    cr_assert_eq(crdt_wire_bytes(CRDT_MV_REGISTER, &a, NODES, 1000), 4 + 4 + 4 + 1000);
}
