/* timeline.c -- see timeline.h. */
#include "sim/observe/timeline.h"

#include "sim/base/hash.h"
#include "sim/model/model.h"

#include <stdlib.h>
#include <string.h>

/* ---- tables: number -> index + 1 ---- */

static uint32_t *slot_of_message(const struct timeline *t, uint64_t number)
{
    uint32_t mask = (UINT32_C(1) << t->message_bits) - 1, at = (uint32_t)hash_mix(number) & mask;

    while (t->message_slots[at] != 0 && t->messages.items[t->message_slots[at] - 1].number != number)
        at = (at + 1) & mask;
    return &t->message_slots[at];
}

static uint32_t *slot_of_operation(const struct timeline *t, uint64_t op)
{
    uint32_t mask = (UINT32_C(1) << t->operation_bits) - 1;
    uint32_t at = (uint32_t)hash_mix(history_op_of(op)) & mask;

    while (t->operation_slots[at] != 0 &&
           history_op_of(t->operations.items[t->operation_slots[at] - 1].op) != history_op_of(op))
        at = (at + 1) & mask;
    return &t->operation_slots[at];
}

/* As many slots as twice the records that can make an entry. */
static void open_tables(struct timeline *t)
{
    size_t sends = 0, begins = 0;

    array_each (struct trace_record, r, &t->trace->records) {
        sends += r->record.kind == HISTORY_SEND;
        begins += r->record.kind == HISTORY_BEGIN;
    }
    while (UINT64_C(1) << t->message_bits < 2 * sends + 8)
        t->message_bits++;
    while (UINT64_C(1) << t->operation_bits < 2 * begins + 8)
        t->operation_bits++;
    t->message_slots = memory_new((size_t)1 << t->message_bits, sizeof *t->message_slots);
    t->operation_slots = memory_new((size_t)1 << t->operation_bits, sizeof *t->operation_slots);
}

/* ---- records ---- */

/* The node that a client of the region talks to: its session's, while all nodes are up. */
static uint32_t node_of_session(const struct history_setting *s, uint32_t region, uint32_t session)
{
    uint32_t nodes = s->region_node_count[region];

    return nodes == 0 ? HISTORY_NO_NODE : s->region_first_node[region] + session % nodes;
}

static void begin(struct timeline *t, const struct trace_record *r)
{
    const struct history_record *h = &r->record;
    uint32_t *slot = slot_of_operation(t, h->op);

    if (*slot != 0)
        return;
    *array_add(&t->operations) = (struct timeline_operation){
        .op = h->op,
        .key = h->key,
        .session = h->begin.session,
        .region = h->begin.region,
        .issued_from = h->begin.issued_from,
        .kind = h->begin.op_kind,
        .is_probe = h->begin.is_probe != 0,
        .node = node_of_session(t->setting, h->begin.issued_from, h->begin.session),
        .home = node_of_session(t->setting, h->begin.issued_from, h->begin.session),
        .attempts = 1,
        .begin = h->time,
        .end = SIM_NS_NEVER,
        .begin_position = r->position,
        .end_position = UINT64_MAX,
        .outcome = OUTCOME_OPEN,
        .answered_from = HISTORY_NO_NODE,
        .taken = SIM_NS_NEVER,
        .taken_position = UINT64_MAX,
        .taker = HISTORY_NO_NODE,
        .value_bytes = h->begin.value_bytes,
    };
    *slot = (uint32_t)t->operations.count;
}

static struct timeline_operation *open_operation(struct timeline *t, uint64_t op)
{
    uint32_t at = *slot_of_operation(t, op);

    return at == 0 ? NULL : &t->operations.items[at - 1];
}

static void send(struct timeline *t, const struct trace_record *r)
{
    const struct history_record *h = &r->record;
    uint32_t *slot = slot_of_message(t, h->send.message), at = (uint32_t)t->transmissions.count;

    if (*slot == 0 && h->send.transmission != 0)
        return; /* of a message that was sent before the window */
    *array_add(&t->transmissions) =
        (struct timeline_transmission){.sent = h->time,
                                       .lost = SIM_NS_NEVER,
                                       .next = TIMELINE_NONE,
                                       .message = *slot != 0 ? *slot - 1 : (uint32_t)t->messages.count};
    if (*slot != 0) {
        struct timeline_message *m = &t->messages.items[*slot - 1];
        t->transmissions.items[m->last].next = at;
        m->last = at;
        m->count++;
        return;
    }
    *array_add(&t->messages) = (struct timeline_message){
        .number = h->send.message,
        .op = h->op,
        .from = h->node,
        .to = h->send.to,
        .from_region = h->send.from_region,
        .to_region = h->send.to_region,
        .type = h->send.type,
        .bytes = h->send.bytes,
        .sent = h->time,
        .arrived = SIM_NS_NEVER,
        .sent_position = r->position,
        .arrived_position = UINT64_MAX,
        .first = at,
        .last = at,
        .count = 1,
    };
    *slot = (uint32_t)t->messages.count;
    struct timeline_operation *o = open_operation(t, h->op);
    if (o != NULL && h->node == HISTORY_NO_NODE)
        o->node = h->send.to; /* a client that goes elsewhere */
}

