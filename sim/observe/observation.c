/* observation.c -- one reader of the history, which hands each record to those that it concerns.
 *
 * The ledger comes first: it knows by then what the record did, and the others look at it. An operation's END
 * comes to the readers before the ledger lets anything go, since its read may miss what only waits for it. */
#include "sim/observe/observation_room.h"

#include "sim/base/hot.h"
#include "sim/model/model.h"

static inline bool has(const struct observation *o, uint32_t parts)
{
    return (o->parts & parts) != 0;
}

/* ---- what the ledger tells ---- */

static void on_settled(void *self, const struct live_write *w)
{
    lag_settled(&((struct observation *)self)->lag, w);
}

static void on_applied(void *self, const struct live_write *w)
{
    convergence_applied(&((struct observation *)self)->convergence, w);
}

static void on_undone(void *self, const struct live_write *w)
{
    convergence_undone(&((struct observation *)self)->convergence, w);
}

static void on_conflict(void *self, const struct live_write *later, const struct live_write *earlier)
{
    (void)earlier;
    conflicts_pair(&((struct observation *)self)->conflicts, later);
}

static void on_lost(void *self, const struct live_write *w)
{
    conflicts_lost(&((struct observation *)self)->conflicts, w);
}

static void on_reflected(void *self, const struct live_write *w, uint32_t row)
{
    guarantees_reflected(&((struct observation *)self)->guarantees, w, row);
}

/* Every replica holds it, or a newer one: of registers that hold one version, no older one is read from now
 * on. */
static void on_over(void *self, const struct live_write *w)
{
    struct observation *o = self;

    if (o->setting->data == GEO_REGISTER && !o->setting->by_merge)
        delta_over(&o->delta, w->entry->key, w->stamp, w->id);
}

static void on_let_go(void *self, const struct live_write *loser, const struct live_write *winner,
                      uint32_t node)
{
    struct observation *o = self;

    guarantees_let_go(&o->guarantees, &o->ledger, loser, winner, node);
}

/* ---- what the history tells ---- */

static void begin(struct observation *o, const struct history_record *r, uint64_t position)
{
    const struct operation *op = operations_begin(&o->operations, r, position);

    if (op->is_probe)
        return;
    latency_begin(&o->latency, op);
    if (has(o, OBSERVE_GUARANTEES))
        guarantees_begin(&o->guarantees, op);
    if (op->kind == GEO_READ)
        return;
    tallies_begin(&o->tallies, op);
    if (has(o, OBSERVE_RECOVERY))
        recovery_begin(&o->recovery, op);
}

static void retry(struct observation *o, const struct history_record *r)
{
    struct operation *op = operations_find(&o->operations, r->op);
    uint16_t identity = (uint16_t)(r->op & 0xff);

    if (op == NULL || op->is_probe)
        return;
    op->attempts++;
    o->delta.keeps |= r->op == r->retry.of; /* what is over may be taken again */
    if (identity > op->identities)
        op->identities = identity;
    latency_retry(&o->latency, op);
}

/* Only a write that follows another may be applied against an order: while there is none, nobody asks. */
static void may_follow(struct observation *o, const struct operation *op, uint64_t write)
{
    guarantees_take(&o->guarantees, &o->ledger, op, write);
    o->ledger.listener.reflected = guarantees_any_follower(&o->guarantees) ? on_reflected : NULL;
}

APART static void take(struct observation *o, const struct history_record *r)
{
    struct operation *op = operations_find(&o->operations, r->op);
    struct take_origin origin = {.begin_position = UINT64_MAX};

    origin.in_window = op != NULL ? op->in_window : operations_in_window(&o->operations, r->op);
    if (op != NULL) {
        origin.begin_position = op->begin_position;
        origin.session = op->session;
    }
    bool first = ledger_take(&o->ledger, r, origin);
    if (has(o, OBSERVE_LEADERSHIP))
        leadership_take(&o->leadership, r);
    if (first && op != NULL && has(o, OBSERVE_GUARANTEES))
        may_follow(o, op, r->op);
    if (has(o, OBSERVE_TALLIES))
        tallies_take(&o->tallies, r, op, !first, origin.in_window);
}

