/* history_file.c -- see history_file.h. It keeps what is open, and for each session which of its processes
 * are busy. */
#include "sim/experiment/history_file.h"

#include "sim/base/array.h"
#include "sim/base/hash.h"
#include "sim/model/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

struct open_operation {
    uint64_t op;         /* without its identity; 0: the place is free */
    uint64_t key, write; /* write: with its identity, of the first attempt */
    int64_t amount;
    uint32_t process, session;
    uint16_t region;
    uint8_t kind, data, item;
    bool taken; /* by some node: it may take effect though its client is refused */
};

struct process {
    uint32_t number;
    bool busy;
};

struct session_processes {
    ARRAY(struct process) list;
};

struct history_file {
    FILE *to;
    const struct history_setting *setting;
    struct open_operation *table; /* open addressing, 2^bits places */
    uint32_t bits, count, process_count;
    ARRAY(struct session_processes) * sessions; /* [region] */
};

static size_t place_of(const struct history_file *f, uint64_t op)
{
    size_t mask = ((size_t)1 << f->bits) - 1, at = (size_t)hash_mix(op) & mask;

    while (f->table[at].op != 0 && f->table[at].op != op)
        at = (at + 1) & mask;
    return at;
}

static struct open_operation *operation_add(struct history_file *f, uint64_t op)
{
    if ((f->count + 1) * 2 > (uint32_t)1 << f->bits) {
        struct open_operation *old = f->table;
        size_t places = (size_t)1 << f->bits;
        f->table = memory_new(places * 2, sizeof *f->table);
        f->bits++;
        for (size_t i = 0; i < places; i++)
            if (old[i].op != 0)
                f->table[place_of(f, old[i].op)] = old[i];
        free(old);
    }
    f->count++;
    return &f->table[place_of(f, op)];
}

/* Takes one out, and moves those behind it so that each is still found from where its hash points. */
static void operation_remove(struct history_file *f, size_t at)
{
    size_t mask = ((size_t)1 << f->bits) - 1;

    f->table[at].op = 0;
    f->count--;
    for (size_t next = (at + 1) & mask; f->table[next].op != 0; next = (next + 1) & mask) {
        struct open_operation moved = f->table[next];
        f->table[next].op = 0;
        f->table[place_of(f, moved.op)] = moved;
    }
}

static struct session_processes *session_of(struct history_file *f, uint32_t region, uint32_t session)
{
    while (f->sessions[region].count <= session)
        (void)array_add(&f->sessions[region]);
    return &f->sessions[region].items[session];
}

static uint32_t process_take(struct history_file *f, uint32_t region, uint32_t session)
{
    struct session_processes *mine = session_of(f, region, session);

    array_each (struct process, p, &mine->list)
        if (!p->busy) {
            p->busy = true;
            return p->number;
        }
    struct process *added = array_add(&mine->list);
    *added = (struct process){f->process_count++, true};
    return added->number;
}

/* A process whose operation ended without a word is never used again. */
static void process_leave(struct history_file *f, const struct open_operation *o, bool told)
{
    struct session_processes *mine = session_of(f, o->region, o->session);

    for (size_t i = 0; i < mine->list.count; i++)
        if (mine->list.items[i].number == o->process) {
            if (told)
                mine->list.items[i].busy = false;
            else
                mine->list.items[i] = mine->list.items[--mine->list.count];
            return;
        }
}

/* A region's name within a JSON string. */
static void put_name(FILE *to, const char *name)
{
    for (; *name != '\0'; name++)
        if (*name == '"' || *name == '\\')
            fprintf(to, "\\%c", *name);
        else if ((unsigned char)*name < 32)
            fprintf(to, "\\u%04x", (unsigned)(unsigned char)*name);
        else
            fputc(*name, to);
}

static void put_op(const struct history_file *f, uint64_t op)
{
    fputc('"', f->to);
    put_name(f->to, f->setting->region_names[history_op_region(op)]);
    fprintf(f->to, ":%" PRIu64, op >> 8 & ((UINT64_C(1) << 39) - 1));
    if ((op & 0xff) != 0)
        fprintf(f->to, "+%u", (unsigned)(op & 0xff));
    fputc('"', f->to);
}

/* What an operation was asked to do. */
static void put_argument(const struct history_file *f, const struct open_operation *o)
{
    switch (o->kind) {
    case GEO_READ:
        fputs("null", f->to);
        return;
    case GEO_INCREMENT:
    case GEO_DECREMENT:
        fprintf(f->to, "%" PRId64, o->amount);
        return;
    case GEO_ADD:
    case GEO_REMOVE:
        fprintf(f->to, "%u", o->item);
        return;
    default:
        put_op(f, o->op);
        return;
    }
}

/* A set: its named items, and a digest of all that is in it (geo_value_digest): the elements that were
 * written are too many to name in each read, and by their `element` the digest can be made again. */
static void put_set(const struct history_file *f, uint64_t items, uint64_t digest)
{
    const char *between = "";

    fputs("{\"items\":[", f->to);
    for (int i = 0; i < 64; i++)
        if ((items >> i & 1) != 0) {
            fprintf(f->to, "%s%d", between, i);
            between = ",";
        }
    fprintf(f->to, "],\"digest\":\"%016" PRIx64 "\"}", digest);
}

