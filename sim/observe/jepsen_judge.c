/* jepsen_judge.c -- gives a recorded history to the checkers that can decide it.
 *
 * Registers whose values are written once a key go by zones, others (and cas) by search; counters by search,
 * and as to what is weaker than linearizable by the numbers that were read (check_counts.h); sets that only
 * grow and lists by their elements, transactions of several appends and reads too; texts that are appended to
 * by search; sets that shrink, of at most 63 elements a key, by search. Of other transactions with several
 * operations each operation is looked at alone: what is broken then is broken, what is not is undecided. */
#include "sim/observe/check_counts.h"
#include "sim/observe/check_elements.h"
#include "sim/observe/check_map.h"
#include "sim/observe/check_transactions.h"
#include "sim/observe/jepsen.h"

#include <stdio.h>
#include <string.h>

enum { COUNTED_MOST = 1 << 23 }; /* of a counter: so that no sum leaves 64 bits */

struct kinds {
    struct check_map seen;  /* (key, value) -> 1, or the bit of an element */
    struct check_map twice; /* key -> 1: a value was written twice, or cas */
    struct check_map bits;  /* key -> how many elements */
    bool shrinks, again, too_many;
};

static const char *noun(const struct jepsen *j)
{
    return j->by_line ? "line" : "operation";
}

static void look(const struct jepsen *j, struct kinds *k)
{
    array_each (const struct jepsen_op, op, &j->ops) {
        if (op->f == JEPSEN_READ)
            continue;
        k->shrinks |= op->f == JEPSEN_REMOVE;
        bool known = check_map_get(&k->seen, op->key, op->value) != CHECK_ABSENT;
        k->again |= known;
        if (op->f == JEPSEN_CAS || known || op->value == j->initial_value)
            check_map_put(&k->twice, op->key, 0, 1);
        if (known)
            continue;
        uint64_t bit = check_map_get(&k->bits, op->key, 0);
        bit = bit == CHECK_ABSENT ? 0 : bit;
        k->too_many |= bit >= 63;
        check_map_put(&k->seen, op->key, op->value, bit);
        check_map_put(&k->bits, op->key, 0, bit + 1);
    }
}

static const uint64_t *elements_of(const struct jepsen *j, const struct jepsen_op *op)
{
    return op->element_count > 0 ? j->pool.items + op->elements : NULL;
}

static uint64_t register_value(const struct jepsen *j, uint64_t value)
{
    return value == j->initial_value ? CHECK_INITIAL : value == CHECK_INITIAL ? UINT64_C(1) << 63 : value;
}

/* A read's elements as bits. */
static uint64_t bits_of(const struct jepsen *j, const struct kinds *k, const struct jepsen_op *op,
                        bool *unknown)
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < op->element_count; i++) {
        uint64_t bit = check_map_get(&k->seen, op->key, j->pool.items[op->elements + i]);
        *unknown |= bit == CHECK_ABSENT;
        bits |= bit == CHECK_ABSENT ? 0 : UINT64_C(1) << bit;
    }
    return bits;
}

static struct check_begin begin_of(const struct jepsen *j, const struct kinds *k, const struct jepsen_op *op,
                                   uint64_t position)
{
    struct check_begin b = {.id = op->id,
                            .key = op->key,
                            .session = op->session,
                            .position = position,
                            .value = register_value(j, op->value),
                            .expected = register_value(j, op->expected),
                            .number = op->number};

    if (j->data == JEPSEN_STRING)
        b.value = (uint64_t)op->number;
    switch (op->f) {
    case JEPSEN_READ:
        b.f = CHECK_READ;
        break;
    case JEPSEN_APPEND:
        b.f = CHECK_APPEND;
        b.expected = op->expected;
        break;
    case JEPSEN_CAS:
        b.f = CHECK_CAS;
        break;
    case JEPSEN_WRITE:
        b.f = j->data == JEPSEN_COUNTER ? CHECK_CHANGE : CHECK_WRITE;
        b.value = j->digested ? op->value : b.value;
        b.number = 1;
        break;
    default:
        b.f = j->data == JEPSEN_COUNTER ? CHECK_CHANGE : op->f == JEPSEN_REMOVE ? CHECK_REMOVE : CHECK_ADD;
        if (j->data == JEPSEN_SET && j->digested)
            b.value = (uint64_t)op->number;
        else if (j->data == JEPSEN_SET)
            b.value = check_map_get(&k->seen, op->key, op->value);
        break;
    }
    return b;
}

