/* timeline_loss.c -- stories of writes that were lost: for another one, or with the replica that had them.
 *
 * Of two writes where one had to go the cause is known (causes.h); here it is told what brought it about:
 * which node handed over, whose clock it was and by how much, what held the message up.
 *
 * Stamps are told as times only if both are what their taker's clock may have said, give or take the widest
 * error of any clock (a hybrid clock may show another's): a count or a ballot is no time. */
#include "sim/observe/timeline_undone.h"
#include "sim/observe/timeline_way.h"

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
    return distance(o->priority, o->taken) <= widest_error(def, o->taken) + SIM_MILLISECOND;
}

/* A stamp that runs ahead of its taker's own clock came from elsewhere: by more than the counts that a hybrid
 * clock adds. */
static bool is_inherited(sim_ns error, sim_ns own)
{
    return error > own + SIM_MICROSECOND;
}

static void tell_stamp(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    char name[TIMELINE_NAME], node[TIMELINE_NAME], span[TIMELINE_NAME], stamp[TIMELINE_NAME];
    sim_ns error = o->priority - o->taken;

    timeline_operation_name(def->timeline->setting, o->op, name);
    timeline_node_name(def->timeline->setting, o->taker, node);
    timeline_instant(o->priority, stamp);
    sim_ns own = def->facts->clock(def->facts->self, o->taker, o->taken).error;
    if (error == 0)
        story_line(s, o->taken, false, "%s is stamped %s at %s, which is right", name, stamp, node);
    else if (is_inherited(error, own) && distance(error, 0) >= SIM_MILLISECOND)
        story_line(s, o->taken, true,
                   "%s is stamped %s at %s: %s %s true time, as a stamp that had come there", name, stamp,
                   node, timeline_span(distance(error, 0), span), error < 0 ? "behind" : "ahead of");
    else
        story_line(s, o->taken, distance(error, 0) >= SIM_MILLISECOND,
                   "%s is stamped %s at %s: %s %s true time", name, stamp, node,
                   timeline_span(distance(error, 0), span), error < 0 ? "behind" : "ahead of");
}

/* ---- failover ---- */

/* The last crash of the node between the two, or NULL. */
static const struct trace_record *crash_between(const struct timeline *t, uint32_t node, uint64_t from,
                                                uint64_t to)
{
    const struct trace_record *last = NULL;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_DOWN && r->record.node == node && r->position > from &&
            r->position < to)
            last = r;
    return last;
}

static void tell_failover(struct story *s, const struct story_def *def,
                          const struct timeline_operation *loser, const struct timeline_operation *winner)
{
    const struct timeline *t = def->timeline;
    char old[TIMELINE_NAME], new[TIMELINE_NAME], when[TIMELINE_NAME], by[TIMELINE_NAME] = "",
                                                                      words[STORY_TEXT];
    uint64_t from = loser->taken_position, to = winner->taken_position;
    const struct trace_record *down = crash_between(t, loser->taker, from, to);
    struct undone undone;

    timeline_node_name(t->setting, loser->taker, old);
    timeline_node_name(t->setting, winner->taker, new);
    if (undone_find(t, loser, winner->taker, to, &undone)) {
        undone_tell(s, def, loser, &undone, to);
        story_cause(s, "%s (failover)", undone_cause(def, loser, &undone, words));
    } else if (winner->taker != loser->taker && down != NULL) {
        if (down->record.down.fault < t->setting->fault_count)
            way_by_fault(t->setting, down->record.down.fault, by);
        story_line(s, down->record.time, true, "%s goes down", old);
        story_cause(
            s,
            "%s went down at %s%s and had not passed the loser on; %s took the winner without it (failover)",
            old, timeline_instant(down->record.time, when), by, new);
    } else {
        story_cause(
            s, "%s had rolled back the loser for another leader's log when it took the winner (failover)",
            new);
    }
}

/* ---- clocks ---- */

/* The node whose clock is furthest ahead: where hybrid stamps that run ahead come from. */
static uint32_t fastest(const struct story_def *def, sim_ns at)
{
    uint32_t first = 0;

    for (uint32_t node = 1; node < def->timeline->setting->node_count; node++)
        if (def->facts->clock(def->facts->self, node, at).error >
            def->facts->clock(def->facts->self, first, at).error)
            first = node;
    return first;
}

