/* timeline_way.c -- see timeline_way.h. */
#include "sim/observe/timeline_way.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void story_line(struct story *s, sim_ns time, bool important, const char *format, ...)
{
    char text[STORY_TEXT];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t at = s->lines.count;
    array_add(&s->lines)->time = time;
    for (; at > 0 && s->lines.items[at - 1].time > time; at--) /* by time; of one instant as they were told */
        s->lines.items[at] = s->lines.items[at - 1];
    s->lines.items[at] = (struct story_line){time, memory_text(text), important};
}

void story_operation(struct story *s, uint64_t op)
{
    for (size_t i = 0; i < s->ops.count; i++)
        if (history_op_of(s->ops.items[i]) == history_op_of(op))
            return;
    *array_add(&s->ops) = op;
}

/* ---- faults in words ---- */

static const char *kind_word(uint8_t kind)
{
    static const char *const words[FAULT_KINDS] = {
        [FAULT_PARTITION] = "partition", [FAULT_CUT] = "cut",
        [FAULT_SLOW] = "slow",           [FAULT_CRASH] = "crash",
        [FAULT_OVERLOAD] = "overload",   [FAULT_LOAD] = "load",
        [FAULT_CLOCK] = "clock",         [FAULT_SWITCHOVER] = "switchover",
    };

    return kind < FAULT_KINDS ? words[kind] : "fault";
}

/* " by 'Tokyo cut off'"; nothing where the user gave it no name. */
const char *way_by_fault(const struct history_setting *s, uint32_t fault, char out[TIMELINE_NAME])
{
    const struct history_fault *f = &s->faults[fault];

    out[0] = '\0';
    if (strcmp(f->name, kind_word(f->kind)) != 0)
        snprintf(out, TIMELINE_NAME, " by '%.100s'", f->name);
    return out;
}

static const char *until_fault_ends(const struct history_setting *s, uint32_t fault, char out[TIMELINE_NAME])
{
    char when[TIMELINE_NAME];

    if (s->faults[fault].end == SIM_NS_NEVER)
        snprintf(out, TIMELINE_NAME, " for good");
    else
        snprintf(out, TIMELINE_NAME, " until %.30s", timeline_instant(s->faults[fault].end, when));
    return out;
}

/* "from 25.000 s to 35.000 s", "from 25.000 s on". */
const char *way_fault_span(const struct history_setting *s, uint32_t fault, char out[TIMELINE_NAME])
{
    char from[TIMELINE_NAME], to[TIMELINE_NAME];
    const struct history_fault *f = &s->faults[fault];

    if (f->end == SIM_NS_NEVER)
        snprintf(out, TIMELINE_NAME, "from %.40s on", timeline_instant(f->begin, from));
    else
        snprintf(out, TIMELINE_NAME, "from %.40s to %.40s", timeline_instant(f->begin, from),
                 timeline_instant(f->end, to));
    return out;
}

const struct trace_record *way_crash(const struct timeline *t, uint32_t node, sim_ns from, sim_ns to)
{
    const struct trace_record *last = NULL;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_DOWN && r->record.node == node && r->record.time >= from &&
            r->record.time <= to)
            last = r;
    return last;
}

/* Is the node down at `at`? The crash that it is in, or NULL. */
static const struct trace_record *down_at(const struct timeline *t, uint32_t node, sim_ns at)
{
    const struct trace_record *down = NULL;

    array_each (struct trace_record, r, &t->trace->records) {
        if (r->record.time > at)
            break;
        if (r->record.node == node && (r->record.kind == HISTORY_DOWN || r->record.kind == HISTORY_UP))
            down = r->record.kind == HISTORY_DOWN ? r : NULL;
    }
    return down;
}

/* "once", "twice", "3 times". */
const char *way_times(uint32_t n, char out[TIMELINE_NAME])
{
    if (n <= 2)
        snprintf(out, TIMELINE_NAME, n == 1 ? "once" : "twice");
    else
        snprintf(out, TIMELINE_NAME, "%u times", n);
    return out;
}

/* ---- one message ---- */

static const char *ends_of(const struct history_setting *s, const struct timeline_message *m,
                           char out[TIMELINE_NAME * 2])
{
    char from[TIMELINE_NAME], to[TIMELINE_NAME];

    if (m->from == HISTORY_NO_NODE)
        snprintf(from, sizeof from, "client in %.100s", s->region_names[m->from_region]);
    else
        timeline_node_name(s, m->from, from);
    if (m->to == HISTORY_NO_NODE)
        snprintf(to, sizeof to, "client in %.100s", s->region_names[m->to_region]);
    else
        timeline_node_name(s, m->to, to);
    snprintf(out, TIMELINE_NAME * 2, "%.150s -> %.150s", from, to);
    return out;
}

