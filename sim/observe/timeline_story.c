/* timeline_story.c -- see timeline_story.h: the stale read, and one operation's time; lost writes are in
 * timeline_loss.c. */
#include "sim/observe/timeline_story.h"

#include "sim/model/model.h"
#include "sim/observe/timeline_undone.h"
#include "sim/observe/timeline_way.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct story *story_new(const struct story_def *def, const char *format, ...)
{
    struct story *s = memory_new(1, sizeof *s);
    char text[STORY_TEXT], whole[STORY_TEXT + 200];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof whole, "%.190s: %s", def->heading, text);
    s->title = memory_text(whole);
    return s;
}

void story_free(struct story *s)
{
    if (s == NULL)
        return;
    array_each (struct story_line, line, &s->lines)
        free(line->text);
    array_free(&s->lines);
    array_free(&s->messages);
    array_free(&s->important);
    array_free(&s->ops);
    free(s->title);
    free(s->cause);
    free(s);
}

void story_print(const struct story *s, bool bold, FILE *to)
{
    char when[TIMELINE_NAME];

    fprintf(to, "%s%s%s\n", bold ? "\033[1m" : "", s->title, bold ? "\033[0m" : "");
    array_each (struct story_line, line, &s->lines) {
        bool strong = bold && line->important;
        fprintf(to, "  %11s  %s%s%s\n", timeline_instant(line->time, when), strong ? "\033[1m" : "",
                line->text, strong ? "\033[0m" : "");
    }
    fprintf(to, "  %s%s%s\n", bold ? "\033[1;36m" : "", s->cause, bold ? "\033[0m" : "");
}

void story_cause(struct story *s, const char *format, ...)
{
    char text[STORY_TEXT], *whole = NULL;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    CHECK(asprintf(&whole, "cause: %s", text) >= 0);
    s->cause = whole;
}

/* ---- parts of stories ---- */

static bool is_about(const struct timeline_message *m, const struct timeline_operation *o)
{
    return m->op != 0 && history_op_of(m->op) == history_op_of(o->op);
}

static void tell_retries(struct story *s, const struct timeline *t, const struct timeline_operation *o,
                         const char *name)
{
    char span[TIMELINE_NAME];
    sim_ns before = o->begin;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_RETRY && history_op_of(r->record.op) == history_op_of(o->op)) {
            story_line(s, r->record.time, true, "%s: no answer after %s, so its client asks again", name,
                       timeline_span(r->record.time - before, span));
            before = r->record.time;
        }
}

void story_write(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    const struct timeline *t = def->timeline;
    char name[TIMELINE_NAME], node[TIMELINE_NAME], span[TIMELINE_NAME];

    story_operation(s, o->op);
    timeline_operation_name(t->setting, o->op, name);
    story_line(s, o->begin, false, "%s: a client in %s begins %s of key %llu", name,
               t->setting->region_names[o->issued_from], timeline_kind_name(o->kind),
               (unsigned long long)o->key);
    tell_retries(s, t, o, name);
    array_each (struct timeline_message, m, &t->messages)
        if (is_about(m, o) && m->sent_position < o->taken_position && m->to == o->taker &&
            o->taken != SIM_NS_NEVER)
            way_tell(s, def, m, false);
    if (o->taken != SIM_NS_NEVER)
        story_line(s, o->taken, false, "%s takes %s", timeline_node_name(t->setting, o->taker, node), name);
    if (o->end == SIM_NS_NEVER)
        return;
    if (o->outcome == OUTCOME_OK)
        story_line(s, o->end, false,
                   o->kind == GEO_READ ? "%s: its client is answered, after %s"
                                       : "%s: its client is told, after %s: it is committed",
                   name, timeline_span(o->end - o->begin, span));
    else
        story_line(s, o->end, true, "%s ends after %s: %s", name, timeline_span(o->end - o->begin, span),
                   timeline_outcome_name(o->outcome));
}

/* ---- the stale read ---- */

