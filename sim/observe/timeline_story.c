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
    story_returned(t, read, words);
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
