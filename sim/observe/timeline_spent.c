/* timeline_spent.c -- see timeline_story.h: where an operation's time went, or why it failed.
 *
 * From the operation's end it goes back along the last arrival that each step waited for; the longest piece
 * is the cause. A node that waits without a word from elsewhere about this operation has waited for a disk or
 * a server, for a cut to be over, or, where one order is kept, for an earlier operation's turn. */
#include "sim/model/model.h"
#include "sim/observe/timeline_way.h"

#include <string.h>

static bool is_about(const struct timeline_message *m, const struct timeline_operation *o)
{
    return m->op != 0 && history_op_of(m->op) == history_op_of(o->op);
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
    const struct timeline_message *no = way_refusal(def->timeline, o, until);

    if (no != NULL) {
        way_tell(s, def, no, true);
        return way_cause_refusal(def, no->from, no->sent, out);
    }
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
    array_each (struct timeline_message, m, &def->timeline->messages)
        if (is_about(m, o) && m->from_region != m->to_region && m->sent >= from && m->sent < to &&
            m->arrived > to)
            return way_cause_message(def, m, to, out);
    const struct timeline_message *no = way_refusal(def->timeline, o, to);
    if (no != NULL || o->outcome == OUTCOME_REFUSED || o->outcome == OUTCOME_THROTTLED)
        return way_cause_refusal(def, no != NULL ? no->from : o->node, no != NULL ? no->sent : to, out);
    if (o->node != HISTORY_NO_NODE)
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

/* ---- the whole ---- */

/* A leader that keeps one order answers none before the one before it: the message of the same kind, about an
 * operation that the node had taken earlier, that let it go on at last. */
static const struct timeline_message *turn_of(const struct story_def *def, const struct timeline_operation *o,
                                              const struct piece *pieces, uint32_t at, uint32_t count)
{
    const struct timeline *t = def->timeline;
    const struct piece *p = &pieces[at];
    const struct timeline_message *before = at + 1 < count ? pieces[at + 1].m : NULL, *last = NULL;
    uint32_t region = t->setting->node_region[p->node];
    sim_ns client = at == 0 ? 4 * def->facts->usual(def->facts->self, region, region) : 0;

    if (before == NULL || o->taker != p->node)
        return NULL;
    array_each (struct timeline_message, m, &t->messages) {
        const struct timeline_operation *other = timeline_operation(t, m->op);
        if (m->to == p->node && m->type == before->type && m->arrived > p->from && m->arrived <= p->to &&
            m->arrived + client >= p->to && other != NULL && !is_about(m, o) && other->taker == p->node &&
            other->taken_position < o->taken_position)
            last = m;
    }
    return last;
}

/* Of what the node itself asked about its operation: the question that `answer` answers. */
static uint32_t type_of_question(const struct timeline *t, const struct timeline_operation *o,
                                 const struct timeline_message *answer)
{
    array_each (struct timeline_message, m, &t->messages)
        if (is_about(m, o) && m->from == answer->to && m->to == answer->from && m->sent < answer->sent)
            return m->type;
    return answer->type;
}

/* Why the earlier operation's turn came so late. It may have stood behind others itself: the first message
 * that was lost on its way to or from the node, about any of them that was open still; else the last one's
 * way. */
static const char *cause_of_turn(struct story *s, const struct story_def *def,
                                 const struct timeline_operation *o, const struct timeline_message *last,
                                 const struct piece *p, const struct timeline_message *before,
                                 char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct timeline_message *root = last;
    uint32_t asks = type_of_question(t, o, before);
    char name[TIMELINE_NAME], words[STORY_TEXT];

    array_each (struct timeline_message, m, &t->messages) {
        const struct timeline_operation *other = timeline_operation(t, m->op);
        if (((m->from == p->node && m->type == asks) || (m->to == p->node && m->type == last->type)) &&
            m->from_region != m->to_region && m->sent < p->to &&
            t->transmissions.items[m->first].lost != SIM_NS_NEVER && other != NULL && !is_about(m, o) &&
            other->taker == p->node && other->taken_position < o->taken_position &&
            m->sent_position > other->taken_position && other->end > p->from) {
            root = m;
            break;
        }
    }
    way_tell(s, def, root, true);
    way_tell(s, def, last, true);
    snprintf(out, STORY_TEXT, "it waited for its turn behind %.100s: %.400s",
             timeline_operation_name(t->setting, root->op, name), way_cause_message(def, root, p->to, words));
    return out;
}

/* Nothing but its client's way, and services that nothing had disturbed. */
static bool is_at_home(const struct story_def *def, const struct piece *pieces, uint32_t count)
{
    const struct history_setting *s = def->timeline->setting;

    for (uint32_t i = 0; i < count; i++) {
        if (pieces[i].in_vain || (pieces[i].m != NULL && pieces[i].m->from_region != pieces[i].m->to_region))
            return false;
        uint32_t region = pieces[i].m != NULL ? pieces[i].m->from_region : s->node_region[pieces[i].node];
        sim_ns local = def->facts->usual(def->facts->self, region, region);
        if (pieces[i].m == NULL &&
            (!is_undisturbed(def, &pieces[i]) || (count > 1 && pieces[i].to - pieces[i].from > 4 * local)))
            return false;
    }
    return true;
}

static void tell_pieces(struct story *s, const struct story_def *def, const struct timeline_operation *o,
                        const struct piece *pieces, uint32_t count, uint32_t worst)
{
    char node[TIMELINE_NAME], span[TIMELINE_NAME];

    for (uint32_t i = count; i-- > 0;)
        if (pieces[i].in_vain)
            continue; /* told with the operation */
        else if (pieces[i].m != NULL)
            way_tell(s, def, pieces[i].m, i == worst);
        else if (count > 1 && pieces[i].to - pieces[i].from > (o->end - o->begin) / 100)
            story_line(s, pieces[i].from, i == worst, "%s: %s pass here",
                       timeline_node_name(def->timeline->setting, pieces[i].node, node),
                       timeline_span(pieces[i].to - pieces[i].from, span));
}

/* What its client waited for, up to `o->end`: lines, and the cause in words. */
static const char *tell_time(struct story *s, const struct story_def *def, const struct timeline_operation *o,
                             char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    struct piece pieces[2 * WAY_MOST];
    char span[TIMELINE_NAME], words[STORY_TEXT], node[TIMELINE_NAME], share[TIMELINE_NAME];
    uint32_t count = pieces_of(t, o, pieces), worst = 0, ways;

    for (uint32_t i = 1; i < count; i++)
        if (pieces[i].to - pieces[i].from > pieces[worst].to - pieces[worst].from)
            worst = i;
    tell_pieces(s, def, o, pieces, count, worst);
    if (count == 0 || o->end == o->begin) {
        snprintf(out, STORY_TEXT, "nothing: it was answered at once, where it was asked");
        return out;
    }
    const struct piece *p = &pieces[worst];
    const struct timeline_message *stuck = NULL, *turn = NULL;
    sim_ns distance = distance_of(def, pieces, count, &ways);
    timeline_span(p->to - p->from, share);
    timeline_span(o->end - o->begin, span);
    if (is_at_home(def, pieces, count)) {
        snprintf(out, STORY_TEXT,
                 "only its way to %s and back, and the service there: nothing else was waited for",
                 timeline_node_name(t->setting, o->taker != HISTORY_NO_NODE ? o->taker : o->node, node));
        return out;
    }
    if (p->m != NULL && ways > 1 && is_distance(def, p->m)) {
        snprintf(out, STORY_TEXT, "distance: %u ways between regions, one after the other (%s of %s)", ways,
                 timeline_span(distance, share), span);
        return out;
    }
    if (p->m != NULL && slow_of(def, pieces, count, worst, &ways, &distance)) {
        snprintf(out, STORY_TEXT, "%.400s (%u ways, %.40s of %.40s)",
                 way_cause_message(def, p->m, o->end, words), ways, timeline_span(distance, share), span);
        return out;
    }
    if (p->in_vain) {
        snprintf(out, STORY_TEXT, "%s for %.40s: %.400s (%.40s of %.40s)",
                 way_refusal(t, o, p->to) != NULL ? "no success" : "no answer", share,
                 cause_of_silence(s, def, o, p->to, words), share, span);
        return out;
    }
    if (p->m != NULL)
        way_cause_message(def, p->m, o->end, words);
    else if ((stuck = stuck_at(def, o, p)) != NULL)
        way_cause_message(def, stuck, p->to, words);
    else if (is_undisturbed(def, p) && (turn = turn_of(def, o, pieces, worst, count)) != NULL)
        cause_of_turn(s, def, o, turn, p, pieces[worst + 1].m, words);
    else if (!is_undisturbed(def, p) || !cause_of_wait(def, o, p, words))
        return way_cause_node(def, p->node, p->from, p->to, "to be served", out);
    if (stuck != NULL)
        way_tell(s, def, stuck, true);
    snprintf(out, STORY_TEXT, "%.400s (%.40s of %.40s)", words, share, span);
    return out;
}

/* An answer that came, when its client waited no more, and of which nothing had been lost: how long it took.
 */
static bool tell_late(struct story *s, const struct story_def *def, const struct timeline_operation *o)
{
    const struct timeline *t = def->timeline;
    const struct timeline_message *answer = NULL;
    char words[STORY_TEXT], waited[TIMELINE_NAME], took[TIMELINE_NAME];

    array_each (struct timeline_message, m, &t->messages) {
        if (!is_about(m, o) || m->sent_position > o->end_position)
            continue;
        if (m->from_region != m->to_region &&
            (m->arrived == SIM_NS_NEVER || t->transmissions.items[m->first].lost != SIM_NS_NEVER))
            return false;
        if (m->to == o->node && m->arrived_position > o->end_position &&
            (answer == NULL || m->arrived < answer->arrived))
            answer = m;
    }
    if (answer == NULL || o->attempts > 1)
        return false;
    struct timeline_operation late = *o;
    late.end = answer->arrived;
    late.end_position = answer->arrived_position + 1;
    story_cause(s, "its client waited %.40s, and the answer came after %.40s: %.400s",
                timeline_span(o->end - o->begin, waited), timeline_span(late.end - o->begin, took),
                tell_time(s, def, &late, words));
    return true;
}

struct story *story_of_operation(const struct story_def *def, uint64_t op)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *o = timeline_operation(t, op);
    char name[TIMELINE_NAME], span[TIMELINE_NAME], words[STORY_TEXT], node[TIMELINE_NAME];

    if (o == NULL || o->end == SIM_NS_NEVER)
        return NULL;
    bool well = o->outcome == OUTCOME_OK || o->outcome == OUTCOME_NO;
    timeline_operation_name(t->setting, o->op, name);
    struct story *s = story_new(def, "%s of key %llu from %s %s %s", timeline_kind_name(o->kind),
                                (unsigned long long)o->key, t->setting->region_names[o->issued_from],
                                well ? "took" : "failed after", timeline_span(o->end - o->begin, span));
    story_write(s, def, o);
    if (o->kind == GEO_READ && o->answered_from != HISTORY_NO_NODE && !t->setting->by_merge) {
        story_returned(t, o, words);
        story_line(s, o->end, false, "it got %s, from %s", words,
                   timeline_node_name(t->setting, o->answered_from, node));
    }
    if (well)
        story_cause(s, "%s", tell_time(s, def, o, words));
    else if (!tell_late(s, def, o))
        tell_failure(s, def, o);
    return s;
}