/* What the read sent and got, except what was on other replicas' behalf: all of it if it is little. */
static void tell_messages_of(struct story *s, const struct story_def *def, const struct timeline_operation *o,
                             bool important)
{
    const struct timeline *t = def->timeline;
    size_t count = 0;

    array_each (struct timeline_message, m, &t->messages)
        count += is_about(m, o) && m->from_region != m->to_region && m->sent_position < o->end_position;
    array_each (struct timeline_message, m, &t->messages)
        if (count <= 8 && is_about(m, o) && m->from_region != m->to_region &&
            m->sent_position < o->end_position)
            way_tell(s, def, m, important);
}

static void returned_in_words(const struct timeline *t, const struct timeline_operation *read,
                              char out[STORY_TEXT])
{
    char name[TIMELINE_NAME];

    if (t->setting->by_merge)
        snprintf(out, STORY_TEXT, "a value without it");
    else if (read->returned == 0)
        snprintf(out, STORY_TEXT, "the initial value");
    else
        snprintf(out, STORY_TEXT, "the value of %s",
                 timeline_operation_name(t->setting, read->returned, name));
}

/* When the state that the answer was made from was read. */
static sim_ns time_of_answer(const struct timeline *t, const struct timeline_operation *read)
{
    sim_ns time = read->begin;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->position <= read->instant && r->record.time > time)
            time = r->record.time;
    return time;
}

/* When the replica had it after all, or a newer one. */
static void tell_later(struct story *s, const struct story_def *def, const struct timeline_operation *write,
                       uint32_t node, sim_ns answered)
{
    const struct timeline *t = def->timeline;
    const struct trace_record *r = timeline_reflected(t, write, node);
    char at[TIMELINE_NAME], span[TIMELINE_NAME], newer[TIMELINE_NAME];

    if (r == NULL || r->record.time <= answered)
        return;
    timeline_node_name(t->setting, node, at);
    timeline_span(r->record.time - write->end, span);
    if (r->record.kind == HISTORY_STORE && r->record.store.write != write->op)
        story_line(s, r->record.time, false, "%s goes on to a newer one, %s, %s after it was committed", at,
                   timeline_operation_name(t->setting, r->record.store.write, newer), span);
    else
        story_line(s, r->record.time, false, "%s has it at last, %s after it was committed", at, span);
}

struct story *story_of_stale_read(const struct story_def *def, uint64_t read_op, uint64_t missed,
                                  sim_ns stale_ns, uint64_t missed_count)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *read = timeline_operation(t, read_op),
                                    *write = timeline_operation(t, missed);
    char span[TIMELINE_NAME], name[TIMELINE_NAME], node[TIMELINE_NAME], words[STORY_TEXT], more[80] = "";

    if (read == NULL || write == NULL || write->taken == SIM_NS_NEVER ||
        read->answered_from == HISTORY_NO_NODE)
        return NULL;
    timeline_node_name(t->setting, read->answered_from, node);
    timeline_operation_name(t->setting, write->op, name);
    struct story *s = story_new(def, "key %llu at %s was %s behind", (unsigned long long)read->key, node,
                                timeline_span(stale_ns, span));
    struct way_step steps[WAY_MOST];
    uint32_t count = way_of_write(t, write, read->answered_from, steps);
    sim_ns answered = time_of_answer(t, read);
    const struct way_step *worst = way_worst(steps, count, answered);
    struct undone undone;
    bool was_undone = undone_find(t, write, read->answered_from, read->instant + 1, &undone);

    story_write(s, def, write);
    if (was_undone)
        undone_tell(s, def, write, &undone, read->instant + 1);
    for (uint32_t i = 0; i < count && !was_undone; i++)
        way_tell_step(s, def, &steps[i], &steps[i] == worst);
    story_operation(s, read->op);
    story_line(s, read->begin, false, "%s: a client in %s begins to read key %llu",
               timeline_operation_name(t->setting, read->op, words),
               t->setting->region_names[read->issued_from], (unsigned long long)read->key);
    tell_messages_of(s, def, read, false);
    returned_in_words(t, read, words);
    if (missed_count > 1)
        snprintf(more, sizeof more, ", and %llu newer", (unsigned long long)missed_count - 1);
    story_line(s, read->end, true, "its client gets %s, from %s: it misses %s%s%s", words, node, name,
               read->session == write->session && read->region == write->region ? ", its own session's write"
                                                                                : "",
               more);
    tell_later(s, def, write, read->answered_from, answered);
    if (was_undone)
        story_cause(s, "%s", undone_cause(def, write, &undone, words));
    else
        story_cause(s, "%s",
                    worst != NULL ? way_cause(def, worst, answered, words)
                                  : "the replica had it, and lost it again");
    return s;
}

