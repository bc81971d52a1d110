/* trace_chrome.c -- see trace_export.h. A flow binds to the slice that begins where the flow does, so each
 * end of a message gets a slice: as long as the next one of its thread allows, at most END_NS, since slices
 * of a thread must nest.
 *
 * Events are written to one buffer as they are met, each remembered by where it stands, and come out in order
 * of time. */
#include "sim/observe/trace_export.h"

#include "sim/model/model.h"

#include <stdlib.h>
#include <string.h>

#define END_NS (50 * SIM_MICROSECOND)

enum { TID_NODE = 1, TID_CLIENTS = 1000, TID_DOWN = 100000 };

struct chrome_event {
    sim_ns time;
    long begin, end; /* in the buffer: also the order of events of one instant */
};

/* One end of a message at a node. */
struct message_end {
    sim_ns time;
    uint32_t node, message; /* index */
    bool arrives;
};

struct chrome {
    const struct timeline *t;
    FILE *buffer;
    ARRAY(struct chrome_event) events;
    uint32_t *lane; /* [operation] */
};

static FILE *event_begin(struct chrome *c, sim_ns time)
{
    *array_add(&c->events) = (struct chrome_event){.time = time, .begin = ftell(c->buffer)};
    return c->buffer;
}

static void event_end(struct chrome *c)
{
    c->events.items[c->events.count - 1].end = ftell(c->buffer);
}

static uint32_t pid_of_node(const struct history_setting *s, uint32_t node)
{
    return s->node_region[node] + 1u;
}

static uint32_t tid_of_node(const struct history_setting *s, uint32_t node)
{
    return TID_NODE + node - s->region_first_node[s->node_region[node]];
}

/* name, phase, time in microseconds to the nanosecond, process, thread: the object stays open for more. */
static FILE *open_event(struct chrome *c, sim_ns time, const char *name, const char *phase, uint32_t pid,
                        uint32_t tid)
{
    FILE *f = event_begin(c, time);

    fputs("{\"name\":", f);
    timeline_json_text(f, name);
    fprintf(f, ",\"ph\":\"%s\",\"ts\":%lld.%03lld,\"pid\":%u,\"tid\":%u", phase, (long long)(time / 1000),
            (long long)(time % 1000), pid, tid);
    return f;
}

static void close_event(struct chrome *c)
{
    fputc('}', c->buffer);
    event_end(c);
}

static void put_duration(FILE *f, sim_ns duration)
{
    fprintf(f, ",\"dur\":%lld.%03lld", (long long)(duration / 1000), (long long)(duration % 1000));
}

static void name_of(struct chrome *c, const char *what, uint32_t pid, uint32_t tid, const char *name)
{
    FILE *f = event_begin(c, -1);

    fprintf(f, "{\"name\":\"%s\",\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"args\":{\"name\":", what, pid, tid);
    timeline_json_text(f, name);
    fputc('}', f);
    close_event(c);
}

/* ---- operations ---- */

/* Operations of a region that overlap stand in different threads: each in the first whose last one has ended.
 */
static void give_lanes(struct chrome *c, sim_ns until)
{
    const struct timeline *t = c->t;

    c->lane = memory_new(t->operations.count, sizeof *c->lane);
    for (uint32_t g = 0; g < t->setting->region_count; g++) {
        ARRAY(sim_ns) free_at = {0};
        for (size_t i = 0; i < t->operations.count; i++) {
            const struct timeline_operation *o = &t->operations.items[i];
            size_t lane = 0;
            if (o->issued_from != g)
                continue;
            while (lane < free_at.count && free_at.items[lane] > o->begin)
                lane++;
            if (lane == free_at.count) {
                char name[40];
                snprintf(name, sizeof name, "clients %zu", lane + 1);
                name_of(c, "thread_name", g + 1, TID_CLIENTS + (uint32_t)lane, name);
                *(sim_ns *)array_add(&free_at) = 0;
            }
            free_at.items[lane] = o->end == SIM_NS_NEVER ? until : o->end + 1;
            c->lane[i] = TID_CLIENTS + (uint32_t)lane;
        }
        array_free(&free_at);
    }
}