/* Whose clock it was: the one that errs more in the direction that turned them round. */
static void tell_clock(struct story *s, const struct story_def *def, const struct timeline_operation *loser,
                       const struct timeline_operation *winner, enum loss_cause cause)
{
    bool loser_to_blame = -(loser->priority - loser->taken) >= winner->priority - winner->taken;
    const struct timeline_operation *o = loser_to_blame ? loser : winner;
    struct story_clock own = def->facts->clock(def->facts->self, o->taker, o->taken), c = own;
    sim_ns error = o->priority - o->taken;
    uint32_t whose = o->taker;
    char node[TIMELINE_NAME], span[TIMELINE_NAME], part[TIMELINE_NAME], apart[TIMELINE_NAME],
        why[160] = "", read[160] = "", by[TIMELINE_NAME] = "it", more[300] = "";

    if (is_inherited(error, own.error) && error <= 0) { /* a stamp that had come there only helped it */
        error = own.error;
    } else if (is_inherited(error, own.error)) {
        whose = fastest(def, o->taken);
        c = def->facts->clock(def->facts->self, whose, o->taken);
        timeline_node_name(def->timeline->setting, o->taker, by);
        snprintf(read, sizeof read, ", which %.100s went by,", by);
        error = c.error;
    }
    if (cause == LOSS_DRIFT && distance(c.drift, 0) < distance(error, 0))
        snprintf(why, sizeof why, " (%.40s of it by drift)", timeline_span(distance(c.drift, 0), part));
    else if (cause == LOSS_DRIFT)
        snprintf(why, sizeof why, " (it had drifted by %.40s)", timeline_span(distance(c.drift, 0), part));
    else if (distance(c.step, 0) > distance(c.offset, 0))
        snprintf(why, sizeof why, " (a fault had set it %s by %.40s)", c.step < 0 ? "back" : "forward",
                 timeline_span(distance(c.step, 0), part));
    /* Not far enough by itself: the other one's error helped. */
    const struct timeline_operation *second = loser_to_blame ? winner : loser;
    sim_ns helped = second->priority - second->taken;
    if (distance(error, 0) < loser->taken - winner->taken && helped != 0)
        snprintf(more, sizeof more, ", and %.100s's %.40s %s,",
                 timeline_node_name(def->timeline->setting, second->taker, node),
                 timeline_span(distance(helped, 0), part), helped < 0 ? "behind" : "ahead");
    story_cause(s, "%s's clock%s was %s %s%s when %s stamped the %s%s, which in truth came %s %s (%s)",
                timeline_node_name(def->timeline->setting, whose, node), read,
                timeline_span(distance(error, 0), span), error < 0 ? "behind" : "ahead", more, by,
                loser_to_blame ? "loser" : "winner", why, timeline_span(loser->taken - winner->taken, apart),
                loser_to_blame ? "after the winner" : "before the loser", loss_cause_names[cause]);
}

static void tell_late(struct story *s, const struct story_def *def, const struct timeline_operation *loser,
                      const struct timeline_operation *winner, const struct way_step *worst)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *first = loser->taken_position <= winner->taken_position ? loser : winner;
    const struct timeline_operation *second = first == loser ? winner : loser;
    char words[STORY_TEXT], span[TIMELINE_NAME], node[TIMELINE_NAME];
    bool is_replica = placement_index(t->setting, first->key, second->taker) >= 0;

    timeline_node_name(t->setting, second->taker, node);
    timeline_span(second->taken - first->taken, span);
    const struct trace_record *again = NULL;
    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_TAKE && r->record.op == winner->op &&
            r->position > loser->taken_position)
            again = r;
    if (first == winner && again != NULL) {
        char name[TIMELINE_NAME], taker[TIMELINE_NAME];
        story_line(s, again->record.time, true, "%s takes %s again",
                   timeline_node_name(t->setting, again->record.node, taker),
                   timeline_operation_name(t->setting, winner->op, name));
        story_cause(s,
                    "the winner came once more, by its client's retry, and was taken again at %s, after the "
                    "loser (late arrival)",
                    timeline_instant(again->record.time, words));
    } else if (loser->taker == winner->taker && loser->taken == winner->taken)
        story_cause(s, "both were taken at one instant at %s, which can stamp them only alike (late arrival)",
                    node);
    else if (worst != NULL && is_replica)
        story_cause(s, "the %s had not come to %s when the %s was taken there, %s later: %s (late arrival)",
                    first == loser ? "loser" : "winner", node, first == loser ? "winner" : "loser", span,
                    way_cause(def, worst, second->taken, words));
    else if (!is_replica)
        story_cause(s, "%s took the %s %s later without looking: it keeps no copy of the key (late arrival)",
                    node, first == loser ? "winner" : "loser", span);
    else
        story_cause(s, "the %s was taken %s later, at %s, which did not go by the %s (late arrival)",
                    first == loser ? "winner" : "loser", span, node, first == loser ? "loser" : "winner");
}

