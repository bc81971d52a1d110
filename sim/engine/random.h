/* random.h -- random numbers that depend on what they are for, never on how many were drawn before.
 *
 * A number is a function of (key, a, b, its index in the stream). A key is made once for a purpose and an
 * entity (seed, replication, "network", "us-east-1", ...); a and b say which use of it this is: the operation
 * and the transmission of a message, the number of an arrival. So another model, link or metric changes no
 * other draw, and every model of a comparison meets the same luck.
 *
 *     random_key delays = random_key_name(random_key_new(seed, replication, "delay"), "us-east-1");
 *     random_stream s = random_stream_new(random_key_number(delays, operation), transmission, 0);
 *     double share = random_unit(&s);
 *
 * Source: Philox4x32-10 of Random123 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2,
 * 3, SC11). The key is the 64-bit word; the counter is (block, b, a's low half, a's high half): 2^33 words a
 * stream. Cost: a key about 2 ns, a stream nothing until it is drawn from, a pair of words about 10 ns; make
 * it where it is declared (a stream assigned to an older one is copied in pieces the processor waits for).
 * Nothing allocates. */
#ifndef GEOREP_ENGINE_RANDOM_H
#define GEOREP_ENGINE_RANDOM_H

#include "sim/base/hash.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct random_key {
    uint64_t word;
} random_key;

/* Keys are derived step by step; the order of the steps matters. */
random_key random_key_new(uint64_t seed, uint64_t replication, const char *purpose);
random_key random_key_name(random_key k, const char *entity);
static inline random_key random_key_number(random_key k, uint64_t number)
{
    return (random_key){hash_join(k.word, number)};
}

/* By value; a copy goes on where the original stood, and gives the same numbers. */
typedef struct random_stream {
    uint64_t key, a;
    uint32_t b, block; /* the next block to compute */
    uint64_t word;     /* the second half of the last block */
    bool left;         /* not yet taken */
} random_stream;

static inline random_stream random_stream_new(random_key k, uint64_t a, uint32_t b)
{
    return (random_stream){.key = k.word, .a = a, .b = b};
}

/* The two words of block `block` of each of the streams (k, a, b), (k, a + 1, b), ..: `count` of them, in a
 * third of the time that they take one by one, or less. */
struct random_pair {
    uint64_t first, second;
};
void random_blocks(random_key k, uint64_t a, uint32_t b, uint32_t block, uint32_t count,
                   struct random_pair *pairs);

/* The same of any streams: block `block` of (k[0], a[0], b), (k[1], a[1], b), .. */
void random_blocks_of(const random_key *k, const uint64_t *a, uint32_t b, uint32_t block, uint32_t count,
                      struct random_pair *pairs);

/* The stream, where it has given the first word of block `block`, which `pair` is. */
static inline random_stream random_stream_within(random_key k, uint64_t a, uint32_t b, uint32_t block,
                                                 struct random_pair pair)
{
    return (random_stream){
        .key = k.word, .a = a, .b = b, .block = block + 1, .word = pair.second, .left = true};
}

/* Computes the stream's next block and returns its first word; random_u64 calls it. */
uint64_t random_block(random_stream *s);

static inline uint64_t random_u64(random_stream *s)
{
    if (!s->left)
        return random_block(s);
    s->left = false;
    return s->word;
}

/* Goes to word `index` of the stream, counted from 0: who needs but some of the words need not compute all.
 */
static inline void random_seek(random_stream *s, uint32_t index)
{
    s->block = index / 2;
    s->left = false;
    if (index % 2 != 0)
        (void)random_block(s);
}

/* Uniform in the open interval (0, 1): the odd multiples of 2^-53, so that neither 0 nor 1 is ever drawn, u
 * and 1 - u are equally likely, and 1 - u is exact. */
static inline double random_unit_of(uint64_t word)
{
    return (double)(int64_t)(word >> 11 | 1) * 0x1p-53;
}

static inline double random_unit(random_stream *s)
{
    return random_unit_of(random_u64(s));
}

/* Uniform in [0, n), exactly; n > 0. May take more than one word. */
uint64_t random_below(random_stream *s, uint64_t n);

/* The same of one word always, so that what is drawn next has its place: an n of up to 2^32 makes one number
 * likelier than another by at most a part in 2^32. */
static inline uint64_t random_scaled(uint64_t word, uint32_t n)
{
    return ((word >> 32) * n + ((word & UINT32_MAX) * n >> 32)) >> 32;
}

#endif