static void put_result(const struct history_file *f, const struct open_operation *o,
                       const struct history_record *r)
{
    if (o->kind != GEO_READ)
        put_argument(f, o);
    else if (o->data == GEO_COUNTER)
        fprintf(f->to, "%" PRId64, r->end.number);
    else if (o->data == GEO_SET)
        put_set(f, (uint64_t)r->end.number, r->end.digest);
    else if (r->end.write == 0)
        fputs("null", f->to);
    else
        put_op(f, r->end.write);
}

static void put_begin(const struct history_file *f, const struct open_operation *o, const char *type)
{
    fprintf(f->to, "{\"process\":%u,\"type\":\"%s\",\"f\":\"%s\",\"key\":%" PRIu64 ",\"value\":", o->process,
            type, geo_kind_names[o->kind], o->key);
}

static void put_end(const struct history_file *f, const struct open_operation *o, sim_ns time)
{
    fprintf(f->to, ",\"time\":%" PRId64 ",\"session\":\"", time);
    put_name(f->to, f->setting->region_names[o->region]);
    fprintf(f->to, "/%u\",\"op\":", o->session);
    put_op(f, o->op);
    if (o->data == GEO_SET && (o->kind == GEO_WRITE || o->kind == GEO_UPDATE))
        fprintf(f->to, ",\"element\":\"%016" PRIx64 "\"", o->write);
}

static void begin(struct history_file *f, const struct history_record *r)
{
    uint64_t op = history_op_of(r->op);
    struct open_operation *o = operation_add(f, op);

    *o = (struct open_operation){.op = op,
                                 .key = r->key,
                                 .write = r->op,
                                 .amount = r->begin.amount,
                                 .session = r->begin.session,
                                 .region = r->begin.region,
                                 .kind = r->begin.op_kind,
                                 .data = r->begin.data,
                                 .item = r->begin.item};
    o->process = process_take(f, o->region, o->session);
    put_begin(f, o, "invoke");
    put_argument(f, o);
    put_end(f, o, r->time);
    if (o->data == GEO_COUNTER && f->setting->initial != 0)
        fprintf(f->to, ",\"initial\":%" PRId64, (int64_t)f->setting->initial);
    fputs("}\n", f->to);
}

static void end(struct history_file *f, const struct history_record *r, size_t at)
{
    static const char *const why[] = {[OUTCOME_NO] = "no",
                                      [OUTCOME_REFUSED] = "refused",
                                      [OUTCOME_THROTTLED] = "throttled",
                                      [OUTCOME_TIMEOUT] = "timeout",
                                      [OUTCOME_OPEN] = "open"};
    const struct open_operation o = f->table[at];
    bool ok = r->end.outcome == OUTCOME_OK, no = r->end.outcome == OUTCOME_NO;
    bool silent = r->end.outcome == OUTCOME_TIMEOUT || r->end.outcome == OUTCOME_OPEN;
    bool fail = no || (!ok && !silent && !o.taken);

    put_begin(f, &o, ok ? "ok" : fail ? "fail" : "info");
    if (ok)
        put_result(f, &o, r);
    else
        put_argument(f, &o);
    put_end(f, &o, r->time);
    if (ok && r->node != HISTORY_NO_NODE)
        fprintf(f->to, ",\"node\":%u", r->node);
    if (o.data == GEO_SET && o.kind != GEO_READ && r->op != o.write)
        fputs(",\"again\":true", f->to); /* an attempt of another identity was answered: a write of its own */
    if (!ok)
        fprintf(f->to, ",\"why\":\"%s\"", why[r->end.outcome]);
    fputs("}\n", f->to);
    process_leave(f, &o, ok || fail);
    operation_remove(f, at);
}

static void read_record(void *reader, const struct history_record *r, uint64_t position)
{
    struct history_file *f = reader;

    (void)position;
    if (history_op_is_probe(r->op))
        return;
    if (r->kind == HISTORY_BEGIN) {
        begin(f, r);
        return;
    }
    size_t at = place_of(f, history_op_of(r->op));
    if (f->table[at].op == 0)
        return; /* a write that some node takes after its client has gone */
    if (r->kind == HISTORY_TAKE)
        f->table[at].taken = true;
    else
        end(f, r, at);
}

struct history_file *history_file_open(const char *path, const struct history_setting *setting,
                                       struct history *h)
{
    FILE *to = fopen(path, "we");

    if (to == NULL)
        return NULL;
    struct history_file *f = memory_new(1, sizeof *f);
    f->to = to;
    f->setting = setting;
    f->bits = 6;
    f->table = memory_new((size_t)1 << f->bits, sizeof *f->table);
    f->sessions = memory_new(setting->region_count, sizeof *f->sessions);
    history_add_reader(h, read_record, f, 1u << HISTORY_BEGIN | 1u << HISTORY_TAKE | 1u << HISTORY_END);
    return f;
}

bool history_file_close(struct history_file *f)
{
    bool good = fflush(f->to) == 0 && !ferror(f->to);
    int error = errno;

    if (fclose(f->to) != 0 && good) {
        good = false;
        error = errno;
    }
    for (uint32_t r = 0; r < f->setting->region_count; r++) {
        array_each (struct session_processes, s, &f->sessions[r])
            array_free(&s->list);
        array_free(&f->sessions[r]);
    }
    free(f->sessions);
    free(f->table);
    free(f);
    errno = error;
    return good;
}
