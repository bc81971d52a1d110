/* observe_naive.h -- the figures once more, as slowly and plainly as the definitions read: every write is
 * kept for ever, what a node has been reached by is a set of writes, and after each record every (replica,
 * write) is looked at.
 *
 * It shares nothing with sim/observe but the words. */
#ifndef GEOREP_TESTS_OBSERVE_NAIVE_H
#define GEOREP_TESTS_OBSERVE_NAIVE_H

#include "tests/property/observe_naive_cause.h"

#include <stdlib.h>
#include <string.h>

/* Writes of the key in the set that no other of them has seen. */
static struct naive_set naive_frontier(const struct naive *n, const struct naive_set *set, uint64_t key)
{
    struct naive_set f = {0};

    for (int w = 0; w < n->write_count; w++) {
        f.has[w] = set->has[w] && n->writes[w].key == key;
        for (int by = 0; by < n->write_count && f.has[w]; by++)
            if (by != w && set->has[by] && n->writes[by].seen.has[w])
                f.has[w] = false;
    }
    return f;
}

/* These arrive at once. Those of them that are in the frontier afterwards, and had not reached the node, meet
 * the rest of it. */
static void naive_arrive(struct naive *n, uint32_t node, uint64_t key, const struct naive_set *what)
{
    struct naive_set before = n->reached[node];

    for (int w = 0; w < n->write_count; w++)
        if (what->has[w])
            naive_closure(n, &n->reached[node], w);
    if (!naive_holder(n, key, node) || n->gone[node])
        return;
    struct naive_set f = naive_frontier(n, &n->reached[node], key);
    for (int a = 0; a < n->write_count; a++)
        for (int b = 0; b < n->write_count; b++) {
            if (a == b || !f.has[a] || !f.has[b] || before.has[a] || !what->has[a])
                continue;
            int early = n->writes[a].took < n->writes[b].took ? a : b, late = early == a ? b : a;
            if (n->met[early][late])
                continue;
            n->met[early][late] = true;
            n->conflicts += n->writes[late].in_window;
        }
}

static void naive_arrive_one(struct naive *n, uint32_t node, int w)
{
    struct naive_set what = {0};

    what.has[w] = true;
    naive_arrive(n, node, n->writes[w].key, &what);
}

static void naive_flush(struct naive *n)
{
    if (!n->batching)
        return;
    n->batching = false;
    naive_arrive(n, n->batch_node, n->batch_key, &n->batch);
    memset(&n->batch, 0, sizeof n->batch);
}

static void naive_count_lost(struct naive *n, const struct naive_write *w)
{
    if (!w->in_window || !w->lost || w->commit_position == 0)
        return;
    n->lost++;
    n->lost_by[w->cause]++;
    n->skew_by[w->cause] += w->skew;
    n->skew += w->skew;
    n->causal += w->causal;
}

static void naive_let_go(struct naive *n, uint32_t node, int loser, int winner)
{
    struct naive_write *w = &n->writes[loser];
    const struct naive_write *by = &n->writes[winner];

    if (w->decided || n->gone[node] || loser == winner)
        return;
    w->decided = true;
    w->lost = !by->seen.has[loser];
    w->skew = by->commit_position != 0 && by->commit_position < w->begin_position;
    w->causal = w->seen.has[winner];
    w->cause = w->lost ? naive_cause(n, loser, winner) : LOSS_CONCURRENT;
    naive_count_lost(n, w);
}

