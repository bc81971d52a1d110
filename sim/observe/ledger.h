/* ledger.h -- what each replica has been reached by and reflects, of the writes that still matter.
 *
 * The readers of staleness, lag, convergence, conflicts and loss hang on it. Words as in semantics A:
 *
 *   reaches   A write reaches a node when the node takes it, when its STORE (kept or refused) or MERGE
 * happens there, or when that of a write which has seen it does. has seen  At its TAKE a write has seen all
 * that had reached its taker, and what MADE names (with all that had seen). reflects  BY_ORDER: the version
 * held is not older than the write's, whether or not it came. BY_MERGE: MERGE said so. applied   the position
 * and time since which the replica reflects it. A write taken with a version that a replica's own outdoes is
 * applied there at its TAKE.
 *
 * A write is *live* from its TAKE until it is applied at and has reached every replica of its key, its
 * operation has ended, every read that was open when the last of this came true has ended, and it can meet no
 * other write any more. Replicas that are down count (they come back); those whose crash has no end do not.
 * Retired writes count as seen by every later one: their takers are replicas, and all replicas had been
 * reached. Where keys live on some nodes only, a taker may be none: there the last writes of a key stay live.
 * So do the last LEDGER_RETRIED_MOST writes that were attempted several times: one that is taken again by an
 * attempt which was under way is known to be the same.
 *
 * In BY_MERGE the stamp of a TAKE counts the taker's writes to the key: 1, 2, ... A taker that has lost its
 * disk goes on beyond all that it may have counted before (its incarnation in the upper bits); a MERGE up to
 * such a count means the writes of that life up to it, and of earlier lives those that had reached the taker
 * again by then.
 *
 * Cost: a record of a key with nothing live is a look into a table; else a few dozen instructions a replica.
 * Memory: keys.h, and 24 bytes a key if clocks err, as they are touched; of a key with live writes some 300
 * bytes and 100 a replica; some 360 bytes + 16 a replica for each live write (a pool's rooms: at most twice
 * as much; with five replicas 1 KB and 512 bytes), of which there are at most LEDGER_LIVE_MOST: beyond,
 * writes are not entered. If crashes lose something, no write retires before there are LEDGER_KEEP_MOST,
 * since a replica that has lost its disk reflects none of them any more; a disk that is lost after some have
 * retired leaves that unknown. In both cases `overflowed` says that the figures are undecided. */
#ifndef GEOREP_OBSERVE_LEDGER_H
#define GEOREP_OBSERVE_LEDGER_H

#include "sim/base/array.h"
#include "sim/base/pool.h"
#include "sim/history/history.h"
#include "sim/observe/causes.h"
#include "sim/observe/keys.h"
#include "sim/observe/places.h"

#define LEDGER_LIVE_MOST (UINT32_C(1) << 22) /* about 2.2 GB with five replicas */
#define LEDGER_KEEP_MOST (UINT32_C(1) << 19) /* about 280 MB */
#define LEDGER_RETRIED_MOST (UINT32_C(1) << 16)

struct key_entry;

struct applied {
    uint64_t position; /* 0: not yet */
    sim_ns time;
};

/* Enough for the takers of nearly every key. */
#define LEDGER_SEEN_FEW 6

/* First what a replica's STORE looks at, by lines of memory. */
struct live_write {
    uint64_t id;
    int64_t stamp;
    uint64_t took; /* position of its TAKE */
    struct key_entry *entry;
    uint64_t *seen; /* [slot]: it has seen the slot's writes up to this TAKE */
    struct live_write *lane_newer;
    uint32_t slot, seen_count;
    uint32_t frontiers, helds; /* replicas whose frontier it is in; that hold it */

