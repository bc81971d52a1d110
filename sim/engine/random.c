/* random.c -- counter-based streams.
 *
 * Why counter-based: a generator with a state makes every number depend on all numbers drawn before it, so
 * one more message would change the luck of everything after. Philox is a keyed bijection of a 128-bit
 * counter: the n-th block of any stream is computed directly, and a stream is but a key and a counter.
 *
 * A block is four 32-bit words, joined to two of 64 bits, low half first. */
#include "sim/engine/random.h"

#include "sim/base/check.h"
#include "sim/base/processor.h"

#if PROCESSOR_IS_X86
#include <immintrin.h>
#else
#include <Random123/philox.h>
#endif

__extension__ typedef unsigned __int128 wide;

random_key random_key_new(uint64_t seed, uint64_t replication, const char *purpose)
{
    return random_key_name((random_key){hash_join(hash_mix(seed), replication)}, purpose);
}

random_key random_key_name(random_key k, const char *entity)
{
    return (random_key){hash_join(k.word, hash_text(entity))};
}

#if PROCESSOR_IS_X86
/* Both products of a round are one instruction when the words they are made of stand in the low halves of the
 * two lanes: `even` is counter words 0 and 2, `odd` 1 and 3. The products change lanes; their high halves
 * with `odd` and the key become the next `even`, their low halves the next `odd`. The lanes' high halves are
 * never read, whatever is left there. A dword each is loaded: whoever has just made the stream wrote it in
 * other pieces than 64 bits, which the processor would have to wait for. */
static struct random_pair philox(const random_stream *s)
{
    const __m128i factors = _mm_set_epi32(0, (int)0xcd9e8d57, 0, (int)0xd2511f53);
    const __m128i steps = _mm_set_epi32(0, (int)0xbb67ae85, 0, (int)0x9e3779b9);
    __m128i a = _mm_loadl_epi64((const __m128i *)(const void *)&s->a);
    __m128i key = _mm_loadl_epi64((const __m128i *)(const void *)&s->key);
    __m128i even = _mm_unpacklo_epi64(_mm_cvtsi32_si128((int)s->block), a);
    __m128i odd = _mm_unpacklo_epi64(_mm_cvtsi32_si128((int)s->b), _mm_srli_epi64(a, 32));

    key = _mm_shuffle_epi32(key, _MM_SHUFFLE(1, 1, 0, 0));
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        __m128i product = _mm_mul_epu32(even, factors);

        even = _mm_xor_si128(_mm_shuffle_epi32(product, _MM_SHUFFLE(1, 1, 3, 3)), _mm_xor_si128(odd, key));
        odd = _mm_shuffle_epi32(product, _MM_SHUFFLE(0, 0, 2, 2));
        key = _mm_add_epi32(key, steps);
    }
    __m128i low = _mm_unpacklo_epi32(even, odd), high = _mm_unpackhi_epi32(even, odd);
    return (struct random_pair){(uint64_t)_mm_cvtsi128_si64(low), (uint64_t)_mm_cvtsi128_si64(high)};
}
#else
static struct random_pair philox(const random_stream *s)
{
    philox4x32_ctr_t counter = {{s->block, s->b, (uint32_t)s->a, (uint32_t)(s->a >> 32)}};
    philox4x32_key_t key = {{(uint32_t)s->key, (uint32_t)(s->key >> 32)}};
    philox4x32_ctr_t block = philox4x32_R(10, counter, key);

    return (struct random_pair){(uint64_t)block.v[1] << 32 | block.v[0],
                                (uint64_t)block.v[3] << 32 | block.v[2]};
}
#endif

#if PROCESSOR_IS_X86
/* Of four streams at once each counter word is a vector, in the low halves of its lanes: a product's high
 * half is one shift away, its low half stands where it is wanted, and what is left above it is never read. */
enum { LANES = 4 };

struct lanes {
    __m256i word_0, word_1, word_2, word_3;
};

/* `key` is of two words, as the stream has it. Several fours go through the rounds together, so that none
 * waits for its products. */
__attribute__((target("avx2"), always_inline)) static inline void philox_lanes(__m256i key, int fours,
                                                                               struct lanes *c)
{
    const __m256i factor_0 = _mm256_set1_epi64x(0xd2511f53), factor_2 = _mm256_set1_epi64x(0xcd9e8d57),
                  steps = _mm256_set1_epi64x((int64_t)UINT64_C(0xbb67ae859e3779b9));

