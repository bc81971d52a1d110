/* trace_shiviz.c -- see trace_export.h. The format: the parser's regular expression, the delimiter of
 * executions (none), then two lines an event. A host's own count rises by one with each of its events, as
 * ShiViz demands; a zero is not written. */
#include "sim/observe/trace_export.h"

#include <stdlib.h>
#include <string.h>

struct shiviz {
    const struct timeline *t;
    FILE *to;
    uint32_t hosts;     /* nodes, then the clients of each region */
    uint64_t *clock;    /* [host * hosts + of] */
    uint64_t **carried; /* [message]: the sender's clock at its sending */
};

static uint32_t host_of(const struct shiviz *s, uint32_t node, uint32_t region)
{
    return node != HISTORY_NO_NODE ? node : s->t->setting->node_count + region;
}

static const char *host_name(const struct shiviz *s, uint32_t host, char out[TIMELINE_NAME])
{
    const struct history_setting *setting = s->t->setting;

    if (host < setting->node_count)
        timeline_node_name(setting, host, out);
    else
        snprintf(out, TIMELINE_NAME, "%.100s-clients", setting->region_names[host - setting->node_count]);
    for (char *c = out; *c != '\0'; c++)
        if (*c == ' ' || *c == '"' || *c == '\\')
            *c = '_';
    return out;
}

static void event(struct shiviz *s, uint32_t host, sim_ns time, const char *text)
{
    uint64_t *clock = &s->clock[(size_t)host * s->hosts];
    char name[TIMELINE_NAME];
    bool first = true;

    clock[host]++;
    fprintf(s->to, "%.6fs %s\n%s {", (double)time / 1e9, text, host_name(s, host, name));
    for (uint32_t i = 0; i < s->hosts; i++)
        if (clock[i] != 0) {
            fprintf(s->to, "%s\"%s\":%llu", first ? "" : ", ", host_name(s, i, name),
                    (unsigned long long)clock[i]);
            first = false;
        }
    fputs("}\n", s->to);
}

static void send(struct shiviz *s, const struct history_record *r)
{
    const struct timeline_message *m = timeline_message(s->t, r->send.message);
    char text[400], name[TIMELINE_NAME];

    if (m == NULL)
        return;
    uint32_t host = host_of(s, m->from, m->from_region);
    snprintf(text, sizeof text, "%s %.80s to %s", r->send.transmission == 0 ? "send" : "send again",
             timeline_message_name(s->t->setting, m), host_name(s, host_of(s, m->to, m->to_region), name));
    event(s, host, r->time, text);
    uint64_t **carried = &s->carried[m - s->t->messages.items];
    if (*carried == NULL)
        *carried = memory_new(s->hosts, sizeof **carried);
    memcpy(*carried, &s->clock[(size_t)host * s->hosts], s->hosts * sizeof **carried);
}

static void arrive(struct shiviz *s, const struct history_record *r)
{
    const struct timeline_message *m = timeline_message(s->t, r->way.message);
    char text[400], name[TIMELINE_NAME];

    if (m == NULL)
        return;
    uint32_t host = host_of(s, m->to, m->to_region);
    uint64_t *clock = &s->clock[(size_t)host * s->hosts];
    const uint64_t *carried = s->carried[m - s->t->messages.items];
    for (uint32_t i = 0; carried != NULL && i < s->hosts; i++)
        if (carried[i] > clock[i])
            clock[i] = carried[i];
    snprintf(text, sizeof text, "got %.80s from %s", timeline_message_name(s->t->setting, m),
             host_name(s, host_of(s, m->from, m->from_region), name));
    event(s, host, r->time, text);
}

static void lost(struct shiviz *s, const struct history_record *r)
{
    const struct timeline_message *m = timeline_message(s->t, r->way.message);
    char text[200];

    if (m == NULL)
        return;
    snprintf(text, sizeof text, "lost: %.80s (%s)", timeline_message_name(s->t->setting, m),
             r->way.reason == LOST_BY_CUT     ? "link cut"
             : r->way.reason == LOST_BY_CRASH ? "node down"
                                              : "by chance");
    event(s, host_of(s, m->from, m->from_region), r->time, text);
}

/* A client's begin and end stand with the node that it talks to, if that is in its region. */
static void client(struct shiviz *s, const struct history_record *r)
{
    const struct timeline_operation *o = timeline_operation(s->t, r->op);
    const struct history_setting *setting = s->t->setting;
    char text[400], name[TIMELINE_NAME];

    if (o == NULL)
        return;
    bool home = o->node != HISTORY_NO_NODE && setting->node_region[o->node] == o->issued_from;
    timeline_operation_name(setting, o->op, name);
    if (r->kind == HISTORY_BEGIN)
        snprintf(text, sizeof text, "client begins %s of key %llu (%s)", timeline_kind_name(o->kind),
                 (unsigned long long)o->key, name);
    else
        snprintf(text, sizeof text, "client is told: %s (%s)", timeline_outcome_name(r->end.outcome), name);
    event(s, home ? o->node : setting->node_count + o->issued_from, r->time, text);
}

static void replica(struct shiviz *s, const struct history_record *r, const char *what, uint64_t write)
{
    char text[400], name[TIMELINE_NAME];

    snprintf(text, sizeof text, "%s %s", what, timeline_operation_name(s->t->setting, write, name));
    event(s, r->node, r->time, text);
}

static void record(struct shiviz *s, const struct history_record *r)
{
    switch (r->kind) {
    case HISTORY_SEND:
        send(s, r);
        break;
    case HISTORY_ARRIVE:
        arrive(s, r);
        break;
    case HISTORY_LOST:
        lost(s, r);
        break;
    case HISTORY_BEGIN:
    case HISTORY_END:
        client(s, r);
        break;
    case HISTORY_TAKE:
        replica(s, r, "take", r->op);
        break;
    case HISTORY_STORE:
        replica(s, r, r->store.kept ? "store" : "refuse", r->store.write);
        break;
    case HISTORY_DROP:
        replica(s, r, "drop", r->drop.loser);
        break;
    case HISTORY_DOWN:
        event(s, r->node, r->time, "goes down");
        break;
    case HISTORY_UP:
        event(s, r->node, r->time, "is up again");
        break;
    default:
        break;
    }
}

void trace_write_shiviz(const struct timeline *t, FILE *to)
{
    struct shiviz s = {.t = t, .to = to, .hosts = t->setting->node_count + t->setting->region_count};

    s.clock = memory_new((size_t)s.hosts * s.hosts, sizeof *s.clock);
    s.carried = memory_new(t->messages.count, sizeof *s.carried);
    fputs("(?<time>\\S*) (?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})\n\n", to);
    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.time >= t->trace->def.from)
            record(&s, &r->record);
    for (size_t i = 0; i < t->messages.count; i++)
        free(s.carried[i]);
    free(s.carried);
    free(s.clock);
}