    uint64_t commit_position; /* 0: not committed */
    uint64_t complete_position;
    int64_t priority;   /* by.stamp */
    uint32_t unapplied; /* replicas */
    uint32_t bytes;
    uint16_t first; /* row that first applied it; LEDGER_NO_ROW */
    bool in_window; /* its operation began in the window */
    bool reached;   /* every replica */
    bool closed;    /* its operation ended */
    bool retried;   /* its operation had several attempts: one under way may take it again */
    bool complete, queued, pinned, parked, retirable;
    bool settled; /* told to the listener */
    bool decided; /* some replica has let it go: */
    bool lost, skew,
        causal;    /* for a write that had not seen it; that had committed before; that it had seen */
    uint8_t cause; /* enum loss_cause, if it is lost: */
    struct live_write *lane_older; /* lane: of its key, by version (BY_ORDER) */

    uint64_t seen_few[LEDGER_SEEN_FEW];         /* where `seen` is, as long as it suffices */
    struct live_write *slot_older, *slot_newer; /* of its key and taker, as taken */

    uint64_t begin_position; /* of its operation; UINT64_MAX: ended before the TAKE (it never commits) */
    sim_ns commit_time;
    uint64_t end_position; /* its client was told, or gave up; 0: not yet */
    uint64_t *met;         /* TAKEs of the writes it was paired with */
    uint32_t met_count, met_capacity;
    uint32_t seen_capacity;
    uint32_t session;     /* of the client, within its region */
    uint32_t down_fault;  /* LEDGER_NO_FAULT, or the last fault begun when a node that had it went down */
    uint32_t taker;       /* node */
    struct loss_stamp by; /* what it wins or loses by */
    uint64_t lost_for;    /* if it is lost: the winner; it need not be live */
    sim_ns lost_time;     /* */
    uint32_t lost_at;     /* node */
    uint64_t taker_down;  /* where its taker first went down afterwards; 0: it did not */
    uint64_t forgot; /* where its taker last lost memory or disk, or rolled the key back, before; 0: never */
    uint64_t leadership; /* where its taker last came to lead; 0: never */

    struct applied applied[]; /* [row] */
};

#define LEDGER_NO_FAULT UINT32_MAX
#define LEDGER_NO_ROW UINT16_MAX

/* A run of writes that see each other: those of one taker between two losses. */
struct write_slot {
    uint32_t node;
    bool open;            /* the node's next write goes on with it */
    uint16_t waiting;     /* replicas that stand at: */
    uint64_t reached_all; /* the least of its replicas' reach */
    struct live_write *oldest, *newest;
    struct live_write *unreached; /* the oldest that has not reached every replica */
};

/* A line of memory. */
struct key_row {
    uint32_t node;
    uint32_t frontier_count, frontier_room; /* see row_frontier; room 0: for one, here */
    struct held version;                    /* BY_ORDER: that it holds, of a replica */
    struct live_write
        *held; /* the write whose value it holds, if that is live; BY_MERGE: as far as drops tell */
    struct live_write *cursor; /* BY_ORDER: the newest live write that it reflects */
    union {
        struct live_write *frontier_one, **frontier_many;
    };
    uint64_t forgot; /* where it was last rolled back; 0: never */
};

/* Its rows, slots and their reach follow it in one room of the pool, as long as they suffice there. */
struct key_entry {
    uint64_t key;
    uint32_t index;
    uint32_t live, retirable;
    bool in_use, swept; /* in use: has live writes, or rows of different versions */
    uint32_t slot_count, slot_capacity, row_count, row_capacity;
    struct live_write *lane_oldest, *lane_newest;
    struct key_row *rows; /* the replicas, then other nodes that took or stored a live write */
    struct write_slot *slots;
    uint64_t *reach; /* [slot * row_capacity + row]: TAKE of the last write of the slot that reached it */
    uint64_t *kept;  /* the same, of what was stored or merged there: what outlives a loss of memory; NULL if
                        there are none */
    struct live_write **merged; /* the same, BY_MERGE: the last live write of the slot that it reflects; else
                                   NULL */
};

