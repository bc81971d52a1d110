/* A queue with one server, built of events: its mean wait against theory.
 *
 * With service times of mean 1 and utilisation r the mean wait is r / (1 - r), and the mean over n customers
 * has for large n the variance r (2 + 5r - 4r^2 + r^3) / (1 - r)^4 / n (Whitt: Planning Queueing Simulations,
 * Management Science 35, 1989). Five such deviations at either side; starting empty costs less than 1 / (1 -
 * r)^4 customers' worth, 16 in a million. */
#include "sim/engine/distribution.h"
#include "sim/engine/event_queue.h"

#include <criterion/criterion.h>
#include <math.h>

Test(engine_mm1, mean_wait_is_that_of_theory)
{
    enum { CUSTOMERS = 1000000 };
    const double r = 0.5, variance = r * (2 + 5 * r - 4 * r * r + r * r * r) / pow(1 - r, 4);
    const struct distribution between = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9 / r};
    const struct distribution service = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9};
    random_stream arrivals = random_stream_new(random_key_new(1, 0, "arrivals"), 0, 0);
    random_stream services = random_stream_new(random_key_new(1, 0, "services"), 0, 0);
    struct event_queue *q = event_queue_new(sizeof(int));
    static sim_ns arrived[CUSTOMERS];
    size_t came = 0, left = 0;
    uint64_t order = 0, served;
    double wait = 0;
    sim_ns now = 0;
    void *payload;

    event_queue_push(q, distribution_draw_ns(&between, &arrivals), ++order, &payload);
    *(int *)payload = 'a';
    while (event_queue_pop(q, &now, &served, &payload)) {
        bool arrival = *(int *)payload == 'a';
        if (arrival) {
            arrived[came++] = now;
            if (came < CUSTOMERS) {
                event_queue_push(q, now + distribution_draw_ns(&between, &arrivals), ++order, &payload);
                *(int *)payload = 'a';
            }
        } else {
            left++;
        }
        if (arrival ? came - left == 1 : left < came) { /* the server takes the next */
            wait += (double)(now - arrived[left]) / 1e9;
            event_queue_push(q, now + distribution_draw_ns(&service, &services), ++order, &payload);
            *(int *)payload = 'd';
        }
    }
    cr_assert_eq(left, CUSTOMERS);
    cr_assert_lt(fabs(wait / CUSTOMERS - r / (1 - r)), 5 * sqrt(variance / CUSTOMERS), "mean wait %g",
                 wait / CUSTOMERS);
    event_queue_free(q);
}