/* Of another write than the newest. */
APART static void delta_reads_other(struct observation *o, const struct operation *op,
                                    const struct history_record *r)
{
    uint64_t write = r->end.write;

    if (delta_read(&o->delta, op->key, write, op->begin_time, r->time))
        return;
    if (write == 0 || ledger_find(&o->ledger, write) == NULL)
        o->delta.undecided = true; /* of a write that was let go of */
}

/* What is of both kinds, but not of probes. */
HOT void serves(struct observation *o, const struct operation *op, const struct history_record *r,
                bool writes, bool well, struct series_bin *bin)
{
    if (has(o, OBSERVE_LATENCY))
        latency_end(&o->latency, op, r, writes, well, bin);
    if (has(o, OBSERVE_GUARANTEES))
        guarantees_end(&o->guarantees, op);
}

/* What it was made from beside the SAMPLEs that were told. */
static void sample_last(struct observation *o, struct operation *op, const struct history_record *r)
{
    if (r->node != HISTORY_NO_NODE)
        operations_sample(&o->operations, op, r->node, r->end.instant);
}

/* Of a key of which the ledger has something, or somebody a note. */
APART static void read_of_busy(struct observation *o, struct operation *op, const struct history_record *r,
                               struct series_bin *bin)
{
    const struct live_write *newest = NULL;

    sample_last(o, op, r);
    if (o->keys.records[op->key].entry == 0) {
        if (has(o, OBSERVE_STALENESS))
            staleness_fresh(&o->staleness, op, bin);
    } else if (has(o, OBSERVE_STALENESS)) {
        newest = staleness_end(&o->staleness, &o->ledger, &o->operations, op, bin);
    } else if (has(o, OBSERVE_GUARANTEES)) {
        newest = staleness_missed(&o->ledger, &o->operations, op).newest;
    }
    if (has(o, OBSERVE_GUARANTEES))
        guarantees_read(&o->guarantees, &o->ledger, &o->operations, op, newest);
}

APART static void read_fails(struct observation *o, struct operation *op, const struct history_record *r,
                             struct series_bin *bin)
{
    serves(o, op, r, false, latency_well(r), bin);
}

/* Of most keys the ledger has nothing, and nobody a note: of these all is known from the key's record. */
HOT void read_ends(struct observation *o, struct operation *op, const struct history_record *r)
{
    struct series_bin *bin = series_at(&o->series, op->region, op->begin_time);
    const struct key_record *key = &o->keys.records[op->key];

    if (r->end.outcome != OUTCOME_OK) {
        read_fails(o, op, r, bin);
        return;
    }
    serves(o, op, r, false, true, bin);
    if (has(o, OBSERVE_TALLIES))
        tallies_read(&o->tallies, op, r);
    if ((key->entry | key->notes) != 0) {
        read_of_busy(o, op, r, bin);
    } else {
        if (has(o, OBSERVE_STALENESS))
            staleness_fresh(&o->staleness, op, bin);
        guarantees_read_bare(&o->guarantees, op);
    }
    if (o->has_delta && !delta_read_newest(&o->delta, op->key, r->end.write, op->begin_time))
        delta_reads_other(o, op, r);
}

/* All identities of the operation are over with it; the one that succeeded has committed. */
static void commits(struct observation *o, const struct operation *op, const struct history_record *r,
                    struct live_write *named)
{
    bool well = latency_well(r);

    if (well && has(o, OBSERVE_RECOVERY))
        recovery_success(&o->recovery, op, r->time);
    if (has(o, OBSERVE_LEADERSHIP))
        leadership_end(&o->leadership, r, well);
    if (r->end.outcome == OUTCOME_OK) {
        o->conflicts.committed += op->in_window;
        if (!op->taken && op->in_window)
            recovery_never_taken(&o->recovery, r->op);
    }
    for (uint32_t identity = 0; identity <= op->identities; identity++) {
        uint64_t write = op->op | identity;
        ledger_end(&o->ledger, ledger_found(&o->ledger, named, write),
                   r->end.outcome == OUTCOME_OK && write == r->op, op->attempts > 0);
    }
}