/* A stamp that later ones may be read from, and the error of the clock that it was read from itself. */
struct known_stamp {
    int64_t stamp;
    sim_ns offset;
    int64_t twice_drift; /* + 1 if it was read off a clock; else it was off none, or none is known */
};

/* The same in two words, since there is one a key: the error of a clock that is off by less than a second. Of
 * another one the offset is BASE_WIDE, and the drift where it stands in bases_wide. */
struct base_stamp {
    int64_t stamp;
    int32_t offset, twice_drift;
};

#define BASE_WIDE INT32_MIN

/* Of a key's retired writes: the committed ones of the window. Kept if there are crashes: they are lost when
 * all replicas of the key are down for good. */
struct key_base {
    uint64_t committed;
    sim_ns oldest_commit, newest_commit;
};

/* Told as things come to pass, in order; any may be NULL. */
struct ledger_listener {
    void *self;
    void (*settled)(void *self, const struct live_write *w); /* once: committed, and applied everywhere */
    void (*applied)(void *self,
                    const struct live_write *w); /* the same, each time: a loss of a disk undoes it */
    void (*undone)(void *self,
                   const struct live_write *w); /* by a loss, of one that had been applied everywhere */
    void (*conflict)(void *self, const struct live_write *later, const struct live_write *earlier);
    void (*lost)(void *self,
                 const struct live_write *w); /* committed, and lost for one that had not seen it */
    void (*reflected)(void *self, const struct live_write *w, uint32_t row); /* by one replica, from now on */
    /* Applied everywhere, committed or not, and every read has ended that was open then; before it retires.
     */
    void (*over)(void *self, const struct live_write *w);
    /* By any replica, committed or not, each time; winner NULL: it is retired. */
    void (*let_go)(void *self, const struct live_write *loser, const struct live_write *winner,
                   uint32_t node);
};

struct past_application {
    uint64_t took;
    uint32_t node;
    uint64_t from, to; /* positions: reflected after `from`, until before `to` */
};

struct made_from {
    uint64_t op, write;
};

struct live_slot {
    uint64_t id; /* 0: free */
    struct live_write *write;
};

struct ledger_loss {
    uint64_t position; /* 0: none */
    sim_ns time;
    uint32_t node, fault; /* LEDGER_NO_FAULT: none, or not known */
    uint8_t kind;         /* enum replica_loss */
};

struct ledger {
    const struct history_setting *setting;
    struct places places;
    struct ledger_listener listener;
    uint32_t live_most;
    bool overflowed;
    bool *up, *gone; /* [node]; gone: down for ever */
    bool any_gone;
    uint32_t down; /* nodes that are not up */
    struct keys *keys;
    struct key_base *bases; /* [key], if there are crashes; else NULL */
    bool drops;             /* some DROP was told */
    bool keeps;             /* some crash loses something: writes stay as long as there is room */
    bool stays;             /* nodes that are no replicas may take writes: the last writes of a key stay */
    uint32_t keep_most;
    struct known_stamp *ahead;      /* [node]: the largest that was taken or stored there; if clocks err */
    struct base_stamp *base_stamps; /* [key]: of what is retired; NULL if no clock errs */
    ARRAY(struct known_stamp) bases_wide;
    uint64_t *forgot;                 /* [node]: where it last lost memory or disk; 0: never */
    ARRAY(struct ledger_loss) losses; /* crashes that lost something; rollbacks, one an instant and node */
    uint64_t *leadership;             /* [node]: where it last came to lead; 0: never */
    uint64_t retired;                 /* writes */
    uint64_t last_loss;               /* position of the last loss of a disk */
    struct pool pool;                 /* entries, writes and their lists */
    ARRAY(struct key_entry *) entries;
    ARRAY(uint32_t) entries_free;
    ARRAY(struct live_write *) writes_free;
    ARRAY(struct live_write *) writes_sweep;
    ARRAY(struct key_entry *) entries_sweep;
    ARRAY(struct live_write *)
    batch; /* MERGEs of one node and key in a row: what came, and meets at the end of them */
    ARRAY(struct past_application) past;
    struct key_entry *batch_entry;
    uint32_t batch_row;
    ARRAY(struct made_from) made; /* of the TAKE that follows */
    struct live_slot *map;        /* by id, open addressing */
    uint32_t map_mask, map_shift; /* places less one; see ledger_home */
    uint32_t live;
    struct live_write **queue; /* complete, in that order: a ring */
    uint32_t queue_mask, queue_head, queue_count;
    uint64_t due; /* ledger_retire has something to do once every read that is open began after this */
    struct live_write **
        pinned; /* would have retired, but for having been retried: a ring, of the last LEDGER_RETRIED_MOST */
    uint64_t pinned_count;
    int64_t backlog_ops, backlog_bytes,
        backlog_owed;  /* taken and not applied, of these committed: sums over replicas that are up */
    uint64_t lagging;  /* committed writes not applied everywhere */
    uint64_t position; /* of the record at hand */
    sim_ns time;
};