static void end_of(struct jepsen *j, const struct kinds *k, struct check_stream *s, struct check_op *open,
                   const struct jepsen_op *op, uint64_t position)
{
    uint64_t value = register_value(j, op->value);
    int64_t number = op->is_number ? op->number : j->initial_number;
    bool unknown = false;

    if (op->f == JEPSEN_READ && j->digested)
        value = op->value;
    else if (op->f == JEPSEN_READ && j->data == JEPSEN_STRING)
        value = (uint64_t)op->number;
    else if (op->f == JEPSEN_READ && j->data == JEPSEN_SET)
        value = bits_of(j, k, op, &unknown);
    if (unknown && op->outcome == CHECK_OK)
        value = UINT64_MAX; /* no state has bit 63: at most 63 elements are known */
    check_end(s, open, position, (enum check_outcome)op->outcome, value, number);
}

static void judge_stream(struct jepsen *j, const struct kinds *k, uint64_t checks,
                         struct check_verdict *verdicts)
{
    const uint64_t sessions = UINT64_C(1) << GEO_READ_YOUR_WRITES | UINT64_C(1) << GEO_MONOTONIC_READS |
                              UINT64_C(1) << GEO_MONOTONIC_WRITES | UINT64_C(1) << GEO_WRITES_FOLLOW_READS;
    struct check_stream *s =
        check_stream_new(&(struct check_stream_def){.checks = checks,
                                                    .initial = j->initial_number,
                                                    .noun = noun(j),
                                                    .digests = j->digested,
                                                    .beginnings = &j->beginnings,
                                                    .sessions = (checks & sessions) != 0});
    struct check_op **open = memory_new(j->ops.count, sizeof(struct check_op *));

    array_each (const struct jepsen_op, op, &j->ops) {
        bool named = check_map_get(&k->twice, op->key, 0) == CHECK_ABSENT;
        check_key_kind(s, op->key,
                       j->data == JEPSEN_COUNTER  ? CHECK_KEY_COUNTER
                       : j->data == JEPSEN_SET    ? CHECK_KEY_SET
                       : j->data == JEPSEN_STRING ? CHECK_KEY_TEXT
                       : named                    ? CHECK_KEY_ZONES
                                                  : CHECK_KEY_REGISTER);
    }
    for (size_t i = 0; i < j->events.count; i++) {
        uint64_t index = j->events.items[i] >> 1;
        const struct jepsen_op *op = &j->ops.items[index];
        if ((j->events.items[i] & 1) != 0) {
            end_of(j, k, s, open[index], op, i + 1);
        } else {
            struct check_begin b = begin_of(j, k, op, i + 1);
            open[index] = check_begin(s, &b);
        }
    }
    free(open);
    check_stream_finish(s);
    for (int c = 0; c < GEO_CHECKS; c++)
        if ((checks >> c & 1) != 0)
            check_stream_verdict(s, (enum geo_check)c, &verdicts[c]);
    check_stream_free(s);
}

static void undecided(uint64_t checks, struct check_verdict *verdicts, const char *why)
{
    for (int c = 0; c < GEO_CHECKS; c++) {
        if ((checks >> c & 1) == 0)
            continue;
        verdicts[c] = (struct check_verdict){.check = (uint8_t)c, .holds = CHECK_UNDECIDED};
        snprintf(verdicts[c].why, sizeof verdicts[c].why, "%s", why);
    }
}

