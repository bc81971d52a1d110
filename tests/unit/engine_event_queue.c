/* What the event queue promises one by one; that its order is right is in tests/property. */
#include "sim/engine/event_queue.h"
#include "sim/engine/random.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static sim_ns now;
static uint64_t order;
static void *payload;

Test(engine_event_queue, serves_ties_by_their_order)
{
    struct event_queue *q = event_queue_new(4);
    const uint64_t orders[] = {UINT64_C(2) << 48 | 1, UINT64_C(1) << 48 | 9, UINT64_C(1) << 48 | 3, 7};
    const uint64_t sorted[] = {7, UINT64_C(1) << 48 | 3, UINT64_C(1) << 48 | 9, UINT64_C(2) << 48 | 1};

    for (size_t i = 0; i < 4; i++)
        event_queue_push(q, 5, orders[i], &payload);
    for (size_t i = 0; i < 4; i++) {
        cr_assert(event_queue_pop(q, &now, &order, &payload));
        cr_assert_eq(order, sorted[i]);
    }
    cr_assert_not(event_queue_pop(q, &now, &order, &payload));
    event_queue_free(q);
}

Test(engine_event_queue, keeps_a_popped_payload_while_others_are_pushed)
{
    struct event_queue *q = event_queue_new(64);
    void *other;

    event_queue_push(q, 1, 1, &payload);
    memset(payload, 0x5a, 64);
    cr_assert(event_queue_pop(q, &now, &order, &payload));
    for (uint64_t i = 0; i < 100000; i++) {
        event_queue_push(q, 2, i, &other);
        memset(other, 0, 64);
    }
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(((unsigned char *)payload)[i], 0x5a);
    event_queue_free(q);
}

Test(engine_event_queue, a_handle_of_old_is_dead_when_its_slot_lives_again)
{
    struct event_queue *q = event_queue_new(8);
    event_handle first = event_queue_push(q, 1, 1, &payload);

    cr_assert_not(event_queue_cancel(q, 0));
    cr_assert(event_queue_cancel(q, first));
    event_handle second = event_queue_push(q, 1, 2, &payload);
    cr_assert_neq(first, second);
    cr_assert_not(event_queue_cancel(q, first));
    cr_assert_not(event_queue_rearm(q, first, 1, 3));
    cr_assert_eq(event_queue_count(q), 1);
    cr_assert(event_queue_pop(q, &now, &order, &payload));
    cr_assert_not(event_queue_cancel(q, second));
    event_queue_free(q);
}

Test(engine_event_queue, an_event_rearmed_earlier_and_later_fires_once)
{
    struct event_queue *q = event_queue_new(8);
    event_handle h = event_queue_push(q, 50, 1, &payload);

    *(uint64_t *)payload = 77;
    cr_assert(event_queue_rearm(q, h, 10, 2));
    cr_assert(event_queue_rearm(q, h, 50, 3));
    cr_assert(event_queue_rearm(q, h, 20, 4));
    cr_assert(event_queue_pop(q, &now, &order, &payload));
    cr_assert_eq(now, 20);
    cr_assert_eq(order, 4);
    cr_assert_eq(*(uint64_t *)payload, 77);
    cr_assert_not(event_queue_pop(q, &now, &order, &payload));
    event_queue_free(q);
}

Test(engine_event_queue, refuses_a_time_that_has_passed, .signal = SIGABRT)
{
    struct event_queue *q = event_queue_new(8);

    event_queue_push(q, 10, 1, &payload);
    event_queue_pop(q, &now, &order, &payload);
    event_queue_push(q, 9, 2, &payload);
}

Test(engine_event_queue, accepts_the_last_instant_of_all)
{
    struct event_queue *q = event_queue_new(8);

    for (uint64_t i = 0; i < 2000; i++)
        event_queue_push(q, i % 2 == 0 ? SIM_NS_NEVER : 0, 2000 - i, &payload);
    for (uint64_t i = 0; i < 2000; i++) {
        cr_assert(event_queue_pop(q, &now, &order, &payload));
        cr_assert_eq(now, i < 1000 ? 0 : SIM_NS_NEVER);
        cr_assert_eq(order, i < 1000 ? 2 * i + 1 : 2 * (i - 1000) + 2);
    }
    event_queue_free(q);
}

