/* timeline_undone.c -- see timeline_undone.h. */
#include "sim/observe/timeline_undone.h"

#include <stdlib.h>
#include <string.h>

/* Has the node the write, or (unless `itself`) one that outdoes it, just before the record at `until`?
 * `gone`: by which record it lost it last, NULL if it never had it. */
static bool had(const struct timeline *t, const struct timeline_operation *write, uint32_t node, bool itself,
                uint64_t until, const struct trace_record **gone)
{
    bool in_memory = false, on_disk = false;
    struct timeline_mark mark = timeline_mark(t, write);

    *gone = NULL;
    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (r->position >= until)
            break;
        if (h->node != node || r->position < write->taken_position)
            continue;
        bool forgets = (h->kind == HISTORY_FORGET && h->key == write->key) ||
                       (h->kind == HISTORY_DOWN && h->down.lose == LOSE_DISK);
        bool crashes = h->kind == HISTORY_DOWN && h->down.lose == LOSE_MEMORY && !on_disk;
        in_memory |= r->position == write->taken_position;
        on_disk |= timeline_is_mark(&mark, h) &&
                   (!itself || h->kind == HISTORY_MERGE || h->store.write == write->op);
        if ((forgets || crashes) && (in_memory || on_disk))
            *gone = r;
        if (forgets || crashes)
            in_memory = on_disk = false;
    }
    return in_memory || on_disk;
}

static bool has(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                uint64_t until, const struct trace_record **gone)
{
    return had(t, write, node, false, until, gone);
}

/* The term that the taker led in when it took the write; 0: it did not say. */
static uint64_t term_of(const struct timeline *t, const struct timeline_operation *write)
{
    uint64_t term = 0;

    array_each (struct trace_record, r, &t->trace->records)
        if (r->position < write->taken_position && r->record.kind == HISTORY_LEADS && r->record.leads.yes &&
            r->record.node == write->taker)
            term = r->record.leads.term;
    return term;
}

/* The first that led without the write: it took over later, or had done so, and the taker had not heard. */
static const struct trace_record *leader_without(const struct timeline *t,
                                                 const struct timeline_operation *write, uint64_t until)
{
    const struct trace_record *gone;
    uint64_t term = term_of(t, write);

    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        if (r->position >= until)
            break;
        if (h->kind == HISTORY_LEADS && h->leads.yes &&
            placement_index(t->setting, write->key, h->node) >= 0 &&
            (r->position > write->taken_position || (term != 0 && h->leads.term > term)) &&
            !has(t, write, h->node, r->position, &gone))
            return r;
    }
    return NULL;
}

static bool comes_later(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                        uint64_t from)
{
    array_each (struct trace_record, r, &t->trace->records)
        if (r->position >= from && r->record.kind == HISTORY_STORE && r->record.node == node &&
            r->record.store.write == write->op)
            return true;
    return false;
}

/* Has every node that had it lost it by then? The last loss; NULL: some node has it, or nobody had. */
static const struct trace_record *gone_everywhere(const struct timeline *t,
                                                  const struct timeline_operation *write, uint64_t until)
{
    const struct trace_record *gone, *last = NULL;

    for (uint32_t node = 0; node < t->setting->node_count; node++) {
        if (had(t, write, node, true, until, &gone) && until != UINT64_MAX)
            return NULL;
        if (gone != NULL && (last == NULL || gone->position > last->position))
            last = gone;
    }
    return last;
}

bool undone_find(const struct timeline *t, const struct timeline_operation *write, uint32_t node,
                 uint64_t until, struct undone *out)
{
    *out = (struct undone){.until = until};
    if (write->taken == SIM_NS_NEVER || has(t, write, node, until, &out->gone))
        return false;
    out->leads = leader_without(t, write, until);
    if (out->gone == NULL && out->leads != NULL && comes_later(t, write, node, until))
        return false;
    if (out->gone == NULL && out->leads == NULL)
        out->gone = gone_everywhere(t, write, until);
    return out->gone != NULL || out->leads != NULL;
}

bool undone_for_good(const struct timeline *t, const struct timeline_operation *write, struct undone *out)
{
    *out = (struct undone){.until = UINT64_MAX, .gone = gone_everywhere(t, write, UINT64_MAX)};
    if (out->gone != NULL)
        out->leads = leader_without(t, write, UINT64_MAX);
    return out->gone != NULL;
}

/* Nodes of one region that go down, or come back, at one instant have one line: "east[0], [2] go down". */
struct together {
    char text[STORY_TEXT];
    uint32_t count, region;
    uint8_t kind, lose;
    sim_ns time;
    uint32_t fault;
};