static void naive_take(struct naive *n, const struct history_record *r)
{
    int w = naive_find(n, r->op);

    if (w >= 0) {
        naive_arrive_one(n, r->node, w);
        return;
    }
    w = n->write_count++;
    struct naive_write *at = &n->writes[w];
    *at = (struct naive_write){.id = r->op,
                               .key = r->key,
                               .took = n->position,
                               .version = {r->take.stamp, r->op},
                               .taker = r->node,
                               .life = n->life[r->node],
                               .first = -1,
                               .begin_position = UINT64_MAX};
    for (int o = 0; o < w; o++)
        at->seen.has[o] = n->reached[r->node].has[o] && n->writes[o].key == r->key;
    for (int m = 0; m < n->made_count; m++)
        if (n->made_op[m] == r->op && naive_find(n, n->made_write[m]) >= 0)
            naive_closure(n, &at->seen, naive_find(n, n->made_write[m]));
    for (int o = 0; o < n->op_count; o++)
        if (n->ops[o].op == history_op_of(r->op)) {
            at->begin_position = n->ops[o].open ? n->ops[o].begin_position : UINT64_MAX;
            at->session = n->ops[o].session;
            at->in_window =
                n->ops[o].begin_time >= n->setting->warmup && n->ops[o].begin_time < n->setting->duration;
        }
    at->over = at->begin_position == UINT64_MAX ? n->position : 0;
    at->forgot = n->forgot[r->node];
    at->leads = n->leads[r->node];
    naive_stamp(n, at, r);
    naive_meets_stamp(n, r->node, w);
    naive_arrive_one(n, r->node, w);
}

static void naive_store(struct naive *n, const struct history_record *r)
{
    int w = naive_find(n, r->store.write), old = naive_find(n, n->held[r->node][r->key].write);
    geo_version v = {r->store.stamp, r->store.write};

    naive_arrive_one(n, r->node, w);
    naive_meets_stamp(n, r->node, w);
    n->durable[r->node].has[w] = true;
    if (!naive_holder(n, r->key, r->node))
        return;
    if (geo_newer(v, n->held[r->node][r->key])) {
        if (old >= 0)
            naive_let_go(n, r->node, old, w);
        n->held[r->node][r->key] = v;
        n->digest[r->node][r->key] = r->store.digest;
    } else if (old >= 0) {
        naive_let_go(n, r->node, w, old);
    }
}

static void naive_merge(struct naive *n, const struct history_record *r)
{
    int top = -1; /* the last write of the last life that had counted so far */

    for (int w = 0; w < n->write_count; w++)
        if (n->writes[w].key == r->key && n->writes[w].taker == r->merge.origin &&
            (uint64_t)n->writes[w].version.stamp <= r->merge.upto)
            top = w;
    n->batching = true;
    n->batch_node = r->node;
    n->batch_key = r->key;
    if (top < 0)
        return;
    for (int w = 0; w <= top; w++)
        if (n->writes[w].key == r->key && n->writes[w].taker == r->merge.origin &&
            (n->writes[w].life == n->writes[top].life || n->writes[top].seen.has[w]))
            n->merged[r->node].has[w] = true;
    n->durable[r->node].has[top] = true;
    if (!n->reached[r->node].has[top])
        n->batch.has[top] = true;
}

static bool naive_reflected_at(const struct naive_write *w, uint32_t node, uint64_t instant)
{
    if (w->since[node] != 0 && w->since[node] <= instant)
        return true;
    for (int i = 0; i < w->past_count[node]; i++)
        if (w->past[node][i].from <= instant && instant < w->past[node][i].to)
            return true;
    return false;
}

static void naive_read_ends(struct naive *n, const struct naive_op *op)
{
    uint64_t missed = 0;
    bool own = false;
    sim_ns oldest = 0;

    for (int w = 0; w < n->write_count; w++) {
        const struct naive_write *at = &n->writes[w];
        bool reflected = false;
        if (at->key != op->key || at->commit_position == 0 || at->commit_position >= op->begin_position)
            continue;
        for (int i = 0; i < op->sample_count; i++)
            reflected |= naive_holder(n, at->key, op->samples[i].node) &&
                         naive_reflected_at(at, op->samples[i].node, op->samples[i].instant);
        if (reflected)
            continue;
        oldest = missed == 0 || at->commit_time < oldest ? at->commit_time : oldest;
        missed++;
        own |= at->session == op->session && at->id >> 48 == op->op >> 48;
    }
    if (op->begin_time < n->setting->warmup || op->begin_time >= n->setting->duration)
        return;
    n->reads++;
    n->stale += missed > 0;
    n->not_own += own;
    n->versions += missed;
    n->stale_sum += missed > 0 ? op->begin_time - oldest : 0;
}