    for (int rounds = 0; rounds < 10; rounds += 2) /* two a turn: the words come back to their places */
#pragma GCC unroll 2
        for (int round = 0; round < 2; round++) {
            __m256i key_1 = _mm256_srli_epi64(key, 32);
#pragma GCC unroll 2
            for (int i = 0; i < fours; i++) {
                __m256i of_0 = _mm256_mul_epu32(c[i].word_0, factor_0),
                        of_2 = _mm256_mul_epu32(c[i].word_2, factor_2);
                c[i].word_0 =
                    _mm256_xor_si256(_mm256_srli_epi64(of_2, 32), _mm256_xor_si256(c[i].word_1, key));
                c[i].word_2 =
                    _mm256_xor_si256(_mm256_srli_epi64(of_0, 32), _mm256_xor_si256(c[i].word_3, key_1));
                c[i].word_1 = of_2;
                c[i].word_3 = of_0;
            }
            key = _mm256_add_epi32(key, steps);
        }
}

__attribute__((target("avx2"), always_inline)) static inline struct lanes lanes_of(__m256i a, uint32_t b,
                                                                                   uint32_t block)
{
    return (struct lanes){_mm256_set1_epi32((int)block), _mm256_set1_epi32((int)b), a,
                          _mm256_srli_epi64(a, 32)};
}

__attribute__((target("avx2"), always_inline)) static inline void lanes_store(const struct lanes *c,
                                                                              struct random_pair *pairs)
{
    __m256i first = _mm256_blend_epi32(c->word_0, _mm256_slli_epi64(c->word_1, 32), 0xaa),
            second = _mm256_blend_epi32(c->word_2, _mm256_slli_epi64(c->word_3, 32), 0xaa);
    __m256i even = _mm256_unpacklo_epi64(first, second), odd = _mm256_unpackhi_epi64(first, second);
    __m256i *out = (__m256i *)(void *)pairs;

    _mm256_storeu_si256(out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(even, odd, 0x31));
}

/* As many of `count` as make whole eights; how many. */
__attribute__((target("avx2"))) static uint32_t
philox_eights(random_key k, uint64_t a, uint32_t b, uint32_t block, uint32_t count, struct random_pair *pairs)
{
    uint32_t done = 0;

    for (; done + 2 * LANES <= count; done += 2 * LANES) {
        __m256i first =
            _mm256_add_epi64(_mm256_set1_epi64x((int64_t)(a + done)), _mm256_set_epi64x(3, 2, 1, 0));
        struct lanes c[2] = {lanes_of(first, b, block),
                             lanes_of(_mm256_add_epi64(first, _mm256_set1_epi64x(LANES)), b, block)};
        philox_lanes(_mm256_set1_epi64x((int64_t)k.word), 2, c);
        lanes_store(&c[0], &pairs[done]);
        lanes_store(&c[1], &pairs[done + LANES]);
    }
    return done;
}

/* Of any streams, as many of `count` as make whole fours; how many. */
__attribute__((target("avx2"))) static uint32_t philox_fours(const random_key *k, const uint64_t *a,
                                                             uint32_t b, uint32_t block, uint32_t count,
                                                             struct random_pair *pairs)
{
    uint32_t done = 0;

    for (; done + LANES <= count; done += LANES) {
        struct lanes c = lanes_of(_mm256_loadu_si256((const __m256i *)(const void *)&a[done]), b, block);
        philox_lanes(_mm256_loadu_si256((const __m256i *)(const void *)&k[done]), 1, &c);
        lanes_store(&c, &pairs[done]);
    }
    return done;
}

/* The same of sixteens, where three vectors are joined by one instruction. */
enum { LANES_512 = 8, AT_ONCE_512 = 2 * LANES_512 };