/* The node that a crash took the transmission at: the receiver, else the sender. */
static const struct trace_record *crash_of(const struct timeline *t, const struct timeline_message *m,
                                           sim_ns at)
{
    const struct trace_record *down = m->to != HISTORY_NO_NODE ? down_at(t, m->to, at) : NULL;

    if (down == NULL && m->from != HISTORY_NO_NODE)
        down = down_at(t, m->from, at);
    return down;
}

static const char *loss_in_words(const struct story_def *def, const struct timeline_message *m,
                                 const struct timeline_transmission *x, char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    char name[TIMELINE_NAME], node[TIMELINE_NAME], until[TIMELINE_NAME];

    if (x->reason == LOST_BY_CHANCE) {
        snprintf(out, STORY_TEXT, "lost by chance");
    } else if (x->reason == LOST_BY_CUT) {
        uint32_t fault = def->facts->cut(def->facts->self, m->from_region, m->to_region, x->lost);
        if (fault == STORY_NO_FAULT) /* it was cut when it left, and is not any more */
            fault = def->facts->cut(def->facts->self, m->from_region, m->to_region, x->sent);
        if (fault == STORY_NO_FAULT)
            snprintf(out, STORY_TEXT, "lost: the link was cut on the way");
        else
            snprintf(out, STORY_TEXT, "lost: link cut%s%s", way_by_fault(s, fault, name),
                     until_fault_ends(s, fault, until));
    } else {
        const struct trace_record *down = crash_of(def->timeline, m, x->lost);
        if (down == NULL)
            snprintf(out, STORY_TEXT, "lost: a restart dropped what was under way");
        else if (down->record.time > x->sent)
            snprintf(out, STORY_TEXT, "lost on its way, as %s goes down at %s",
                     timeline_node_name(s, down->record.node, node),
                     timeline_instant(down->record.time, until));
        else if (down->record.down.fault < s->fault_count)
            snprintf(out, STORY_TEXT, "lost: %s is down%s%s", timeline_node_name(s, down->record.node, node),
                     way_by_fault(s, down->record.down.fault, name),
                     until_fault_ends(s, down->record.down.fault, until));
        else
            snprintf(out, STORY_TEXT, "lost: %s is down", timeline_node_name(s, down->record.node, node));
    }
    return out;
}

/* The crash that dropped a message which neither arrived nor was lost: of its receiver, else of its sender.
 */
static const struct trace_record *dropped_by(const struct timeline *t, const struct timeline_message *m,
                                             sim_ns until)
{
    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_DOWN && r->record.down.lose != LOSE_NOTHING &&
            r->position > m->sent_position && r->record.time <= until &&
            (r->record.node == m->to || r->record.node == m->from))
            return r;
    return NULL;
}

/* What the message stood behind: of its channel, sent before, it arrived at the same instant (or, as this
 * one, not at all). The last that was lost; else the first, which was slow. */
static const struct timeline_message *held_by(const struct timeline *t, const struct timeline_message *m)
{
    const struct timeline_message *lost = NULL, *slow = NULL;

    array_each (struct timeline_message, other, &t->messages) {
        if (other->sent >= m->sent)
            break;
        if (other->from != m->from || other->to != m->to || other->to == HISTORY_NO_NODE)
            continue;
        if (other->count > 1 && other->arrived == m->arrived)
            lost = other;
        if (slow == NULL && other->arrived == m->arrived && m->arrived != SIM_NS_NEVER)
            slow = other;
    }
    return lost != NULL ? lost : slow;
}

/* Of a way much longer than the link's. */
static const char *waits_in_order(const struct story_def *def, const struct timeline_message *m, sim_ns sent)
{
    sim_ns usual = def->facts->usual(def->facts->self, m->from_region, m->to_region);

    return m->arrived - sent > 2 * usual && held_by(def->timeline, m) != NULL
               ? ", in order behind an earlier one"
               : "";
}