static void naive_end(struct naive *n, const struct history_record *r)
{
    struct naive_op *op = NULL;

    for (int o = 0; o < n->op_count; o++)
        if (n->ops[o].op == history_op_of(r->op))
            op = &n->ops[o];
    op->open = false;
    for (int w = 0; w < n->write_count; w++)
        if (history_op_of(n->writes[w].id) == op->op)
            n->writes[w].over = n->position;
    if (r->end.outcome != OUTCOME_OK)
        return;
    if (op->kind == GEO_READ) {
        op->samples[op->sample_count].node = r->node;
        op->samples[op->sample_count++].instant = r->end.instant;
        naive_read_ends(n, op);
        return;
    }
    n->committed += op->begin_time >= n->setting->warmup && op->begin_time < n->setting->duration;
    int w = naive_find(n, r->op);
    if (w < 0)
        return;
    n->writes[w].commit_position = n->position;
    n->writes[w].commit_time = r->time;
    naive_count_lost(n, &n->writes[w]);
}

static void naive_down(struct naive *n, const struct history_record *r)
{
    uint32_t node = r->node;

    n->up[node] = false;
    for (int w = 0; w < n->write_count; w++)
        if (n->writes[w].taker == node && n->writes[w].down == 0)
            n->writes[w].down = n->position;
    if (r->down.lose != LOSE_NOTHING)
        n->forgot[node] = n->position;
    if (r->down.lose == LOSE_DISK)
        n->newest[node] = -1;
    n->gone[node] |= n->setting->faults[r->down.fault].end == SIM_NS_NEVER;
    if (r->down.lose == LOSE_NOTHING)
        return;
    memset(&n->reached[node], 0, sizeof n->reached[node]);
    if (r->down.lose == LOSE_DISK) {
        n->life[node]++;
        memset(&n->durable[node], 0, sizeof n->durable[node]);
        memset(&n->merged[node], 0, sizeof n->merged[node]);
        memset(n->held[node], 0, sizeof n->held[node]);
        memset(n->digest[node], 0, sizeof n->digest[node]);
    }
    for (int w = 0; w < n->write_count; w++)
        if (n->durable[node].has[w])
            naive_closure(n, &n->reached[node], w);
}

static bool naive_reflects(const struct naive *n, uint32_t node, int w)
{
    const struct naive_write *at = &n->writes[w];

    return n->setting->by_merge ? n->merged[node].has[w] : !geo_newer(at->version, n->held[node][at->key]);
}

static void naive_lag(struct naive *n, const struct naive_write *w, uint32_t node, sim_ns until,
                      bool at_least)
{
    sim_ns lag = until > w->commit_time ? until - w->commit_time : 0;

    if (w->first >= 0 && n->setting->node_region[w->first] == n->setting->node_region[node])
        return;
    if (w->in_window) {
        n->lag_count++;
        n->lag_sum += lag;
        n->lag_at_least |= at_least;
    }
}

/* The lags of one write, when it is everywhere or the run ends. */
static void naive_settle(struct naive *n, struct naive_write *w, bool finish)
{
    sim_ns last = 0;
    bool missing = false;

    w->settled = true;
    for (uint32_t node = 0; node < n->setting->node_count; node++) {
        if (!naive_holder(n, w->key, node) || (w->since[node] == 0 && (!finish || !n->up[node])))
            continue;
        sim_ns until = w->since[node] != 0 ? w->since_time[node] : n->time;
        missing |= w->since[node] == 0;
        last = until - w->commit_time > last ? until - w->commit_time : last;
        naive_lag(n, w, node, until, w->since[node] == 0);
    }
    if (!w->in_window)
        return;
    n->convergence_count++;
    n->convergence_sum += last;
    n->convergence_at_least |= missing;
    n->unapplied += missing;
}

