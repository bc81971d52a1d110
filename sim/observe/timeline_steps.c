/* timeline_steps.c -- see timeline_way.h: how a write came to a node, step by step, and why it took so long.
 */
#include "sim/observe/timeline_way.h"

#include <stdlib.h>
#include <string.h>

/* Since when each node had the write. */
struct had {
    sim_ns time; /* SIM_NS_NEVER: not in the window */
    uint64_t position;
};

/* Since when each node had the write itself, which it may pass on; the `last` one, also since when it had one
 * that outdoes it. */
static struct had *had_by_nodes(const struct timeline *t, const struct timeline_operation *write,
                                uint32_t last)
{
    struct had *had = memory_new(t->setting->node_count, sizeof *had);
    struct timeline_mark mark = timeline_mark(t, write);

    for (uint32_t n = 0; n < t->setting->node_count; n++)
        had[n] = (struct had){SIM_NS_NEVER, UINT64_MAX};
    had[write->taker] = (struct had){write->taken, write->taken_position};
    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (r->position >= write->taken_position && timeline_is_mark(&mark, h) &&
            (h->kind == HISTORY_MERGE || h->node == last || h->store.write == write->op) &&
            had[h->node].position == UINT64_MAX)
            had[h->node] = (struct had){h->time, r->position};
    }
    return had;
}

/* What is about the write and long enough for its value; else what is about it (a merge may send less); else
 * a batch of such a length; else any. */
enum carriers { WITH_VALUE, ABOUT_IT, LONG_BATCHES, BATCHES, CARRIERS };

/* The first of them that arrived (of batches the last, since the first need not have had it), from a node
 * that had the write, before position `before` (UINT64_MAX: that does not matter); or else the first sent. */
static const struct timeline_message *carrier(const struct timeline *t,
                                              const struct timeline_operation *write, const struct had *had,
                                              uint32_t node, uint64_t before, enum carriers which)
{
    const struct timeline_message *arrived = NULL, *sent = NULL;

    array_each (struct timeline_message, m, &t->messages) {
        bool about = m->op != 0 && history_op_of(m->op) == history_op_of(write->op);
        if (m->to != node || m->from == HISTORY_NO_NODE || m->from == node ||
            (which >= LONG_BATCHES ? m->op != 0 : !about) ||
            ((which == WITH_VALUE || which == LONG_BATCHES) && m->bytes < write->value_bytes) ||
            had[m->from].position > m->sent_position)
            continue;
        if (m->arrived_position < before &&
            (arrived == NULL || (which >= LONG_BATCHES) == (m->arrived_position > arrived->arrived_position)))
            arrived = m;
        if (sent == NULL || m->sent_position < sent->sent_position)
            sent = m;
    }
    /* None came in time (it never had it, or had a newer one first): what set out first is what did not come.
     */
    if (which >= LONG_BATCHES)
        return before == UINT64_MAX ? sent : arrived;
    return arrived != NULL ? arrived : sent;
}

/* Of those that can carry it the first from the taker, if it was late or never came: what set out with the
 * write. */
static const struct timeline_message *lost_batch(const struct timeline *t,
                                                 const struct timeline_operation *write,
                                                 const struct had *had, uint32_t node)
{
    array_each (struct timeline_message, m, &t->messages)
        if (m->op == 0 && m->from == write->taker && m->to == node &&
            m->sent_position > write->taken_position && m->bytes >= write->value_bytes)
            return m->arrived_position >= had[node].position ? m : NULL;
    return NULL;
}

