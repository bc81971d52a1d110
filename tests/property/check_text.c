/* check_text.c -- recorded histories of texts that are put, appended to and read, against all orders of their
 * operations, each tried on the texts themselves. */
#include "sim/observe/jepsen.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { OPS = 6, PROCESSES = 3, HISTORIES = 6000, TEXT = 32 };

struct op {
    int f; /* 0: read, 1: put, 2: append */
    char text[TEXT];
    int begin, end; /* end 1000: its outcome is not known */
};

static uint64_t state = 1;

static int below(int n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)(state >> 33) % n;
}

static void apply(const struct op *op, char *text)
{
    if (op->f == 1)
        text[0] = '\0';
    if (op->f != 0)
        snprintf(text + strlen(text), TEXT - strlen(text), "%s", op->text);
}

/* Is there an order from here on? `done`: bits of what has happened, or never will. */
static bool order_exists(const struct op *ops, int count, unsigned done, const char *text)
{
    int first_end = 1000;

    for (int i = 0; i < count; i++)
        if ((done >> i & 1) == 0 && ops[i].end < first_end)
            first_end = ops[i].end;
    if (first_end == 1000)
        return true; /* what is left need not happen */
    for (int i = 0; i < count; i++) {
        char next[TEXT];
        if ((done >> i & 1) != 0 || ops[i].begin > first_end ||
            (ops[i].f == 0 && strcmp(ops[i].text, text) != 0))
            continue;
        memcpy(next, text, TEXT);
        apply(&ops[i], next);
        if (order_exists(ops, count, done | 1u << i, next))
            return true;
    }
    return false;
}

static size_t put_event(char *to, size_t at, size_t room, int process, const struct op *op, bool ends)
{
    static const char *const names[] = {"get", "put", "append"};

    if (op->f == 0 && !ends)
        at += (size_t)snprintf(to + at, room - at, "{:process %d, :type :invoke, :f :get, :value nil}\n",
                               process);
    else
        at +=
            (size_t)snprintf(to + at, room - at, "{:process %d, :type :%s, :f :%s, :value \"%s\"}\n", process,
                             !ends             ? "invoke"
                             : op->end == 1000 ? "info"
                                               : "ok",
                             names[op->f], op->text);
    return at;
}

/* Operations that take effect at some instant while they are open, so that the history is right; then, in
 * half of them, a read's answer is another. */
static int make(struct op *ops, char *history, size_t room)
{
    int open[PROCESSES], turn[PROCESSES] = {0}, count = 0, position = 0;
    char text[TEXT] = "";
    size_t at = 0;

    for (int left = OPS * 4; left > 0; left--) {
        int p = below(PROCESSES);
        struct op *op = turn[p] > 0 ? &ops[open[p]] : NULL;
        if (op == NULL && count < OPS) {
            open[p] = count;
            op = &ops[count++];
            *op = (struct op){.f = below(5) < 2    ? 0
                                   : below(4) == 0 ? 1
                                                   : 2,
                              .begin = ++position,
                              .end = 1000};
            if (op->f != 0)
                snprintf(op->text, sizeof op->text, "%c", "ab"[below(2)]);
            at = put_event(history, at, room, p, op, false);
            turn[p] = 1;
        } else if (op != NULL && turn[p] == 1) {
            apply(op, text);
            if (op->f == 0)
                memcpy(op->text, text, TEXT);
            if (op->f == 0 && below(4) == 0)
                snprintf(op->text, TEXT, "%s", below(2) == 0 ? "ab" : "a");
            turn[p] = 2;
        } else if (op != NULL && below(8) > 0) {
            op->end = ++position;
            at = put_event(history, at, room, p, op, true);
            turn[p] = 0;
        }
    }
    for (int i = 0; i < count; i++) /* a read without an answer says nothing */
        if (ops[i].f == 0 && ops[i].end == 1000)
            ops[i].f = 2, ops[i].text[0] = '\0';
    return count;
}

Test(check_text, agrees_with_all_orders)
{
    int right = 0, wrong = 0;

    for (int h = 0; h < HISTORIES; h++) {
        struct diagnostics *d = diagnostics_new();
        struct check_verdict v[GEO_CHECKS];
        struct op ops[OPS];
        struct jepsen j;
        char history[8192] = "";
        int count = make(ops, history, sizeof history);
        bool exists =
            order_exists(ops, count, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        cr_assert(jepsen_open(&j, "h", history, strlen(history), FORMS_EDN, JEPSEN_STRING, d), "%s", history);
        jepsen_judge(&j, UINT64_C(1) << GEO_LINEARIZABLE, v);
        cr_assert_eq(v[GEO_LINEARIZABLE].holds, exists ? CHECK_HOLDS : CHECK_BROKEN, "%d: %s\n%s", h,
                     v[GEO_LINEARIZABLE].why, history);
        right += exists;
        wrong += !exists;
        jepsen_close(&j);
        diagnostics_free(d);
    }
    cr_expect(right > HISTORIES / 4 && wrong > HISTORIES / 8, "%d right, %d wrong", right, wrong);
}