static bool naive_everywhere(const struct naive *n, const struct naive_write *w)
{
    for (uint32_t node = 0; node < n->setting->node_count; node++)
        if (naive_holder(n, w->key, node) && !n->gone[node] && w->since[node] == 0)
            return false;
    return true;
}

static void naive_reflect_one(struct naive *n, int w, uint32_t node)
{
    struct naive_write *at = &n->writes[w];
    bool now = naive_reflects(n, node, w);

    if (now && at->since[node] == 0 && !n->gone[node]) {
        at->since[node] = n->position;
        at->since_time[node] = n->time;
        if (at->first < 0)
            at->first = (int)node;
    } else if (!now && at->since[node] != 0) {
        at->past[node][at->past_count[node]++] = (struct naive_interval){at->since[node], n->position};
        at->since[node] = 0;
    }
}

static bool naive_all_applied(const struct naive *n, uint64_t before)
{
    for (int w = 0; w < n->write_count; w++)
        if (n->writes[w].commit_position != 0 && n->writes[w].commit_position < before &&
            !naive_everywhere(n, &n->writes[w]))
            return false;
    return true;
}

/* What stands after the record. */
static void naive_look(struct naive *n)
{
    const struct history_setting *s = n->setting;

    for (int w = 0; w < n->write_count; w++) {
        if (naive_holder(n, n->writes[w].key, n->writes[w].taker))
            naive_reflect_one(n, w, n->writes[w].taker);
        for (uint32_t node = 0; node < s->node_count; node++)
            if (naive_holder(n, n->writes[w].key, node))
                naive_reflect_one(n, w, node);
        if (n->writes[w].commit_position != 0 && !n->writes[w].settled && naive_everywhere(n, &n->writes[w]))
            naive_settle(n, &n->writes[w], false);
    }
    n->backlog = 0;
    for (int w = 0; w < n->write_count; w++)
        for (uint32_t node = 0; node < s->node_count; node++)
            n->backlog +=
                naive_holder(n, n->writes[w].key, node) && n->up[node] && n->writes[w].since[node] == 0;
    n->diverged_keys = 0;
    for (uint64_t key = 0; key < s->key_count; key++) {
        int first = -1;
        bool differ = false;
        for (int node = 0; node < (int)s->node_count; node++) {
            if (!n->up[node] || !naive_holder(n, key, (uint32_t)node))
                continue;
            first = first < 0 ? node : first;
            differ |= n->digest[node][key] != n->digest[first][key];
        }
        n->diverged_keys += differ;
    }
    if (n->time >= s->warmup && n->time < s->duration) {
        n->backlog_max = n->backlog > n->backlog_max ? n->backlog : n->backlog_max;
        n->diverged_max = n->diverged_keys > n->diverged_max ? n->diverged_keys : n->diverged_max;
    }
    for (int i = 0; i < n->wait_count; i++)
        if (n->waits[i].open && naive_all_applied(n, n->waits[i].position)) {
            n->waits[i].open = false;
            n->waits[i].took = n->time - n->waits[i].time;
        }
}

/* Time goes on to `time` with all as it stands. */
static void naive_pass(struct naive *n, sim_ns time)
{
    sim_ns from = n->last_time > n->setting->warmup ? n->last_time : n->setting->warmup;
    sim_ns to = time < n->setting->duration ? time : n->setting->duration;

    if (to > from) {
        n->backlog_area += (double)n->backlog * (double)(to - from);
        n->backlog_max = n->backlog > n->backlog_max ? n->backlog : n->backlog_max;
        n->diverged_max = n->diverged_keys > n->diverged_max ? n->diverged_keys : n->diverged_max;
    }
    n->last_time = time;
}

