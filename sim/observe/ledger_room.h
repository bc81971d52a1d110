/* ledger_room.h -- what the ledger's own files share: ledger.c (tables, life and death of a write),
 * ledger_reach.c (who has seen what, frontiers), ledger_apply.c (who reflects what), ledger_loss.c (crashes
 * and what is retired), ledger_cause.c (why a write was lost). */
#ifndef GEOREP_OBSERVE_LEDGER_ROOM_H
#define GEOREP_OBSERVE_LEDGER_ROOM_H

#include "sim/observe/ledger.h"

static inline bool version_newer(int64_t stamp_a, uint64_t write_a, int64_t stamp_b, uint64_t write_b)
{
    if (stamp_a > stamp_b && write_a != 0) /* as most that are asked about */
        return true;
    if (write_a == 0 || write_b == 0) /* the value from before the start is older than any write */
        return write_a != 0 && write_b == 0;
    return stamp_a != stamp_b ? stamp_a > stamp_b : write_a > write_b;
}

/* ledger.c */
void write_complete(struct ledger *l, struct live_write *w);
static inline void write_check(struct ledger *l, struct live_write *w) /* is it complete by now? */
{
    if (!w->complete && w->unapplied == 0 && w->reached && w->closed)
        write_complete(l, w);
}
void write_sweep_retirable(struct ledger *l, struct live_write *w);
/* May it go? Looked at when the record is done. */
static inline void write_sweep(struct ledger *l, struct live_write *w)
{
    if (w->retirable)
        write_sweep_retirable(l, w);
}
void write_unpark_parked(struct ledger *l, struct live_write *w);
/* Some replica held it, or let it go. */
static inline void write_unpark(struct ledger *l, struct live_write *w)
{
    if (w->parked)
        write_unpark_parked(l, w);
}
void ledger_due(struct ledger *l); /* the queue is not what it was */
void ledger_let_go(struct ledger *l);
/* Nothing is freed in the middle of a record, so that no pointer dangles while it is looked at. */
static inline void ledger_sweep(struct ledger *l)
{
    if ((l->writes_sweep.count | l->entries_sweep.count) != 0)
        ledger_let_go(l);
}
struct key_entry *entry_make(struct ledger *l, uint64_t key);
void entry_settle(struct ledger *l, struct key_entry *e); /* it goes if it is not needed */
void entry_widen(struct ledger *l, struct key_entry *e, uint32_t rows, uint32_t slots);
uint32_t entry_row(struct ledger *l, struct key_entry *e, uint32_t node,
                   bool make); /* UINT32_MAX: none, and not made */
static inline bool row_counts(const struct ledger *l, const struct key_entry *e, uint32_t row)
{
    return !l->any_gone || !l->gone[e->rows[row].node];
}
uint32_t rows_that_count(const struct ledger *l, const struct key_entry *e);
static inline uint32_t rows_counting(const struct ledger *l, const struct key_entry *e)
{
    return l->any_gone ? rows_that_count(l, e) : l->places.replicas;
}

/* ledger_reach.c */
void reach_take(struct ledger *l, struct live_write *w, uint32_t row);
void reach_arrive(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write *w);
void reach_raise(struct ledger *l, struct key_entry *e, uint32_t row, const struct live_write *w);
void reach_keep(struct ledger *l, struct key_entry *e, uint32_t row,
                const struct live_write *w); /* it is stored there */
bool reach_has(const struct key_entry *e, uint32_t row, const struct live_write *w);
void reach_meet(struct ledger *l, struct key_entry *e, uint32_t row, struct live_write **tops, size_t count);
void reach_flush(struct ledger *l); /* the batch of MERGEs meets */
void reach_advance(struct ledger *l, struct key_entry *e, uint32_t slot);
void reach_forget(struct ledger *l, struct key_entry *e, uint32_t row,
                  bool all); /* all, or what its taker did not store */
void frontier_leave(struct ledger *l, struct key_entry *e, uint32_t row);
uint32_t slot_of_taker(struct ledger *l, struct key_entry *e, uint32_t node);
void slot_add(struct key_entry *e, struct live_write *w);
void slot_remove(struct ledger *l, struct key_entry *e, struct live_write *w);

/* ledger_apply.c */
void apply_pend(struct ledger *l, struct live_write *w); /* nobody has it yet; before anything else */
uint32_t apply_waits_up(const struct ledger *l, const struct live_write *w);
/* How many replicas that are up have not applied it? */
static inline uint32_t apply_waits(const struct ledger *l, const struct live_write *w)
{
    return l->down == 0 ? w->unapplied : apply_waits_up(l, w);
}
void apply_take(struct ledger *l, struct live_write *w, int taker_row);
void apply_undo(struct ledger *l, struct live_write *w, uint32_t row);
void apply_done(struct ledger *l, struct live_write *w);
void apply_settle(struct ledger *l, struct live_write *w);
void apply_forget(struct ledger *l, struct key_entry *e, uint32_t row);
void lane_remove(struct ledger *l, struct key_entry *e, struct live_write *w);

/* ledger_cause.c */
/* `forgot`: where the taker last rolled the key back. */
void cause_take(struct ledger *l, struct live_write *w, const struct history_record *r, uint64_t forgot);
void cause_store(struct ledger *l, uint32_t node, const struct live_write *w); /* its stamp is known there */
void cause_down(struct ledger *l, uint32_t node, uint8_t lose);
void cause_retire(struct ledger *l, const struct live_write *w, bool held); /* held: by the replicas */
enum loss_cause cause_of(const struct ledger *l, const struct live_write *loser,
                         const struct live_write *winner, uint64_t winner_id); /* winner NULL: retired */

/* ledger_loss.c: what is retired */
void base_open(struct ledger *l);
void base_close(struct ledger *l);
uint64_t base_bytes(const struct history_setting *s);
void base_add(struct ledger *l, const struct live_write *w);

#endif
