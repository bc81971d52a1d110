/* base_pool.c -- rooms of a pool against a naive list of pieces: what is in one stays there, whatever comes
 * and goes beside it; and arrays of lines begin with a line. */
#include "sim/base/hash.h"
#include "sim/base/lines.h"
#include "sim/base/pool.h"

#include <criterion/criterion.h>

enum { PIECES = 300, STEPS = 60000 };

struct piece {
    unsigned char *bytes;
    size_t length;
    unsigned char mark;
};

static uint64_t luck;

static uint64_t draw(uint64_t below)
{
    luck = hash_mix(luck);
    return (luck >> 11) % below;
}

/* Mostly small; now and then larger than a block. */
static size_t some_length(void)
{
    return draw(1000) == 0 ? 1 + draw(5u << 20) : 1 + draw(1u << draw(14));
}

static void mark(struct piece *p, unsigned char with)
{
    p->mark = with;
    memset(p->bytes, with, p->length);
}

static bool is_marked(const struct piece *p, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (p->bytes[i] != p->mark)
            return false;
    return true;
}

Test(base_pool, what_is_in_a_room_stays_there)
{
    struct pool pool = {0};
    struct piece pieces[PIECES] = {{0}};

    luck = 1;
    for (int step = 0; step < STEPS; step++) {
        struct piece *p = &pieces[draw(PIECES)];
        cr_assert(p->bytes == NULL || is_marked(p, p->length), "step %d", step);
        if (p->bytes == NULL) {
            p->length = some_length();
            p->bytes = pool_take(&pool, p->length);
            cr_assert_eq((uintptr_t)p->bytes % (p->length > 32 ? 64 : 32), 0, "step %d", step);
        } else if (draw(2) == 0) {
            pool_give(&pool, p->bytes, p->length);
            *p = (struct piece){0};
            continue;
        } else {
            size_t old = p->length;
            p->length = some_length();
            p->bytes = pool_resize(&pool, p->bytes, old, p->length);
            cr_assert(is_marked(p, old < p->length ? old : p->length), "step %d", step);
        }
        mark(p, (unsigned char)draw(256));
    }
    pool_free(&pool);
}

Test(base_pool, what_was_given_back_is_taken_next)
{
    struct pool pool = {0};
    void *a = pool_take(&pool, 100), *b = pool_take(&pool, 100);

    pool_give(&pool, a, 100);
    pool_give(&pool, b, 128);
    cr_expect_eq(pool_next(&pool, 65), b);
    cr_expect_eq(pool_take(&pool, 65), b);
    cr_expect_eq(pool_take(&pool, 128), a);
    cr_expect_eq(pool_room(129), 256);
    pool_free(&pool);
}

Test(base_pool, elements_of_lines_begin_with_a_line_and_are_zero)
{
    struct line {
        uint64_t words[8];
    };
    ARRAY(struct line) lines = {0};

    for (uint64_t i = 0; i < 70000; i++) {
        struct line *l = lines_add(&lines);
        cr_assert_eq((uintptr_t)l % 64, 0);
        for (int w = 0; w < 8; w++)
            cr_assert_eq(l->words[w], 0);
        memset(l, 0xff, sizeof *l);
        l->words[0] = i;
    }
    for (uint64_t i = 0; i < lines.count; i++)
        cr_assert_eq(lines.items[i].words[0], i);
    lines_free(&lines);
}
