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
#include "sim/engine/elementary_inline.h"

#include <math.h>
#include <stdlib.h>

#ifdef __SSE2__
#include <immintrin.h>
#define AFTER(constant, more) _mm256_add_pd(_mm256_set1_pd(constant), more) /* a step of a polynomial */
#endif

enum { RANKS_AT_ONCE = 16, SQUEEZES = 11 };

/* Beyond this rank x is not known well enough for any bound but that of rank 2. */
#define SQUEEZED_MOST (UINT64_C(1) << 24)

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
__attribute__((target("avx2"))) static bool integral_inverse_four(const struct zipf *z, const double *u,
                                                                  double *x)
{
    const __m256d one = _mm256_set1_pd(1), two = _mm256_set1_pd(2), half = _mm256_set1_pd(0.5),
                  sign = _mm256_set1_pd(-0.0), log2_high = _mm256_set1_pd(inline_log2_high),
                  log2_low = _mm256_set1_pd(inline_log2_low);
    __m256d at = _mm256_loadu_pd(u), a = _mm256_mul_pd(at, _mm256_set1_pd(1 - z->theta));
    __m256d sum = _mm256_add_pd(one, a);

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

    __m256d y = _mm256_mul_pd(ratio, at);
    if (_mm256_movemask_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, y), _mm256_set1_pd(700), _CMP_LT_OQ)) != 15)
        return false;
    __m128i powers =
        _mm256_cvttpd_epi32(_mm256_add_pd(_mm256_mul_pd(y, _mm256_set1_pd(1.44269504088896338700)),
                                          _mm256_or_pd(half, _mm256_and_pd(sign, y))));
    k = _mm256_cvtepi32_pd(powers);
    __m256d high = _mm256_sub_pd(y, _mm256_mul_pd(k, log2_high)), low = _mm256_mul_pd(k, log2_low);
    __m256d r = _mm256_sub_pd(high, low), q = _mm256_mul_pd(r, r);
    __m256d c = AFTER(
        1.66666666666666019037e-01,
        _mm256_mul_pd(
            q,
            AFTER(
                -2.77777777770155933842e-03,
                _mm256_mul_pd(
                    q, AFTER(6.61375632143793436117e-05,
                             _mm256_mul_pd(
                                 q, AFTER(-1.65339022054652515390e-06,
                                          _mm256_mul_pd(q, _mm256_set1_pd(4.13813679705723846039e-08)))))))));
    c = _mm256_sub_pd(r, _mm256_mul_pd(q, c));
    __m256d power = _mm256_div_pd(_mm256_mul_pd(r, c), _mm256_sub_pd(two, c));
    power = _mm256_add_pd(one, _mm256_add_pd(_mm256_sub_pd(power, low), high));
    __m256i scale =
        _mm256_slli_epi64(_mm256_add_epi64(_mm256_cvtepi32_epi64(powers), _mm256_set1_epi64x(1023)), 52);
    _mm256_storeu_pd(x, _mm256_mul_pd(power, _mm256_castsi256_pd(scale)));
    return true;
}

static bool wide_is_there(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
static bool integral_inverse_four(const struct zipf *z, const double *u, double *x)
{
    (void)z, (void)u, (void)x;
    return false;
}

static bool wide_is_there(void)
{
    return false;
}
#endif

static void integral_inverses(const struct zipf *z, uint32_t count, const double *u, double *x)
{
    bool wide = wide_is_there();

    for (uint32_t i = 0; i < count;) {
        if (wide && i + 4 <= count && integral_inverse_four(z, u + i, x + i)) {
            i += 4;
            continue;
        }
        for (uint32_t end = i + 4 < count ? i + 4 : count; i < end; i++)
            x[i] = integral_inverse(z, u[i]);
    }
}

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

void zipf_ranks(const struct zipf *z, random_key k, uint64_t a, uint32_t b, uint32_t word, uint32_t count,
                uint64_t *ranks)
{
    struct random_pair pairs[RANKS_AT_ONCE];
    double u[RANKS_AT_ONCE], x[RANKS_AT_ONCE];
    bool uniform = z->theta == 0;

    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < RANKS_AT_ONCE ? count - done : RANKS_AT_ONCE;
        random_blocks(k, a + done, b, word / 2, some, pairs);
        for (uint32_t i = 0; i < some; i++)
            u[i] = point(z, word % 2 == 0 ? pairs[i].first : pairs[i].second);
        if (!uniform)
            integral_inverses(z, some, u, x);
        for (uint32_t i = 0; i < some; i++) {
            uint64_t *rank = &ranks[done + i];
            if (!uniform && accepts(z, u[i], x[i], rank)) {
                --*rank;
                continue;
            }
            random_stream s = random_stream_new(k, a + done + i, b);
            random_seek(&s, word + !uniform);
            *rank = zipf_rank(z, &s);
        }
    }
}