void way_tell(struct story *s, const struct story_def *def, const struct timeline_message *m, bool important)
{
    const struct timeline *t = def->timeline;
    char ends[TIMELINE_NAME * 2], words[STORY_TEXT], span[TIMELINE_NAME], until[TIMELINE_NAME];
    const struct timeline_transmission *first = &t->transmissions.items[m->first];
    const struct timeline_transmission *last = &t->transmissions.items[m->last];
    const char *name = timeline_message_name(t->setting, m);

    for (size_t i = 0; i < s->messages.count; i++)
        if (s->messages.items[i] == m->number)
            return;
    *array_add(&s->messages) = m->number;
    if (important)
        *array_add(&s->important) = m->number;
    ends_of(t->setting, m, ends);
    if (first->lost == SIM_NS_NEVER) {
        const struct trace_record *down = m->arrived == SIM_NS_NEVER ? dropped_by(t, m, SIM_NS_NEVER) : NULL;
        if (down != NULL)
            story_line(s, first->sent, important, "%s %s: dropped on its way, as %s goes down at %s", name,
                       ends, timeline_node_name(t->setting, down->record.node, words),
                       timeline_instant(down->record.time, until));
        else if (m->arrived == SIM_NS_NEVER)
            story_line(s, first->sent, important, "%s %s: still on its way", name, ends);
        else
            story_line(s, first->sent, important, "%s %s: %s%s", name, ends,
                       timeline_span(m->arrived - m->sent, span), waits_in_order(def, m, first->sent));
        return;
    }
    story_line(s, first->sent, important, "%s %s: %s", name, ends, loss_in_words(def, m, first, words));
    uint32_t lost = 0;
    sim_ns lost_last = first->sent;
    for (uint32_t i = first->next; i != TIMELINE_NONE; i = t->transmissions.items[i].next)
        if (t->transmissions.items[i].lost != SIM_NS_NEVER) {
            lost++;
            lost_last = t->transmissions.items[i].sent;
        }
    char node[TIMELINE_NAME];
    const char *to = m->to != HISTORY_NO_NODE ? timeline_node_name(t->setting, m->to, node)
                                              : t->setting->region_names[m->to_region];
    if (lost == 1)
        story_line(s, lost_last, false, "... sent to %s again: lost too", to);
    else if (lost > 1)
        story_line(s, t->transmissions.items[first->next].sent, false,
                   "... sent to %s again, %s until %s: all lost", to, way_times(lost, span),
                   timeline_instant(lost_last, until));
    if (m->arrived != SIM_NS_NEVER)
        story_line(s, last->sent, important, "... sent to %s again (transmission %u): %s%s", to, m->count,
                   timeline_span(m->arrived - last->sent, span), waits_in_order(def, m, last->sent));
}

bool way_is_plain(const struct story_def *def, const struct timeline_message *m)
{
    sim_ns usual = def->facts->usual(def->facts->self, m->from_region, m->to_region);

    /* Twice the median is far outside of ordinary jitter, and a retransmission takes at least three ways. */
    return m->count == 1 && m->arrived != SIM_NS_NEVER && m->arrived - m->sent <= 2 * usual;
}

/* ---- why ---- */

const char *way_cause_of_loss(const struct story_def *def, const struct timeline_message *m,
                              const struct timeline_message *behind, char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_setting *s = t->setting;
    const struct timeline_transmission *first = &t->transmissions.items[m->first];
    char span[TIMELINE_NAME], node[TIMELINE_NAME], by[TIMELINE_NAME], times[TIMELINE_NAME];
    const char *from = s->region_names[m->from_region], *to = s->region_names[m->to_region];
    const char *loss =
        def->facts->bursts(def->facts->self, m->from_region, m->to_region) ? "loss in bursts" : "loss";
    const char *order = behind != NULL ? ": it waited, in order, behind an earlier message" : "";
    const char *what = behind != NULL ? "an earlier message" : "it";
    uint32_t lost = m->count - (t->transmissions.items[m->last].lost == SIM_NS_NEVER ? 1 : 0), fault;

    way_times(lost, times);
    if (first->reason == LOST_BY_CUT) {
        fault = def->facts->cut(def->facts->self, m->from_region, m->to_region, first->lost);
        if (fault == STORY_NO_FAULT)
            fault = def->facts->cut(def->facts->self, m->from_region, m->to_region, first->sent);
        if (fault == STORY_NO_FAULT)
            snprintf(out, STORY_TEXT, "the link %s -> %s was cut%s", from, to, order);
        else
            snprintf(out, STORY_TEXT, "the link %s -> %s was cut %s%s%s", from, to,
                     way_fault_span(s, fault, span), way_by_fault(s, fault, by), order);
    } else if (first->reason == LOST_BY_CRASH) {
        const struct trace_record *down = crash_of(t, m, first->lost);
        if (down != NULL && down->record.down.fault < s->fault_count)
            snprintf(out, STORY_TEXT, "%s was down %s%s%s", timeline_node_name(s, down->record.node, node),
                     way_fault_span(s, down->record.down.fault, span),
                     way_by_fault(s, down->record.down.fault, by), order);
        else
            snprintf(out, STORY_TEXT, "a crash dropped what was under way from %s to %s%s", from, to, order);
    } else if ((fault = def->facts->slow(def->facts->self, m->from_region, m->to_region, first->sent)) !=
               STORY_NO_FAULT) {
        snprintf(out, STORY_TEXT, "loss: the link %s -> %s, which was bad %s%s, lost %s %s", from, to,
                 way_fault_span(s, fault, span), way_by_fault(s, fault, by), what, times);
    } else if (behind != NULL) {
        snprintf(out, STORY_TEXT,
                 "%s: the link %s -> %s lost an earlier message %s, and this one had to wait, in order, "
                 "behind it",
                 loss, from, to, times);
    } else if (m->count > 1) {
        snprintf(out, STORY_TEXT, "%s: the link %s -> %s lost it %s, and it was sent again after a timeout",
                 loss, from, to, times);
    } else {
        snprintf(out, STORY_TEXT, "%s: the link %s -> %s lost it", loss, from, to);
    }
    return out;
}