uint32_t way_of_write(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                      struct way_step steps[WAY_MOST])
{
    uint32_t count = 0;

    if (write->taker == HISTORY_NO_NODE)
        return 0;
    struct had *had = had_by_nodes(t, write, node);
    while (node != write->taker && count < WAY_MOST) {
        struct way_step step = {
            .from = write->taker, .to = node, .held = write->taken, .had = had[node].time};
        for (int which = 0; which < CARRIERS && step.m == NULL; which++)
            step.m = carrier(t, write, had, node, had[node].position, (enum carriers)which);
        const struct timeline_message *batch = lost_batch(t, write, had, node);
        if (step.m == NULL) /* a batch that had not come */
            step.m = batch != NULL ? batch : carrier(t, write, had, node, UINT64_MAX, LONG_BATCHES);
        if (step.m == NULL)
            step.m = carrier(t, write, had, node, UINT64_MAX, BATCHES);
        else if (step.m->arrived_position >= had[node].position && batch != NULL &&
                 batch->sent_position < step.m->sent_position)
            step.m = batch;
        if (step.m != NULL) {
            step.from = step.m->from;
            step.held = had[step.from].time;
        }
        memmove(&steps[1], &steps[0], count * sizeof *steps);
        steps[0] = step;
        count++;
        if (step.m == NULL)
            break;
        node = step.from;
    }
    free(had);
    return count;
}

/* Over datagrams a model sends again by itself: the first message like `m` that was sent since `held` and
 * never came; how many. */
static const struct timeline_message *lost_before(const struct timeline *t, const struct timeline_message *m,
                                                  sim_ns held, uint32_t *count)
{
    const struct timeline_message *first = NULL;

    *count = 0;
    array_each (struct timeline_message, other, &t->messages)
        if (m->op != 0 && other->op == m->op && other->from == m->from && other->to == m->to &&
            other->type == m->type && other->sent >= held && other->sent_position < m->sent_position &&
            other->arrived == SIM_NS_NEVER) {
            first = first != NULL ? first : other;
            ++*count;
        }
    return first;
}

void way_tell_step(struct story *s, const struct story_def *def, const struct way_step *step, bool important)
{
    const struct timeline_message *m = step->m;
    uint32_t told = 0, count = 0;

    if (m == NULL)
        return;
    if (lost_before(def->timeline, m, step->held, &count) != NULL)
        array_each (struct timeline_message, other, &def->timeline->messages)
            if (other->op == m->op && other->from == m->from && other->to == m->to &&
                other->type == m->type && other->sent >= step->held &&
                other->sent_position < m->sent_position && other->arrived == SIM_NS_NEVER && told++ < 3)
                way_tell(s, def, other, important);
    if (count > 3)
        story_line(s, m->sent, false, "... %u more were lost", count - 3);
    way_tell(s, def, m, important);
}

static sim_ns earlier(sim_ns a, sim_ns b)
{
    return a < b ? a : b;
}

/* How long of [from, to] the fault was on. */
static sim_ns fault_overlap(const struct history_setting *s, uint32_t fault, sim_ns from, sim_ns to)
{
    sim_ns begin = s->faults[fault].begin > from ? s->faults[fault].begin : from;
    sim_ns end = earlier(s->faults[fault].end, to);

    return end > begin ? end - begin : 0;
}

/* The crash of the node that was on for the longest time of [from, to], or NULL. */
static const struct trace_record *longest_crash(const struct timeline *t, uint32_t node, sim_ns from,
                                                sim_ns to)
{
    const struct trace_record *longest = NULL;

    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (h->kind == HISTORY_DOWN && h->node == node && h->down.fault < t->setting->fault_count &&
            fault_overlap(t->setting, h->down.fault, from, to) >
                (longest != NULL ? fault_overlap(t->setting, longest->record.down.fault, from, to) : 0))
            longest = r;
    }
    return longest;
}

/* What was on for most of the time that a write stood at a node to be sent to another: a crash of either, a
 * cut between them. False: nothing was. */
