/* hash.h -- mixing of 64-bit words and text. Fixed for ever: random streams and key placement depend on it.
 */
#ifndef GEOREP_BASE_HASH_H
#define GEOREP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
 * 2014): a bijection in which every input bit moves every output bit. */
static inline uint64_t hash_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t hash_join(uint64_t a, uint64_t b)
{
    return hash_mix(a ^ (hash_mix(b) + UINT64_C(0x2545f4914f6cdd1d)));
}

/* FNV-1a, finished by hash_mix. */
static inline uint64_t hash_text(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash_mix(h);
}

#endif
