/* trace_jsonl.c -- see trace_export.h. */
#include "sim/observe/trace_export.h"

static const char *const kind_names[HISTORY_KINDS] = {
    [HISTORY_BEGIN] = "begin",   [HISTORY_RETRY] = "retry", [HISTORY_TAKE] = "take",
    [HISTORY_MADE] = "made",     [HISTORY_STORE] = "store", [HISTORY_MERGE] = "merge",
    [HISTORY_ANSWER] = "answer", [HISTORY_DROP] = "drop",   [HISTORY_SAMPLE] = "sample",
    [HISTORY_END] = "end",       [HISTORY_SEND] = "send",   [HISTORY_ARRIVE] = "arrive",
    [HISTORY_LOST] = "lost",     [HISTORY_DOWN] = "down",   [HISTORY_UP] = "up",
    [HISTORY_FAULT] = "fault",   [HISTORY_COUNT] = "count", [HISTORY_LEADS] = "leads",
    [HISTORY_FORGET] = "forget",
};

static void put_name(FILE *to, const char *key, const char *text)
{
    fprintf(to, ",\"%s\":", key);
    timeline_json_text(to, text);
}

static void put_operation(FILE *to, const struct history_setting *s, const char *key, uint64_t op)
{
    char name[TIMELINE_NAME];

    put_name(to, key, timeline_operation_name(s, op, name));
}

static void put_node(FILE *to, const struct history_setting *s, const char *key, uint32_t node)
{
    char name[TIMELINE_NAME];

    if (node < s->node_count)
        put_name(to, key, timeline_node_name(s, node, name));
}

static void put_message(const struct timeline *t, const struct history_record *r, FILE *to)
{
    static const char *const reasons[] = {"chance", "cut", "crash"};
    const struct history_setting *s = t->setting;
    uint64_t number = r->kind == HISTORY_SEND ? r->send.message : r->way.message;
    const struct timeline_message *m = timeline_message(t, number);

    fprintf(to, ",\"message\":%llu", (unsigned long long)number);
    if (m != NULL)
        put_name(to, "name", timeline_message_name(s, m));
    if (r->kind == HISTORY_SEND) {
        put_name(to, "from_region", s->region_names[r->send.from_region]);
        put_name(to, "to_region", s->region_names[r->send.to_region]);
        put_node(to, s, "to", r->send.to);
        fprintf(to, ",\"bytes\":%llu,\"transmission\":%u", (unsigned long long)r->send.bytes,
                r->send.transmission);
    } else if (r->kind == HISTORY_LOST) {
        put_name(to, "reason", r->way.reason < 3 ? reasons[r->way.reason] : "?");
    }
}

static void put_more(const struct timeline *t, const struct history_record *r, FILE *to)
{
    const struct history_setting *s = t->setting;

    switch (r->kind) {
    case HISTORY_BEGIN:
        put_name(to, "f", timeline_kind_name(r->begin.op_kind));
        put_name(to, "region", s->region_names[r->begin.region]);
        put_name(to, "issued_from", s->region_names[r->begin.issued_from]);
        fprintf(to, ",\"session\":%u", r->begin.session);
        break;
    case HISTORY_TAKE:
        fprintf(to, ",\"stamp\":%lld", (long long)r->take.stamp);
        break;
    case HISTORY_MADE:
        put_operation(to, s, "from", r->made.write);
        break;
    case HISTORY_STORE:
        put_operation(to, s, "write", r->store.write);
        fprintf(to, ",\"stamp\":%lld,\"kept\":%s", (long long)r->store.stamp,
                r->store.kept ? "true" : "false");
        break;
    case HISTORY_MERGE:
        put_node(to, s, "origin", r->merge.origin);
        fprintf(to, ",\"upto\":%llu", (unsigned long long)r->merge.upto);
        break;
    case HISTORY_DROP:
        put_operation(to, s, "loser", r->drop.loser);
        put_operation(to, s, "winner", r->drop.winner);
        break;
    case HISTORY_SAMPLE:
        fprintf(to, ",\"instant\":%llu", (unsigned long long)r->sample.instant);
        break;
    case HISTORY_END:
        put_name(to, "outcome", timeline_outcome_name(r->end.outcome));
        if (r->end.write != 0)
            put_operation(to, s, "returned", r->end.write);
        break;
    case HISTORY_SEND:
    case HISTORY_ARRIVE:
    case HISTORY_LOST:
        put_message(t, r, to);
        break;
    case HISTORY_FAULT:
        put_name(to, "name", s->faults[r->fault.index].name);
        fprintf(to, ",\"begins\":%s", r->fault.begins ? "true" : "false");
        break;
    case HISTORY_LEADS:
        fprintf(to, ",\"group\":%u,\"term\":%llu,\"leads\":%s", r->leads.group,
                (unsigned long long)r->leads.term, r->leads.yes ? "true" : "false");
        break;
    case HISTORY_COUNT:
        fprintf(to, ",\"counter\":%u,\"by\":%llu", r->count.counter, (unsigned long long)r->count.by);
        break;
    default:
        break;
    }
}

/* Which kinds are about a key. */
#define WITH_KEY                                                                                             \
    (1u << HISTORY_BEGIN | 1u << HISTORY_TAKE | 1u << HISTORY_STORE | 1u << HISTORY_MERGE |                  \
     1u << HISTORY_ANSWER | 1u << HISTORY_DROP | 1u << HISTORY_SAMPLE | 1u << HISTORY_END |                  \
     1u << HISTORY_MADE | 1u << HISTORY_RETRY | 1u << HISTORY_FORGET)

void trace_write_jsonl(const struct timeline *t, const char *note, FILE *to)
{
    if (note != NULL) {
        fputs("{\"type\":\"note\",\"text\":", to);
        timeline_json_text(to, note);
        fputs("}\n", to);
    }
    array_each (struct trace_record, record, &t->trace->records) {
        const struct history_record *r = &record->record;
        fprintf(to, "{\"position\":%llu,\"time\":%lld,\"type\":\"%s\"", (unsigned long long)record->position,
                (long long)r->time, kind_names[r->kind]);
        if (r->op != 0)
            put_operation(to, t->setting, "operation", r->op);
        if ((WITH_KEY >> r->kind & 1) != 0)
            fprintf(to, ",\"key\":%llu", (unsigned long long)r->key);
        if (r->kind != HISTORY_FAULT)
            put_node(to, t->setting, "node", r->node);
        put_more(t, r, to);
        fputs("}\n", to);
    }
}
