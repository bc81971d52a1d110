/* random.c -- counter-based streams.
 *
 * Why counter-based: a generator with a state makes every number depend on all numbers drawn before it, so
 * one more message would change the luck of everything after. Philox is a keyed bijection of a 128-bit
 * counter: the n-th block of any stream is computed directly, and a stream is but a key and a counter.
 *
 * A block is four 32-bit words, joined to two of 64 bits, low half first. */
#include "sim/engine/random.h"

#include "sim/base/check.h"
#include "sim/base/hash.h"

#include <Random123/philox.h>

__extension__ typedef unsigned __int128 wide;

random_key random_key_new(uint64_t seed, uint64_t replication, const char *purpose)
{
    return random_key_name((random_key){hash_join(hash_mix(seed), replication)}, purpose);
}

random_key random_key_name(random_key k, const char *entity)
{
    return (random_key){hash_join(k.word, hash_text(entity))};
}

random_key random_key_number(random_key k, uint64_t number)
{
    return (random_key){hash_join(k.word, number)};
}

uint64_t random_block(random_stream *s)
{
    philox4x32_ctr_t counter = {{s->block, s->b, (uint32_t)s->a, (uint32_t)(s->a >> 32)}};
    philox4x32_key_t key = {{(uint32_t)s->key, (uint32_t)(s->key >> 32)}};
    philox4x32_ctr_t block = philox4x32_R(10, counter, key);

    s->block++;
    CHECK(s->block != 0);
    s->word = (uint64_t)block.v[3] << 32 | block.v[2];
    s->left = true;
    return (uint64_t)block.v[1] << 32 | block.v[0];
}

/* Lemire: Fast Random Integer Generation in an Interval (ACM TOMACS 29, 2019): the high half of word x n; the
 * few words that would make some results likelier than others are drawn again. */
uint64_t random_below(random_stream *s, uint64_t n)
{
    wide product = (wide)random_u64(s) * n;

    CHECK(n != 0);
    if ((uint64_t)product < n) {
        uint64_t least = (0 - n) % n;

        while ((uint64_t)product < least)
            product = (wide)random_u64(s) * n;
    }
    return (uint64_t)(product >> 64);
}
