/* check_sequential.c -- is there one order of all operations that keeps each session's own order and lets
 * every read return what it did? (Lamport 1979.) NP-complete even when each value is written once (Gibbons
 * and Korach 1997), and not local: the keys go together.
 *
 * So what is cheap is asked first, by whoever reads the verdict: linearizable implies sequential, and
 * sequential implies causal. Between them lies this search, depth first, for histories of at most
 * OPERATIONS_MOST operations: a node is how far each session has come and what each key holds; those from
 * which there is no way are remembered by a 128-bit sum (a mistake once in 2^100 nodes). A read that matches
 * happens at once, since it changes nothing. Of writes the one that ended first goes first, which finds the
 * order of a nearly linearizable history almost without turning back. After NODES_MOST nodes it is
 * undecided.
 *
 * What may have happened stands in a line of its own, free to happen at any time after what its session did
 * before it, or never. */
#include "sim/base/hash.h"
#include "sim/base/lines.h"
#include "sim/observe/check_room.h"

enum { OPERATIONS_MOST = 20000, NODES_MOST = 400000 };

struct seq_op {
    struct check_step step;
    uint64_t end;
    uint32_t key, line;
};

struct line {
    ARRAY(uint32_t) ops;
    uint32_t after_line, after_count; /* what may have happened: free once this line has come so far */
    bool optional, open;
};

struct trail {
    uint32_t line, key;
    struct check_state was;
};

struct frame {
    size_t trail, first; /* its candidates are candidates[first .. count) while it is the last */
};

struct sequential {
    struct check_stream_def def;
    ARRAY(struct seq_op) ops;
    ARRAY(struct line) lines;
    ARRAY(uint32_t) line_of; /* [session] + 1 */
    ARRAY(uint8_t) kinds;    /* [key] */
    bool too_many, overlaps;
    uint32_t *at; /* [line] */
    struct check_state *states;
    uint64_t sum[2];
    size_t left; /* operations that must still happen */
    ARRAY(struct trail) trail;
    ARRAY(struct frame) frames;
    ARRAY(uint32_t) candidates; /* lines */
    struct check_map seen;
};

struct sequential *sequential_new(const struct check_stream_def *def)
{
    struct sequential *s = memory_new(1, sizeof *s);

    s->def = *def;
    return s;
}

static void forget(struct sequential *s)
{
    array_each (struct line, line, &s->lines)
        array_free(&line->ops);
    array_free(&s->lines);
    lines_free(&s->ops);
    array_free(&s->line_of);
}

void sequential_free(struct sequential *s)
{
    if (s == NULL)
        return;
    forget(s);
    array_free(&s->kinds);
    free(s);
}

static uint32_t line_new(struct sequential *s, struct line line)
{
    *array_add(&s->lines) = line;
    return (uint32_t)s->lines.count - 1;
}

bool sequential_keeps(const struct sequential *s)
{
    return !s->too_many;
}

void sequential_begin(struct sequential *s, struct check_op *op, enum check_key kind)
{
    if (s->too_many)
        return;
    if (s->ops.count >= OPERATIONS_MOST) {
        s->too_many = true;
        forget(s);
        return;
    }
    while (s->line_of.count <= op->session)
        array_add(&s->line_of);
    while (s->kinds.count <= op->dense_key)
        array_add(&s->kinds);
    s->kinds.items[op->dense_key] = (uint8_t)kind;
    uint32_t *line = &s->line_of.items[op->session];
    if (*line == 0)
        *line = line_new(s, (struct line){.after_line = UINT32_MAX}) + 1;
    s->overlaps |= s->lines.items[*line - 1].open;
    s->lines.items[*line - 1].open = true;
}

void sequential_end(struct sequential *s, struct check_op *op)
{
    if (s->too_many)
        return;
    uint32_t at = s->line_of.items[op->session] - 1;
    s->lines.items[at].open = false;
    if (op->outcome == CHECK_FAIL ||
        (op->outcome == CHECK_INFO && (op->f == CHECK_READ || op->f == CHECK_BELOW)))
        return;
    if (op->outcome == CHECK_INFO)
        at = line_new(s, (struct line){.after_line = at,
                                       .optional = true,
                                       .after_count = (uint32_t)s->lines.items[at].ops.count});
    *array_add(&s->lines.items[at].ops) = (uint32_t)s->ops.count;
    *lines_add(&s->ops) = (struct seq_op){
        .step = {.f = op->f,
                 .kind = s->kinds.items[op->dense_key],
                 .value = op->value,
                 .expected = op->expected,
                 .number = op->number,
                 .digests = s->def.digests,
                 .beginnings = s->def.beginnings,
                 .never_below_zero = s->def.never_below_zero},
        .end = op->outcome == CHECK_OK ? op->end : CHECK_OPEN,
        .key = op->dense_key,
        .line = at,
    };
}

static void sum_add(struct sequential *s, uint64_t name, uint64_t a, uint64_t b, bool add)
{
    uint64_t h = hash_join(hash_join(name, a), b), g = hash_mix(h ^ UINT64_C(0x5851f42d4c957f2d));

    s->sum[0] += add ? h : -h;
    s->sum[1] += add ? g : -g;
}