static void naive_record(void *self, const struct history_record *r, uint64_t position)
{
    struct naive *n = self;

    if (n->batching && (r->kind != HISTORY_MERGE || r->node != n->batch_node || r->key != n->batch_key))
        naive_flush(n);
    naive_pass(n, r->time);
    n->position = position;
    n->time = r->time;
    switch (r->kind) {
    case HISTORY_BEGIN:
        n->ops[n->op_count++] = (struct naive_op){.op = r->op,
                                                  .begin_position = position,
                                                  .begin_time = r->time,
                                                  .key = r->key,
                                                  .kind = r->begin.op_kind,
                                                  .open = true,
                                                  .session = r->begin.session};
        break;
    case HISTORY_TAKE:
        naive_take(n, r);
        break;
    case HISTORY_MADE:
        if (naive_find(n, r->made.write) >= 0)
            naive_meets_stamp(n, r->node, naive_find(n, r->made.write));
        n->made_op[n->made_count] = r->op;
        n->made_write[n->made_count++] = r->made.write;
        return;
    case HISTORY_STORE:
        naive_store(n, r);
        break;
    case HISTORY_MERGE:
        naive_merge(n, r);
        break;
    case HISTORY_ANSWER:
        n->digest[r->node][r->key] = r->answer.digest;
        break;
    case HISTORY_DROP:
        if (naive_find(n, r->drop.loser) >= 0)
            naive_let_go(n, r->node, naive_find(n, r->drop.loser), naive_find(n, r->drop.winner));
        break;
    case HISTORY_SAMPLE:
        for (int o = 0; o < n->op_count; o++)
            if (n->ops[o].op == r->op) {
                n->ops[o].samples[n->ops[o].sample_count].node = r->node;
                n->ops[o].samples[n->ops[o].sample_count++].instant = r->sample.instant;
            }
        break;
    case HISTORY_END:
        naive_end(n, r);
        break;
    case HISTORY_DOWN:
        naive_down(n, r);
        break;
    case HISTORY_LEADS:
        n->leads[r->node] = r->leads.yes ? position : n->leads[r->node];
        break;
    case HISTORY_UP:
        n->up[r->node] = true;
        break;
    case HISTORY_FAULT:
        if (!r->fault.begins && n->setting->faults[0].begin >= n->setting->warmup)
            n->waits[n->wait_count++] =
                (struct naive_wait){.position = position, .time = r->time, .open = true};
        break;
    default:
        break;
    }
    if (r->kind == HISTORY_TAKE)
        n->made_count = 0;
    naive_look(n);
}

static void naive_finish_wait(struct naive *n, struct naive_wait *wait)
{
    sim_ns last = wait->time;

    for (int w = 0; w < n->write_count; w++) {
        const struct naive_write *at = &n->writes[w];
        if (at->commit_position == 0 || at->commit_position >= wait->position)
            continue;
        for (uint32_t node = 0; node < n->setting->node_count; node++) {
            if (!naive_holder(n, at->key, node))
                continue;
            wait->at_least |= at->since[node] == 0 && n->up[node];
            if (at->since[node] != 0 && at->since_time[node] > last)
                last = at->since_time[node];
        }
    }
    wait->took = (wait->at_least ? n->time : last) - wait->time;
}

static void naive_finish(struct naive *n, sim_ns end_ns)
{
    naive_flush(n);
    naive_pass(n, end_ns);
    n->time = end_ns;
    for (int w = 0; w < n->write_count; w++) {
        struct naive_write *at = &n->writes[w];
        bool survives = false;
        if (at->commit_position == 0)
            continue;
        if (!at->settled)
            naive_settle(n, at, true);
        for (uint32_t node = 0; node < n->setting->node_count; node++)
            survives |= naive_holder(n, at->key, node) && n->up[node] && n->reached[node].has[w];
        n->lost_commits += at->in_window && !survives;
    }
    for (int i = 0; i < n->wait_count; i++)
        if (n->waits[i].open)
            naive_finish_wait(n, &n->waits[i]);
}

static void naive_begin(struct naive *n, const struct history_setting *s, struct history *h)
{
    memset(n, 0, sizeof *n);
    n->setting = s;
    for (int node = 0; node < NAIVE_NODES; node++)
        n->up[node] = true;
    for (int node = 0; node < NAIVE_NODES; node++)
        n->newest[node] = -1;
    history_add_reader(h, naive_record, n, (UINT32_C(1) << HISTORY_KINDS) - 1);
}

#endif