/* ---- where an operation's time went ---- */

/* A piece of the way: a message's, a node's own time, or an attempt's that had no answer. */
struct piece {
    const struct timeline_message *m;
    uint32_t node;
    bool in_vain;
    sim_ns from, to;
};

/* The arrival at `node` that the step at (time, position) waited for. */
static const struct timeline_message *awaited(const struct timeline *t, const struct timeline_operation *o,
                                              uint32_t node, sim_ns time, uint64_t position)
{
    const struct timeline_message *own = NULL, *any = NULL;

    array_each (struct timeline_message, m, &t->messages) {
        if (m->to != node || m->sent_position >= position || m->arrived > time ||
            m->arrived_position < o->begin_position)
            continue;
        if (is_about(m, o) && (own == NULL || m->arrived_position > own->arrived_position))
            own = m;
        if (m->arrived == time && m->arrived_position < position &&
            (any == NULL || m->arrived_position > any->arrived_position))
            any = m; /* a batch, say, that answers for many: it arrived at this very instant */
    }
    if (own != NULL && own->arrived == time)
        return own;
    if (any != NULL && any->sent_position > o->begin_position)
        return any;
    return own;
}

/* The last attempt up to `time`: when it began, SIM_NS_NEVER if that is the first. */
static sim_ns asked_again(const struct timeline *t, const struct timeline_operation *o, sim_ns time)
{
    sim_ns last = SIM_NS_NEVER;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.kind == HISTORY_RETRY && r->record.time <= time &&
            history_op_of(r->record.op) == history_op_of(o->op))
            last = r->record.time;
    return last;
}

static uint32_t ways_of(const struct timeline *t, const struct timeline_operation *o,
                        struct piece pieces[2 * WAY_MOST])
{
    uint32_t count = 0, node = o->node;
    sim_ns time = o->end;
    uint64_t position = o->end_position;
    const struct timeline_message *m = NULL;

    array_each (struct timeline_message, answer, &t->messages) /* to a client that is elsewhere */
        if (is_about(answer, o) && answer->to == HISTORY_NO_NODE && answer->arrived_position < position &&
            answer->arrived == time)
            m = answer;
    while (count + 2 < 2 * WAY_MOST) {
        if (m == NULL)
            m = awaited(t, o, node, time, position);
        sim_ns again = node == o->node ? asked_again(t, o, time) : SIM_NS_NEVER;
        if (m == NULL || (again != SIM_NS_NEVER && m->arrived < again)) /* what it had last was a retry */
            break;
        if (time > m->arrived)
            pieces[count++] = (struct piece){.node = node, .from = m->arrived, .to = time};
        pieces[count++] = (struct piece){.m = m, .from = m->sent, .to = m->arrived};
        node = m->from;
        time = m->sent;
        position = m->sent_position;
        m = NULL;
        if (node == HISTORY_NO_NODE)
            return count;
    }
    if (time > o->begin)
        pieces[count++] = (struct piece){.node = node, .from = o->begin, .to = time};
    return count;
}

/* From the last to the first. Where the way that was answered began with a later attempt, the first piece is
 * what the client waited for the earlier ones. */
static uint32_t pieces_of(const struct timeline *t, const struct timeline_operation *o,
                          struct piece pieces[2 * WAY_MOST])
{
    uint32_t count = ways_of(t, o, pieces);

    if (count == 0 || count + 1 >= 2 * WAY_MOST || o->attempts < 2)
        return count;
    struct piece *first = &pieces[count - 1];
    sim_ns again = asked_again(t, o, first->m != NULL ? first->from : first->to);
    if (again == SIM_NS_NEVER)
        return count;
    if (first->m == NULL)
        first->from = again;
    pieces[count++] = (struct piece){.node = o->home, .in_vain = true, .from = o->begin, .to = again};
    return count;
}