APART static void write_ends(struct observation *o, const struct operation *op,
                             const struct history_record *r, struct live_write *named)
{
    bool ok = r->end.outcome == OUTCOME_OK;

    serves(o, op, r, true, latency_well(r), series_at(&o->series, op->region, op->begin_time));
    if (has(o, OBSERVE_TALLIES))
        tallies_wrote(&o->tallies, op, r);
    commits(o, op, r, named);
    if (has(o, OBSERVE_GUARANTEES))
        guarantees_wrote(&o->guarantees, &o->ledger, op, ok ? r->op : 0);
    for (uint32_t identity = 0; identity <= op->identities && o->has_delta; identity++) {
        uint64_t write = op->op | identity;
        delta_write(&o->delta, op->key, write, op->begin_time, ok && write == r->op ? r->time : SIM_NS_NEVER);
    }
}

/* True: something of the ledger may have changed. */
HOT bool end(struct observation *o, const struct history_record *r, struct live_write *const *named)
{
    struct operation *op = operations_take(&o->operations, r->op);

    if (op == NULL)
        return true;
    bool writes = op->kind != GEO_READ;
    if (writes) {
        write_ends(o, op, r, *named);
    } else if (!op->is_probe) {
        read_ends(o, op, r);
    } else if (r->end.outcome == OUTCOME_OK && has(o, OBSERVE_STALENESS)) {
        sample_last(o, op, r);
        staleness_probe(&o->staleness, &o->ledger, &o->operations, op);
    }
    operations_end(&o->operations, op);
    return writes;
}

static void sample(struct observation *o, const struct history_record *r)
{
    struct operation *op = operations_find(&o->operations, r->op);

    if (op != NULL)
        operations_sample(&o->operations, op, r->node, r->sample.instant);
}

static void down(struct observation *o, const struct history_record *r)
{
    const struct history_setting *s = o->setting;
    bool for_ever = r->down.fault < s->fault_count && s->faults[r->down.fault].end == SIM_NS_NEVER;

    recovery_down(&o->recovery, r->node);
    leadership_down(&o->leadership, r);
    ledger_down(&o->ledger, r, for_ever, recovery_last_fault(&o->recovery));
    convergence_node(&o->convergence, r->node, false, r->down.lose == LOSE_DISK);
}

static void fault(struct observation *o, const struct history_record *r, uint64_t position)
{
    const struct history_fault *f = &o->setting->faults[r->fault.index];
    bool counts = f->kind == FAULT_PARTITION || f->kind == FAULT_CUT || f->kind == FAULT_CRASH;

    CHECK(r->fault.index < o->setting->fault_count);
    latency_fault(&o->latency, r);
    if (r->fault.begins)
        recovery_fault_begins(&o->recovery, r, position);
    else if (counts && f->begin >= o->setting->warmup && f->begin < o->setting->duration)
        convergence_fault_ends(&o->convergence, &o->ledger);
}

/* What delta will be told of as over: seldom more than two a time, so each goes through all steps. */
static void expect_over(const struct observation *o)
{
    const struct live_write *w;

    for (uint32_t ahead = 0; ahead < 6 && (w = ledger_next(&o->ledger, ahead)) != NULL; ahead++)
        if (ahead < 2)
            delta_expect_clusters(&o->delta, w->entry->key);
        else if (ahead < 4)
            delta_expect(&o->delta, w->entry->key);
        else
            keys_expect(&o->keys, w->entry->key);
}

APART static void retire_due(struct observation *o, uint64_t oldest_read)
{
    uint32_t head = o->ledger.queue_head;

    ledger_retire(&o->ledger, oldest_read);
    if (o->ledger.queue_head != head)
        expect_over(o);
}

static inline void retire(struct observation *o)
{
    uint64_t oldest = operations_oldest_read(&o->operations);

    if (o->ledger.due < oldest)
        retire_due(o, oldest);
}

