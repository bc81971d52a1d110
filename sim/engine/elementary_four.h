/* elementary_four.h -- exp of elementary_inline.h of four numbers at once: the same operations in the same
 * order, each rounded once, so the same bits. Only where the processor has the instructions
 * (processor_has_avx2), in functions that are compiled for them. Private to the engine. */
#ifndef GEOREP_ENGINE_ELEMENTARY_FOUR_H
#define GEOREP_ENGINE_ELEMENTARY_FOUR_H

#include "sim/base/processor.h"

#if PROCESSOR_IS_X86
#include "sim/engine/elementary_inline.h"

#include <immintrin.h>
#include <stdbool.h>

#define AFTER(constant, more) _mm256_add_pd(_mm256_set1_pd(constant), more) /* a step of a polynomial */

/* False: one of them is too large, or no number. */
__attribute__((target("avx2"))) static inline bool exp_four(__m256d x, __m256d *powers)
{
    const __m256d one = _mm256_set1_pd(1), two = _mm256_set1_pd(2), half = _mm256_set1_pd(0.5),
                  sign = _mm256_set1_pd(-0.0);

    if (_mm256_movemask_pd(_mm256_cmp_pd(_mm256_andnot_pd(sign, x), _mm256_set1_pd(700), _CMP_LT_OQ)) != 15)
        return false;
    __m128i twos = _mm256_cvttpd_epi32(_mm256_add_pd(_mm256_mul_pd(x, _mm256_set1_pd(1.44269504088896338700)),
                                                     _mm256_or_pd(half, _mm256_and_pd(sign, x))));
    __m256d k = _mm256_cvtepi32_pd(twos);
    __m256d high = _mm256_sub_pd(x, _mm256_mul_pd(k, _mm256_set1_pd(inline_log2_high))),
            low = _mm256_mul_pd(k, _mm256_set1_pd(inline_log2_low));
    __m256d r = _mm256_sub_pd(high, low), z = _mm256_mul_pd(r, r);
    __m256d c = AFTER(
        1.66666666666666019037e-01,
        _mm256_mul_pd(
            z,
            AFTER(
                -2.77777777770155933842e-03,
                _mm256_mul_pd(
                    z, AFTER(6.61375632143793436117e-05,
                             _mm256_mul_pd(
                                 z, AFTER(-1.65339022054652515390e-06,
                                          _mm256_mul_pd(z, _mm256_set1_pd(4.13813679705723846039e-08)))))))));
    c = _mm256_sub_pd(r, _mm256_mul_pd(z, c));
    __m256d y = _mm256_div_pd(_mm256_mul_pd(r, c), _mm256_sub_pd(two, c));
    y = _mm256_add_pd(one, _mm256_add_pd(_mm256_sub_pd(y, low), high));
    __m256i scale =
        _mm256_slli_epi64(_mm256_add_epi64(_mm256_cvtepi32_epi64(twos), _mm256_set1_epi64x(1023)), 52);
    *powers = _mm256_mul_pd(y, _mm256_castsi256_pd(scale));
    return true;
}
#endif

#endif