__attribute__((target("avx512f"))) static uint32_t philox_sixteens(random_key k, uint64_t a, uint32_t b,
                                                                   uint32_t block, uint32_t count,
                                                                   struct random_pair *pairs)
{
    const __m512i factor_0 = _mm512_set1_epi64(0xd2511f53), factor_2 = _mm512_set1_epi64(0xcd9e8d57),
                  steps = _mm512_set1_epi64((int64_t)UINT64_C(0xbb67ae859e3779b9));
    const __m512i first_four = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0),
                  last_four = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    enum { XOR = 0x96 };
    __m512i word_0[2], word_1[2], word_2[2], word_3[2];
    uint32_t done = 0;

    for (; done + AT_ONCE_512 <= count; done += AT_ONCE_512) {
        __m512i key = _mm512_set1_epi64((int64_t)k.word);
        for (int i = 0; i < 2; i++) {
            word_0[i] = _mm512_set1_epi32((int)block);
            word_1[i] = _mm512_set1_epi32((int)b);
            word_2[i] = _mm512_add_epi64(_mm512_set1_epi64((int64_t)(a + done) + LANES_512 * i),
                                         _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
            word_3[i] = _mm512_srli_epi64(word_2[i], 32);
        }
        for (int rounds = 0; rounds < 10; rounds += 2)
#pragma GCC unroll 2
            for (int round = 0; round < 2; round++) {
                __m512i key_1 = _mm512_srli_epi64(key, 32);
#pragma GCC unroll 2
                for (int i = 0; i < 2; i++) {
                    __m512i of_0 = _mm512_mul_epu32(word_0[i], factor_0),
                            of_2 = _mm512_mul_epu32(word_2[i], factor_2);
                    word_0[i] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(of_2, 32), word_1[i], key, XOR);
                    word_2[i] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(of_0, 32), word_3[i], key_1, XOR);
                    word_1[i] = of_2;
                    word_3[i] = of_0;
                }
                key = _mm512_add_epi32(key, steps);
            }
        for (int i = 0; i < 2; i++) {
            __m512i first = _mm512_mask_blend_epi32(0xaaaa, word_0[i], _mm512_slli_epi64(word_1[i], 32)),
                    second = _mm512_mask_blend_epi32(0xaaaa, word_2[i], _mm512_slli_epi64(word_3[i], 32));
            struct random_pair *out = &pairs[done + LANES_512 * (uint32_t)i];
            _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, first_four, second));
            _mm512_storeu_si512(out + LANES_512 / 2, _mm512_permutex2var_epi64(first, last_four, second));
        }
    }
    return done;
}

/* As many of `count` as the processor has the instructions for; how many. */
static uint32_t philox_many(random_key k, uint64_t a, uint32_t b, uint32_t block, uint32_t count,
                            struct random_pair *pairs)
{
    uint32_t done = 0;

    if (processor_has_avx512())
        done = philox_sixteens(k, a, b, block, count, pairs);
    if (processor_has_avx2())
        done += philox_eights(k, a + done, b, block, count - done, pairs + done);
    return done;
}

static uint32_t philox_many_of(const random_key *k, const uint64_t *a, uint32_t b, uint32_t block,
                               uint32_t count, struct random_pair *pairs)
{
    return processor_has_avx2() ? philox_fours(k, a, b, block, count, pairs) : 0;
}
#else
static uint32_t philox_many(random_key k, uint64_t a, uint32_t b, uint32_t block, uint32_t count,
                            struct random_pair *pairs)
{
    (void)k, (void)a, (void)b, (void)block, (void)count, (void)pairs;
    return 0;
}

static uint32_t philox_many_of(const random_key *k, const uint64_t *a, uint32_t b, uint32_t block,
                               uint32_t count, struct random_pair *pairs)
{
    (void)k, (void)a, (void)b, (void)block, (void)count, (void)pairs;
    return 0;
}
#endif

void random_blocks(random_key k, uint64_t a, uint32_t b, uint32_t block, uint32_t count,
                   struct random_pair *pairs)
{
    for (uint32_t i = philox_many(k, a, b, block, count, pairs); i < count; i++) {
        random_stream s = {.key = k.word, .a = a + i, .b = b, .block = block};
        pairs[i] = philox(&s);
    }
}

void random_blocks_of(const random_key *k, const uint64_t *a, uint32_t b, uint32_t block, uint32_t count,
                      struct random_pair *pairs)
{
    for (uint32_t i = philox_many_of(k, a, b, block, count, pairs); i < count; i++) {
        random_stream s = {.key = k[i].word, .a = a[i], .b = b, .block = block};
        pairs[i] = philox(&s);
    }
}

uint64_t random_block(random_stream *s)
{
    struct random_pair words = philox(s);

    s->block++;
    CHECK(s->block != 0);
    s->word = words.second;
    s->left = true;
    return words.first;
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