/* Time-outs that are nearly all cancelled: the dead must not pile up. 200 alive at a time, a million in all;
 * of the same length, so that they come in order, or of any. The bound is that of event_inline.h: dead <=
 * alive + 1024, so one block of slots (2 MB) and well under 1 MB of entries; without a sweep a million
 * entries would take 16 MB. */
static void check_timeouts(uint64_t spread)
{
    struct event_queue *q = event_queue_new(32);
    random_stream s = random_stream_new(random_key_new(3, spread, "timeouts"), 0, 0);
    event_handle timers[200] = {0};
    uint64_t count = 0;

    event_queue_push(q, 0, ++count, &payload);
    while (count < 2000000) {
        cr_assert(event_queue_pop(q, &now, &order, &payload));
        event_handle *timer = &timers[count / 2 % 200];
        if (*timer != 0)
            cr_assert(event_queue_cancel(q, *timer));
        event_queue_push(q, now + 1000, ++count, &payload);
        *timer =
            event_queue_push(q, now + 10 * SIM_SECOND + (sim_ns)random_below(&s, spread), ++count, &payload);
    }
    cr_assert_lt(event_queue_bytes(q), 3 << 20);
    event_queue_free(q);
}

Test(engine_event_queue, cancelled_timeouts_do_not_pile_up)
{
    check_timeouts(1);
    check_timeouts(10 * SIM_SECOND);
}

/* What a sweep leaves behind the last living entry is nobody's: one in eight lives, among them the last, and
 * what stood there is one of them for some of these counts. */
Test(engine_event_queue, what_outlives_a_sweep_fires_once)
{
    static event_handle handles[3016];

    for (uint64_t count = 3000; count < 3016; count++) {
        struct event_queue *q = event_queue_new(8);
        uint64_t alive = (count - 1) % 8;
        for (uint64_t i = 0; i < count; i++)
            handles[i] = event_queue_push(q, (sim_ns)i, i, &payload);
        for (uint64_t i = 0; i < count; i++) {
            if (i % 8 != alive)
                cr_assert(event_queue_cancel(q, handles[i]));
        }
        for (uint64_t i = alive; i < count; i += 8) {
            cr_assert(event_queue_pop(q, &now, &order, &payload));
            cr_assert_eq(order, i);
        }
        cr_assert_not(event_queue_pop(q, &now, &order, &payload));
        event_queue_free(q);
    }
}

/* An entry's stamp has 16 bits. With so many alive no sweep comes before it is round. */
Test(engine_event_queue, an_event_rearmed_65536_times_fires_where_it_was_put_last)
{
    struct event_queue *q = event_queue_new(8);
    event_handle h = event_queue_push(q, 500, 0, &payload);

    for (uint64_t i = 1; i < 80000; i++)
        event_queue_push(q, 1000, i, &payload);
    for (uint64_t i = 0; i < 65536; i++)
        cr_assert(event_queue_rearm(q, h, 2000, 0));
    for (uint64_t i = 1; i < 80000; i++) {
        cr_assert(event_queue_pop(q, &now, &order, &payload));
        cr_assert(now == 1000 && order == i);
    }
    cr_assert(event_queue_pop(q, &now, &order, &payload));
    cr_assert_eq(now, 2000);
    cr_assert_not(event_queue_pop(q, &now, &order, &payload));
    event_queue_free(q);
}

/* In a steady state nothing is allocated: the bytes held after a million events are those after two. */
Test(engine_event_queue, memory_is_flat_in_a_steady_state)
{
    for (uint64_t pending = 10; pending <= 100000; pending *= 100) {
        struct event_queue *q = event_queue_new(32);
        random_stream s = random_stream_new(random_key_new(3, pending, "flat"), 0, 0);
        size_t bytes = 0;

        for (uint64_t i = 0; i < pending; i++)
            event_queue_push(q, (sim_ns)random_below(&s, 1000000), i, &payload);
        for (uint64_t i = 0; i < 4000000; i++) {
            if (i == 2000000)
                bytes = event_queue_bytes(q);
            event_queue_pop(q, &now, &order, &payload);
            event_queue_push(q, now + (sim_ns)random_below(&s, 1000000), pending + i, &payload);
        }
        cr_assert_eq(event_queue_bytes(q), bytes, "%lu pending", pending);
        event_queue_free(q);
    }
}