static bool cause_of_hold(const struct story_def *def, const struct way_step *step, sim_ns to,
                          char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_setting *s = t->setting;
    uint32_t from_region = s->node_region[step->from], to_region = s->node_region[step->to];
    uint32_t cut =
        def->facts->cut(def->facts->self, from_region, to_region, step->held + (to - step->held) / 2);
    const struct trace_record *ends[] = {longest_crash(t, step->to, step->held, to),
                                         longest_crash(t, step->from, step->held, to)};
    sim_ns longest = cut != STORY_NO_FAULT ? fault_overlap(s, cut, step->held, to) : 0;
    const struct trace_record *down = NULL;
    char span[TIMELINE_NAME], by[TIMELINE_NAME], node[TIMELINE_NAME];

    for (int i = 0; i < 2; i++)
        if (ends[i] != NULL && fault_overlap(s, ends[i]->record.down.fault, step->held, to) > longest) {
            down = ends[i];
            longest = fault_overlap(s, down->record.down.fault, step->held, to);
        }
    if (longest <= (to - step->held) / 2)
        return false;
    if (down != NULL)
        snprintf(out, STORY_TEXT, "%s was down %s%s", timeline_node_name(s, down->record.node, node),
                 way_fault_span(s, down->record.down.fault, span),
                 way_by_fault(s, down->record.down.fault, by));
    else
        snprintf(out, STORY_TEXT, "the link %s -> %s was cut %s%s", s->region_names[from_region],
                 s->region_names[to_region], way_fault_span(s, cut, span), way_by_fault(s, cut, by));
    return true;
}

/* Of a log that is applied in order over a network that is not: a message before this one, that is missing
 * still. */
static const struct timeline_message *missing_before(const struct timeline *t,
                                                     const struct timeline_message *m)
{
    const struct timeline_message *missing = NULL;

    array_each (struct timeline_message, other, &t->messages)
        if (other->from == m->from && other->to == m->to && other->type == m->type &&
            other->sent_position < m->sent_position && other->sent > m->sent - 10 * SIM_SECOND &&
            (other->arrived == SIM_NS_NEVER || other->arrived > m->arrived))
            missing = other;
    return missing;
}

/* What a step took up to `until`, whole. */
static sim_ns step_cost(const struct way_step *step, sim_ns until)
{
    return step->held < until ? earlier(step->had, until) - step->held : 0;
}

const struct way_step *way_worst(const struct way_step *steps, uint32_t count, sim_ns until)
{
    const struct way_step *worst = count > 0 ? &steps[0] : NULL;

    for (uint32_t i = 1; i < count; i++)
        if (step_cost(&steps[i], until) > step_cost(worst, until))
            worst = &steps[i];
    return worst;
}

/* Was what a model sent again by itself lost before, and was most of the time spent on that? */
static bool cause_of_tries(const struct story_def *def, const struct way_step *step, sim_ns until,
                           char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    const struct timeline_message *m = step->m;
    uint32_t tries;
    const struct timeline_message *in_vain = lost_before(def->timeline, m, step->held, &tries);
    sim_ns service = m->arrived < until ? earlier(step->had, until) - m->arrived : 0;
    char times[TIMELINE_NAME];

    if (in_vain == NULL || in_vain->sent >= until || service > m->sent - step->held)
        return false;
    if (tries > 1 && def->timeline->transmissions.items[in_vain->first].reason == LOST_BY_CHANCE)
        snprintf(out, STORY_TEXT, "loss: the link %s -> %s lost it %s, before it came through",
                 s->region_names[m->from_region], s->region_names[m->to_region], way_times(tries, times));
    else
        way_cause_of_loss(def, in_vain, NULL, out);
    return true;
}

/* A receiver that lost its disk, or that has a new leader, copies the table first, and is sent nothing of
 * this kind meanwhile. */