void ledger_open(struct ledger *l, const struct history_setting *s,
                 struct keys *keys); /* keys: zeroed, and kept open as long */
void ledger_close(struct ledger *l);
uint64_t ledger_bytes(const struct history_setting *s); /* tables by key beside keys.h, all touched */

void ledger_merged(struct ledger *l, const struct history_record *r);
/* As ledger_at, while batch_entry is NULL. */
static inline void ledger_clock(struct ledger *l, const struct history_record *r, uint64_t position)
{
    l->position = position;
    l->time = r->time;
}
/* First of all, for every record. */
static inline void ledger_at(struct ledger *l, const struct history_record *r, uint64_t position)
{
    if (l->batch_entry != NULL)
        ledger_merged(l, r); /* before the clock goes on: it happened then */
    ledger_clock(l, r, position);
}

/* What an operation's owner (operations.h) knows of a TAKE. */
struct take_origin {
    uint64_t begin_position; /* UINT64_MAX: the operation has ended */
    bool in_window;
    uint32_t session;
};
/* False: this write was taken before. */
bool ledger_take(struct ledger *l, const struct history_record *r, struct take_origin origin);
void ledger_made(struct ledger *l, const struct history_record *r);
/* `w`: the write that it names, NULL: it is not live. */
void ledger_store(struct ledger *l, const struct history_record *r, struct live_write *w);
void ledger_merge(struct ledger *l, const struct history_record *r);
void ledger_drop(struct ledger *l, const struct history_record *r);
/* The client of `w`, NULL: it is not live, was told, or gave up; `retried`: after several attempts. */
void ledger_end(struct ledger *l, struct live_write *w, bool commits, bool retried);
void ledger_down(struct ledger *l, const struct history_record *r, bool for_ever, uint32_t last_fault);
/* A replica rolled its value of the key back to the beginning: as if it had lost its disk, as far as this key
 * goes. */
void ledger_forget(struct ledger *l, const struct history_record *r, uint32_t last_fault);
void ledger_up(struct ledger *l, uint32_t node);
void ledger_leads(struct ledger *l, const struct history_record *r);
void ledger_finish(struct ledger *l); /* what is under way meets */

/* Lets go of what no open read can miss: `oldest_read` is the BEGIN of the oldest open one, UINT64_MAX if
 * none. It changes nothing unless `due` is less. */
void ledger_retire(struct ledger *l, uint64_t oldest_read);

/* Look. */
/* The next that it lets go of, and the one after that, ...; NULL: there are not so many yet. */
static inline const struct live_write *ledger_next(const struct ledger *l, uint32_t ahead)
{
    return ahead < l->queue_count ? l->queue[(l->queue_head + ahead) & l->queue_mask] : NULL;
}
static inline struct key_entry *ledger_entry(const struct ledger *l, uint64_t key)
{
    uint32_t index = l->keys->records[key].entry;

    return index == 0 ? NULL : l->entries.items[index - 1];
}
/* Writes of one operation lie side by side, those of successive ones apart (Fibonacci hashing). */
static inline uint32_t ledger_home(const struct ledger *l, uint64_t id)
{
    return (uint32_t)(((id >> 8) * UINT64_C(0x9e3779b97f4a7c15)) >> l->map_shift);
}

