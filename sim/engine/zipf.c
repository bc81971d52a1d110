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
#include "sim/engine/distribution.h"
#include "sim/engine/elementary_four.h"
#include "sim/engine/elementary_inline.h"

#include <math.h>
#include <stdlib.h>

enum { RANKS_AT_ONCE = 16, SQUEEZES = 11 };

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

#ifdef __SSE2__
/* integral_inverse of four: the same operations in the same order, each rounded once, so the same bits.
 * False: one of them takes another way there (a rest too small for the logarithm, a power out of range). */
__attribute__((target("avx2"))) static inline bool integral_inverse_four(const struct zipf *z, __m256d at,
                                                                         __m256d *x)
{
    const __m256d one = _mm256_set1_pd(1), two = _mm256_set1_pd(2), half = _mm256_set1_pd(0.5),
                  sign = _mm256_set1_pd(-0.0), log2_high = _mm256_set1_pd(inline_log2_high),
                  log2_low = _mm256_set1_pd(inline_log2_low);
    __m256d a = _mm256_mul_pd(at, _mm256_set1_pd(1 - z->theta)), sum = _mm256_add_pd(one, a);

    __m256d usual = _mm256_and_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, a), _mm256_set1_pd(1e-8), _CMP_GT_OQ),
                                  _mm256_and_pd(_mm256_cmp_pd(sum, _mm256_set1_pd(1e-300), _CMP_GT_OQ),
                                                _mm256_cmp_pd(sum, _mm256_set1_pd(1e300), _CMP_LT_OQ)));
    if (_mm256_movemask_pd(usual) != 15)
        return false;

    const __m256i root_half = _mm256_set1_epi64x(INT64_C(0x3fe6a09e667f3bcd));
    __m256i above = _mm256_sub_epi64(_mm256_castpd_si256(sum), root_half);
    __m256i exponents =
        _mm256_permutevar8x32_epi32(_mm256_srai_epi32(above, 20), _mm256_set_epi32(7, 7, 7, 7, 7, 5, 3, 1));
    __m256d k = _mm256_cvtepi32_pd(_mm256_castsi256_si128(exponents));
    __m256d m = _mm256_castsi256_pd(_mm256_add_epi64(
        _mm256_and_si256(above, _mm256_set1_epi64x(INT64_C(0x000fffffffffffff))), root_half));
    __m256d f = _mm256_sub_pd(m, one), half_square = _mm256_mul_pd(_mm256_mul_pd(half, f), f);
    __m256d s = _mm256_div_pd(f, _mm256_add_pd(two, f)), t = _mm256_mul_pd(s, s), w = _mm256_mul_pd(t, t);
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

    return exp_four(_mm256_mul_pd(ratio, at), x);
}

/* The words that four pairs begin with, or end with. */
__attribute__((target("avx2"))) static inline __m256i words_of_four(const struct random_pair *pairs,
                                                                    bool second)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)pairs),
            high = _mm256_loadu_si256((const __m256i *)(const void *)(pairs + 2));
    __m256i words = second ? _mm256_unpackhi_epi64(low, high) : _mm256_unpacklo_epi64(low, high);

    return _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
}

/* What `accepts` says of the points of four words, less 1, as far as the squeeze or the first rank's end
 * decides: bit i of what is returned is set where it took pair i. The same operations again, but that a
 * number's bits are put below 1.0 and 1 taken off, which is exact like a conversion. */
__attribute__((target("avx2"))) static unsigned
ranks_of_four(const struct zipf *z, const struct random_pair *pairs, bool second, uint64_t *ranks)
{
    const __m256d one = _mm256_set1_pd(1), first = _mm256_set1_pd(z->first), last = _mm256_set1_pd(z->last);
    const __m256i bias = _mm256_castpd_si256(one);
    __m256i word = words_of_four(pairs, second);
    __m256d unit =
        _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64(word, 12), bias)), one);
    unit = _mm256_add_pd(unit, _mm256_set1_pd(0x1p-53));
    __m256d u = _mm256_add_pd(last, _mm256_mul_pd(unit, _mm256_sub_pd(first, last))), x;
    if (!integral_inverse_four(z, u, &x))
        return 0;

    __m256d rank = _mm256_floor_pd(_mm256_add_pd(x, _mm256_set1_pd(0.5)));
    rank = _mm256_max_pd(one, _mm256_min_pd(rank, _mm256_set1_pd((double)(int64_t)z->count)));
    __m256i above = _mm256_sub_epi64(_mm256_castpd_si256(rank), bias); /* its power of two in the high half */
    __m128i power = _mm256_castsi256_si128(
        _mm256_permutevar8x32_epi32(_mm256_srli_epi32(above, 20), _mm256_set_epi32(7, 7, 7, 7, 7, 5, 3, 1)));
    __m128i beyond = _mm_cmpgt_epi32(power, _mm_set1_epi32(SQUEEZED_POWER - 1));
    power = _mm_blendv_epi8(_mm_min_epi32(power, _mm_set1_epi32(SQUEEZES - 1)), _mm_set1_epi32(1), beyond);
    __m256d squeezed =
        _mm256_cmp_pd(_mm256_sub_pd(rank, x), _mm256_i32gather_pd(z->squeeze, power, 8), _CMP_LE_OQ);
    __m256d taken =
        _mm256_blendv_pd(squeezed, _mm256_cmp_pd(u, first, _CMP_GE_OQ), _mm256_cmp_pd(rank, one, _CMP_EQ_OQ));
    __m256i whole = _mm256_cvtepi32_epi64(_mm256_cvttpd_epi32(_mm256_sub_pd(rank, one)));
    _mm256_storeu_si256((__m256i *)(void *)ranks, whole);
    return (unsigned)_mm256_movemask_pd(taken);
}

static bool wide_is_there(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
static unsigned ranks_of_four(const struct zipf *z, const struct random_pair *pairs, bool second,
                              uint64_t *ranks)
{
    (void)z, (void)pairs, (void)second, (void)ranks;
    return 0;
}

static bool wide_is_there(void)
{
    return false;
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
    bool wide = z->theta != 0 && z->count <= INT32_MAX && wide_is_there();

    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < RANKS_AT_ONCE ? count - done : RANKS_AT_ONCE;
        if (wide)
            random_blocks(k, a + done, b, word / 2, some, pairs);
        for (uint32_t i = 0; i < some; i += 4) {
            bool four = wide && i + 4 <= some;
            unsigned taken = four ? ranks_of_four(z, &pairs[i], word % 2 != 0, &ranks[done + i]) : 0;
            for (uint32_t j = i; taken != 15 && j < i + 4 && j < some; j++)
                if ((taken >> (j - i) & 1) == 0)
                    ranks[done + j] = rank_from(z, k, a + done + j, b, word);
        }
    }
}