static void fate(struct timeline *t, const struct trace_record *r)
{
    uint32_t at = *slot_of_message(t, r->record.way.message);
    struct timeline_message *m = at == 0 ? NULL : &t->messages.items[at - 1];

    if (m == NULL)
        return;
    if (r->record.kind == HISTORY_LOST) {
        t->transmissions.items[m->last].lost = r->record.time;
        t->transmissions.items[m->last].reason = r->record.way.reason;
    } else if (m->arrivals++ == 0) {
        m->arrived = r->record.time;
        m->arrived_position = r->position;
    }
}

static void of_operation(struct timeline *t, const struct trace_record *r)
{
    const struct history_record *h = &r->record;
    struct timeline_operation *o = open_operation(t, h->op);

    if (o == NULL)
        return;
    if (h->kind == HISTORY_RETRY) {
        o->op = h->op;
        o->attempts++;
    } else if (h->kind == HISTORY_TAKE && o->taken == SIM_NS_NEVER) {
        o->taken = h->time;
        o->taken_position = r->position;
        o->taker = h->node;
        o->stamp = h->take.stamp;
        o->priority = h->take.priority;
    } else if (h->kind == HISTORY_END && o->end == SIM_NS_NEVER) {
        o->op = h->op;
        o->end = h->time;
        o->end_position = r->position;
        o->outcome = h->end.outcome;
        o->answered_from = h->node;
        o->instant = h->end.instant;
        o->returned = h->end.write;
    }
}

void timeline_open(struct timeline *t, const struct trace *trace)
{
    *t = (struct timeline){.trace = trace, .setting = trace->setting};
    open_tables(t);
    array_each (struct trace_record, r, &trace->records)
        switch (r->record.kind) {
        case HISTORY_BEGIN:
            begin(t, r);
            break;
        case HISTORY_SEND:
            send(t, r);
            break;
        case HISTORY_ARRIVE:
        case HISTORY_LOST:
            fate(t, r);
            break;
        case HISTORY_RETRY:
        case HISTORY_TAKE:
        case HISTORY_END:
            of_operation(t, r);
            break;
        default:
            break;
        }
}

void timeline_close(struct timeline *t)
{
    array_free(&t->messages);
    array_free(&t->transmissions);
    array_free(&t->operations);
    free(t->message_slots);
    free(t->operation_slots);
}

const struct timeline_message *timeline_message(const struct timeline *t, uint64_t number)
{
    uint32_t at = *slot_of_message(t, number);

    return at == 0 ? NULL : &t->messages.items[at - 1];
}

const struct timeline_operation *timeline_operation(const struct timeline *t, uint64_t op)
{
    uint32_t at = op == 0 ? 0 : *slot_of_operation(t, op);

    return at == 0 ? NULL : &t->operations.items[at - 1];
}

/* A taker that lost its disk goes on counting beyond what it may have counted before. Those counts mean the
 * write too only if it had come back to the taker by then. */
struct timeline_mark timeline_mark(const struct timeline *t, const struct timeline_operation *write)
{
    struct timeline_mark mark = {.write = write, .below = UINT64_MAX};
    bool lost = false;

    if (!t->setting->by_merge || write->taken == SIM_NS_NEVER)
        return mark;
    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (h->node != write->taker || r->position <= write->taken_position)
            continue;
        if (h->kind == HISTORY_DOWN && h->down.lose == LOSE_DISK)
            lost = true;
        else if (lost && h->kind == HISTORY_MERGE && timeline_is_mark(&mark, h))
            lost = false;
        else if (lost && h->kind == HISTORY_TAKE && h->key == write->key) {
            mark.below = (uint64_t)h->take.stamp;
            break;
        }
    }
    return mark;
}

bool timeline_is_mark(const struct timeline_mark *m, const struct history_record *h)
{
    const struct timeline_operation *w = m->write;

    if (h->key != w->key)
        return false;
    if (h->kind == HISTORY_STORE)
        return h->store.kept != 0 &&
               (h->store.stamp > w->stamp || (h->store.stamp == w->stamp && h->store.write >= w->op));
    return h->kind == HISTORY_MERGE && h->merge.origin == w->taker && h->merge.upto >= (uint64_t)w->stamp &&
           h->merge.upto < m->below;
}

