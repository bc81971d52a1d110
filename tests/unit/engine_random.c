/* Counter-based streams: Philox's published answers, and that a draw depends on what it is for alone. */
#include "sim/engine/random.h"
#include "sim/engine/random_gsl.h"

#include <Random123/philox.h>
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

/* From Random123's kat_vectors: philox4x32 with 10 rounds. A block is read as two words, low half first. */
Test(engine_random, gives_the_published_answers_of_philox)
{
    random_stream zero = {0};
    random_stream pi = {.key = UINT64_C(0x299f31d0a4093822),
                        .a = UINT64_C(0x0370734413198a2e),
                        .b = 0x85a308d3,
                        .block = 0x243f6a88};

    cr_assert_eq(random_u64(&zero), UINT64_C(0xe169c58d6627e8d5));
    cr_assert_eq(random_u64(&zero), UINT64_C(0x9b00dbd8bc57ac4c));
    cr_assert_eq(random_u64(&pi), UINT64_C(0x94fdccebd16cfe09));
    cr_assert_eq(random_u64(&pi), UINT64_C(0x24126ea15001e420));
}

/* Blocks anywhere in any stream, against Random123's own code. */
Test(engine_random, gives_what_random123_gives)
{
    random_stream where = random_stream_new(random_key_new(7, 0, "where"), 0, 0);

    for (size_t i = 0; i < 20000; i++) {
        uint64_t last = random_u64(&where);
        random_stream s = {.key = random_u64(&where), .a = random_u64(&where), .b = (uint32_t)last};

        s.block = i % 4 == 0 ? 0 : (uint32_t)(last >> 32) & ~UINT32_C(3);
        for (uint32_t n = 0; n < 2; n++) {
            philox4x32_ctr_t counter = {{s.block, s.b, (uint32_t)s.a, (uint32_t)(s.a >> 32)}};
            philox4x32_key_t key = {{(uint32_t)s.key, (uint32_t)(s.key >> 32)}};
            philox4x32_ctr_t block = philox4x32_R(10, counter, key);

            cr_assert_eq(random_u64(&s), (uint64_t)block.v[1] << 32 | block.v[0]);
            cr_assert_eq(random_u64(&s), (uint64_t)block.v[3] << 32 | block.v[2]);
        }
    }
}

/* Of many streams at once, and of any place in one, the same words as one after another; the count is of
 * sixteen, of eight and some more, so that those are computed one by one. */
static void blocks_are_those_of_the_streams(uint64_t a)
{
    enum { COUNT = 29 };
    random_key key = random_key_new(5, 3, "many");
    struct random_pair pairs[COUNT];

    random_blocks(key, a, 7, 2, COUNT, pairs);
    for (uint32_t i = 0; i < COUNT; i++) {
        random_stream s = random_stream_new(key, a + i, 7);
        for (int skipped = 0; skipped < 4; skipped++)
            (void)random_u64(&s);
        uint64_t fourth = random_u64(&s), fifth = random_u64(&s), sixth = random_u64(&s);
        cr_assert_eq(pairs[i].first, fourth);
        cr_assert_eq(pairs[i].second, fifth);
        random_stream within = random_stream_within(key, a + i, 7, 2, pairs[i]);
        cr_assert_eq(random_u64(&within), fifth);
        cr_assert_eq(random_u64(&within), sixth);
        random_seek(&within, 5);
        cr_assert_eq(random_u64(&within), fifth);
        random_seek(&within, 4);
        cr_assert_eq(random_u64(&within), fourth);
    }
}

Test(engine_random, blocks_of_any_streams_are_those_of_the_streams)
{
    enum { COUNT = 11 }; /* of four, and some more */
    struct random_pair pairs[COUNT];
    random_key keys[COUNT];
    uint64_t numbers[COUNT];

    for (uint32_t i = 0; i < COUNT; i++) {
        keys[i] = random_key_number(random_key_new(5, 3, "any"), i);
        numbers[i] = i * UINT64_C(0x123456789);
    }
    random_blocks_of(keys, numbers, 7, 2, COUNT, pairs);
    for (uint32_t i = 0; i < COUNT; i++) {
        random_stream s = random_stream_new(keys[i], numbers[i], 7);
        random_seek(&s, 4);
        cr_assert_eq(pairs[i].first, random_u64(&s));
        cr_assert_eq(pairs[i].second, random_u64(&s));
    }
}

Test(engine_random, blocks_of_many_streams_and_words_anywhere_are_those_of_the_streams)
{
    /* The streams cross 2^32, where `a` carries, in each of the parts. */
    for (uint64_t before = 1; before < 29; before++)
        blocks_are_those_of_the_streams((UINT64_C(1) << 32) - before);
}

