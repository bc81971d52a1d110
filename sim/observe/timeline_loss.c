/* timeline_loss.c -- stories of writes that were lost: for another one, or with the replica that had them.
 *
 * Of two writes where one had to go, the cause is
 *
 *     failover       the node that had taken the loser was down, or had handed over, when the winner was
 * taken clock offset   the loser was the later one by true time, and the stamps say otherwise: most of the
 * error is lasting drift          the same, and most of the error has grown since the last synchronisation
 *     late arrival   the winner was taken when the loser should long have been there, and was not
 *     concurrent     neither could have known of the other
 *
 * Stamps are looked at as times only if both are what their taker's clock may have said, give or take the
 * widest error of any clock (a hybrid clock may show another's): a count or a ballot is no time. */
#include "sim/observe/timeline_way.h"

#include <string.h>

static sim_ns distance(sim_ns a, sim_ns b)
{
    return a < b ? b - a : a - b;
}

static sim_ns widest_error(const struct story_def *def, sim_ns at)
{
    sim_ns widest = 0;

    for (uint32_t node = 0; node < def->timeline->setting->node_count; node++) {
        sim_ns error = def->facts->clock(def->facts->self, node, at).error;
        widest = distance(error, 0) > widest ? distance(error, 0) : widest;
    }
    return widest;
}

static bool is_time(const struct story_def *def, const struct timeline_operation *o)
{
    return distance(o->stamp, o->taken) <= widest_error(def, o->taken) + SIM_MILLISECOND;
}

static void tell_stamp(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    char name[TIMELINE_NAME], node[TIMELINE_NAME], span[TIMELINE_NAME], stamp[TIMELINE_NAME];
    sim_ns error = o->stamp - o->taken;

    timeline_operation_name(def->timeline->setting, o->op, name);
    timeline_node_name(def->timeline->setting, o->taker, node);
    timeline_instant(o->stamp, stamp);
    if (error == 0)
        story_line(s, o->taken, false, "%s is stamped %s at %s, which is right", name, stamp, node);
    else
        story_line(s, o->taken, distance(error, 0) >= SIM_MILLISECOND,
                   "%s is stamped %s at %s: %s %s true time", name, stamp, node,
                   timeline_span(distance(error, 0), span), error < 0 ? "behind" : "ahead of");
}

/* Had the write reached the node by the record at `position`? */
static bool had_reached(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                        uint64_t position)
{
    if (node == write->taker)
        return write->taken_position < position;
    array_each (struct trace_record, r, &t->trace->records) { /* also where it was refused for a newer one */
        const struct history_record *h = &r->record;
        if (r->position >= position)
            return false;
        if (h->kind == HISTORY_STORE && h->node == node && h->store.write == write->op)
            return true;
    }
    return false;
}

/* The fault that took the loser's taker away before the winner was taken: a crash, a switchover. */
static uint32_t failover_between(const struct timeline *t, const struct timeline_operation *loser,
                                 const struct timeline_operation *winner)
{
    const struct trace_record *crash = way_crash(t, loser->taker, loser->begin, winner->taken);

    if (winner->taker == loser->taker)
        return STORY_NO_FAULT;
    if (crash != NULL)
        return crash->record.down.fault;
    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_FAULT && r->record.fault.begins != 0 &&
            r->record.time >= loser->begin && r->record.time <= winner->taken &&
            t->setting->faults[r->record.fault.index].kind == FAULT_SWITCHOVER)
            return r->record.fault.index;
    return STORY_NO_FAULT;
}