const struct trace_record *timeline_reflected(const struct timeline *t, const struct timeline_operation *o,
                                              uint32_t node)
{
    struct timeline_mark mark = timeline_mark(t, o);

    array_each (struct trace_record, r, &t->trace->records)
        if (r->record.node == node && r->position >= o->taken_position && timeline_is_mark(&mark, &r->record))
            return r;
    return NULL;
}

/* ---- names ---- */

const char *timeline_operation_name(const struct history_setting *s, uint64_t op, char out[TIMELINE_NAME])
{
    uint32_t region = history_op_region(op);
    unsigned long long count = op >> 8 & UINT64_C(0x7fffffffff);
    unsigned identity = (unsigned)(op & 0xff);

    if (op == 0)
        snprintf(out, TIMELINE_NAME, "the initial value");
    else if (identity != 0)
        snprintf(out, TIMELINE_NAME, "%.100s/%llu.%u", s->region_names[region], count, identity);
    else
        snprintf(out, TIMELINE_NAME, "%.100s/%s%llu", s->region_names[region],
                 history_op_is_probe(op) ? "probe-" : "", count);
    return out;
}

const char *timeline_node_name(const struct history_setting *s, uint32_t node, char out[TIMELINE_NAME])
{
    if (node >= s->node_count) {
        snprintf(out, TIMELINE_NAME, "a client");
        return out;
    }
    uint32_t region = s->node_region[node];
    if (s->region_node_count[region] <= 1)
        snprintf(out, TIMELINE_NAME, "%.100s", s->region_names[region]);
    else
        snprintf(out, TIMELINE_NAME, "%.100s[%u]", s->region_names[region],
                 node - s->region_first_node[region]);
    return out;
}

const char *timeline_message_name(const struct history_setting *s, const struct timeline_message *m)
{
    if (m->type >= s->message_count)
        return m->to == HISTORY_NO_NODE ? "answer" : "request";
    return s->message_names[m->type];
}

const char *timeline_kind_name(uint8_t kind)
{
    static const char *const names[GEO_KINDS] = {"read",      "write", "update", "increment",
                                                 "decrement", "add",   "remove"};

    return kind < GEO_KINDS ? names[kind] : "?";
}

const char *timeline_outcome_name(uint8_t outcome)
{
    static const char *const names[] = {"ok", "no", "refused", "throttled", "timeout", "open"};

    return outcome < sizeof names / sizeof *names ? names[outcome] : "?";
}

uint64_t timeline_operation_parse(const struct history_setting *s, const char *text)
{
    char *end;
    const char *slash = strrchr(text, '/');

    if (slash == NULL) /* as histories have it */
        slash = strrchr(text, ':');

    if (slash == NULL) {
        uint64_t op = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
        return op != 0 && *end == '\0' && history_op_region(op) < s->region_count ? op : 0;
    }
    bool probe = strncmp(slash + 1, "probe-", 6) == 0;
    const char *digits = slash + 1 + (probe ? 6 : 0);
    if (*digits < '0' || *digits > '9')
        return 0;
    uint64_t count = strtoull(digits, &end, 10), identity = 0;
    if (*end == '.')
        identity = strtoull(end + 1, &end, 10);
    if (*end != '\0' || count == 0 || count >> 39 != 0 || identity > 255)
        return 0;
    for (uint32_t g = 0; g < s->region_count; g++)
        if (strlen(s->region_names[g]) == (size_t)(slash - text) &&
            memcmp(s->region_names[g], text, (size_t)(slash - text)) == 0)
            return (uint64_t)g << 48 | (uint64_t)probe << 47 | count << 8 | identity;
    return 0;
}

const char *timeline_instant(sim_ns time, char out[TIMELINE_NAME])
{
    snprintf(out, TIMELINE_NAME, "%.3f s", (double)time / 1e9);
    return out;
}

const char *timeline_span(sim_ns time, char out[TIMELINE_NAME])
{
    double ms = (double)time / 1e6, size = ms < 0 ? -ms : ms;

    if (size >= 999.95)
        snprintf(out, TIMELINE_NAME, "%.3f s", ms / 1e3);
    else
        snprintf(out, TIMELINE_NAME, "%.*f ms", size >= 10 || size == 0 ? 1 : size >= 1 ? 2 : 3, ms);
    return out;
}

void timeline_json_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c == '"' || *c == '\\')
            fprintf(to, "\\%c", *c);
        else if (*c < 32)
            fprintf(to, "\\u%04x", *c);
        else
            fputc(*c, to);
    fputc('"', to);
}