/* What the message waited for its link's bandwidth: all that went over the link is booked again. A queue that
 * was there before the window is not seen; but where the link was busy for most of the second before, what
 * took many times the usual way stood in it. */
static sim_ns queued(const struct story_def *def, const struct timeline_message *m, sim_ns excess,
                     sim_ns usual)
{
    const struct timeline *t = def->timeline;
    double bits_per_s = def->facts->bandwidth(def->facts->self, m->from_region, m->to_region);
    sim_ns free_at = 0, busy = 0;

    for (size_t i = 0; bits_per_s > 0 && i < t->transmissions.count; i++) {
        const struct timeline_message *other = &t->messages.items[t->transmissions.items[i].message];
        sim_ns sent = t->transmissions.items[i].sent;
        if (other->from_region != m->from_region || other->to_region != m->to_region ||
            history_op_is_probe(other->op))
            continue;
        if (other == m)
            return excess > 3 * usual && busy > SIM_SECOND / 2 ? excess : free_at > sent ? free_at - sent : 0;
        sim_ns takes = (sim_ns)((double)other->bytes * 8e9 / bits_per_s);
        free_at = (free_at > sent ? free_at : sent) + takes;
        busy += m->sent - sent < SIM_SECOND ? takes : 0;
    }
    return 0;
}

const char *way_cause_message(const struct story_def *def, const struct timeline_message *m, sim_ns until,
                              char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_setting *s = t->setting;
    sim_ns end = m->arrived < until ? m->arrived : until, took = end - m->sent;
    sim_ns usual = def->facts->usual(def->facts->self, m->from_region, m->to_region), queue;
    char span[TIMELINE_NAME], common[TIMELINE_NAME], name[TIMELINE_NAME];
    const char *from = s->region_names[m->from_region], *to = s->region_names[m->to_region];

    if (t->transmissions.items[m->first].lost != SIM_NS_NEVER)
        return way_cause_of_loss(def, m, NULL, out);
    const struct trace_record *down = m->arrived == SIM_NS_NEVER ? dropped_by(t, m, until) : NULL;
    if (down != NULL && down->record.down.fault < s->fault_count) {
        snprintf(out, STORY_TEXT, "%s was down %s%s: what was on its way between %s and %s was dropped",
                 timeline_node_name(s, down->record.node, name),
                 way_fault_span(s, down->record.down.fault, span),
                 way_by_fault(s, down->record.down.fault, common), from, to);
        return out;
    }
    const struct timeline_message *before = took > 2 * usual ? held_by(t, m) : NULL;
    if (before != NULL && t->transmissions.items[before->first].lost != SIM_NS_NEVER)
        return way_cause_of_loss(def, before, m, out);
    if (before != NULL) {
        char why[STORY_TEXT];
        snprintf(out, STORY_TEXT, "%.450s: it waited, in order, behind an earlier message",
                 way_cause_message(def, before, until, why));
        return out;
    }
    uint32_t slow = def->facts->slow(def->facts->self, m->from_region, m->to_region, m->sent);
    if (slow != STORY_NO_FAULT)
        snprintf(out, STORY_TEXT, "the link %s -> %s was slow %s%s", from, to,
                 way_fault_span(s, slow, common), way_by_fault(s, slow, name));
    else if ((queue = queued(def, m, took - usual, usual)) > usual / 4 && queue > (took - usual) / 2)
        snprintf(out, STORY_TEXT, "a full link: it waited some %s for the bandwidth of %s -> %s",
                 timeline_span(queue, span), from, to);
    else if (m->arrived != SIM_NS_NEVER && (double)(m->arrived - m->sent) > 1.25 * (double)usual)
        snprintf(out, STORY_TEXT, "jitter: from %s to %s it took %s, where %s is the median", from, to,
                 timeline_span(m->arrived - m->sent, span), timeline_span(usual, common));
    else if (m->arrived != SIM_NS_NEVER && m->arrived <= until)
        snprintf(out, STORY_TEXT, "distance: one way from %s to %s takes %s", from, to,
                 timeline_span(m->arrived - m->sent, span));
    else
        snprintf(out, STORY_TEXT, "distance: it was on its way from %s to %s, which takes %s", from, to,
                 timeline_span(m->arrived != SIM_NS_NEVER ? m->arrived - m->sent : usual, span));
    return out;
}

