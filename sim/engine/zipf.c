/* zipf.c -- Zipf's law by rejection-inversion (Hoermann and Derflinger: Rejection-Inversion to Generate
 * Variates from Monotone Discrete Distributions, ACM TOMACS 6, 1996): no table, so ten million keys cost
 * nothing at set-up.
 *
 * With h(x) = x^-theta and H its integral, a point u is drawn uniformly below H and x = H^-1(u) is rounded to
 * the rank k. The bar of rank k ends at H(k + 1/2) and is h(k) long; as h is convex H(k + 1/2) - h(k) lies
 * within the piece that rounds to k, and what falls below it is drawn again: at most a few in a hundred.
 * A squeeze accepts nearly all at once: where k - x <= 2 - H^-1(H(5/2) - h(2)), u is on the bar of any rank,
 * and the bound of a larger rank in place of 2 holds for all beyond it (it rises towards 1/2). Rank 1 has its
 * bar to the very end, the least u there is.
 *
 * H is written with log1p and expm1 so that theta = 1, where it becomes the logarithm, is no special case. */
#include "sim/base/check.h"
#include "sim/base/processor.h"
#include "sim/engine/distribution.h"
#include "sim/engine/elementary_four.h"
#include "sim/engine/elementary_inline.h"

#include <math.h>
#include <stdlib.h>

enum { RANKS_AT_ONCE = 16, FOURS_AT_ONCE = RANKS_AT_ONCE / 4, SQUEEZES = 11 };

/* Beyond this rank x is not known well enough for any bound but that of rank 2. */
enum { SQUEEZED_POWER = 24 };
#define SQUEEZED_MOST (UINT64_C(1) << SQUEEZED_POWER)

struct zipf {
    uint64_t count;
    double theta, first, last; /* H(3/2) - 1, H(count + 1/2) */
    double squeeze[SQUEEZES];  /* [i]: of the ranks from 2^i on; [0] is not used */
};

/* (exp(x) - 1) / x and log(1 + x) / x, 1 at 0 */
static double expm1_ratio(double x)
{
    return fabs(x) > 1e-8 ? inline_expm1(x) / x : 1 + x * 0.5;
}

static double log1p_ratio(double x)
{
    return fabs(x) > 1e-8 ? inline_log1p(x) / x : 1 - x * 0.5;
}

static double bar(const struct zipf *z, double x)
{
    return inline_exp(-z->theta * inline_log(x));
}

static double integral(const struct zipf *z, double x)
{
    double log_x = inline_log(x);

    return expm1_ratio((1 - z->theta) * log_x) * log_x;
}

static double integral_inverse(const struct zipf *z, double u)
{
    double x = u * (1 - z->theta);

    return inline_exp(log1p_ratio(x < -1 ? -1 : x) * u);
}

struct zipf *zipf_new(uint64_t count, double theta)
{
    struct zipf *z = memory_new(1, sizeof *z);

    CHECK(count > 0 && count <= INT64_MAX && theta >= 0 && theta <= 20);
    z->count = count;
    z->theta = theta;
    z->first = integral(z, 1.5) - 1;
    z->last = integral(z, (double)count + 0.5);
    z->squeeze[1] = 2 - integral_inverse(z, integral(z, 2.5) - bar(z, 2));
    for (int i = 2; i < SQUEEZES;
         i++) { /* less what x and the bound may be off by, together, at the last rank */
        double k = (double)(1 << i), bound = k - integral_inverse(z, integral(z, k + 0.5) - bar(z, k)) - 1e-6;
        z->squeeze[i] = bound > z->squeeze[i - 1] ? bound : z->squeeze[i - 1];
    }
    return z;
}

void zipf_free(struct zipf *z)
{
    free(z);
}

/* The rank that the word of u stands for, from 1; false: it is drawn again. */
static inline bool accepts(const struct zipf *z, double u, double x, uint64_t *rank)
{
    double near = x + 0.5, most = (double)(int64_t)z->count; /* signed: one instruction, not ten */

    /* No calls of fmin, floor. */
    *rank = near < 1 ? 1 : near > most ? z->count : (uint64_t)(int64_t)near;
    if (*rank == 1)
        return u >= z->first;
    unsigned squeeze = *rank >= SQUEEZED_MOST ? 1 : 63 - (unsigned)__builtin_clzll(*rank);
    double k = (double)(int64_t)*rank;
    return k - x <= z->squeeze[squeeze < SQUEEZES ? squeeze : SQUEEZES - 1] ||
           u >= integral(z, k + 0.5) - bar(z, k);
}

static inline double point(const struct zipf *z, uint64_t word)
{
    return z->last + random_unit_of(word) * (z->first - z->last);
}

#if PROCESSOR_IS_X86
/* Fours of points on their way to their ranks: the same operations as of one in the same order, each rounded
 * once, so the same bits. Nearly every operation waits for the one before, longer than a processor looks
 * ahead: so all fours take one stretch of the way, then all the next, in loops too small to be unrolled. */