/* What the record changed of quantities that are followed over time. */
static void follow(struct observation *o, sim_ns time)
{
    if (!has(o, OBSERVE_BACKLOG)) {
        o->seen_ops = o->ledger.backlog_ops;
        o->seen_bytes = o->ledger.backlog_bytes;
        o->seen_diverged = (int64_t)o->convergence.diverged;
    }
    if (o->ledger.backlog_ops != o->seen_ops || o->ledger.backlog_bytes != o->seen_bytes) {
        o->seen_ops = o->ledger.backlog_ops;
        o->seen_bytes = o->ledger.backlog_bytes;
        step_mean_set(&o->backlog_ops, time, o->seen_ops);
        step_mean_set(&o->backlog_bytes, time, o->seen_bytes);
        series_set(&o->series, SERIES_BACKLOG_OPS, time, o->seen_ops);
    }
    if ((int64_t)o->convergence.diverged != o->seen_diverged) {
        o->seen_diverged = (int64_t)o->convergence.diverged;
        step_mean_set(&o->diverged, time, o->seen_diverged);
        series_set(&o->series, SERIES_DIVERGED_KEYS, time, o->seen_diverged);
    }
    if (o->convergence.waits_open > 0)
        convergence_look(&o->convergence, &o->ledger);
    retire(o);
}

/* ARRIVE and LOST are told only to those who ask: they cost. */
static const uint32_t KINDS =
    1u << HISTORY_BEGIN | 1u << HISTORY_RETRY | 1u << HISTORY_TAKE | 1u << HISTORY_MADE |
    1u << HISTORY_STORE | 1u << HISTORY_MERGE | 1u << HISTORY_ANSWER | 1u << HISTORY_DROP |
    1u << HISTORY_SAMPLE | 1u << HISTORY_END | 1u << HISTORY_SEND | 1u << HISTORY_DOWN | 1u << HISTORY_UP |
    1u << HISTORY_FAULT | 1u << HISTORY_COUNT | 1u << HISTORY_LEADS | 1u << HISTORY_FORGET;

/* What the records before this one left for when their state has come whole. */
APART static void come_whole(struct observation *o, const struct history_record *r, uint64_t position)
{
    if ((KINDS >> r->kind & 1) == 0)
        return;
    guarantees_at(&o->guarantees, &o->ledger, r);
    ledger_at(&o->ledger, r, position);
}

/* `entries`: of the batch that it is in. */
HOT void observe(struct observation *o, const struct history_entry *e, const struct history_entry *entries)
{
    const struct history_record *r = &e->record;

    if ((o->guarantees.applied.count > 0) | (o->ledger.batch_entry != NULL))
        come_whole(o, r, e->position);
    if (r->kind == HISTORY_BEGIN) {
        begin(o, r, e->position);
        return;
    }
    ledger_clock(&o->ledger, r, e->position);
    switch (r->kind) {
    case HISTORY_RETRY:
        retry(o, r);
        return;
    case HISTORY_SAMPLE:
        sample(o, r);
        return;
    case HISTORY_SEND:
        if (has(o, OBSERVE_TRAFFIC))
            traffic_send(&o->traffic, r);
        return;
    case HISTORY_COUNT:
        tallies_count(&o->tallies, r);
        return;
    case HISTORY_MADE:
        ledger_made(&o->ledger, r);
        return;
    case HISTORY_TAKE:
        take(o, r);
        break;
    case HISTORY_STORE:
        ledger_store(&o->ledger, r, ledger_found(&o->ledger, o->named[e - entries], r->store.write));
        if (r->store.kept && has(o, OBSERVE_CONVERGENCE))
            convergence_answer(&o->convergence, r->key, r->node, r->store.digest);
        break;
    case HISTORY_MERGE:
        ledger_merge(&o->ledger, r);
        break;
    case HISTORY_ANSWER:
        if (has(o, OBSERVE_CONVERGENCE))
            convergence_answer(&o->convergence, r->key, r->node, r->answer.digest);
        break;
    case HISTORY_DROP:
        ledger_drop(&o->ledger, r);
        break;
    case HISTORY_END:
        if (end(o, r, &o->named[e - entries]))
            break;
        retire(o); /* the ledger stands as it did, but that may have been the oldest */
        return;
    case HISTORY_DOWN:
        o->turns++;
        down(o, r);
        break;
    case HISTORY_UP:
        o->turns++;
        ledger_up(&o->ledger, r->node);
        leadership_up(&o->leadership, r);
        convergence_node(&o->convergence, r->node, true, false);
        break;
    case HISTORY_FAULT:
        leadership_fault(&o->leadership, r);
        fault(o, r, e->position);
        break;
    case HISTORY_LEADS:
        leadership_leads(&o->leadership, r);
        ledger_leads(&o->ledger, r);
        return;
    case HISTORY_FORGET:
        o->turns++;
        ledger_forget(&o->ledger, r, recovery_last_fault(&o->recovery));
        convergence_answer(&o->convergence, r->key, r->node, r->forget.digest);
        break;
    default: /* ARRIVE and LOST: of those who ask for them */
        return;
    }
    follow(o, r->time);
}