static bool cause_of_copying(const struct story_def *def, const struct way_step *step, sim_ns until,
                             char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_setting *s = t->setting;
    const struct trace_record *lost = NULL, *leads = NULL;
    char from[TIMELINE_NAME], to[TIMELINE_NAME], when[TIMELINE_NAME], by[TIMELINE_NAME] = "";

    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (h->time > until)
            break;
        if (h->kind == HISTORY_DOWN && h->node == step->to && h->down.lose == LOSE_DISK)
            lost = r;
        if (h->kind == HISTORY_LEADS && h->node == step->from && h->leads.yes && h->time > 0)
            leads = r;
    }
    if ((lost == NULL && leads == NULL) || step->m == NULL)
        return false;
    array_each (struct timeline_message, m, &t->messages)
        if (m->from == step->from && m->to == step->to && m->type == step->m->type && m->sent >= step->held &&
            m->sent < until && m != step->m)
            return false;
    timeline_node_name(s, step->from, from);
    timeline_node_name(s, step->to, to);
    if (lost != NULL && (leads == NULL || lost->position > leads->position)) {
        if (lost->record.down.fault < s->fault_count)
            way_by_fault(s, lost->record.down.fault, by);
        snprintf(out, STORY_TEXT, "%.100s lost its disk at %.30s%.100s, and had to copy the table first", to,
                 timeline_instant(lost->record.time, when), by);
    } else {
        snprintf(out, STORY_TEXT, "%.100s took over at %.30s, and %.100s had to copy its table first", from,
                 timeline_instant(leads->record.time, when), to);
    }
    return true;
}

const char *way_cause(const struct story_def *def, const struct way_step *step, sim_ns until,
                      char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    const struct timeline_message *m = step->m;
    char from[TIMELINE_NAME], to[TIMELINE_NAME], span[TIMELINE_NAME];

    if (m != NULL && cause_of_tries(def, step, until, out))
        return out;
    if (m == NULL || m->sent >= until) {
        uint32_t cut =
            def->facts->cut(def->facts->self, s->node_region[step->from], s->node_region[step->to], until);
        if (cut != STORY_NO_FAULT) {
            char by[TIMELINE_NAME];
            snprintf(out, STORY_TEXT, "the link %s -> %s was cut %s%s",
                     s->region_names[s->node_region[step->from]], s->region_names[s->node_region[step->to]],
                     way_fault_span(s, cut, span), way_by_fault(s, cut, by));
            return out;
        }
        const struct trace_record *down = way_crash(def->timeline, step->from, step->held, until);
        if (down != NULL)
            return way_cause_node(def, step->from, step->held, until, "to be sent", out);
        if (cause_of_copying(def, step, until, out))
            return out;
        if (m != NULL)
            snprintf(out, STORY_TEXT, "%s had not yet sent it to %s: it waited %s to be shipped",
                     timeline_node_name(s, step->from, from), timeline_node_name(s, step->to, to),
                     timeline_span(m->sent - step->held, span));
        else
            snprintf(out, STORY_TEXT, "%s had not yet sent it to %s", timeline_node_name(s, step->from, from),
                     timeline_node_name(s, step->to, to));
        return out;
    }
    sim_ns waited = m->sent - step->held, end = earlier(m->arrived, until), way = end - m->sent;
    sim_ns service = m->arrived < until ? earlier(step->had, until) - m->arrived : 0;
    if (way >= waited && way >= service)
        return way_cause_message(def, m, until, out);
    if (service <= waited)
        return cause_of_hold(def, step, m->sent, out) || cause_of_copying(def, step, m->sent, out)
                   ? out
                   : way_cause_node(def, step->from, step->held, m->sent, "to be shipped", out);
    const struct timeline_message *missing = missing_before(def->timeline, m);
    uint32_t overload = def->facts->overload(def->facts->self, s->node_region[step->to], m->arrived, until);
    if (missing == NULL || overload != STORY_NO_FAULT ||
        way_crash(def->timeline, step->to, m->arrived, until) != NULL)
        return way_cause_node(def, step->to, m->arrived, earlier(step->had, until), "to be applied", out);
    bool lost = missing->arrived == SIM_NS_NEVER || missing->count > 1;
    snprintf(out, STORY_TEXT,
             "%s: the link %s -> %s %s an earlier message, without which %s could not go on for %s",
             lost ? "loss" : "reordering", s->region_names[m->from_region], s->region_names[m->to_region],
             lost ? "lost" : "delayed", timeline_node_name(s, step->to, to), timeline_span(service, span));
    return out;
}