struct fours {
    __m256d u[FOURS_AT_ONCE]; /* the points */
    __m256d a[FOURS_AT_ONCE]; /* integral_inverse takes the log of 1 + a, */
    __m256d f[FOURS_AT_ONCE]; /* which is 2^k (1 + f), */
    __m256d s[FOURS_AT_ONCE]; /* s = f / (2 + f), */
    __m256d k[FOURS_AT_ONCE];
    __m256d x[FOURS_AT_ONCE]; /* the exponent this makes, then its power, the inverse */
};

/* The words that four pairs begin with, or end with. */
__attribute__((target("avx2"))) static inline __m256i words_of_four(const struct random_pair *pairs,
                                                                    bool second)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)pairs),
            high = _mm256_loadu_si256((const __m256i *)(const void *)(pairs + 2));
    __m256i words = second ? _mm256_unpackhi_epi64(low, high) : _mm256_unpacklo_epi64(low, high);

    return _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
}

/* A number's bits are put below 1.0 and 1 taken off, which is exact like a conversion. */
__attribute__((target("avx2"), always_inline)) static inline __m256d point_four(const struct zipf *z,
                                                                                __m256i words)
{
    const __m256d one = _mm256_set1_pd(1);
    __m256i bits = _mm256_or_si256(_mm256_srli_epi64(words, 12), _mm256_castpd_si256(one));
    __m256d unit = _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(bits), one), _mm256_set1_pd(0x1p-53));

    return _mm256_add_pd(_mm256_set1_pd(z->last), _mm256_mul_pd(unit, _mm256_set1_pd(z->first - z->last)));
}

/* What the high halves of four numbers hold. */
__attribute__((target("avx2"), always_inline)) static inline __m128i high_halves(__m256i four)
{
    return _mm256_castsi256_si128(
        _mm256_permutevar8x32_epi32(four, _mm256_set_epi32(7, 7, 7, 7, 7, 5, 3, 1)));
}

/* From the points to the quotient that the logarithm begins with. False: one of them takes another way there
 * (a rest too small for the logarithm). */
__attribute__((target("avx2"), always_inline)) static inline bool begin_four(const struct zipf *z,
                                                                             struct fours *all, uint32_t i)
{
    const __m256d one = _mm256_set1_pd(1), two = _mm256_set1_pd(2), sign = _mm256_set1_pd(-0.0);
    const __m256i root_half = _mm256_set1_epi64x(INT64_C(0x3fe6a09e667f3bcd));
    __m256d a = _mm256_mul_pd(all->u[i], _mm256_set1_pd(1 - z->theta)), sum = _mm256_add_pd(one, a);

    __m256d usual = _mm256_and_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, a), _mm256_set1_pd(1e-8), _CMP_GT_OQ),
                                  _mm256_and_pd(_mm256_cmp_pd(sum, _mm256_set1_pd(1e-300), _CMP_GT_OQ),
                                                _mm256_cmp_pd(sum, _mm256_set1_pd(1e300), _CMP_LT_OQ)));
    if (_mm256_movemask_pd(usual) != 15)
        return false;
    __m256i above = _mm256_sub_epi64(_mm256_castpd_si256(sum), root_half);
    __m256d m = _mm256_castsi256_pd(_mm256_add_epi64(
        _mm256_and_si256(above, _mm256_set1_epi64x(INT64_C(0x000fffffffffffff))), root_half));
    all->a[i] = a;
    all->k[i] = _mm256_cvtepi32_pd(high_halves(_mm256_srai_epi32(above, 20)));
    all->f[i] = _mm256_sub_pd(m, one);
    all->s[i] = _mm256_div_pd(all->f[i], _mm256_add_pd(two, all->f[i]));
    return true;
}

/* The logarithm, and what it is the exponent for. */
__attribute__((target("avx2"), always_inline)) static inline void log_four(struct fours *all, uint32_t i)
{
    const __m256d one = _mm256_set1_pd(1), half = _mm256_set1_pd(0.5),
                  log2_high = _mm256_set1_pd(inline_log2_high), log2_low = _mm256_set1_pd(inline_log2_low);
    __m256d a = all->a[i], f = all->f[i], s = all->s[i], k = all->k[i], sum = _mm256_add_pd(one, a);
    __m256d half_square = _mm256_mul_pd(_mm256_mul_pd(half, f), f), t = _mm256_mul_pd(s, s),
            w = _mm256_mul_pd(t, t);
    __m256d even = _mm256_mul_pd(
        w, AFTER(3.999999999940941908e-01,
                 _mm256_mul_pd(w, AFTER(2.222219843214978396e-01,
                                        _mm256_mul_pd(w, _mm256_set1_pd(1.531383769920937332e-01))))));
    __m256d odd = _mm256_mul_pd(
        t, AFTER(6.666666666666735130e-01,
                 _mm256_mul_pd(
                     w, AFTER(2.857142874366239149e-01,
                              _mm256_mul_pd(
                                  w, AFTER(1.818357216161805012e-01,
                                           _mm256_mul_pd(w, _mm256_set1_pd(1.479819860511658591e-01))))))));
    __m256d logarithm = _mm256_mul_pd(s, _mm256_add_pd(half_square, _mm256_add_pd(even, odd)));

    logarithm = _mm256_sub_pd(_mm256_add_pd(logarithm, _mm256_mul_pd(k, log2_low)), half_square);
    logarithm = _mm256_add_pd(_mm256_add_pd(logarithm, f), _mm256_mul_pd(k, log2_high));
    __m256d ratio = _mm256_div_pd(_mm256_div_pd(_mm256_mul_pd(logarithm, a), _mm256_sub_pd(sum, one)), a);
    all->x[i] = _mm256_mul_pd(ratio, all->u[i]);
}

