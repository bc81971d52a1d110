/* timetable.c -- see timetable.h. */
#include "sim/world/timetable.h"

#include "sim/model/model.h"

#include <math.h>
#include <stdio.h>

/* Which of the draws about occurrence i of a fault: its length, the pause before it, its groups. */
enum { DRAW_LASTS, DRAW_PAUSE, DRAW_GROUPS };

static const char *const kind_names[FAULT_KINDS] = {
    "partition", "cut", "slow", "crash", "overload", "load", "clock", "switchover",
};

static random_key key_of(const struct geography *p, const struct fault_def *f, uint32_t index)
{
    random_key key = random_key_new(p->seed, p->replication, "fault");
    return f->name != NULL ? random_key_name(key, f->name) : random_key_number(key, index);
}

static sim_ns draw(const struct distribution *d, random_key key, uint32_t number, uint32_t what)
{
    random_stream s = random_stream_new(key, number, what);
    sim_ns value = distribution_draw_ns(d, &s);
    return value > 0 ? value : 0;
}

/* Two groups, neither empty: each of the 2^n - 2 ways alike. */
static uint8_t *random_groups(const struct world_def *def, random_key key, uint32_t number)
{
    uint8_t *group = memory_new(def->region_count, 1);
    random_stream s = random_stream_new(key, number, DRAW_GROUPS);

    if (def->region_count < 2)
        return group;
    for (uint32_t in_first = 0; in_first == 0 || in_first == def->region_count;) {
        in_first = 0;
        for (uint32_t g = 0; g < def->region_count; g++) {
            group[g] = (uint8_t)(1 + (random_u64(&s) & 1));
            in_first += group[g] == 1;
        }
    }
    return group;
}

static void add(struct timetable *t, const struct geography *p, uint32_t index, uint32_t number, sim_ns begin)
{
    const struct fault_def *f = &t->def->faults[index];
    random_key key = key_of(p, f, index);
    sim_ns end = SIM_NS_NEVER;

    if (f->kind == FAULT_CLOCK || f->kind == FAULT_SWITCHOVER)
        end = begin;
    else if (f->lasts != NULL)
        end = begin + draw(f->lasts, key, number, DRAW_LASTS);
    bool random = f->target == TARGET_RANDOM_GROUPS;
    *array_add(&t->occurrences) = (struct occurrence){
        .fault = f,
        .number = number,
        .begin = begin,
        .end = end,
        .owns_group = random,
        .group = random ? random_groups(t->def, key, number) : f->group,
    };
    t->overload_count += f->kind == FAULT_OVERLOAD;
    t->load_count += f->kind == FAULT_LOAD;
}

/* A fault that repeats starts none after the clients stop. */
static void add_all(struct timetable *t, const struct geography *p, uint32_t index)
{
    const struct fault_def *f = &t->def->faults[index];
    random_key key = key_of(p, f, index);

    if (f->every == NULL) {
        add(t, p, index, 0, f->at_ns);
        return;
    }
    sim_ns end = f->at_ns;
    for (uint32_t number = 0; end != SIM_NS_NEVER; number++) {
        sim_ns pause = draw(f->every, key, number, DRAW_PAUSE);
        if (pause < 1)
            pause = 1; /* time goes on, whatever was drawn */
        if (end > t->def->duration_ns - pause)
            return;
        add(t, p, index, number, end + pause);
        end = t->occurrences.items[t->occurrences.count - 1].end;
    }
}

static int by_begin(const void *left, const void *right)
{
    const struct occurrence *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    if (a->fault != b->fault)
        return a->fault < b->fault ? -1 : 1; /* both in the scenario's array: its order */
    return a->number < b->number ? -1 : a->number > b->number;
}

void timetable_open(struct timetable *t, const struct world_def *def, const struct geography *p)
{
    *t = (struct timetable){.def = def};
    for (uint32_t i = 0; i < def->fault_count; i++)
        add_all(t, p, i);
    if (t->occurrences.count > 0)
        qsort(t->occurrences.items, t->occurrences.count, sizeof *t->occurrences.items, by_begin);
    t->faults = memory_new(t->occurrences.count, sizeof *t->faults);
    for (size_t i = 0; i < t->occurrences.count; i++) {
        const struct occurrence *o = &t->occurrences.items[i];
        const char *name = o->fault->name != NULL ? o->fault->name : kind_names[o->fault->kind];
        t->faults[i] =
            (struct history_fault){.name = name, .kind = o->fault->kind, .begin = o->begin, .end = o->end};
    }
    t->links = memory_new((size_t)def->region_count * def->region_count, sizeof *t->links);
    for (size_t i = 0; i < (size_t)def->region_count * def->region_count; i++)
        t->links[i] = (struct link_state){.cut_begin = -1, .cut_end = -1, .factor = 1, .loss = -1};
}

