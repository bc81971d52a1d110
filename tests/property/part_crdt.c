/* part_crdt.c -- data types under random histories: merges are commutative, associative, idempotent; state,
 * delta and operations agree, and with a model of the type that keeps every write as a fact.
 *
 * The oracle keeps, for each node, the set of writes that it has seen (facts), each with the set it had seen
 * when it was made, and answers from these by the types' definitions alone (Shapiro et al. 2011): a counter
 * is the sum of its facts; an item is in the set if some add of it was seen by no remove of it; siblings are
 * the writes that no other had seen. */
#include "models/parts/crdt.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NODES = 4, WRITES = 60, ROUNDS = 600 };

union row {
    struct crdt_counter counter[NODES];
    struct crdt_set set[NODES];
    struct crdt_register reg[NODES];
};

struct operation {
    struct crdt_operation head;
    uint32_t seen[NODES];
};

struct fact {
    uint64_t seen; /* bits of the writes that its node had when it made it */
    geo_op op;
    geo_node node;
    geo_ns stamp;
    struct operation travels;
    union row delta; /* of its node, just after it */
};

static uint64_t state, seed;
static struct fact facts[WRITES];
static struct crdt_removes removes[NODES][NODES]; /* [whose][of whose adds] */

static uint64_t draw(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

static uint8_t data_of(enum crdt_type t)
{
    return t <= CRDT_G_COUNTER ? GEO_COUNTER : t <= CRDT_G_SET ? GEO_SET : GEO_REGISTER;
}

static uint8_t kind_for(enum crdt_type t)
{
    static const uint8_t kinds[][4] = {
        [CRDT_PN_COUNTER] = {GEO_INCREMENT, GEO_DECREMENT, GEO_WRITE, GEO_DECREMENT},
        [CRDT_G_COUNTER] = {GEO_INCREMENT, GEO_INCREMENT, GEO_WRITE, GEO_UPDATE},
        [CRDT_OR_SET] = {GEO_ADD, GEO_REMOVE, GEO_WRITE, GEO_ADD},
        [CRDT_G_SET] = {GEO_ADD, GEO_ADD, GEO_WRITE, GEO_UPDATE},
        [CRDT_MV_REGISTER] = {GEO_WRITE, GEO_WRITE, GEO_UPDATE, GEO_WRITE},
        [CRDT_LWW_REGISTER] = {GEO_WRITE, GEO_WRITE, GEO_UPDATE, GEO_WRITE},
    };
    return kinds[t][draw(4)];
}

static const geo_value initial = {.number = 1000000};

static void make(enum crdt_type t, union row *row, uint64_t *has, uint32_t i)
{
    struct fact *f = &facts[i];

    memset(f, 0, sizeof *f);
    if (i == 0)
        memset(removes, 0, sizeof removes);
    f->node = (geo_node)draw(NODES);
    f->seen = has[f->node];
    f->stamp = (geo_ns)draw(20);
    f->op = (geo_op){.write = i + 1,
                     .amount = (int64_t)(1 + draw(9)),
                     .kind = kind_for(t),
                     .data = data_of(t),
                     .item = (uint8_t)draw(3)};
    uint32_t dot = crdt_count(t, &row[f->node], f->node) + 1;
    cr_assert_eq(
        crdt_do(t, &row[f->node], NODES, f->node, &f->op, dot, f->stamp, initial.number, &f->travels),
        CRDT_DONE);
    crdt_removes_note(removes[f->node], NODES, &f->travels);
    crdt_delta(t, &row[f->node], NODES, f->node, &f->travels, removes[f->node], &f->delta);
    has[f->node] |= UINT64_C(1) << i;
}

static int64_t oracle_number(uint64_t has)
{
    int64_t n = initial.number;

    for (uint32_t i = 0; i < WRITES; i++)
        if ((has >> i & 1) != 0)
            n += facts[i].op.kind == GEO_INCREMENT   ? facts[i].op.amount
                 : facts[i].op.kind == GEO_DECREMENT ? -facts[i].op.amount
                                                     : 1;
    return n;
}

static uint64_t oracle_members(uint64_t has)
{
    uint64_t members = 0;

    for (uint32_t i = 0; i < WRITES; i++) {
        if ((has >> i & 1) == 0 || facts[i].op.kind != GEO_ADD)
            continue;
        bool gone = false;
        for (uint32_t j = 0; j < WRITES; j++)
            gone = gone || ((has >> j & 1) != 0 && facts[j].op.kind == GEO_REMOVE &&
                            facts[j].op.item == facts[i].op.item && (facts[j].seen >> i & 1) != 0);
        members |= gone ? 0 : UINT64_C(1) << facts[i].op.item;
    }
    return members;
}

static uint64_t oracle_fresh(uint64_t has)
{
    geo_value v = {0};

    for (uint32_t i = 0; i < WRITES; i++)
        if ((has >> i & 1) != 0 && facts[i].op.kind != GEO_ADD && facts[i].op.kind != GEO_REMOVE)
            geo_value_after(&v, &facts[i].op);
    return v.fresh;
}

/* Bits of the writes that nobody overwrote; of an lww register the one with the largest stamp of each node's
 * latest. */
static uint64_t oracle_siblings(enum crdt_type t, uint64_t has)
{
    uint64_t alive = has, best = 0;
    geo_version most = {.stamp = -1};

    for (uint32_t j = 0; t == CRDT_MV_REGISTER && j < WRITES; j++)
        if ((has >> j & 1) != 0)
            alive &= ~facts[j].seen;
    if (t == CRDT_MV_REGISTER)
        return alive;
    for (uint32_t i = 0; i < WRITES; i++) {
        bool latest = (has >> i & 1) != 0;
        for (uint32_t j = i + 1; j < WRITES; j++)
            latest = latest && !((has >> j & 1) != 0 && facts[j].node == facts[i].node);
        if (latest && geo_newer((geo_version){facts[i].stamp, facts[i].op.write}, most)) {
            most = (geo_version){facts[i].stamp, facts[i].op.write};
            best = UINT64_C(1) << i;
        }
    }
    return best;
}

static void check(enum crdt_type t, const union row *row, uint64_t has)
{
    geo_value v = crdt_value(t, row, NODES, &initial);
    geo_version found[NODES];
    uint64_t alive = 0;

    if (data_of(t) == GEO_COUNTER) {
        cr_assert_eq(v.number, oracle_number(has), "type %d, seed %lu", t, (unsigned long)seed);
    } else if (data_of(t) == GEO_SET) {
        cr_assert_eq(v.members, oracle_members(has), "type %d, seed %lu", t, (unsigned long)seed);
        cr_assert_eq(v.fresh, oracle_fresh(has), "type %d, seed %lu", t, (unsigned long)seed);
    } else {
        for (uint32_t i = 0, n = crdt_siblings(t, row, NODES, found); i < n; i++)
            alive |= UINT64_C(1) << (found[i].write - 1);
        cr_assert_eq(alive, oracle_siblings(t, has), "type %d, seed %lu", t, (unsigned long)seed);
    }
}

/* A history in which nodes write, and now and then merge the whole of another. */
static void history(enum crdt_type t, union row *row, uint64_t *has)
{
    memset(row, 0, NODES * sizeof *row);
    memset(has, 0, NODES * sizeof *has);
    for (uint32_t i = 0; i < WRITES; i++) {
        make(t, row, has, i);
        geo_node to = (geo_node)draw(NODES), from = (geo_node)draw(NODES);
        if (draw(3) == 0) {
            crdt_merge(t, &row[to], &row[from], NODES);
            has[to] |= has[from];
        }
        check(t, &row[to], has[to]);
    }
}

static const size_t row_bytes = sizeof(union row);

Test(part_crdt, merge_is_commutative_associative_and_idempotent)
{
    for (enum crdt_type t = CRDT_PN_COUNTER; t <= CRDT_LWW_REGISTER; t++)
        for (seed = 1; seed <= ROUNDS / 6; seed++) {
            union row row[NODES], ab, ba, ab_c, bc, a_bc;
            uint64_t has[NODES];
            state = seed;
            history(t, row, has);
            ab = row[0], ba = row[1];
            crdt_merge(t, &ab, &row[1], NODES);
            crdt_merge(t, &ba, &row[0], NODES);
            cr_assert_eq(memcmp(&ab, &ba, row_bytes), 0, "a + b = b + a: type %d, seed %lu", t,
                         (unsigned long)seed);
            ab_c = ab, bc = row[1], a_bc = row[0];
            crdt_merge(t, &ab_c, &row[2], NODES);
            crdt_merge(t, &bc, &row[2], NODES);
            crdt_merge(t, &a_bc, &bc, NODES);
            cr_assert_eq(memcmp(&ab_c, &a_bc, row_bytes), 0, "(a + b) + c = a + (b + c): type %d, seed %lu",
                         t, (unsigned long)seed);
            crdt_merge(t, &ab_c, &ab, NODES);
            crdt_merge(t, &ab_c, &ab_c, NODES);
            cr_assert_eq(memcmp(&ab_c, &a_bc, row_bytes), 0, "a + a = a: type %d, seed %lu", t,
                         (unsigned long)seed);
            check(t, &ab_c, has[0] | has[1] | has[2]);
        }
}

/* Takes in the facts of `order` by one form each: what comes too early as an operation waits for its turn. */
static void deliver(enum crdt_type t, const uint32_t *order, uint32_t count, union row *by_op,
                    union row *by_delta)
{
    bool waits[WRITES] = {false};

    for (uint32_t k = 0; k < count; k++) {
        const struct fact *f = &facts[order[k]];
        waits[order[k]] = true;
        for (uint32_t i = 0; i < WRITES; i++) /* facts of a node are in the order of their numbers */
            if (waits[i] && crdt_operate(t, by_op, NODES, facts[i].node, &facts[i].travels))
                waits[i] = false;
        crdt_merge(t, by_delta, &f->delta, NODES);
        if (draw(4) == 0)
            crdt_merge(t, by_delta, &facts[order[draw(k + 1)]].delta, NODES); /* a repetition */
    }
}

Test(part_crdt, operations_deltas_and_states_agree_in_any_order_of_arrival)
{
    for (enum crdt_type t = CRDT_PN_COUNTER; t <= CRDT_LWW_REGISTER; t++)
        for (seed = 1; seed <= ROUNDS / 6; seed++) {
            union row row[NODES], by_op = {0}, by_delta = {0}, by_state = {0};
            uint64_t has[NODES];
            uint32_t order[WRITES];
            state = seed * 7919;
            history(t, row, has);
            for (uint32_t i = 0; i < WRITES; i++) {
                uint32_t j = (uint32_t)draw(i + 1);
                order[i] = order[j];
                order[j] = i;
            }
            deliver(t, order, WRITES, &by_op, &by_delta);
            for (geo_node n = 0; n < NODES; n++)
                crdt_merge(t, &by_state, &row[(n + seed) % NODES], NODES);
            uint64_t all = (UINT64_C(1) << WRITES) - 1, digest = crdt_digest(t, &by_state, NODES, &initial);
            check(t, &by_op, all);
            check(t, &by_delta, all);
            check(t, &by_state, all);
            cr_assert_eq(crdt_digest(t, &by_op, NODES, &initial), digest, "type %d, seed %lu", t,
                         (unsigned long)seed);
            cr_assert_eq(crdt_digest(t, &by_delta, NODES, &initial), digest, "type %d, seed %lu", t,
                         (unsigned long)seed);
            for (geo_node n = 0; n < NODES; n++) {
                cr_assert_eq(crdt_reflects(t, &by_op, n), crdt_reflects(t, &by_state, n));
                cr_assert_eq(crdt_reflects(t, &by_delta, n), crdt_reflects(t, &by_state, n));
            }
        }
}

/* Nodes that hear of each other by operations and deltas alone, in any order, with many still on the way:
 * whenever two reflect the same writes they answer the same (strong eventual consistency), and what is
 * reflected never shrinks. */
Test(part_crdt, who_reflects_the_same_writes_answers_the_same)
{
    uint64_t pairs = 0;

    for (enum crdt_type t = CRDT_PN_COUNTER; t <= CRDT_LWW_REGISTER; t++)
        for (seed = 1; seed <= ROUNDS; seed++) {
            union row row[NODES] = {0};
            uint64_t has[NODES] = {0};
            state = seed * 104729;
            for (uint32_t i = 0; i < WRITES; i++) {
                make(t, row, has, i);
                for (int k = 0; k < 6; k++) {
                    geo_node to = (geo_node)draw(NODES);
                    struct fact *f = &facts[draw(i + 1)];
                    if (draw(2) == 0) /* packed again, when its node has heard more */
                        crdt_delta(t, &row[f->node], NODES, f->node, &f->travels, removes[f->node],
                                   &f->delta);
                    uint32_t before[NODES];
                    for (geo_node n = 0; n < NODES; n++)
                        before[n] = crdt_reflects(t, &row[to], n);
                    if (seed % 2 == 0)
                        crdt_operate(t, &row[to], NODES, f->node, &f->travels);
                    else
                        crdt_merge(t, &row[to], &f->delta, NODES);
                    for (geo_node n = 0; n < NODES; n++)
                        cr_assert_geq(crdt_reflects(t, &row[to], n), before[n]);
                }
                for (geo_node a = 0; a < NODES; a++)
                    for (geo_node b = 0; b < a; b++) {
                        bool same = true;
                        for (geo_node n = 0; n < NODES; n++)
                            same = same && crdt_reflects(t, &row[a], n) == crdt_reflects(t, &row[b], n);
                        pairs += same;
                        if (same)
                            cr_assert_eq(crdt_digest(t, &row[a], NODES, &initial),
                                         crdt_digest(t, &row[b], NODES, &initial), "type %d, seed %lu", t,
                                         (unsigned long)seed);
                    }
            }
        }
    cr_assert_gt(pairs, 1000, "it compared only %lu", (unsigned long)pairs);
}

/* Small histories exhaustively: four concurrent writes of four nodes, all 24 orders, the three forms. */
Test(part_crdt, every_order_of_a_small_history_ends_alike)
{
    for (enum crdt_type t = CRDT_PN_COUNTER; t <= CRDT_LWW_REGISTER; t++)
        for (seed = 1; seed <= 50; seed++) {
            union row row[NODES] = {0};
            uint64_t has[NODES] = {0};
            state = seed;
            for (uint32_t i = 0; i < 4; i++) {
                make(t, row, has, i);
                geo_node to = (geo_node)draw(NODES), from = (geo_node)draw(NODES);
                crdt_merge(t, &row[to], &row[from], NODES);
                has[to] |= has[from];
            }
            for (uint32_t p = 0; p < 256; p++) {
                uint32_t order[4] = {p & 3, p >> 2 & 3, p >> 4 & 3, p >> 6 & 3};
                union row by_op = {0}, by_delta = {0};
                if ((1u << order[0] | 1u << order[1] | 1u << order[2] | 1u << order[3]) != 15)
                    continue;
                deliver(t, order, 4, &by_op, &by_delta);
                check(t, &by_op, 15);
                check(t, &by_delta, 15);
                cr_assert_eq(crdt_digest(t, &by_op, NODES, &initial),
                             crdt_digest(t, &by_delta, NODES, &initial));
            }
        }
}