static void move(struct sequential *s, uint32_t line, int64_t by)
{
    sum_add(s, line, s->at[line], 1, false);
    s->at[line] = (uint32_t)((int64_t)s->at[line] + by);
    sum_add(s, line, s->at[line], 1, true);
}

static void hold(struct sequential *s, uint32_t key, struct check_state state)
{
    sum_add(s, (UINT64_C(1) << 40) + key, s->states[key].a, s->states[key].b, false);
    s->states[key] = state;
    sum_add(s, (UINT64_C(1) << 40) + key, state.a, state.b, true);
}

/* The next operation of a line, or NULL. */
static const struct seq_op *next_of(const struct sequential *s, uint32_t line)
{
    const struct line *l = &s->lines.items[line];

    if (s->at[line] >= l->ops.count || (l->after_line != UINT32_MAX && s->at[l->after_line] < l->after_count))
        return NULL;
    return &s->ops.items[l->ops.items[s->at[line]]];
}

static bool happen(struct sequential *s, uint32_t line)
{
    const struct seq_op *op = next_of(s, line);
    struct check_state state = s->states[op->key];

    if (!check_step_apply(&op->step, &state))
        return false;
    *array_add(&s->trail) = (struct trail){.line = line, .key = op->key, .was = s->states[op->key]};
    hold(s, op->key, state);
    move(s, line, 1);
    s->left -= s->lines.items[line].optional ? 0 : 1;
    return true;
}

static void take_back(struct sequential *s, size_t to)
{
    while (s->trail.count > to) {
        struct trail t = s->trail.items[--s->trail.count];
        move(s, t.line, -1);
        hold(s, t.key, t.was);
        s->left += s->lines.items[t.line].optional ? 0 : 1;
    }
}

static void take_reads(struct sequential *s)
{
    for (bool again = true; again;) {
        again = false;
        for (uint32_t i = 0; i < s->lines.count; i++)
            for (const struct seq_op *op;
                 (op = next_of(s, i)) != NULL && check_step_reads(&op->step) && happen(s, i);)
                again = true;
    }
}

static bool was_seen(struct sequential *s)
{
    if (check_map_get(&s->seen, s->sum[0], s->sum[1]) != CHECK_ABSENT)
        return true;
    check_map_put(&s->seen, s->sum[0], s->sum[1], 1);
    return false;
}

/* A node: its reads, then its candidates, the one that ended first last (they are taken from the end). */
static void descend(struct sequential *s, size_t trail)
{
    struct frame f = {.trail = trail, .first = s->candidates.count};

    for (uint32_t i = 0; i < s->lines.count; i++) {
        const struct seq_op *op = next_of(s, i);
        if (op == NULL || check_step_reads(&op->step))
            continue;
        array_add(&s->candidates);
        size_t at = s->candidates.count - 1;
        for (; at > f.first && next_of(s, s->candidates.items[at - 1])->end < op->end; at--)
            s->candidates.items[at] = s->candidates.items[at - 1];
        s->candidates.items[at] = i;
    }
    *array_add(&s->frames) = f;
}

static enum check_holds walk(struct sequential *s)
{
    take_reads(s);
    if (s->left == 0)
        return CHECK_HOLDS;
    was_seen(s);
    descend(s, 0);
    while (s->frames.count > 0) {
        struct frame *f = &s->frames.items[s->frames.count - 1];
        if (s->candidates.count == f->first) {
            take_back(s, f->trail);
            s->frames.count--;
            continue;
        }
        size_t trail = s->trail.count;
        uint32_t line = s->candidates.items[--s->candidates.count];
        if (!happen(s, line))
            continue;
        take_reads(s);
        if (s->left == 0)
            return CHECK_HOLDS;
        if (was_seen(s))
            take_back(s, trail);
        else if (s->seen.count > NODES_MOST)
            return CHECK_UNDECIDED;
        else
            descend(s, trail);
    }
    return CHECK_BROKEN;
}

enum check_holds sequential_search(struct sequential *s, const char **why)
{
    *why = "no order that all sessions agree on lets every read return what it did";
    if (s->too_many || s->overlaps) {
        *why = s->too_many
                   ? "linearizable it is not, causal it is; it is too long for a search between the two"
                   : "operations of one session overlap, and it is not linearizable";
        return CHECK_UNDECIDED;
    }
    s->at = memory_new(s->lines.count + 1, sizeof *s->at);
    s->states = memory_new(s->kinds.count + 1, sizeof *s->states);
    for (uint32_t k = 0; k < s->kinds.count; k++)
        s->states[k].a = check_initial_of(&s->def, (enum check_key)s->kinds.items[k]);
    s->left = 0;
    array_each (struct line, line, &s->lines)
        s->left += line->optional ? 0 : line->ops.count;
    enum check_holds holds = walk(s);
    if (holds == CHECK_UNDECIDED)
        *why = "the search for an order reached its bound";
    free(s->at);
    free(s->states);
    array_free(&s->trail);
    array_free(&s->frames);
    array_free(&s->candidates);
    check_map_free(&s->seen);
    return holds;
}