static void put_operations(struct chrome *c, sim_ns until)
{
    const struct timeline *t = c->t;

    for (size_t i = 0; i < t->operations.count; i++) {
        const struct timeline_operation *o = &t->operations.items[i];
        char name[80], text[TIMELINE_NAME];
        snprintf(name, sizeof name, "%s %llu", timeline_kind_name(o->kind), (unsigned long long)o->key);
        FILE *f = open_event(c, o->begin, name, "X", o->issued_from + 1u, c->lane[i]);
        put_duration(f, (o->end == SIM_NS_NEVER ? until : o->end) - o->begin);
        fputs(",\"cat\":\"operation\",\"args\":{\"operation\":", f);
        timeline_json_text(f, timeline_operation_name(t->setting, o->op, text));
        fprintf(f, ",\"key\":%llu,\"session\":%u,\"attempts\":%u,\"outcome\":\"%s\"}",
                (unsigned long long)o->key, o->session, o->attempts, timeline_outcome_name(o->outcome));
        close_event(c);
    }
}

/* ---- messages ---- */

/* The thread of a message's end: a node's, or that of the operation whose client it is. False: not in the
 * trace. */
static bool thread_of(const struct chrome *c, const struct timeline_message *m, bool arrives, uint32_t *pid,
                      uint32_t *tid)
{
    const struct history_setting *s = c->t->setting;
    uint32_t node = arrives ? m->to : m->from;
    const struct timeline_operation *o = node == HISTORY_NO_NODE ? timeline_operation(c->t, m->op) : NULL;

    if (node != HISTORY_NO_NODE) {
        *pid = pid_of_node(s, node);
        *tid = tid_of_node(s, node);
        return true;
    }
    if (o == NULL)
        return false;
    *pid = o->issued_from + 1u;
    *tid = c->lane[o - c->t->operations.items];
    return true;
}

static void put_flow(struct chrome *c, const struct timeline_message *m, bool arrives)
{
    uint32_t pid, tid, other_pid, other_tid;

    if (m->arrived == SIM_NS_NEVER || !thread_of(c, m, arrives, &pid, &tid) ||
        !thread_of(c, m, !arrives, &other_pid, &other_tid))
        return; /* a flow has two ends */
    FILE *f = open_event(c, arrives ? m->arrived : m->sent, timeline_message_name(c->t->setting, m),
                         arrives ? "f" : "s", pid, tid);
    fprintf(f, ",\"cat\":\"message\",\"id\":%llu%s", (unsigned long long)m->number,
            arrives ? ",\"bp\":\"e\"" : "");
    close_event(c);
}

static void put_end(struct chrome *c, const struct message_end *end, sim_ns lasts)
{
    const struct history_setting *s = c->t->setting;
    const struct timeline_message *m = &c->t->messages.items[end->message];
    char name[TIMELINE_NAME], node[TIMELINE_NAME];

    snprintf(name, sizeof name, "%s %.100s", end->arrives ? "got" : "send", timeline_message_name(s, m));
    FILE *f = open_event(c, end->time, name, "X", pid_of_node(s, end->node), tid_of_node(s, end->node));
    put_duration(f, lasts);
    fprintf(f, ",\"cat\":\"message\",\"args\":{\"%s\":", end->arrives ? "from" : "to");
    timeline_json_text(f, timeline_node_name(s, end->arrives ? m->from : m->to, node));
    fprintf(f, ",\"message\":%llu,\"bytes\":%llu,\"transmissions\":%u", (unsigned long long)m->number,
            (unsigned long long)m->bytes, m->count);
    if (m->arrived != SIM_NS_NEVER)
        fprintf(f, ",\"delay_ms\":%.6f", (double)(m->arrived - m->sent) / 1e6);
    if (m->op != 0) {
        fputs(",\"operation\":", f);
        timeline_json_text(f, timeline_operation_name(s, m->op, node));
    }
    fputc('}', f);
    close_event(c);
}