const char *way_cause_node(const struct story_def *def, uint32_t node, sim_ns from, sim_ns to,
                           const char *what, char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    char name[TIMELINE_NAME], span[TIMELINE_NAME], by[TIMELINE_NAME], when[TIMELINE_NAME];
    const struct trace_record *down = down_at(def->timeline, node, from);

    if (down == NULL)
        down = way_crash(def->timeline, node, from, to);
    timeline_node_name(s, node, name);
    if (down != NULL && down->record.down.fault < s->fault_count) {
        snprintf(out, STORY_TEXT, "%s was down %s%s", name, way_fault_span(s, down->record.down.fault, span),
                 way_by_fault(s, down->record.down.fault, by));
        return out;
    }
    uint32_t overload = def->facts->overload(def->facts->self, s->node_region[node], from, to);
    if (overload != STORY_NO_FAULT)
        snprintf(out, STORY_TEXT, "%s was overloaded %s%s: it waited there %s %s", name,
                 way_fault_span(s, overload, when), way_by_fault(s, overload, by),
                 timeline_span(to - from, span), what);
    else
        snprintf(out, STORY_TEXT, "it waited %s at %s %s", timeline_span(to - from, span), name, what);
    return out;
}

/* Within the client's way of its region's node, which is no message of the timeline. */
#define CLIENTS_WAY (2 * SIM_MILLISECOND)

const struct timeline_message *way_refusal(const struct timeline *t, const struct timeline_operation *o,
                                           sim_ns at)
{
    array_each (struct timeline_message, m, &t->messages)
        if (m->op != 0 && history_op_of(m->op) == history_op_of(o->op) && m->to == o->node &&
            m->from != HISTORY_NO_NODE && m->arrived <= at && m->arrived + CLIENTS_WAY >= at &&
            m->arrived < o->end)
            return m;
    return NULL;
}

const char *way_cause_refusal(const struct story_def *def, uint32_t node, sim_ns at, char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    const struct trace_record *lost = NULL, *leads = NULL;
    uint32_t hands = STORY_NO_FAULT;
    char name[TIMELINE_NAME], when[TIMELINE_NAME], by[TIMELINE_NAME] = "";

    array_each (struct trace_record, r, &def->timeline->trace->records) {
        if (r->record.time > at || r->record.node != node)
            continue;
        if (r->record.kind == HISTORY_DOWN && r->record.down.lose == LOSE_DISK)
            lost = r;
        else if (r->record.kind == HISTORY_LEADS) {
            leads = r;
            lost = NULL; /* it knows where it stands again */
        }
    }
    for (uint32_t i = 0; i < s->fault_count && leads != NULL; i++)
        if (s->faults[i].kind == FAULT_SWITCHOVER && s->faults[i].begin <= at &&
            s->faults[i].begin >= leads->record.time && leads->record.leads.yes)
            hands = i;
    int used = snprintf(out, STORY_TEXT, "%.100s refused it", timeline_node_name(s, node, name));
    if (lost != NULL) {
        if (lost->record.down.fault < s->fault_count)
            way_by_fault(s, lost->record.down.fault, by);
        snprintf(out + used, STORY_TEXT - (size_t)used, ": it had lost its disk at %.30s%.100s",
                 timeline_instant(lost->record.time, when), by);
    } else if (hands != STORY_NO_FAULT) {
        snprintf(out + used, STORY_TEXT - (size_t)used, ": it was handing over since %.30s%.100s",
                 timeline_instant(s->faults[hands].begin, when), way_by_fault(s, hands, by));
    } else if (leads != NULL && !leads->record.leads.yes) {
        snprintf(out + used, STORY_TEXT - (size_t)used, ": it led no more since %.30s",
                 timeline_instant(leads->record.time, when));
    }
    return out;
}