static void judge_elements(const struct jepsen *j, uint64_t checks, struct check_verdict *verdicts)
{
    struct element_op *ops = memory_new(j->ops.count, sizeof *ops);

    for (size_t i = 0; i < j->ops.count; i++) {
        const struct jepsen_op *op = &j->ops.items[i];
        ops[i] = (struct element_op){
            .id = op->id,
            .key = op->key,
            .session = op->session,
            .begin = op->begin,
            .element = op->value,
            .end = op->outcome == CHECK_OK ? op->end : UINT64_MAX,
            .elements = elements_of(j, op),
            .count = op->element_count,
            .reads = op->f == JEPSEN_READ,
            .failed = op->outcome == CHECK_FAIL,
        };
    }
    for (int c = 0; c < GEO_CHECKS; c++)
        if ((checks >> c & 1) != 0)
            check_elements(ops, j->ops.count, j->data == JEPSEN_LIST_APPEND, noun(j), (enum geo_check)c,
                           &verdicts[c]);
    free(ops);
}

/* Linearizable, sequential and causal, by the order of whole transactions. A history of single operations has
 * been judged as to linearizability by its elements, which counts more exactly. */
static void judge_transactions(const struct jepsen *j, uint64_t checks, struct check_verdict *verdicts)
{
    const size_t count = j->ops.count;
    struct transaction_step *steps = memory_new(count, sizeof *steps);
    struct transaction *all = memory_new(count, sizeof *all);
    size_t made = 0;

    for (size_t i = 0; i < count; i++) {
        const struct jepsen_op *op = &j->ops.items[i];
        steps[i] = (struct transaction_step){.key = op->key,
                                             .element = op->value,
                                             .elements = elements_of(j, op),
                                             .count = op->element_count,
                                             .reads = op->f == JEPSEN_READ};
        if (i == 0 || op->text != j->ops.items[i - 1].text)
            all[made++] = (struct transaction){.id = op->id,
                                               .session = op->session,
                                               .begin = op->begin,
                                               .end = op->outcome == CHECK_INFO ? UINT64_MAX : op->end,
                                               .steps = &steps[i],
                                               .outcome = op->outcome};
        all[made - 1].count++;
    }
    for (int c = GEO_LINEARIZABLE; c <= GEO_CAUSAL; c++)
        if ((checks >> c & 1) != 0 && (c != GEO_LINEARIZABLE || j->several))
            check_transactions(all, made, j->data == JEPSEN_LIST_APPEND, noun(j), (enum geo_check)c,
                               &verdicts[c]);
    free(steps);
    free(all);
}

/* Sets that grow and lists. What is linearizable is all that is weaker, too. */
static void judge_grown(const struct jepsen *j, uint64_t checks, struct check_verdict *verdicts)
{
    const uint64_t weaker = UINT64_C(1) << GEO_SEQUENTIAL | UINT64_C(1) << GEO_CAUSAL |
                            UINT64_C(1) << GEO_READ_YOUR_WRITES | UINT64_C(1) << GEO_MONOTONIC_READS |
                            UINT64_C(1) << GEO_MONOTONIC_WRITES | UINT64_C(1) << GEO_WRITES_FOLLOW_READS;
    struct check_verdict all[GEO_CHECKS];

    if ((checks & weaker) != 0)
        checks |= UINT64_C(1) << GEO_LINEARIZABLE;
    memset(all, 0, sizeof all);
    judge_elements(j, checks, all);
    if (!j->several || j->data == JEPSEN_LIST_APPEND)
        judge_transactions(j, checks, all);
    for (int c = 0; c < GEO_CHECKS; c++) {
        bool whole = j->data == JEPSEN_LIST_APPEND && (c <= GEO_CAUSAL || c == GEO_NOTHING_LOST);
        if (j->several && !whole && all[c].holds == CHECK_HOLDS)
            undecided(UINT64_C(1) << c, all,
                      "each operation alone is right; transactions of several are not looked at whole");
        if ((weaker >> c & 1) != 0 && all[GEO_LINEARIZABLE].holds == CHECK_HOLDS &&
            all[c].holds == CHECK_UNDECIDED)
            all[c] = (struct check_verdict){.check = (uint8_t)c, .holds = CHECK_HOLDS};
        if ((checks >> c & 1) != 0)
            verdicts[c] = all[c];
    }
}

