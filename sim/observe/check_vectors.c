/* check_vectors.c -- see check_vectors.h. The join is a pass over all lanes a read: 32 bytes at a time where
 * the processor can, else 16. */
#include "sim/observe/check_vectors.h"

void vectors_free(struct vectors *v)
{
    pool_free(&v->pool);
    *v = (struct vectors){0};
}

struct vectors vectors_widen(struct vectors *v)
{
    struct vectors old = *v;

    *v = (struct vectors){.wide = true};
    return old;
}

static struct vector *vector_new(struct vectors *v, uint32_t width)
{
    size_t bytes = vector_bytes(v, width);
    struct vector *vector = pool_take(&v->pool, bytes), *next = pool_next(&v->pool, bytes);

    if (next != NULL)
        vector_expect(v, next, width);
    v->bytes += bytes;
    return vector;
}

struct vector *vector_copy(struct vectors *v, const struct vector *from, uint32_t width)
{
    if (width == 0)
        return NULL;
    struct vector *copy = vector_new(v, width);
    memcpy((void *)copy, from, vector_bytes(v, width));
    return copy;
}

struct vector *vector_widened(struct vectors *v, const struct vector *narrow, uint32_t width)
{
    const uint16_t *counts = (const uint16_t *)(const void *)narrow;

    if (narrow == NULL)
        return NULL;
    struct vector *wide = vector_new(v, width);
    for (uint32_t i = 0; i < width; i++)
        vector_set(v, wide, i, counts[i]);
    return wide;
}

void vector_give(struct vectors *v, struct vector *vector, uint32_t width)
{
    if (vector == NULL)
        return;
    v->bytes -= vector_bytes(v, width);
    pool_give(&v->pool, vector, vector_bytes(v, width));
}

struct vector *vector_grow(const struct vectors *v, struct vector *vector, uint32_t width, uint32_t more)
{
    size_t old = vector_bytes(v, width), bytes = vector_bytes(v, more);
    unsigned char *larger = memory_resize(vector, 1, bytes);

    memset(larger + old, 0, bytes - old);
    return (struct vector *)(void *)larger;
}

/* So many lanes from the first are done, `lanes` at a time. */
#define JOIN(type, count, lanes)                                                                             \
    typedef count type __attribute__((vector_size(sizeof(count) * (lanes))));                                \
    uint32_t i = 0;                                                                                          \
    for (; i + (lanes) <= width; i += (lanes)) {                                                             \
        type a, b;                                                                                           \
        memcpy(&a, into + i, sizeof a);                                                                      \
        memcpy(&b, other + i, sizeof b);                                                                     \
        type more = b > a;                                                                                   \
        a = (b & more) | (a & ~more);                                                                        \
        memcpy(into + i, &a, sizeof a);                                                                      \
    }                                                                                                        \
    return i

static uint32_t join_wide(uint32_t *into, const uint32_t *other, uint32_t width)
{
    JOIN(four, int32_t, 4);
}

static uint32_t join_narrow(uint16_t *into, const uint16_t *other, uint32_t width)
{
    JOIN(eight, int16_t, 8);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint32_t join_wide_fast(uint32_t *into, const uint32_t *other,
                                                               uint32_t width)
{
    JOIN(eight, int32_t, 8);
}

__attribute__((target("avx2"))) static uint32_t join_narrow_fast(uint16_t *into, const uint16_t *other,
                                                                 uint32_t width)
{
    JOIN(sixteen, int16_t, 16);
}

static bool is_fast(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
#define join_wide_fast join_wide
#define join_narrow_fast join_narrow

static bool is_fast(void)
{
    return false;
}
#endif

void vector_join(const struct vectors *v, struct vector *into, const struct vector *other, uint32_t width)
{
    uint32_t done = 0;

    if (v->wide)
        done = is_fast()
                   ? join_wide_fast((uint32_t *)(void *)into, (const uint32_t *)(const void *)other, width)
                   : join_wide((uint32_t *)(void *)into, (const uint32_t *)(const void *)other, width);
    else
        done = is_fast()
                   ? join_narrow_fast((uint16_t *)(void *)into, (const uint16_t *)(const void *)other, width)
                   : join_narrow((uint16_t *)(void *)into, (const uint16_t *)(const void *)other, width);
    for (; done < width; done++)
        if (vector_at(v, other, done) > vector_at(v, into, done))
            vector_set(v, into, done, vector_at(v, other, done));
}

void vector_lower(const struct vectors *v, uint32_t *least, const struct vector *other, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++)
        if (vector_at(v, other, i) < least[i])
            least[i] = vector_at(v, other, i);
}