/* ---- what is asked for ahead ---- */

/* Of batch `b` the block of this number; beyond the last there are none. */
static bool is_block(const struct history_batch *b, uint32_t number)
{
    return number < (b->count + AHEAD_BLOCK - 1) / AHEAD_BLOCK;
}

static struct ahead_block *block_of(struct observation *o, uint32_t number)
{
    return &o->ahead[number % (AHEAD_STEPS + 1)];
}

static void block_begin(struct observation *o, const struct history_batch *b, uint32_t number)
{
    struct ahead_block *block = block_of(o, number);
    uint32_t left = b->count - number * AHEAD_BLOCK;

    block->from = number * AHEAD_BLOCK;
    block->to = block->from + (left < AHEAD_BLOCK ? left : AHEAD_BLOCK);
    ahead_keys(o, b, block);
}

static void observe_block(struct observation *o, const struct history_batch *b, struct ahead_block *block)
{
    const struct history_entry *entries = b->entries, *to = &entries[block->to];

    for (const struct history_entry *e = &entries[block->from]; e < to; e++)
        observe(o, e, entries);
}

static void observe_batch(void *reader, const struct history_batch *b)
{
    struct observation *o = reader;

    for (uint32_t n = 0; n < AHEAD_STEPS || is_block(b, n - AHEAD_STEPS); n++) {
        if (is_block(b, n))
            block_begin(o, b, n);
        if (is_block(b, n - 1))
            ahead_entries(o, b, block_of(o, n - 1));
        if (is_block(b, n - 2))
            ahead_rows(o, block_of(o, n - 2));
        if (is_block(b, n - AHEAD_STEPS))
            observe_block(o, b, block_of(o, n - AHEAD_STEPS));
    }
}

/* Of a state that comes in pieces any record between them says that it has come whole. */
static uint32_t kinds_of(const struct observation *o)
{
    bool in_pieces = o->setting->by_merge;

    return has(o, OBSERVE_TRAFFIC) || in_pieces ? KINDS : KINDS & ~(1u << HISTORY_SEND);
}

struct observation *observation_new(const struct history_setting *s, struct history *h)
{
    return observation_new_of(s, h, OBSERVE_ALL);
}

struct observation *observation_new_of(const struct history_setting *s, struct history *h, uint32_t parts)
{
    struct observation *o = memory_new(1, sizeof *o);

    o->setting = s;
    o->parts = parts;
    o->has_delta = s->data == GEO_REGISTER && has(o, OBSERVE_DELTA);
    o->has_notes = o->has_delta || has(o, OBSERVE_GUARANTEES);
    operations_open(&o->operations, s);
    keys_open(&o->keys, s->key_count, s->operations);
    ledger_open(&o->ledger, s, &o->keys);
    o->ledger.listener = (struct ledger_listener){
        .self = o,
        .settled = has(o, OBSERVE_LAG) ? on_settled : NULL,
        .applied = has(o, OBSERVE_CONVERGENCE) ? on_applied : NULL,
        .undone = has(o, OBSERVE_CONVERGENCE) ? on_undone : NULL,
        .conflict = has(o, OBSERVE_CONFLICTS) ? on_conflict : NULL,
        .lost = has(o, OBSERVE_CONFLICTS) ? on_lost : NULL,
        .let_go = has(o, OBSERVE_GUARANTEES) ? on_let_go : NULL,
        .over = has(o, OBSERVE_DELTA) ? on_over : NULL,
    };
    series_open(&o->series, s);
    latency_open(&o->latency, s);
    staleness_open(&o->staleness, s, &o->queue);
    delta_open(&o->delta, &o->keys);
    guarantees_open(&o->guarantees, s, &o->keys);
    lag_open(&o->lag, s, &o->series, &o->queue);
    convergence_open(&o->convergence, s, &o->keys);
    recovery_open(&o->recovery, s);
    leadership_open(&o->leadership, s);
    traffic_open(&o->traffic, s);
    tallies_open(&o->tallies, s);
    step_mean_open(&o->backlog_ops, s->warmup, s->duration);
    step_mean_open(&o->backlog_bytes, s->warmup, s->duration);
    step_mean_open(&o->diverged, s->warmup, s->duration);
    history_add_batch_reader(h, observe_batch, o, kinds_of(o));
    return o;
}

