/* processor.h -- what is made of instructions that not every processor has. Each place that uses them has a
 * plain way beside it, with the same bits.
 *
 * GEOREP_PLAIN (a CMake option) leaves the plain ways alone: what another kind of processor runs, and an x86
 * without AVX2 but for draws one by one. */
#ifndef GEOREP_BASE_PROCESSOR_H
#define GEOREP_BASE_PROCESSOR_H

#include <stdbool.h>

#if defined __x86_64__ && defined __GNUC__ && !defined GEOREP_PLAIN
#define PROCESSOR_IS_X86 1

static inline bool processor_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

static inline bool processor_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") != 0;
}
#else
#define PROCESSOR_IS_X86 0

static inline bool processor_has_avx2(void)
{
    return false;
}
#endif

#endif
