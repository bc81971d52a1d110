/* causes.h -- why a committed write was lost for another: one cause for each lost update.
 *
 * A lost update (semantics B) is a committed write, the loser L, that a replica let go for a winner W which
 * had not seen it. Of the two, E is the one that was taken earlier, T the later one. T *comes after* E if E's
 * operation was over (its client told, or given up) before T's began, or if T had seen E; else the two
 * overlap in real time and either order of them is right. The causes are asked in this order, and the first
 * that applies is the one; the last takes what is left. So each lost update has exactly one, and the counts
 * by cause add up to `lost_updates`; and those of the skew inversions among them, with the same causes, to
 * `skew_inversions`.
 *
 *   failover      W was taken under a newer leadership than L, by another node (LEADS), and L had not seen
 * it: the new leader's log goes on without L; or by the very node that had taken L, and lost it with its
 * memory or disk or rolled it back. clock offset, L comes after W, and W has the larger stamp though: the
 * clocks turned them round. Both stamps drift         were read off clocks, and without the clocks' errors L
 * would have the larger. The error of a clock is its lasting offset, the error of its last synchronisation
 * and steps (the offset), and what its frequency error has made since that synchronisation (the drift). If
 * taking away only one of the two, from both stamps, puts them right, that one is the cause; if both do, or
 *                 neither, the one without which W is less far ahead (offset if equal).
 *                 A hybrid stamp that runs ahead of its taker's clock was inherited: its error is that of the
 *                 clock it was first read from, and without the error it would show its taker's clock or what
 * is left of the inherited stamp, whichever is more. A count (lamport, a log's position) was read off no
 * clock and is never turned round by one. concurrent    They overlap, or T was taken before E was due where T
 * was taken: before the time had passed after E was taken in which, while nothing is wrong, 999 of 1000
 * messages make that way and are applied (`due_ns`). T's taker could not have known. failover      (again)
 * L's taker went down before W was taken, elsewhere and without L; or W's taker lost memory or disk, or
 * rolled the key back, between the two. late arrival  All else: E was due where T was taken and had not come,
 * held up by a fault, a retransmission, a batch, a queue, or as a quorum's missed replica (or T's taker keeps
 * no copy of the key and wrote without looking).
 *
 * Overlapping comes before clocks: a write that nobody waited for may lose to one of the same moment whatever
 * the clocks say. A skew inversion never overlaps, but may be concurrent by the second rule: between counts,
 * one committed far away just before the other began.
 *
 * A winner that is retired (ledger.h) had reached every replica and was seen by L; what is kept of it is its
 * stamp and that stamp's clock. */
#ifndef GEOREP_OBSERVE_CAUSES_H
#define GEOREP_OBSERVE_CAUSES_H

#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

enum loss_cause {
    LOSS_CONCURRENT,
    LOSS_CLOCK_OFFSET,
    LOSS_DRIFT,
    LOSS_LATE_ARRIVAL,
    LOSS_FAILOVER,
    LOSS_CAUSES
};

extern const char *const loss_cause_names[LOSS_CAUSES]; /* "concurrent", "clock offset", ... */

/* A clock's error: it shows true time + offset + drift. */
struct clock_error {
    sim_ns offset, drift;
};

/* What a write wins or loses by, as its taker gave it. */
struct loss_stamp {
    sim_ns taken;                 /* true time */
    int64_t stamp;                /* the larger wins, then the larger identity: */
    uint64_t write;               /* */
    bool by_clock;                /* read off a clock, its taker's or an inherited one */
    struct clock_error own, from; /* of its taker's clock; of the clock that the stamp was read from */
};

/* Do the clocks' errors alone make `winner` the larger? If so *cause is which part of them. */
bool loss_by_clocks(const struct loss_stamp *loser, const struct loss_stamp *winner, enum loss_cause *cause);

/* How a replica lost what it had. */
enum replica_loss { LOST_NOTHING, LOST_WITH_MEMORY, LOST_WITH_DISK, LOST_BY_ROLLBACK };

#endif
