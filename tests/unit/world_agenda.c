/* world_agenda.c -- whatever line an event stands in, all happen by (time, order). */
#include "sim/world/agenda.h"

#include "sim/base/array.h"
#include "sim/base/hash.h"

#include <criterion/criterion.h>

enum { ARRIVALS = 3, CHANNELS = 6, STEPS = 200000 };
enum { LINES = AGENDA_MANY + ARRIVALS + CHANNELS };

struct side { /* the events of a line that follow its first, and those of the queue, kept plainly */
    ARRAY(agenda_key) keys;
    size_t next;
};

static agenda_key least_of(const struct side *sides, uint32_t *line)
{
    agenda_key least = AGENDA_NONE;

    for (uint32_t i = 0; i < LINES; i++)
        for (size_t k = sides[i].next; k < sides[i].keys.count; k++)
            if (sides[i].keys.items[k] < least) {
                least = sides[i].keys.items[k];
                *line = i;
            }
    return least;
}

/* The lines of the test are numbered through the groups. */
static enum agenda_group group_of(uint32_t line)
{
    return line < AGENDA_MANY              ? (enum agenda_group)line
           : line < AGENDA_MANY + ARRIVALS ? AGENDA_ARRIVALS
                                           : AGENDA_CHANNELS;
}

static void set(struct agenda *a, uint32_t line, agenda_key key)
{
    enum agenda_group group = group_of(line);

    if (group < AGENDA_MANY)
        agenda_set(a, group, key);
    else
        agenda_set_line(a, group, line - AGENDA_MANY - (group == AGENDA_CHANNELS ? ARRIVALS : 0), key);
}

/* The first when all are known. */
static enum agenda_group first_group(struct agenda *a, sim_ns *time)
{
    enum agenda_group group = agenda_first(a, time);

    if (group != AGENDA_QUEUE || !a->look)
        return group;
    cr_assert_null(agenda_pop(a));
    return agenda_first(a, time);
}

static uint32_t first_line(struct agenda *a, sim_ns *time)
{
    enum agenda_group group = first_group(a, time);

    return group < AGENDA_MANY
               ? (uint32_t)group
               : (uint32_t)AGENDA_MANY + (group == AGENDA_CHANNELS ? (uint32_t)ARRIVALS : 0u) +
                     agenda_line(a, group);
}

static void take(struct side *side, agenda_key key)
{
    for (size_t k = side->next; k < side->keys.count; k++)
        if (side->keys.items[k] == key) {
            side->keys.items[k] = side->keys.items[side->next++];
            return;
        }
    cr_assert_fail("it is not there");
}

/* Lines of random pace, some often empty, a queue with cancelled events; against a search of all of them. Few
 * instants, so that many events share one. */
Test(world_agenda, events_happen_by_time_and_order)
{
    struct agenda a;
    struct side sides[LINES] = {0};
    uint64_t luck = 1, order = 0, happened = 0;
    sim_ns now = 0, last[LINES] = {0};
    event_handle cancels = 0;
    agenda_key cancelled = AGENDA_NONE;

    agenda_open(&a, ARRIVALS, CHANNELS, 8);
    for (int step = 0; step < STEPS; step++) {
        luck = hash_mix(luck);
        uint32_t line = (uint32_t)(luck >> 8) % LINES, found = 0;
        sim_ns time = now + (sim_ns)(luck >> 16 & 7);
        struct side *side = &sides[line];
        if (luck % 16 < 7) {
            time = line != AGENDA_QUEUE && time < last[line] ? last[line] : time;
            last[line] = time;
            agenda_key key = agenda_key_of(time, ++order);
            *array_add(&side->keys) = key;
            if (line == AGENDA_QUEUE) {
                void *payload;
                event_handle h = agenda_push(&a, time, order, &payload);
                *(uint64_t *)payload = order;
                if (luck >> 32 & 1) {
                    cancels = h;
                    cancelled = key;
                }
            } else if (side->keys.count == side->next + 1) {
                set(&a, line, key);
            }
        } else if (luck % 16 == 7 && cancels != 0) {
            if (agenda_cancel(&a, cancels))
                take(&sides[AGENDA_QUEUE], cancelled);
            cancels = 0;
        } else if (luck % 16 > 7) {
            agenda_key key, least = least_of(sides, &found);
            line = first_line(&a, &time);
            key = agenda_first_of(&a, group_of(line));
            cr_assert(key == least && agenda_time(key) == time, "step %d", step);
            if (least == AGENDA_NONE)
                continue;
            cr_assert_eq(line, found);
            now = agenda_time(key);
            take(&sides[line], key);
            happened++;
            if (line == AGENDA_QUEUE)
                cr_assert_eq(*(uint64_t *)agenda_pop(&a), (uint64_t)key);
            else
                set(&a, line,
                    sides[line].next < sides[line].keys.count ? sides[line].keys.items[sides[line].next]
                                                              : AGENDA_NONE);
        }
    }
    cr_assert(happened > STEPS / 4);
    agenda_close(&a);
    for (uint32_t i = 0; i < LINES; i++)
        array_free(&sides[i].keys);
}

Test(world_agenda, an_agenda_of_the_queue_alone)
{
    struct agenda a;
    sim_ns time;
    void *payload;

    agenda_open(&a, 0, 0, 8);
    (void)first_group(&a, &time);
    cr_assert_eq(time, SIM_NS_NEVER);
    agenda_push(&a, 5, 2, &payload);
    agenda_push(&a, 5, 1, &payload);
    cr_assert_eq(first_group(&a, &time), AGENDA_QUEUE);
    cr_assert(agenda_first_of(&a, AGENDA_QUEUE) == agenda_key_of(5, 1));
    (void)agenda_pop(&a);
    (void)first_group(&a, &time);
    cr_assert(agenda_first_of(&a, AGENDA_QUEUE) == agenda_key_of(5, 2));
    agenda_close(&a);
}