static void together_tell(struct story *s, const struct history_setting *setting, struct together *g)
{
    static const char *const loses[2][3] = {{"", ", and loses its memory", ", and loses its disk"},
                                            {"", ", and lose their memory", ", and lose their disks"}};
    char by[TIMELINE_NAME] = "";
    bool many = g->count > 1;

    if (g->count > 0 && g->kind == HISTORY_UP)
        story_line(s, g->time, false, "%s %s up again", g->text, many ? "are" : "is");
    if (g->count > 0 && g->kind == HISTORY_DOWN && g->fault < setting->fault_count)
        way_by_fault(setting, g->fault, by);
    if (g->count > 0 && g->kind == HISTORY_DOWN)
        story_line(s, g->time, true, "%s %s down%s%s", g->text, many ? "go" : "goes", by,
                   loses[many][g->lose <= LOSE_DISK ? g->lose : LOSE_NOTHING]);
    g->count = 0;
}

static void together_add(struct story *s, const struct history_setting *setting, struct together *g,
                         const struct history_record *h)
{
    size_t used = strlen(g->text);
    char name[TIMELINE_NAME];

    if (g->count > 0 && g->kind == h->kind && g->time == h->time &&
        g->region == setting->node_region[h->node]) {
        snprintf(g->text + used, sizeof g->text - used, ", [%u]",
                 h->node - setting->region_first_node[g->region]);
        g->count++;
        return;
    }
    together_tell(s, setting, g);
    *g = (struct together){
        .count = 1, .region = setting->node_region[h->node], .kind = h->kind, .time = h->time};
    if (h->kind == HISTORY_DOWN) {
        g->lose = h->down.lose;
        g->fault = h->down.fault;
    }
    snprintf(g->text, sizeof g->text, "%s", timeline_node_name(setting, h->node, name));
}

/* Lines of crashes and leaders, of nodes that are responsible for the key. */
static void tell_turns(struct story *s, const struct story_def *def, const struct timeline_operation *write,
                       const struct undone *u, uint64_t until)
{
    const struct timeline *t = def->timeline;
    const struct trace_record *gone;
    struct together group = {0};
    char name[TIMELINE_NAME], op[TIMELINE_NAME];
    bool *down = memory_new(t->setting->node_count, sizeof *down); /* told of: its return is, too */

    timeline_operation_name(t->setting, write->op, op);
    array_each (struct trace_record, r, &t->trace->records) {
        const struct history_record *h = &r->record;
        bool is_down = h->kind == HISTORY_DOWN, is_up = h->kind == HISTORY_UP;
        if ((r->position <= write->taken_position && r != u->leads) || r->position >= until ||
            (!is_down && !is_up && h->kind != HISTORY_LEADS && h->kind != HISTORY_FORGET) ||
            (h->kind == HISTORY_FORGET && h->key != write->key) ||
            placement_index(t->setting, write->key, h->node) < 0)
            continue;
        bool holds = had(t, write, h->node, true, r->position, &gone);
        timeline_node_name(t->setting, h->node, name);
        if ((is_down && holds) || (is_up && down[h->node])) {
            together_add(s, t->setting, &group, h);
            down[h->node] = is_down;
        } else if (r == u->leads && r->position < write->taken_position)
            story_line(s, h->time, true, "%s leads from now on", name);
        else if (r == u->leads)
            story_line(s, h->time, true, "%s leads from now on, without %s", name, op);
        else if (h->kind == HISTORY_LEADS && !h->leads.yes && (holds || gone != NULL))
            story_line(s, h->time, false, "%s leads no more", name);
        else if (h->kind == HISTORY_FORGET && holds)
            story_line(s, h->time, true, "%s throws %s away: the new leader has it not", name, op);
    }
    together_tell(s, t->setting, &group);
    free(down);
}

/* What comes to the new leader from the old one after all. */
static void tell_unheeded(struct story *s, const struct story_def *def, const struct timeline_message *m,
                          const struct trace_record *leads)
{
    char name[TIMELINE_NAME];

    if (m->arrived != SIM_NS_NEVER && m->arrived_position > leads->position)
        story_line(s, m->arrived, false, "%s pays it no heed: it leads itself by now",
                   timeline_node_name(def->timeline->setting, leads->record.node, name));
}