static inline struct live_write *ledger_find(const struct ledger *l, uint64_t id) /* NULL: not live */
{
    const struct live_slot *map = l->map;
    uint32_t at = ledger_home(l, id);

    while (map[at].id != id && map[at].id != 0)
        at = (at + 1) & l->map_mask;
    return map[at].write;
}

/* The same; `was` is what it was some records ago. */
static inline struct live_write *ledger_found(const struct ledger *l, struct live_write *was, uint64_t id)
{
    return was != NULL && was->id == id ? was : ledger_find(l, id);
}

/* Brings nearer what a record will be about; changes nothing. */
static inline void ledger_expect_write(const struct ledger *l, uint64_t id)
{
    expect_line(&l->map[ledger_home(l, id)]);
}
/* That, or the record of the key, was: what it points at. */
static inline void ledger_expect(const struct live_write *w)
{
    if (w == NULL)
        return;
    for (size_t at = 0; at < offsetof(struct live_write, by); at += 64)
        expect_line((const char *)w + at);
    expect_line(w->applied);
    expect_line((const char *)w->applied + 64);
}
static inline void ledger_expect_entry(const struct ledger *l, uint64_t key)
{
    const struct key_entry *e = ledger_entry(l, key);

    expect_line(e);
    expect_line((const char *)e + 64);
}

/* The entry was. Of this node's replica. */
static inline void ledger_expect_row(const struct ledger *l, uint64_t key, uint32_t node)
{
    const struct key_entry *e = ledger_entry(l, key);
    int row = e != NULL ? places_row(&l->places, key, node) : PLACES_NONE;

    if (row == PLACES_NONE)
        return;
    expect_line(&e->rows[row]);
    expect_line(e->slots);
    expect_line(e->reach);
}

/* [frontier_count]: what reached it and was seen by no other write that did. */
static inline struct live_write **row_frontier(struct key_row *r)
{
    return r->frontier_room == 0 ? &r->frontier_one : r->frontier_many;
}

/* Has `by` seen `w` (not asked of itself)? */
static inline bool write_seen(const struct live_write *w, const struct live_write *by)
{
    return w->slot < by->seen_count && by->seen[w->slot] >= w->took && w->entry == by->entry;
}

static inline uint64_t entry_reach(const struct key_entry *e, uint32_t row, uint32_t slot)
{
    return e->reach[(size_t)slot * e->row_capacity + row];
}

/* Did it do so then, and a loss of the replica undid it since? */
bool ledger_reflected_once(const struct ledger *l, const struct live_write *w, uint32_t node,
                           uint64_t instant);

/* Did `node` reflect `w` just after the record at `instant`? */
static inline bool ledger_reflected(const struct ledger *l, const struct live_write *w, uint32_t node,
                                    uint64_t instant)
{
    int row = places_row(&l->places, w->entry->key, node);

    if (row == PLACES_NONE)
        return false;
    if (w->applied[row].position != 0 && w->applied[row].position <= instant)
        return true;
    return instant < l->last_loss && ledger_reflected_once(l, w, node, instant);
}

/* The loss that took `w`, which `node` does not reflect: the first one since the TAKE, of the node, or else
 * of the taker. (A node that did not have it by then: it is what made it copy.) False: there was none. */
bool ledger_lost(const struct ledger *l, const struct live_write *w, uint32_t node, struct ledger_loss *out);

/* Is `w` applied at every replica that is up? */
bool ledger_applied_up(const struct ledger *l, const struct live_write *w);

#endif
