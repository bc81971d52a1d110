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
            story_line(s, r->record.time, true, "%s: %s after %s, so its client asks again", name,
                       way_refusal(t, o, r->record.time) != NULL ? "refused" : "no answer",
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

void story_returned(const struct timeline *t, const struct timeline_operation *read, char out[STORY_TEXT])
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

/* How the write came to the node, or why it did not, as it stood at (`position`, `time`): lines. */
static void tell_way(struct story *s, const struct story_def *def, const struct timeline_operation *write,
                     uint32_t node, uint64_t position, sim_ns time)
{
    struct way_step steps[WAY_MOST];
    struct undone undone;

    if (undone_find(def->timeline, write, node, position, &undone)) {
        undone_tell(s, def, write, &undone, position);
        return;
    }
    uint32_t count = way_of_write(def->timeline, write, node, steps);
    const struct way_step *worst = way_worst(steps, count, time);
    for (uint32_t i = 0; i < count; i++)
        way_tell_step(s, def, &steps[i], &steps[i] == worst);
}

static const char *cause_of_absence(const struct story_def *def, const struct timeline_operation *write,
                                    uint32_t node, uint64_t position, sim_ns time, char out[STORY_TEXT])
{
    struct way_step steps[WAY_MOST];
    struct undone undone;

    if (undone_find(def->timeline, write, node, position, &undone))
        return undone_cause(def, write, &undone, out);
    uint32_t count = way_of_write(def->timeline, write, node, steps);
    const struct way_step *worst = way_worst(steps, count, time);
    if (worst != NULL)
        return way_cause(def, worst, time, out);
    snprintf(out, STORY_TEXT, "the replica had it, and lost it again");
    return out;
}

static void tell_read(struct story *s, const struct story_def *def, const struct timeline_operation *read,
                      const struct timeline_operation *write, const char *more)
{
    const struct timeline *t = def->timeline;
    char words[STORY_TEXT], node[TIMELINE_NAME], name[TIMELINE_NAME];

    story_operation(s, read->op);
    story_line(s, read->begin, false, "%s: a client in %s begins to read key %llu",
               timeline_operation_name(t->setting, read->op, words),
               t->setting->region_names[read->issued_from], (unsigned long long)read->key);
    tell_messages_of(s, def, read, false);
    story_returned(t, read, words);
    story_line(s, read->end, true, "its client gets %s, from %s: it misses %s%s%s", words,
               timeline_node_name(t->setting, read->answered_from, node),
               timeline_operation_name(t->setting, write->op, name),
               read->session == write->session && read->region == write->region ? ", its own session's write"
                                                                                : "",
               more);
}

struct story *story_of_stale_read(const struct story_def *def, uint64_t read_op, uint64_t missed,
                                  sim_ns stale_ns, uint64_t missed_count)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *read = timeline_operation(t, read_op),
                                    *write = timeline_operation(t, missed);
    char span[TIMELINE_NAME], node[TIMELINE_NAME], words[STORY_TEXT], more[80] = "";

    if (read == NULL || write == NULL || write->taken == SIM_NS_NEVER ||
        read->answered_from == HISTORY_NO_NODE)
        return NULL;
    struct story *s =
        story_new(def, "key %llu at %s was %s behind", (unsigned long long)read->key,
                  timeline_node_name(t->setting, read->answered_from, node), timeline_span(stale_ns, span));
    sim_ns answered = time_of_answer(t, read);

    story_write(s, def, write);
    tell_way(s, def, write, read->answered_from, read->instant + 1, answered);
    if (missed_count > 1)
        snprintf(more, sizeof more, ", and %llu newer", (unsigned long long)missed_count - 1);
    tell_read(s, def, read, write, more);
    tell_later(s, def, write, read->answered_from, answered);
    story_cause(s, "%s",
                cause_of_absence(def, write, read->answered_from, read->instant + 1, answered, words));
    return s;
}

/* When the node had it: its own TAKE, or the record by which it reflects it; position UINT64_MAX: not seen.
 */
static sim_ns had_at(const struct timeline *t, const struct timeline_operation *o, uint32_t node,
                     uint64_t *position)
{
    const struct trace_record *r = node == o->taker ? NULL : timeline_reflected(t, o, node);

    *position = r != NULL ? r->position : node == o->taker ? o->taken_position : UINT64_MAX;
    return r != NULL ? r->record.time : o->taken;
}

struct story *story_of_breach(const struct story_def *def, uint64_t op, uint64_t against_op, uint32_t node)
{
    const struct timeline *t = def->timeline;
    const struct timeline_operation *o = timeline_operation(t, op),
                                    *against = timeline_operation(t, against_op);
    char a[TIMELINE_NAME], b[TIMELINE_NAME], at[TIMELINE_NAME], words[STORY_TEXT];
    uint64_t position;

    if (o == NULL || against == NULL || against->taken == SIM_NS_NEVER || node == HISTORY_NO_NODE ||
        (o->kind != GEO_READ && o->taken == SIM_NS_NEVER))
        return NULL;
    timeline_operation_name(t->setting, o->op, a);
    timeline_operation_name(t->setting, against->op, b);
    timeline_node_name(t->setting, node, at);
    if (o->kind == GEO_READ) {
        struct story *s =
            story_new(def, "%s of key %llu at %s goes back behind %s", a, (unsigned long long)o->key, at, b);
        sim_ns answered = time_of_answer(t, o);
        story_write(s, def, against);
        tell_way(s, def, against, node, o->instant + 1, answered);
        tell_read(s, def, o, against, ", which its session had met");
        story_cause(s, "%s", cause_of_absence(def, against, node, o->instant + 1, answered, words));
        return s;
    }
    sim_ns time = had_at(t, o, node, &position);
    struct story *s = story_new(def, "%s of key %llu stands at %s without %s, which came before it", a,
                                (unsigned long long)o->key, at, b);
    story_write(s, def, against);
    tell_way(s, def, against, node, position, time);
    story_write(s, def, o);
    story_line(s, time, true, "%s has %s, and not %s, which its session had %s", at, a, b,
               against->session == o->session && against->region == o->region ? "written" : "read");
    story_cause(s, "%s", cause_of_absence(def, against, node, position, time, words));
    return s;
}
