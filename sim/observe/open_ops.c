/* open_ops.c -- what is seldom of it: see open_ops.h. */
#include "sim/observe/open_ops.h"

#include "sim/base/check.h"

#include <stdlib.h>

enum { PLACES_LEAST = 512, PLACES_MOST = 65536 };

static void set_places(struct open_ops *o, uint32_t count)
{
    o->places = memory_new(count, sizeof *o->places);
    o->place_mask = count - 1;
    o->open_most = count < PLACES_MOST ? count / 2 : UINT32_MAX;
}

void open_ops_open(struct open_ops *o)
{
    *o = (struct open_ops){0};
    set_places(o, PLACES_LEAST);
}

void open_ops_close(struct open_ops *o)
{
    free(o->places);
    check_map_free(&o->late);
}

void open_ops_grow(struct open_ops *o)
{
    struct open_op *old = o->places;
    uint32_t count = o->place_mask + 1;

    set_places(o, count * 2);
    for (uint32_t i = 0; i < count; i++) {
        if (old[i].op == 0)
            continue;
        struct open_op *place = open_ops_place(o, old[i].op);
        if (place->op != 0)
            open_ops_make_room(o, place);
        *place = old[i];
    }
    free(old);
}

void open_ops_make_room(struct open_ops *o, const struct open_op *place)
{
    check_map_put(&o->late, place->op, 0, place->number);
}

uint32_t open_ops_get_late(const struct open_ops *o, uint64_t op)
{
    uint64_t late = o->late.count == 0 ? CHECK_ABSENT : check_map_get(&o->late, op, 0);

    return late == CHECK_ABSENT ? OPEN_OPS_NONE : (uint32_t)late;
}

uint32_t open_ops_take_late(struct open_ops *o, uint64_t op)
{
    uint64_t late = o->late.count == 0 ? CHECK_ABSENT : check_map_take(&o->late, op, 0);

    if (late == CHECK_ABSENT)
        return OPEN_OPS_NONE;
    o->open_count--;
    return (uint32_t)late;
}
