/* event_queue.h -- the events that are still to happen, in the order in which they will.
 *
 * The order is (time, order): first by instant, then by `order`, which the caller makes of (region << 48 |
 * that region's count), so that ties are served alike on every machine. Pairs should be unique; of two equal
 * ones either may come first.
 *
 *     void *payload;
 *     event_handle timer = event_queue_push(q, now + timeout_ns, order, &payload);
 *     *(struct my_event *)payload = (struct my_event){...};
 *     ...
 *     while (event_queue_pop(q, &now, &order, &payload))
 *         handle(payload);
 *
 * Cost: push, pop, cancel and rearm take constant time on average, whatever the times are like; figures are
 * in bench/README.md. Memory is kept for reuse: none is allocated once the queue has been at its largest. One
 * queue belongs to one thread. */
#ifndef GEOREP_ENGINE_EVENT_QUEUE_H
#define GEOREP_ENGINE_EVENT_QUEUE_H

#include "sim/engine/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slot and its generation. 0 is none. It stays valid to ask about for ever: once the event has fired or was
 * cancelled, cancel and rearm answer false. */
typedef uint64_t event_handle;

struct event_queue;

struct event_queue *event_queue_new(size_t payload_bytes);
void event_queue_free(struct event_queue *q); /* NULL is fine */

/* A new event. *payload gets the address of its `payload_bytes`, aligned to 16, not zeroed, to be filled now;
 * it does not move. `time` must not lie before that of the last event popped (CHECKed). */
static inline event_handle event_queue_push(struct event_queue *q, sim_ns time, uint64_t order,
                                            void **payload);

/* Takes the first event out; false when there is none. The payload is valid until the next pop: pushes in
 * between neither move nor reuse it. From now on its handle is dead. */
static inline bool event_queue_pop(struct event_queue *q, sim_ns *time, uint64_t *order, void **payload);

/* The same, unless the first event is later than `limit`: then it stays, and the answer is false. */
static inline bool event_queue_pop_until(struct event_queue *q, sim_ns limit, sim_ns *time, uint64_t *order,
                                         void **payload);

/* The event that pop would take; may tidy inside. */
bool event_queue_peek(struct event_queue *q, sim_ns *time, uint64_t *order);

/* False when it already fired or was cancelled. */
static inline bool event_queue_cancel(struct event_queue *q, event_handle h);

/* Moves a pending event to another time and order; handle and payload stay. False as for cancel. */
static inline bool event_queue_rearm(struct event_queue *q, event_handle h, sim_ns time, uint64_t order);

static inline size_t event_queue_count(const struct event_queue *q); /* pending */
size_t event_queue_bytes(const struct event_queue *q);               /* memory held */

#include "sim/engine/event_inline.h"

#endif