void timetable_close(struct timetable *t)
{
    array_each (struct occurrence, o, &t->occurrences)
        if (o->owns_group)
            free(o->group);
    array_free(&t->occurrences);
    free(t->faults);
    free(t->links);
}

/* Does the fault touch the directed pair? */
static bool touches(const struct occurrence *o, uint32_t from, uint32_t to)
{
    const struct fault_def *f = o->fault;

    switch (f->target) {
    case TARGET_GROUPS:
    case TARGET_RANDOM_GROUPS:
        return o->group[from] != 0 && o->group[to] != 0 && o->group[from] != o->group[to];
    case TARGET_LINK:
        return f->from == from && f->to == to;
    case TARGET_PAIR:
        return (f->from == from && f->to == to) || (f->from == to && f->to == from);
    default:
        return false;
    }
}

/* Is it on at `now`, with occurrence `except` ended? */
static bool is_on(const struct timetable *t, size_t i, size_t except, sim_ns now)
{
    const struct occurrence *o = &t->occurrences.items[i];
    return i != except && o->begin <= now && now < o->end;
}

/* Factor and loss afresh from all that is on: products in one order, so that ending a fault leaves no
 * rounding behind. */
static void slow_afresh(struct timetable *t, uint32_t from, uint32_t to, size_t except, sim_ns now)
{
    struct link_state *l = &t->links[from * t->def->region_count + to];

    l->factor = 1;
    l->loss = -1;
    for (size_t i = 0; i < t->occurrences.count; i++) {
        const struct occurrence *o = &t->occurrences.items[i];
        if (o->fault->kind != FAULT_SLOW || !is_on(t, i, except, now) || !touches(o, from, to))
            continue;
        l->factor *= o->fault->factor;
        if (o->fault->has_loss)
            l->loss = o->fault->loss;
    }
}

void timetable_switch_links(struct timetable *t, uint32_t index, bool begins, sim_ns now)
{
    const struct occurrence *o = &t->occurrences.items[index];
    uint32_t n = t->def->region_count;
    int kind = o->fault->kind;

    if (kind != FAULT_PARTITION && kind != FAULT_CUT && kind != FAULT_SLOW)
        return;
    for (uint32_t from = 0; from < n; from++)
        for (uint32_t to = 0; to < n; to++) {
            if (from == to || !touches(o, from, to))
                continue;
            struct link_state *l = &t->links[from * n + to];
            if (kind == FAULT_SLOW) {
                slow_afresh(t, from, to, begins ? SIZE_MAX : index, now);
            } else if (begins) {
                if (l->cuts++ == 0) {
                    l->cut_begin = now;
                    l->cut_end = SIM_NS_NEVER;
                }
            } else if (--l->cuts == 0) {
                l->cut_end = now;
            }
        }
}

double timetable_overload(const struct timetable *t, uint32_t region, uint32_t node, int kind, sim_ns *start)
{
    for (;;) {
        double factor = 1;
        sim_ns stopped_until = 0;
        for (size_t i = 0; i < t->occurrences.count; i++) {
            const struct occurrence *o = &t->occurrences.items[i];
            const struct fault_def *f = o->fault;
            if (f->kind != FAULT_OVERLOAD || f->region != region || *start < o->begin || *start >= o->end ||
                (f->target == TARGET_NODE && f->node != node) || (f->only_apply && kind != GEO_SERVE_APPLY))
                continue;
            if (!isinf(f->factor))
                factor *= f->factor;
            else if (o->end == SIM_NS_NEVER)
                return INFINITY;
            else if (o->end > stopped_until)
                stopped_until = o->end;
        }
        if (stopped_until == 0)
            return factor;
        *start = stopped_until;
    }
}

double timetable_load(const struct timetable *t, uint32_t region, sim_ns when, sim_ns *until)
{
    double factor = 1;

    *until = SIM_NS_NEVER;
    if (t->load_count == 0)
        return factor;
    for (size_t i = 0; i < t->occurrences.count; i++) {
        const struct occurrence *o = &t->occurrences.items[i];
        if (o->fault->kind != FAULT_LOAD || o->fault->region != region)
            continue;
        if (o->begin <= when && when < o->end) {
            factor *= o->fault->factor;
            *until = o->end < *until ? o->end : *until;
        } else if (o->begin > when && o->begin < *until) {
            *until = o->begin;
        }
    }
    return factor;
}