/* What the taker sent of it to replicas elsewhere, and that did not come in time; not more than a few. */
static void tell_sent(struct story *s, const struct story_def *def, const struct timeline_operation *o,
                      const struct undone *u)
{
    enum { MOST = 3 };
    const struct history_setting *setting = def->timeline->setting;
    uint32_t holders[PLACEMENT_MOST], count = placement_holders(setting, o->key, holders), told = 0;
    struct way_step steps[WAY_MOST];

    for (uint32_t i = 0; i < count; i++) {
        if (setting->node_region[holders[i]] == setting->node_region[o->taker])
            continue;
        uint32_t ways = way_of_write(def->timeline, o, holders[i], steps);
        if (ways == 1 && steps[0].m != NULL &&
            (u->gone == NULL ||
             (steps[0].m->sent < u->gone->record.time && steps[0].m->arrived > u->gone->record.time)) &&
            told++ < MOST)
            way_tell_step(s, def, &steps[0], steps[0].m->arrived == SIM_NS_NEVER);
    }
    if (told > MOST)
        story_line(s, o->taken, false, "(%u more message%s left out)", told - MOST,
                   told == MOST + 1 ? " is" : "s are");
}

void undone_tell(struct story *s, const struct story_def *def, const struct timeline_operation *write,
                 const struct undone *u, uint64_t until)
{
    struct way_step steps[WAY_MOST];

    if (u->leads == NULL || u->leads->record.node == write->taker) {
        tell_sent(s, def, write, u);
    } else {
        uint32_t count = way_of_write(def->timeline, write, u->leads->record.node, steps);
        const struct way_step *worst = way_worst(steps, count, u->leads->record.time);
        for (uint32_t i = 0; i < count; i++)
            way_tell_step(s, def, &steps[i], &steps[i] == worst);
        if (count > 0 && steps[count - 1].m != NULL && steps[count - 1].had != steps[count - 1].m->arrived)
            tell_unheeded(s, def, steps[count - 1].m, u->leads);
    }
    tell_turns(s, def, write, u, until);
}

static const char *crash_in_words(const struct timeline *t, const struct trace_record *down,
                                  char out[STORY_TEXT])
{
    static const char *const loses[] = {"went down", "lost its memory", "lost its disk"};
    const struct history_record *h = &down->record;
    char name[TIMELINE_NAME], when[TIMELINE_NAME], by[TIMELINE_NAME] = "";

    if (h->down.fault < t->setting->fault_count)
        way_by_fault(t->setting, h->down.fault, by);
    snprintf(out, STORY_TEXT, "%s %s at %s%s", timeline_node_name(t->setting, h->node, name),
             loses[h->down.lose <= LOSE_DISK ? h->down.lose : LOSE_NOTHING], timeline_instant(h->time, when),
             by);
    return out;
}

/* Why it had not come from its taker to any other replica, in another region if there are such, by the time
 * of the crash; false: because of the crash itself. */
static bool cause_of_none(const struct story_def *def, const struct timeline_operation *write,
                          const struct history_record *down, char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const uint16_t *region = t->setting->node_region;
    uint32_t holders[PLACEMENT_MOST], count = placement_holders(t->setting, write->key, holders);
    struct way_step steps[WAY_MOST];
    bool apart = false;

    for (uint32_t i = 0; i < count; i++)
        apart |= region[holders[i]] != region[down->node];
    for (uint32_t i = 0; i < count; i++) {
        if (holders[i] == down->node || down->node != write->taker ||
            (apart && region[holders[i]] == region[down->node]))
            continue;
        uint32_t ways = way_of_write(t, write, holders[i], steps);
        if (ways == 1 && steps[0].had > down->time &&
            strstr(way_cause(def, &steps[0], down->time, out), " was down ") == NULL)
            return true;
    }
    return false;
}

/* A disk took it along: was it anywhere else? */
static const char *cause_of_crash(const struct story_def *def, const struct timeline_operation *write,
                                  const struct undone *u, char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_record *down = &u->gone->record;
    const struct trace_record *gone;
    uint32_t holders[PLACEMENT_MOST], count = placement_holders(t->setting, write->key, holders);
    char op[TIMELINE_NAME], after[TIMELINE_NAME] = "", name[TIMELINE_NAME], why[STORY_TEXT],
                            words[STORY_TEXT];

    timeline_operation_name(t->setting, write->op, op);
    int used = snprintf(out, STORY_TEXT, "%.200s", crash_in_words(t, u->gone, words));
    for (uint32_t i = 0; i < count && u->until != UINT64_MAX; i++)
        if (holders[i] != down->node && has(t, write, holders[i], u->until, &gone)) {
            snprintf(out + used, STORY_TEXT - (size_t)used,
                     ", and with it %.100s, and had not got it back from %s", op,
                     timeline_node_name(t->setting, holders[i], name));
            return out;
        }
    if (write->end < down->time && write->outcome == OUTCOME_OK)
        snprintf(after, sizeof after, ", %.40s after the commit",
                 timeline_span(down->time - write->end, name));
    used += snprintf(out + used, STORY_TEXT - (size_t)used, "%.60s, and with it %.100s", after, op);
    if (count > 1 && cause_of_none(def, write, down, why))
        snprintf(out + used, STORY_TEXT - (size_t)used, ", which no other replica had: %.200s", why);
    else
        snprintf(out + used, STORY_TEXT - (size_t)used,
                 count > 1 ? ", which no other replica had" : ", of which there is no other copy");
    return out;
}