void observation_free(struct observation *o)
{
    if (o == NULL)
        return;
    operations_close(&o->operations);
    ledger_close(&o->ledger);
    keys_close(&o->keys);
    series_close(&o->series);
    latency_close(&o->latency);
    staleness_close(&o->staleness);
    delta_close(&o->delta);
    histogram_free(&o->delta_ns);
    guarantees_close(&o->guarantees);
    lag_close(&o->lag);
    convergence_close(&o->convergence);
    recovery_close(&o->recovery);
    leadership_close(&o->leadership);
    traffic_close(&o->traffic);
    tallies_close(&o->tallies);
    free(o);
}

/* What is lost is not waited for. To find it is a walk over all live writes; but once no operation is open, a
 * write can become lost only by a node's going down, and what is lost can become less only by an application
 * that was owed. */
bool observation_agreed(struct observation *o)
{
    int64_t owed = o->ledger.backlog_owed;

    if (o->convergence.diverged != 0)
        return false;
    if (owed == 0 || o->turns == 0)
        return owed == 0;
    if (o->turns != o->looked_at_turn || owed < o->owed_for_ever) {
        o->looked_at_turn = o->turns;
        o->owed_for_ever = recovery_owed_for_ever(&o->ledger);
    }
    return owed == o->owed_for_ever;
}

void observation_check(struct observation *o, struct checks *checks)
{
    o->checks = o->staleness.checks = o->guarantees.checks = checks;
}

/* What only the end tells; the rest was told as it happened. */
static void tell_checks(struct observation *o)
{
    static const uint8_t of_the_ledger[] = {GEO_READ_YOUR_WRITES,  GEO_MONOTONIC_READS,
                                            GEO_MONOTONIC_WRITES,  GEO_WRITES_FOLLOW_READS,
                                            GEO_BOUNDED_STALENESS, GEO_NOTHING_LOST};

    for (size_t i = 0; i < sizeof of_the_ledger; i++) {
        checks_told(o->checks, (enum geo_check)of_the_ledger[i]);
        if (o->ledger.overflowed)
            checks_note_undecided(o->checks, (enum geo_check)of_the_ledger[i],
                                  "the observer could not keep every write that still mattered");
    }
    for (uint64_t i = 0; i < o->recovery.lost; i++)
        checks_note_violation(o->checks, GEO_NOTHING_LOST, o->recovery.lost_example);
    const struct live_write *lost = ledger_find(&o->ledger, o->recovery.lost_example);
    if (lost != NULL) {
        struct check_breach b = breach_of(&o->ledger, lost->id, lost, lost->taker);
        checks_note_breach(o->checks, GEO_NOTHING_LOST, &b);
    }
    checks_finish(o->checks);
}

void observation_finish(struct observation *o, sim_ns end_ns)
{
    CHECK(!o->finished);
    o->finished = true;
    o->end_ns = end_ns;
    ledger_finish(&o->ledger);
    o->delta_undecided = !delta_finish(&o->delta, &o->delta_ns);
    staleness_finish(&o->staleness);
    guarantees_finish(&o->guarantees, &o->ledger);
    lag_finish(&o->lag, &o->ledger, end_ns);
    histogram_queue_flush(&o->queue);
    convergence_finish(&o->convergence, &o->ledger, end_ns);
    recovery_finish(&o->recovery, &o->ledger, end_ns);
    leadership_finish(&o->leadership, end_ns);
    if (o->checks != NULL)
        tell_checks(o);
    step_mean_close(&o->backlog_ops, end_ns);
    step_mean_close(&o->backlog_bytes, end_ns);
    step_mean_close(&o->diverged, end_ns);
    series_set(&o->series, SERIES_BACKLOG_OPS, end_ns, 0);
    series_set(&o->series, SERIES_DIVERGED_KEYS, end_ns, 0);
}

uint64_t observation_bytes(const struct history_setting *s)
{
    return keys_bytes(s->key_count) + ledger_bytes(s) + tallies_bytes(s);
}