static void judge_counts(const struct jepsen *j, uint64_t checks, struct check_verdict *verdicts)
{
    struct count_op *ops = memory_new(j->ops.count, sizeof *ops);

    for (size_t i = 0; i < j->ops.count; i++) {
        const struct jepsen_op *op = &j->ops.items[i];
        bool reads = op->f == JEPSEN_READ;
        ops[i] = (struct count_op){.id = op->id,
                                   .key = op->key,
                                   .session = op->session,
                                   .begin = op->begin,
                                   .end = op->end,
                                   .number = op->f == JEPSEN_WRITE     ? 1
                                             : !reads || op->is_number ? op->number
                                                                       : j->initial_number,
                                   .reads = reads,
                                   .outcome = op->outcome};
    }
    for (int c = 0; c < GEO_CHECKS; c++)
        if ((checks >> c & 1) != 0 && check_counts_knows((enum geo_check)c))
            check_counts(ops, j->ops.count, j->initial_number, noun(j), (enum geo_check)c, &verdicts[c]);
    free(ops);
}

/* What is linearizable is all that is weaker, too; else it is asked what else the numbers tell, and of an
 * order that they leave open, a search. */
static void judge_counter(struct jepsen *j, const struct kinds *k, uint64_t checks,
                          struct check_verdict *verdicts)
{
    const uint64_t linearizable = UINT64_C(1) << GEO_LINEARIZABLE, sequential = UINT64_C(1) << GEO_SEQUENTIAL;
    struct check_verdict all[GEO_CHECKS];
    uint64_t asked = checks;

    memset(all, 0, sizeof all);
    judge_stream(j, k, linearizable | (checks & ~sequential), all);
    for (int c = 0; c < GEO_CHECKS; c++)
        if (all[GEO_LINEARIZABLE].holds == CHECK_HOLDS && c != GEO_NOTHING_LOST &&
            check_counts_knows((enum geo_check)c)) {
            all[c] = (struct check_verdict){.check = (uint8_t)c, .holds = CHECK_HOLDS};
            asked &= ~(UINT64_C(1) << c);
        }
    judge_counts(j, asked, all);
    if ((asked & sequential) != 0 && all[GEO_SEQUENTIAL].holds == CHECK_UNDECIDED)
        judge_stream(j, k, sequential, all);
    for (int c = 0; c < GEO_CHECKS; c++)
        if ((checks >> c & 1) != 0)
            verdicts[c] = all[c];
}

void jepsen_judge(struct jepsen *j, uint64_t checks, struct check_verdict verdicts[GEO_CHECKS])
{
    struct kinds k = {0};

    look(j, &k);
    bool elements = j->data == JEPSEN_SET || j->data == JEPSEN_LIST_APPEND;
    bool whole = elements && (!j->digested || j->repeated); /* a digest is one value as any other */
    if (j->data == JEPSEN_COUNTER && (j->uncountable || j->ops.count > COUNTED_MOST))
        undecided(checks, verdicts, "its numbers are not all whole ones, or too big to be added up");
    else if (j->data == JEPSEN_COUNTER)
        judge_counter(j, &k, checks, verdicts);
    else if (j->data == JEPSEN_STRING && j->untextual)
        undecided(checks, verdicts, "its values are not all texts");
    else if (whole && (j->opaque || j->digested))
        undecided(checks, verdicts, "its reads do not say which elements there were");
    else if (whole && !k.shrinks && !k.again)
        judge_grown(j, checks, verdicts);
    else if (whole && (j->data == JEPSEN_LIST_APPEND || k.too_many))
        undecided(checks, verdicts,
                  j->data == JEPSEN_SET ? "more than 63 elements, some added twice or removed"
                                        : "an element was appended twice to a list");
    else
        judge_stream(j, &k, checks, verdicts);
    bool grown = elements && !j->opaque && !k.shrinks && !k.again;
    for (int c = 0; c < GEO_CHECKS && j->several && !grown; c++)
        if ((checks >> c & 1) != 0 && verdicts[c].holds == CHECK_HOLDS)
            undecided(UINT64_C(1) << c, verdicts,
                      "each operation alone is right; transactions of several are not looked at whole");
    check_map_free(&k.seen);
    check_map_free(&k.twice);
    check_map_free(&k.bits);
}