/* The first that the new leader sent to the taker, and that had not come when the write was taken. */
static const struct timeline_message *
word_of(const struct timeline *t, const struct timeline_operation *write, const struct history_record *leads)
{
    array_each (struct timeline_message, m, &t->messages)
        if (m->from == leads->node && m->to == write->taker && m->sent >= leads->time &&
            m->sent < write->taken && m->arrived_position > write->taken_position)
            return m;
    return NULL;
}

/* The taker did not know that it led no more. */
static const char *cause_of_two(const struct story_def *def, const struct timeline_operation *write,
                                const struct history_record *leads, char out[STORY_TEXT])
{
    const struct history_setting *s = def->timeline->setting;
    uint32_t from = s->node_region[leads->node], to = s->node_region[write->taker];
    uint32_t cut = def->facts->cut(def->facts->self, from, to, write->taken);
    const struct timeline_message *word = word_of(def->timeline, write, leads);
    char old[TIMELINE_NAME], new[TIMELINE_NAME], when[TIMELINE_NAME], why[STORY_TEXT], span[TIMELINE_NAME],
        by[TIMELINE_NAME];

    if (word != NULL)
        way_cause_message(def, word, write->taken, why);
    else if (cut == STORY_NO_FAULT)
        snprintf(why, sizeof why, "word of that was on its way");
    else
        snprintf(why, sizeof why, "the link %.100s -> %.100s was cut %.80s%.100s", s->region_names[from],
                 s->region_names[to], way_fault_span(s, cut, span), way_by_fault(s, cut, by));
    snprintf(out, STORY_TEXT, "%.100s took it, and did not know that %.100s led since %.30s: %.300s",
             timeline_node_name(s, write->taker, old), timeline_node_name(s, leads->node, new),
             timeline_instant(leads->time, when), why);
    return out;
}

/* Who leads now was never told of it, or has lost it. */
static const char *cause_of_leader(const struct story_def *def, const struct timeline_operation *write,
                                   const struct trace_record *by, char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    const struct history_record *leads = &by->record;
    struct way_step steps[WAY_MOST];
    char op[TIMELINE_NAME], new[TIMELINE_NAME], old[TIMELINE_NAME], when[TIMELINE_NAME], why[STORY_TEXT];

    timeline_operation_name(t->setting, write->op, op);
    timeline_node_name(t->setting, leads->node, new);
    timeline_node_name(t->setting, write->taker, old);
    timeline_instant(leads->time, when);
    uint32_t count = way_of_write(t, write, leads->node, steps);
    const struct way_step *worst = way_worst(steps, count, leads->time);
    int used =
        snprintf(out, STORY_TEXT, "%.100s took over from %.100s at %.30s without %.100s", new, old, when, op);
    if (worst != NULL && used > 0)
        snprintf(out + used, STORY_TEXT - (size_t)used, ": %s", way_cause(def, worst, leads->time, why));
    return out;
}

const char *undone_cause(const struct story_def *def, const struct timeline_operation *write,
                         const struct undone *u, char out[STORY_TEXT])
{
    const struct timeline *t = def->timeline;
    char op[TIMELINE_NAME], name[TIMELINE_NAME], when[TIMELINE_NAME];

    if (u->leads != NULL && u->leads->position < write->taken_position)
        return cause_of_two(def, write, &u->leads->record, out);
    if (u->gone != NULL && u->gone->record.kind == HISTORY_DOWN &&
        (u->leads == NULL || u->leads->record.node == u->gone->record.node)) /* it led again */
        return cause_of_crash(def, write, u, out);
    if (u->leads != NULL)
        return cause_of_leader(def, write, u->leads, out);
    CHECK(u->gone != NULL); /* what was found has one of them */
    snprintf(out, STORY_TEXT, "%.100s threw %.100s away at %.30s for another leader's log",
             timeline_node_name(t->setting, u->gone->record.node, name),
             timeline_operation_name(t->setting, write->op, op),
             timeline_instant(u->gone->record.time, when));
    return out;
}