static void tell_concurrent(struct story *s, const struct story_def *def,
                            const struct timeline_operation *loser, const struct timeline_operation *winner)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *first = loser->taken_position <= winner->taken_position ? loser : winner;
    const struct timeline_operation *second = first == loser ? winner : loser;
    sim_ns apart = second->taken - first->taken;
    sim_ns usual = def->facts->usual(def->facts->self, t->setting->node_region[first->taker],
                                     t->setting->node_region[second->taker]);
    char span[TIMELINE_NAME], a[TIMELINE_NAME], b[TIMELINE_NAME];

    if (apart == 0)
        story_cause(
            s, "both were written at the same instant, before either had arrived at the other (concurrent)");
    else if (apart > 2 * usual)
        story_cause(s,
                    "they overlap: %s had begun before the client of %s was told, so either order of the two "
                    "is right "
                    "(concurrent)",
                    timeline_operation_name(t->setting, second->op, a),
                    timeline_operation_name(t->setting, first->op, b));
    else
        story_cause(s,
                    "both were written within %s of each other, before either had arrived at the other "
                    "(concurrent)",
                    timeline_span(apart, span));
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
                                   uint32_t node, sim_ns met, enum loss_cause cause)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *loser = timeline_operation(t, loser_op),
                                    *winner = timeline_operation(t, winner_op);
    struct way_step steps[WAY_MOST];
    char a[TIMELINE_NAME], b[TIMELINE_NAME];

    if (loser == NULL || winner == NULL || loser->taken == SIM_NS_NEVER || winner->taken == SIM_NS_NEVER)
        return NULL;
    struct story *s =
        story_new(def, "%s of key %llu gave way to %s", timeline_operation_name(t->setting, loser->op, a),
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
            way_tell_step(s, def, &steps[i], true);
    }
    uint32_t count = way_of_write(t, first, second->taker, steps);
    for (uint32_t i = 0; i < count; i++)
        way_tell_step(s, def, &steps[i], false);
    tell_meeting(s, def, loser, winner, node, met);
    if (cause == LOSS_FAILOVER)
        tell_failover(s, def, loser, winner);
    else if (cause == LOSS_CLOCK_OFFSET || cause == LOSS_DRIFT)
        tell_clock(s, def, loser, winner, cause);
    else if (cause == LOSS_LATE_ARRIVAL)
        tell_late(s, def, loser, winner, way_worst(steps, count, second->taken));
    else
        tell_concurrent(s, def, loser, winner);
    return s;
}

/* ---- a committed write that nobody has in the end ---- */

struct story *story_of_lost_commit(const struct story_def *def, uint64_t write)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *o = timeline_operation(t, write);
    struct undone undone;
    char name[TIMELINE_NAME], words[STORY_TEXT];

    if (o == NULL || o->taken == SIM_NS_NEVER)
        return NULL;
    struct story *s = story_new(def, "%s of key %llu, committed and gone",
                                timeline_operation_name(t->setting, o->op, name), (unsigned long long)o->key);
    bool found = undone_for_good(t, o, &undone);
    story_write(s, def, o);
    if (found)
        undone_tell(s, def, o, &undone, UINT64_MAX);
    if (found)
        story_cause(s, "%s", undone_cause(def, o, &undone, words));
    else
        story_cause(s, "no replica that is up has it");
    return s;
}