/* What `accepts` says of four, less 1, as far as the squeeze or the first rank's end decides: a bit of what
 * is returned is set where it took the point. */
__attribute__((target("avx2"), always_inline)) static inline unsigned
accepts_four(const struct zipf *z, __m256d u, __m256d x, uint64_t *ranks)
{
    const __m256d one = _mm256_set1_pd(1);
    __m256d rank = _mm256_floor_pd(_mm256_add_pd(x, _mm256_set1_pd(0.5)));

    rank = _mm256_max_pd(one, _mm256_min_pd(rank, _mm256_set1_pd((double)(int64_t)z->count)));
    __m256i above = _mm256_sub_epi64(_mm256_castpd_si256(rank), _mm256_castpd_si256(one));
    __m128i power = high_halves(_mm256_srli_epi32(above, 20));
    __m128i beyond = _mm_cmpgt_epi32(power, _mm_set1_epi32(SQUEEZED_POWER - 1));
    power = _mm_blendv_epi8(_mm_min_epi32(power, _mm_set1_epi32(SQUEEZES - 1)), _mm_set1_epi32(1), beyond);
    __m256d squeezed =
        _mm256_cmp_pd(_mm256_sub_pd(rank, x), _mm256_i32gather_pd(z->squeeze, power, 8), _CMP_LE_OQ);
    __m256d taken = _mm256_blendv_pd(squeezed, _mm256_cmp_pd(u, _mm256_set1_pd(z->first), _CMP_GE_OQ),
                                     _mm256_cmp_pd(rank, one, _CMP_EQ_OQ));
    __m256i whole = _mm256_cvtepi32_epi64(_mm256_cvttpd_epi32(_mm256_sub_pd(rank, one)));
    _mm256_storeu_si256((__m256i *)(void *)ranks, whole);
    return (unsigned)_mm256_movemask_pd(taken);
}

/* The ranks of the words of `count` fours of pairs: bit i of what is returned is set where it is pair i's. */
__attribute__((target("avx2"))) static unsigned ranks_of_fours(const struct zipf *z,
                                                               const struct random_pair *pairs, bool second,
                                                               uint32_t count, uint64_t *ranks)
{
    struct fours all;
    unsigned taken = 0;

#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++) {
        all.u[i] = point_four(z, words_of_four(&pairs[4 * i], second));
        if (!begin_four(z, &all, i))
            return 0;
    }
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++)
        log_four(&all, i);
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++)
        if (!exp_four(all.x[i], &all.x[i]))
            return 0;
#pragma GCC unroll 1
    for (uint32_t i = 0; i < count; i++)
        taken |= accepts_four(z, all.u[i], all.x[i], &ranks[4 * i]) << (4 * i);
    return taken;
}
#else
static unsigned ranks_of_fours(const struct zipf *z, const struct random_pair *pairs, bool second,
                               uint32_t count, uint64_t *ranks)
{
    (void)z, (void)pairs, (void)second, (void)count, (void)ranks;
    return 0;
}
#endif

uint64_t zipf_rank(const struct zipf *z, random_stream *s)
{
    uint64_t rank;
    double u;

    if (z->theta == 0)
        return random_below(s, z->count);
    do
        u = point(z, random_u64(s));
    while (!accepts(z, u, integral_inverse(z, u), &rank));
    return rank - 1;
}

/* The rank that a stream's word `word` stands for, or the words behind it. */
static uint64_t rank_from(const struct zipf *z, random_key k, uint64_t a, uint32_t b, uint32_t word)
{
    random_stream s = random_stream_new(k, a, b);

    random_seek(&s, word);
    return zipf_rank(z, &s);
}

void zipf_ranks(const struct zipf *z, random_key k, uint64_t a, uint32_t b, uint32_t word, uint32_t count,
                uint64_t *ranks)
{
    struct random_pair pairs[RANKS_AT_ONCE];
    bool wide = z->theta != 0 && z->count <= INT32_MAX && processor_has_avx2();

    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < RANKS_AT_ONCE ? count - done : RANKS_AT_ONCE;
        unsigned all = (1U << some) - 1, taken = 0;
        if (wide && some >= 4) {
            random_blocks(k, a + done, b, word / 2, some, pairs);
            taken = ranks_of_fours(z, pairs, word % 2 != 0, some / 4, &ranks[done]);
        }
        for (unsigned left = all & ~taken; left != 0; left &= left - 1) {
            uint32_t i = done + (uint32_t)__builtin_ctz(left);
            ranks[i] = rank_from(z, k, a + i, b, word);
        }
    }
}