/* Whose clock it was: the one that errs more in the direction that turned them round. */
static void blame_clock(struct story *s, const struct story_def *def, const struct timeline_operation *loser,
                        const struct timeline_operation *winner)
{
    struct story_clock behind = def->facts->clock(def->facts->self, loser->taker, loser->taken);
    struct story_clock ahead = def->facts->clock(def->facts->self, winner->taker, winner->taken);
    bool loser_to_blame = -(loser->stamp - loser->taken) >= winner->stamp - winner->taken;
    struct story_clock c = loser_to_blame ? behind : ahead;
    const struct timeline_operation *o = loser_to_blame ? loser : winner;
    sim_ns error = distance(o->stamp, o->taken);
    char node[TIMELINE_NAME], span[TIMELINE_NAME], part[TIMELINE_NAME], apart[TIMELINE_NAME], why[200] = "";

    s->loss =
        distance(c.drift, 0) > distance(c.offset, 0) + distance(c.step, 0) ? STORY_DRIFT : STORY_CLOCK_OFFSET;
    timeline_span(error, span);
    if (s->loss == STORY_DRIFT)
        snprintf(why, sizeof why, " (it had drifted by %.60s)", timeline_span(distance(c.drift, 0), part));
    else if (distance(c.step, 0) > distance(c.offset, 0))
        snprintf(why, sizeof why, " (a fault had set it by %s%.60s)", c.step < 0 ? "-" : "+",
                 timeline_span(distance(c.step, 0), part));
    story_cause(s, "%s's clock was %s %s when it stamped the %s%s, which in truth came %s %s (%s)",
                timeline_node_name(def->timeline->setting, o->taker, node), span,
                loser_to_blame ? "behind" : "ahead", loser_to_blame ? "loser" : "winner", why,
                timeline_span(loser->taken - winner->taken, apart),
                loser_to_blame ? "after the winner" : "before the loser", story_loss_name(s->loss));
}

static void find_cause(struct story *s, const struct story_def *def, const struct timeline_operation *loser,
                       const struct timeline_operation *winner, const struct way_step *steps, uint32_t count)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *first = loser->taken <= winner->taken ? loser : winner;
    const struct timeline_operation *second = first == loser ? winner : loser;
    sim_ns apart = second->taken - first->taken;
    sim_ns usual = def->facts->usual(def->facts->self, t->setting->node_region[first->taker],
                                     t->setting->node_region[second->taker]);
    uint32_t failover = failover_between(t, loser, winner);
    bool reached = had_reached(t, first, second->taker, second->taken_position);
    const struct way_step *worst = way_worst(steps, count, second->taken);
    char words[STORY_TEXT], span[TIMELINE_NAME], node[TIMELINE_NAME];

    if (failover != STORY_NO_FAULT) {
        s->loss = STORY_FAILOVER;
        story_cause(s,
                    "%s took the winner without the loser, which %s had not passed on when it %s (failover)",
                    timeline_node_name(t->setting, winner->taker, words),
                    timeline_node_name(t->setting, loser->taker, node),
                    t->setting->faults[failover].kind == FAULT_SWITCHOVER ? "handed over" : "went down");
    } else if (first == winner && is_time(def, loser) && is_time(def, winner) && (reached || apart > usual)) {
        blame_clock(s, def, loser, winner);
    } else if (!reached && apart > usual && worst != NULL &&
               !(worst->m != NULL && way_is_plain(def, worst->m) &&
                 worst->m->arrived - worst->held >= apart)) {
        s->loss = STORY_LATE_ARRIVAL;
        way_cause(def, worst, second->taken, words);
        story_cause(s, "the %s had not come to %s when the %s was taken there, %s later: %s (late arrival)",
                    first == loser ? "loser" : "winner", timeline_node_name(t->setting, second->taker, node),
                    first == loser ? "winner" : "loser", timeline_span(apart, span), words);
    } else {
        s->loss = STORY_CONCURRENT;
        if (apart == 0)
            story_cause(
                s,
                "both were written at the same instant, before either had arrived at the other (concurrent)");
        else
            story_cause(s,
                        "both were written within %s of each other, before either had arrived at the other "
                        "(concurrent)",
                        timeline_span(apart, span));
    }
}

/* How the two met: the loser was held where the winner came, or came where the winner was. */
static void tell_meeting(struct story *s, const struct story_def *def, const struct timeline_operation *loser,
                         const struct timeline_operation *winner, uint32_t node, sim_ns met)
{
    const struct timeline *t = def->timeline;
    char at[TIMELINE_NAME], a[TIMELINE_NAME], b[TIMELINE_NAME];
    bool refused = false;

    timeline_node_name(t->setting, node, at);
    timeline_operation_name(t->setting, loser->op, a);
    timeline_operation_name(t->setting, winner->op, b);
    array_each (struct trace_record, r, &t->trace->records)
        refused |= r->record.kind == HISTORY_STORE && r->record.node == node && r->record.time == met &&
                   r->record.store.write == loser->op && !r->record.store.kept;
    if (refused)
        story_line(s, met, true, "they meet at %s, which holds %s: it refuses %s, which is lost", at, b, a);
    else
        story_line(s, met, true, "they meet at %s: %s replaces %s, which is lost", at, b, a);
}

