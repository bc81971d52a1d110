/* base_stock.c -- pieces of the stock against a naive list of them: what is in one stays there, a new one is
 * zeros where it should be, and what is given back is there again. */
#include "sim/base/hash.h"
#include "sim/base/stock.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

enum { PIECES = 200, STEPS = 20000 };

struct held {
    unsigned char *bytes;
    size_t length;
    unsigned char mark;
};

struct holder {
    uint64_t luck;
    struct held pieces[PIECES];
    const char *wrong;
};

static uint64_t draw(struct holder *h, uint64_t below)
{
    h->luck = hash_mix(h->luck);
    return (h->luck >> 11) % below;
}

static bool are_all(const unsigned char *bytes, size_t length, unsigned char value)
{
    return length == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* Lengths of all orders alike, seldom a power of two. */
static void take(struct holder *h, struct held *p)
{
    p->length = STOCK_LEAST + draw(h, (size_t)STOCK_LEAST << draw(h, 11)) % (STOCK_MOST - STOCK_LEAST + 1);
    size_t unset = draw(h, 2) == 0 ? 0 : draw(h, p->length + 1);
    p->bytes = stock_take(p->length, unset);
    if ((uintptr_t)p->bytes % STOCK_LEAST != 0)
        h->wrong = "a piece begins in the middle of a unit";
    else if (!are_all(p->bytes + unset, p->length - unset, 0))
        h->wrong = "a new piece is not zeros";
    p->mark = (unsigned char)draw(h, 256);
    memset(p->bytes, p->mark, p->length);
}

static void give(struct holder *h, struct held *p)
{
    if (!are_all(p->bytes, p->length, p->mark))
        h->wrong = "what is in a piece changed";
    if (!stock_has(p->bytes) || !stock_has(p->bytes + p->length - 1) || !stock_give(p->bytes, p->length))
        h->wrong = "the stock does not know its piece";
    *p = (struct held){0};
}

static void *hold(void *holder)
{
    struct holder *h = holder;

    for (int step = 0; step < STEPS && h->wrong == NULL; step++) {
        struct held *p = &h->pieces[draw(h, PIECES)];
        if (p->bytes == NULL)
            take(h, p);
        else
            give(h, p);
    }
    for (int i = 0; i < PIECES; i++)
        if (h->pieces[i].bytes != NULL)
            give(h, &h->pieces[i]);
    return NULL;
}

static bool is_empty(void)
{
    void *piece = stock_take(STOCK_LEAST, 0);
    bool empty = piece == NULL;

    if (!empty)
        stock_give(piece, STOCK_LEAST);
    return empty;
}

Test(base_stock, what_is_in_a_piece_stays_there)
{
    static struct holder holder = {.luck = 1};

    if (is_empty())
        cr_skip_test("an address sanitizer watches");
    hold(&holder);
    cr_assert_null(holder.wrong, "%s", holder.wrong);
}

Test(base_stock, threads_share_it)
{
    static struct holder holders[4];
    pthread_t threads[4];

    if (is_empty())
        cr_skip_test("an address sanitizer watches");
    for (int i = 0; i < 4; i++) {
        holders[i].luck = (uint64_t)i + 10;
        cr_assert_eq(pthread_create(&threads[i], NULL, hold, &holders[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_null(holders[i].wrong, "thread %d: %s", i, holders[i].wrong);
    }
}

/* What came back in small pieces is one again: the next that are taken lie where they lay. */
Test(base_stock, halves_join_when_both_are_free)
{
    unsigned char *small[STOCK_MOST / STOCK_LEAST];
    enum { COUNT = sizeof small / sizeof *small };

    if (is_empty())
        cr_skip_test("an address sanitizer watches");
    for (int i = 0; i < COUNT; i++)
        small[i] = stock_take(STOCK_LEAST, 0);
    unsigned char *low = small[0];
    for (int i = 0; i < COUNT; i++) {
        low = small[i] < low ? small[i] : low;
        memset(small[i], 1, STOCK_LEAST);
    }
    for (int i = 0; i < COUNT; i++) /* every other first */
        stock_give(small[i * 2 % COUNT + (i * 2 >= COUNT)], STOCK_LEAST);
    unsigned char *whole = stock_take(STOCK_MOST, 0);
    cr_assert_eq(whole, low);
    cr_assert(are_all(whole, STOCK_MOST, 0));
    cr_assert_not(stock_give(small, STOCK_LEAST), "the stock takes what is not its own");
    stock_give(whole, STOCK_MOST);
}