static int by_node_and_time(const void *left, const void *right)
{
    const struct message_end *a = left, *b = right;

    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    if (a->message != b->message)
        return a->message < b->message ? -1 : 1;
    return a->arrives - b->arrives;
}

static void put_messages(struct chrome *c)
{
    const struct timeline *t = c->t;
    ARRAY(struct message_end) ends = {0};

    for (uint32_t i = 0; i < t->messages.count; i++) {
        const struct timeline_message *m = &t->messages.items[i];
        if (m->from != HISTORY_NO_NODE)
            *array_add(&ends) = (struct message_end){m->sent, m->from, i, false};
        if (m->to != HISTORY_NO_NODE && m->arrived != SIM_NS_NEVER)
            *array_add(&ends) = (struct message_end){m->arrived, m->to, i, true};
    }
    if (ends.count > 0)
        qsort(ends.items, ends.count, sizeof *ends.items, by_node_and_time);
    for (size_t i = 0, next = 0; i < ends.count; i++) {
        while (next < ends.count && ends.items[next].node == ends.items[i].node &&
               ends.items[next].time == ends.items[i].time)
            next++;
        bool followed = next < ends.count && ends.items[next].node == ends.items[i].node;
        sim_ns room = followed ? ends.items[next].time - ends.items[i].time : END_NS;
        put_end(c, &ends.items[i], room < END_NS ? room : END_NS);
    }
    array_each (struct timeline_message, m, &t->messages) {
        put_flow(c, m, false);
        put_flow(c, m, true);
    }
    array_free(&ends);
}

/* ---- what happens at nodes; faults ---- */

static void put_instant(struct chrome *c, const struct history_record *r, const char *what, uint64_t write,
                        const char *more)
{
    const struct history_setting *s = c->t->setting;
    char name[TIMELINE_NAME + 60], op[TIMELINE_NAME];

    snprintf(name, sizeof name, "%s %s", what, write != 0 ? timeline_operation_name(s, write, op) : more);
    FILE *f = open_event(c, r->time, name, "i", pid_of_node(s, r->node), tid_of_node(s, r->node));
    fprintf(f, ",\"cat\":\"replica\",\"s\":\"t\",\"args\":{\"key\":%llu}", (unsigned long long)r->key);
    close_event(c);
}

static void put_lost(struct chrome *c, const struct history_record *r)
{
    static const char *const reasons[] = {"by chance", "link cut", "node down"};
    const struct timeline_message *m = timeline_message(c->t, r->way.message);
    char name[TIMELINE_NAME + 60];
    uint32_t pid, tid;

    if (m == NULL || !thread_of(c, m, false, &pid, &tid))
        return;
    snprintf(name, sizeof name, "lost: %.100s (%s)", timeline_message_name(c->t->setting, m),
             r->way.reason < 3 ? reasons[r->way.reason] : "?");
    FILE *f = open_event(c, r->time, name, "i", pid, tid);
    fprintf(f, ",\"cat\":\"lost\",\"s\":\"p\",\"args\":{\"message\":%llu}", (unsigned long long)m->number);
    close_event(c);
}

static void put_records(struct chrome *c)
{
    char more[60];

    array_each (struct trace_record, record, &c->t->trace->records) {
        const struct history_record *r = &record->record;
        if (r->time < c->t->trace->def.from)
            continue;
        switch (r->kind) {
        case HISTORY_TAKE:
            put_instant(c, r, "take", r->op, "");
            break;
        case HISTORY_STORE:
            put_instant(c, r, r->store.kept ? "store" : "refuse", r->store.write, "initial value");
            break;
        case HISTORY_MERGE:
            snprintf(more, sizeof more, "node %u up to %llu", r->merge.origin,
                     (unsigned long long)r->merge.upto);
            put_instant(c, r, "merge", 0, more);
            break;
        case HISTORY_DROP:
            put_instant(c, r, "drop", r->drop.loser, "");
            break;
        case HISTORY_LOST:
            put_lost(c, r);
            break;
        default:
            break;
        }
    }
}