struct story *story_of_lost_update(const struct story_def *def, uint64_t loser_op, uint64_t winner_op,
                                   uint32_t node, sim_ns met)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *loser = timeline_operation(t, loser_op),
                                    *winner = timeline_operation(t, winner_op);
    struct way_step steps[WAY_MOST];
    char a[TIMELINE_NAME], b[TIMELINE_NAME];

    if (loser == NULL || winner == NULL || loser->taken == SIM_NS_NEVER || winner->taken == SIM_NS_NEVER)
        return NULL;
    struct story *s =
        story_new(def, "%s of key %llu, for %s", timeline_operation_name(t->setting, loser->op, a),
                  (unsigned long long)loser->key, timeline_operation_name(t->setting, winner->op, b));
    story_write(s, def, loser);
    story_write(s, def, winner);
    if (is_time(def, loser) && is_time(def, winner)) {
        tell_stamp(s, def, loser);
        tell_stamp(s, def, winner);
    }
    /* Each comes to where they meet, and the first to where the second was taken, which decides the cause. */
    const struct timeline_operation *first = loser->taken <= winner->taken ? loser : winner;
    const struct timeline_operation *second = first == loser ? winner : loser;
    for (int which = 0; which < 2; which++) {
        uint32_t count = way_of_write(t, which == 0 ? loser : winner, node, steps);
        for (uint32_t i = 0; i < count; i++)
            if (steps[i].m != NULL)
                way_tell(s, def, steps[i].m, true);
    }
    uint32_t count = way_of_write(t, first, second->taker, steps);
    for (uint32_t i = 0; i < count; i++)
        if (steps[i].m != NULL)
            way_tell(s, def, steps[i].m, false);
    tell_meeting(s, def, loser, winner, node, met);
    find_cause(s, def, loser, winner, steps, count);
    return s;
}

/* ---- a committed write that nobody has in the end ---- */

struct story *story_of_lost_commit(const struct story_def *def, uint64_t write)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *o = timeline_operation(t, write);
    const struct trace_record *last = NULL;
    char name[TIMELINE_NAME], node[TIMELINE_NAME], span[TIMELINE_NAME];
    static const char *const takes[] = {"keeps what it had", "loses its memory", "loses its disk"};

    if (o == NULL || o->taken == SIM_NS_NEVER)
        return NULL;
    struct story *s = story_new(def, "%s of key %llu, committed and gone",
                                timeline_operation_name(t->setting, o->op, name), (unsigned long long)o->key);
    story_write(s, def, o);
    array_each (struct timeline_message, m, &t->messages)
        if (m->op != 0 && history_op_of(m->op) == history_op_of(o->op) && m->from == o->taker &&
            m->from_region != m->to_region && m->to != HISTORY_NO_NODE && m->bytes >= o->value_bytes)
            way_tell(s, def, m, m->arrived == SIM_NS_NEVER);
    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        bool had = h->kind == HISTORY_DOWN && h->time >= o->taken &&
                   (h->node == o->taker || had_reached(t, o, h->node, r->position));
        if (!had)
            continue;
        last = r;
        story_line(s, h->time, true, "%s goes down, and %s", timeline_node_name(t->setting, h->node, node),
                   takes[h->down.lose <= LOSE_DISK ? h->down.lose : 0]);
    }
    s->loss = STORY_FAILOVER;
    if (last == NULL)
        story_cause(s, "a replica that had it rolled it back for another leader's log");
    else
        story_cause(
            s, "%s went down %s after the write was committed, before it had come to a replica that was left",
            timeline_node_name(t->setting, last->record.node, node),
            timeline_span(last->record.time - o->end, span));
    return s;
}