/* No fault had a hand in what passed at the node. */
static bool is_undisturbed(const struct story_def *def, const struct piece *p)
{
    uint32_t region = def->timeline->setting->node_region[p->node];

    return way_crash(def->timeline, p->node, p->from, p->to) == NULL &&
           def->facts->overload(def->facts->self, region, p->from, p->to) == STORY_NO_FAULT;
}

/* It went as messages between these regions always do. */
static bool is_distance(const struct story_def *def, const struct timeline_message *m)
{
    char words[STORY_TEXT];

    return m->from_region != m->to_region &&
           strncmp(way_cause_message(def, m, SIM_NS_NEVER, words), "distance", 8) == 0;
}

/* The sum of such ways, and how many they are. */
static sim_ns distance_of(const struct story_def *def, const struct piece *pieces, uint32_t count,
                          uint32_t *ways)
{
    sim_ns sum = 0;

    *ways = 0;
    for (uint32_t i = 0; i < count; i++)
        if (pieces[i].m != NULL && is_distance(def, pieces[i].m)) {
            sum += pieces[i].to - pieces[i].from;
            ++*ways;
        }
    return sum;
}

/* Did the same fault slow more than one of the ways? Which take so long together. */
static bool slow_of(const struct story_def *def, const struct piece *pieces, uint32_t count, uint32_t worst,
                    uint32_t *ways, sim_ns *sum)
{
    const struct story_facts *f = def->facts;
    const struct timeline_message *one = pieces[worst].m;
    uint32_t slow = f->slow(f->self, one->from_region, one->to_region, one->sent);
    char words[STORY_TEXT];

    *ways = 0;
    *sum = 0;
    for (uint32_t i = 0; i < count && slow != STORY_NO_FAULT; i++) {
        const struct timeline_message *m = pieces[i].m;
        if (m == NULL || f->slow(f->self, m->from_region, m->to_region, m->sent) != slow ||
            strstr(way_cause_message(def, m, SIM_NS_NEVER, words), "was slow") == NULL)
            continue;
        ++*ways;
        *sum += pieces[i].to - pieces[i].from;
    }
    return *ways > 1;
}

/* What the node had sent about the operation and what was not there when the node went on: what it waited
 * for, where that is longer than the way takes. */
static const struct timeline_message *stuck_at(const struct story_def *def,
                                               const struct timeline_operation *o, const struct piece *p)
{
    array_each (struct timeline_message, m, &def->timeline->messages)
        if (is_about(m, o) && m->from == p->node && m->from_region != m->to_region && m->sent >= p->from &&
            m->sent < p->to && m->arrived > p->to &&
            p->to - m->sent > 4 * def->facts->usual(def->facts->self, m->from_region, m->to_region))
            return m;
    return NULL;
}

/* A node that waits for other replicas of the key: the cut between them that is on in the middle of it. */
static bool cause_of_wait(const struct story_def *def, const struct timeline_operation *o,
                          const struct piece *p, char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    uint32_t holders[PLACEMENT_MOST], count = placement_holders(s, o->key, holders);
    uint32_t here = s->node_region[p->node];
    sim_ns middle = p->from + (p->to - p->from) / 2;
    char span[TIMELINE_NAME], by[TIMELINE_NAME];

    for (uint32_t i = 0; i < 2 * count; i++) {
        uint32_t there = s->node_region[holders[i / 2]];
        uint32_t from = i % 2 == 0 ? here : there, to = i % 2 == 0 ? there : here;
        uint32_t cut = def->facts->cut(def->facts->self, from, to, middle);
        if (cut == STORY_NO_FAULT || p->to - p->from <= 4 * def->facts->usual(def->facts->self, from, to))
            continue;
        snprintf(out, STORY_TEXT, "the link %s -> %s was cut %s%s", s->region_names[from],
                 s->region_names[to], way_fault_span(s, cut, span), way_by_fault(s, cut, by));
        return true;
    }
    return false;
}

