/* trace.c -- see trace.h. A message is kept whole or not at all: what decides is its number, which rises from
 * message to message, so the bound on messages is a bound on numbers. */
#include "sim/observe/trace.h"

static bool is_of_interest(const struct trace *t, uint64_t op)
{
    for (size_t i = 0; op != 0 && i < t->def.op_count; i++)
        if (history_op_of(t->def.ops[i]) == history_op_of(op))
            return true;
    return false;
}

static bool is_about(const struct trace *t, const struct history_record *r)
{
    if (is_of_interest(t, r->op))
        return true;
    if (r->kind == HISTORY_STORE)
        return is_of_interest(t, r->store.write);
    return r->kind == HISTORY_DROP && (is_of_interest(t, r->drop.loser) || is_of_interest(t, r->drop.winner));
}

/* Messages that were sent before the window, or are beyond the bound, are left out with all their
 * transmissions. */
static bool wants_message(struct trace *t, const struct history_record *r)
{
    uint64_t number = r->kind == HISTORY_SEND ? r->send.message : r->way.message;

    if (number <= t->last_message)
        return true;
    if (r->kind != HISTORY_SEND || r->send.transmission != 0)
        return t->def.messages_most == 0;
    if (t->def.messages_most != 0 && t->messages >= t->def.messages_most) {
        t->messages_left_out++;
        return false;
    }
    t->messages++;
    t->last_message = number;
    return true;
}

static bool wants(struct trace *t, const struct history_record *r)
{
    if (r->kind == HISTORY_FAULT || r->kind == HISTORY_DOWN || r->kind == HISTORY_UP ||
        r->kind == HISTORY_LEADS || is_about(t, r))
        return true;
    if (r->time < t->def.from)
        return false;
    if (t->def.records_most != 0 && t->records.count >= t->def.records_most) {
        t->records_left_out++;
        return false;
    }
    bool is_way = r->kind == HISTORY_SEND || r->kind == HISTORY_ARRIVE || r->kind == HISTORY_LOST;
    return !is_way || wants_message(t, r);
}

/* The fate, after the window, of a message that was sent in it. */
static bool is_aftermath(const struct trace *t, const struct history_record *r)
{
    if (r->kind == HISTORY_SEND)
        return r->send.transmission != 0 && r->send.message <= t->last_message;
    return (r->kind == HISTORY_ARRIVE || r->kind == HISTORY_LOST) && r->way.message <= t->last_message;
}

static void keep(void *self, const struct history_record *r, uint64_t position)
{
    struct trace *t = self;

    if (r->time >= t->def.to + t->def.grace)
        t->past = true;
    if (!t->past && (r->time < t->def.to ? wants(t, r) : is_aftermath(t, r)))
        *array_add(&t->records) = (struct trace_record){position, *r};
}

void trace_open(struct trace *t, const struct trace_def *def, const struct history_setting *setting)
{
    *t = (struct trace){.def = *def, .setting = setting};
}

void trace_close(struct trace *t)
{
    array_free(&t->records);
}

void trace_attach(struct trace *t, struct history *h)
{
    history_add_reader(h, keep, t, (UINT32_C(1) << HISTORY_KINDS) - 1);
}