/* floor(word n / 2^64), by 128 bits. */
Test(engine_random, a_word_is_scaled_exactly)
{
    random_stream s = random_stream_new(random_key_new(1, 1, "scaled"), 0, 0);

    for (int i = 0; i < 10000; i++) {
        uint64_t word = random_u64(&s);
        uint32_t n = (uint32_t)(random_u64(&s) >> (32 + i % 32));
        __extension__ typedef unsigned __int128 wide;
        cr_assert_eq(random_scaled(word, n), (uint64_t)((wide)word * n >> 64));
    }
    cr_assert_eq(random_scaled(UINT64_MAX, UINT32_MAX), UINT32_MAX - 1);
    cr_assert_eq(random_scaled(0, 5), 0);
}

Test(engine_random, draws_do_not_depend_on_the_order_of_drawing)
{
    random_key key = random_key_name(random_key_new(5, 3, "delay"), "eu-west-1");
    uint64_t first[50][4];

    for (uint64_t a = 0; a < 50; a++) {
        random_stream s = random_stream_new(key, a, 2);
        for (size_t i = 0; i < 4; i++)
            first[a][i] = random_u64(&s);
    }
    random_stream other = random_stream_new(random_key_new(5, 3, "loss"), 0, 0);
    for (uint64_t a = 50;
         a-- > 0;) { /* backwards, with draws of another purpose in between, and interleaved */
        random_stream s = random_stream_new(key, a, 2), t = random_stream_new(key, (a + 1) % 50, 2);
        for (size_t i = 0; i < 4; i++) {
            random_u64(&other);
            cr_assert_eq(random_u64(&s), first[a][i]);
            cr_assert_eq(random_u64(&t), first[(a + 1) % 50][i]);
        }
    }
}

Test(engine_random, whatever_differs_in_what_it_is_for_differs_in_its_draws)
{
    random_key keys[] = {
        random_key_new(1, 0, "delay"),
        random_key_new(2, 0, "delay"),
        random_key_new(1, 1, "delay"),
        random_key_new(0, 1, "delay"),
        random_key_new(1, 0, "loss"),
        random_key_name(random_key_new(1, 0, "delay"), "a"),
        random_key_name(random_key_name(random_key_new(1, 0, "delay"), "a"), "b"),
        random_key_name(random_key_name(random_key_new(1, 0, "delay"), "b"), "a"),
        random_key_number(random_key_new(1, 0, "delay"), 1),
        random_key_number(random_key_new(1, 0, "delay"), 0),
    };
    uint64_t drawn[10][4];

    for (size_t k = 0; k < 10; k++) {
        random_stream streams[] = {random_stream_new(keys[k], 0, 0), random_stream_new(keys[k], 1, 0),
                                   random_stream_new(keys[k], 0, 1),
                                   random_stream_new(keys[k], UINT64_C(1) << 32, 0)};
        for (size_t i = 0; i < 4; i++)
            drawn[k][i] = random_u64(&streams[i]);
    }
    for (size_t i = 0; i < 40; i++) {
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(drawn[i / 4][i % 4], drawn[j / 4][j % 4], "%zu and %zu", i, j);
    }
}

Test(engine_random, a_unit_is_never_0_nor_1)
{
    /* The extreme words, read as random_unit reads them. */
    random_stream least = {.left = true, .word = 0}, most = {.left = true, .word = UINT64_MAX};

    cr_assert_eq(random_unit(&least), 0x1p-53);
    cr_assert_eq(random_unit(&most), 1 - 0x1p-53);
}

/* Just above 3/4 of 2^64 a careless modulo would give a third of the numbers twice as often. Chi-square over
 * 1000 cells of a million numbers below n, alpha = 1e-6. */
Test(engine_random, below_is_even)
{
    const uint64_t limits[] = {1000, 3000, UINT64_C(13835058055282163000), 1000 * (UINT64_MAX / 1000)};

    for (size_t l = 0; l < 4; l++) {
        random_stream s = random_stream_new(random_key_new(1, l, "below"), 0, 0);
        double counts[1000] = {0}, chi_square = 0;

        for (size_t i = 0; i < 1000000; i++) {
            uint64_t x = random_below(&s, limits[l]);
            cr_assert_lt(x, limits[l]);
            counts[x / (limits[l] / 1000)]++;
        }
        for (size_t i = 0; i < 1000; i++)
            chi_square += (counts[i] - 1000) * (counts[i] - 1000) / 1000;
        cr_assert_lt(chi_square, gsl_cdf_chisq_Qinv(1e-6, 999), "below %lu", limits[l]);
    }
}

Test(engine_random, gsl_draws_from_the_attached_stream)
{
    gsl_rng *r = gsl_rng_alloc(random_gsl_type);
    random_stream s = random_stream_new(random_key_new(1, 0, "gsl"), 4, 0), same = s;

    random_gsl_attach(r, &s);
    cr_assert_eq(gsl_rng_get(r), random_u64(&same));
    cr_assert_eq(gsl_rng_uniform(r), random_unit(&same));
    cr_assert_lt(gsl_ran_gaussian(r, 1), 40);
    gsl_rng *copy = gsl_rng_clone(r);
    random_stream before = s;
    unsigned long word = gsl_rng_get(copy);
    cr_assert_eq(word, random_u64(&before));
    gsl_rng_free(copy);
    gsl_rng_free(r);
}