/* Why the client had no answer up to `until`: the first message that did not come (it is told), else the node
 * itself. */
static const char *cause_of_silence(struct story *s, const struct story_def *def,
                                    const struct timeline_operation *o, sim_ns until, char out[STORY_TEXT])
{
    array_each (struct timeline_message, m, &def->timeline->messages)
        if (is_about(m, o) && m->from_region != m->to_region && m->sent < until && m->arrived > until) {
            way_tell(s, def, m, true);
            return way_cause_message(def, m, until, out);
        }
    return way_cause_node(def, o->home, o->begin, until, "unanswered", out);
}

/* Of messages that came in time, and of those that did not: the story of a quorum's many says no more than
 * the first of them, one for each pair of nodes and type, and half as many of the former. What was to come to
 * the client's own node is told in any case. */
enum { FAILURE_MESSAGES = 4 };

struct told {
    const struct timeline_message *messages[FAILURE_MESSAGES];
    uint32_t count;
};

static bool tells(struct told *told, uint32_t most, const struct timeline_message *m)
{
    for (uint32_t i = 0; i < told->count; i++)
        if (told->messages[i]->from == m->from && told->messages[i]->to == m->to &&
            told->messages[i]->type == m->type)
            return false;
    if (told->count == most)
        return false;
    told->messages[told->count++] = m;
    return true;
}

/* Why the attempt of [from, to) had no answer: the first of its messages that did not come, else the node. */
static const char *cause_of_attempt(const struct story_def *def, const struct timeline_operation *o,
                                    sim_ns from, sim_ns to, char out[STORY_TEXT])
{
    char node[TIMELINE_NAME];

    array_each (struct timeline_message, m, &def->timeline->messages)
        if (is_about(m, o) && m->from_region != m->to_region && m->sent >= from && m->sent < to &&
            m->arrived > to)
            return way_cause_message(def, m, to, out);
    if (o->outcome == OUTCOME_REFUSED)
        snprintf(out, STORY_TEXT, "%s refused it", timeline_node_name(def->timeline->setting, o->node, node));
    else if (o->node != HISTORY_NO_NODE)
        way_cause_node(def, o->node, from, to, "unanswered", out);
    else
        snprintf(out, STORY_TEXT, "its region has no nodes");
    return out;
}

/* The first attempt's, and the last's if that is another. */
static void cause_of_failure(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    sim_ns first = o->end, last = asked_again(def->timeline, o, o->end);
    char then[STORY_TEXT], at_last[STORY_TEXT];

    array_each (struct trace_record, r, &def->timeline->trace->records)
        if (r->record.kind == HISTORY_RETRY && history_op_of(r->record.op) == history_op_of(o->op) &&
            r->record.time < first)
            first = r->record.time;
    cause_of_attempt(def, o, o->begin, first, then);
    if (last == SIM_NS_NEVER || strcmp(then, cause_of_attempt(def, o, last, o->end, at_last)) == 0)
        story_cause(s, "%s", then);
    else
        story_cause(s, "at first %.280s; at last %.280s", then, at_last);
}

static void tell_failure(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    const struct timeline *t = def->timeline;
    struct told told[2] = {0}; /* [late] */
    uint32_t left_out = 0;

    array_each (struct timeline_message, m, &t->messages)
        if (is_about(m, o) && m->from_region != m->to_region && m->sent_position < o->end_position) {
            bool late = m->arrived == SIM_NS_NEVER || m->arrived > o->end;
            if (tells(&told[late], late ? FAILURE_MESSAGES : FAILURE_MESSAGES / 2, m) ||
                (late && m->to == o->node))
                way_tell(s, def, m, late);
            else
                left_out++;
        }
    if (left_out > 0)
        story_line(s, o->end, false, "(%u more message%s left out)", left_out,
                   left_out == 1 ? " is" : "s are");
    cause_of_failure(s, def, o);
}