static void put_span(struct chrome *c, sim_ns from, sim_ns to, const char *name, uint32_t tid)
{
    const struct trace_def *def = &c->t->trace->def;
    sim_ns begin = from > def->from ? from : def->from, end = to < def->to ? to : def->to;

    if (end < begin || from >= def->to)
        return;
    FILE *f = open_event(c, begin, name, "X", c->t->setting->region_count + 1, tid);
    put_duration(f, end - begin);
    fputs(",\"cat\":\"fault\"", f);
    close_event(c);
    name_of(c, "thread_name", c->t->setting->region_count + 1, tid, name);
}

static void put_faults(struct chrome *c)
{
    const struct history_setting *s = c->t->setting;
    sim_ns *down = memory_new(s->node_count, sizeof *down);
    char name[TIMELINE_NAME], text[TIMELINE_NAME + 8];

    for (uint32_t i = 0; i < s->fault_count; i++)
        put_span(c, s->faults[i].begin, s->faults[i].end, s->faults[i].name, i + 1);
    for (uint32_t n = 0; n < s->node_count; n++)
        down[n] = -1;
    array_each (struct trace_record, r, &c->t->trace->records) {
        uint32_t n = r->record.node;
        if (r->record.kind == HISTORY_DOWN && down[n] < 0)
            down[n] = r->record.time;
        if (r->record.kind != HISTORY_UP || down[n] < 0)
            continue;
        snprintf(text, sizeof text, "%s down", timeline_node_name(s, n, name));
        put_span(c, down[n], r->record.time, text, TID_DOWN + n);
        down[n] = -1;
    }
    for (uint32_t n = 0; n < s->node_count; n++)
        if (down[n] >= 0) {
            snprintf(text, sizeof text, "%s down", timeline_node_name(s, n, name));
            put_span(c, down[n], SIM_NS_NEVER, text, TID_DOWN + n);
        }
    free(down);
}

static void put_names(struct chrome *c)
{
    const struct history_setting *s = c->t->setting;
    char name[TIMELINE_NAME], text[TIMELINE_NAME + 8];

    for (uint32_t g = 0; g < s->region_count; g++)
        name_of(c, "process_name", g + 1, 0, s->region_names[g]);
    name_of(c, "process_name", s->region_count + 1, 0, "faults");
    for (uint32_t n = 0; n < s->node_count; n++) {
        snprintf(text, sizeof text, "node %s", timeline_node_name(s, n, name));
        name_of(c, "thread_name", pid_of_node(s, n), tid_of_node(s, n), text);
    }
}

static int by_time(const void *left, const void *right)
{
    const struct chrome_event *a = left, *b = right;

    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/* Until when what is open at the end is shown: its messages may arrive after the window. */
static sim_ns end_of(const struct timeline *t)
{
    sim_ns end = t->trace->def.to;

    array_each (struct timeline_message, m, &t->messages)
        if (m->arrived != SIM_NS_NEVER && m->arrived > end)
            end = m->arrived;
    return end;
}

void trace_write_chrome(const struct timeline *t, const char *note, FILE *to)
{
    char *text = NULL;
    size_t bytes = 0;
    struct chrome c = {.t = t, .buffer = open_memstream(&text, &bytes)};

    CHECK(c.buffer != NULL);
    put_names(&c);
    give_lanes(&c, end_of(t));
    put_operations(&c, end_of(t));
    put_messages(&c);
    put_records(&c);
    put_faults(&c);
    fclose(c.buffer);
    qsort(c.events.items, c.events.count, sizeof *c.events.items, by_time);
    fputs("{\"displayTimeUnit\":\"ms\",\"otherData\":{\"note\":", to);
    timeline_json_text(to, note != NULL ? note : "");
    fputs("},\"traceEvents\":[\n", to);
    array_each (struct chrome_event, e, &c.events) {
        fwrite(text + e->begin, 1, (size_t)(e->end - e->begin), to);
        fputs(e + 1 < c.events.items + c.events.count ? ",\n" : "\n", to);
    }
    fputs("]}\n", to);
    free(text);
    free(c.lane);
    array_free(&c.events);
}