struct story *story_of_operation(const struct story_def *def, uint64_t op)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *o = timeline_operation(t, op);
    struct piece pieces[2 * WAY_MOST];
    char name[TIMELINE_NAME], span[TIMELINE_NAME], words[STORY_TEXT], node[TIMELINE_NAME],
        share[TIMELINE_NAME];

    if (o == NULL || o->end == SIM_NS_NEVER)
        return NULL;
    bool well = o->outcome == OUTCOME_OK || o->outcome == OUTCOME_NO;
    timeline_operation_name(t->setting, o->op, name);
    struct story *s = story_new(def, "%s of key %llu from %s %s %s", timeline_kind_name(o->kind),
                                (unsigned long long)o->key, t->setting->region_names[o->issued_from],
                                well ? "took" : "failed after", timeline_span(o->end - o->begin, span));
    story_write(s, def, o);
    if (o->kind == GEO_READ && o->answered_from != HISTORY_NO_NODE) {
        returned_in_words(t, o, words);
        if (!t->setting->by_merge)
            story_line(s, o->end, false, "it got %s, from %s", words,
                       timeline_node_name(t->setting, o->answered_from, node));
    }
    if (!well) {
        tell_failure(s, def, o);
        return s;
    }
    uint32_t count = pieces_of(t, o, pieces), worst = 0;
    for (uint32_t i = 1; i < count; i++)
        if (pieces[i].to - pieces[i].from > pieces[worst].to - pieces[worst].from)
            worst = i;
    for (uint32_t i = count; i-- > 0;)
        if (pieces[i].in_vain)
            continue; /* told with the operation */
        else if (pieces[i].m != NULL)
            way_tell(s, def, pieces[i].m, i == worst);
        else if (count > 1 && pieces[i].to - pieces[i].from > (o->end - o->begin) / 100)
            story_line(s, pieces[i].from, i == worst, "%s: %s pass here",
                       timeline_node_name(t->setting, pieces[i].node, node),
                       timeline_span(pieces[i].to - pieces[i].from, span));
    if (count == 0 || o->end == o->begin) {
        story_cause(s, "nothing: it was answered at once, where it was asked");
        return s;
    }
    timeline_span(pieces[worst].to - pieces[worst].from, share);
    uint32_t ways;
    const struct timeline_message *stuck;
    sim_ns distance = distance_of(def, pieces, count, &ways);
    if (pieces[worst].m != NULL && ways > 1 && is_distance(def, pieces[worst].m))
        story_cause(s, "distance: %u ways between regions, one after the other (%s of %s)", ways,
                    timeline_span(distance, share), timeline_span(o->end - o->begin, span));
    else if (pieces[worst].in_vain)
        story_cause(s, "no answer for %s: %s (%s of %s)", share,
                    cause_of_silence(s, def, o, pieces[worst].to, words), share,
                    timeline_span(o->end - o->begin, span));
    else if (pieces[worst].m != NULL && slow_of(def, pieces, count, worst, &ways, &distance))
        story_cause(s, "%s (%u ways, %s of %s)", way_cause_message(def, pieces[worst].m, o->end, words), ways,
                    timeline_span(distance, share), timeline_span(o->end - o->begin, span));
    else if (pieces[worst].m != NULL)
        story_cause(s, "%s (%s of %s)", way_cause_message(def, pieces[worst].m, o->end, words), share,
                    timeline_span(o->end - o->begin, span));
    else if ((stuck = stuck_at(def, o, &pieces[worst])) != NULL) {
        way_tell(s, def, stuck, true);
        story_cause(s, "%s (%s of %s)", way_cause_message(def, stuck, pieces[worst].to, words), share,
                    timeline_span(o->end - o->begin, span));
    } else if (is_undisturbed(def, &pieces[worst]) && cause_of_wait(def, o, &pieces[worst], words))
        story_cause(s, "%s (%s of %s)", words, share, timeline_span(o->end - o->begin, span));
    else if (count == 1 && is_undisturbed(def, &pieces[worst]))
        story_cause(s, "only its way to %s and back, and the service there: nothing else was waited for",
                    timeline_node_name(t->setting, pieces[worst].node, node));
    else
        story_cause(s, "%s",
                    way_cause_node(def, pieces[worst].node, pieces[worst].from, pieces[worst].to,
                                   "to be served", words));
    return s;
}
