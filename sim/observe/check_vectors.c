/* check_vectors.c -- see check_vectors.h. The join is a pass over all lanes a read: 32 bytes at a time where
 * the processor can, else 16; so rooms are made of such steps, and what is behind a vector's last lane is 0.
 */
#include "sim/observe/check_vectors.h"

#include "sim/base/hot.h"
#include "sim/base/processor.h"
#include "sim/base/sparse.h"

#if PROCESSOR_IS_X86
#include <immintrin.h>
#endif

enum { LINE = 64, FIRST_PIECE = 1 << 15, PIECE = 1 << 21 };

void vectors_free(struct vectors *v)
{
    for (size_t i = 0; i <= VECTOR_LINES_MOST; i++)
        array_free(&v->rooms[i].free);
    pool_free(&v->pool);
    *v = (struct vectors){0};
}

struct vectors vectors_widen(struct vectors *v)
{
    struct vectors old = *v;

    *v = (struct vectors){.wide = true};
    return old;
}

/* Which rooms: half a line, or so many lines. NULL: it is longer than whoever holds vectors has them for
 * long, and has a room of the pool's. */
static struct vector_rooms *rooms_of(struct vectors *v, uint32_t width)
{
    size_t bytes = vector_bytes(v, width), lines = bytes <= LINE / 2 ? 0 : (bytes + LINE - 1) / LINE;

    return lines <= VECTOR_LINES_MOST ? &v->rooms[lines] : NULL;
}

/* What is left of the piece before is too short, and is lost. */
static COLD void cut(struct vectors *v, struct vector_rooms *rooms)
{
    bool halves = rooms == v->rooms;
    size_t bytes = halves ? LINE : (size_t)(rooms - v->rooms) * LINE;

    if (v->left < bytes) {
        v->left = v->piece == NULL ? FIRST_PIECE : PIECE;
        v->piece = pool_take(&v->pool, v->left);
    }
    *array_add(&rooms->free) = (struct vector *)(void *)v->piece;
    if (halves)
        *array_add(&rooms->free) = (struct vector *)(void *)(v->piece + LINE / 2);
    v->piece += bytes;
    v->left -= bytes;
}

static struct vector *vector_new(struct vectors *v, uint32_t width)
{
    struct vector_rooms *rooms = rooms_of(v, width);

    v->bytes += vector_bytes(v, width);
    if (rooms == NULL)
        return pool_take(&v->pool, vector_room(v, width));
    if (rooms->free.count == 0)
        cut(v, rooms);
    struct vector *vector = rooms->free.items[--rooms->free.count];
    if (rooms->free.count > 0)
        vector_expect(v, rooms->free.items[rooms->free.count - 1], width);
    return vector;
}

struct vector *vector_copy(struct vectors *v, const struct vector *from, uint32_t width)
{
    if (width == 0)
        return NULL;
    struct vector *copy = vector_new(v, width);
    memcpy((void *)copy, from, vector_room(v, width));
    return copy;
}

struct vector *vector_widened(struct vectors *v, const struct vector *narrow, uint32_t width)
{
    const uint16_t *counts = (const uint16_t *)(const void *)narrow;

    if (narrow == NULL)
        return NULL;
    struct vector *wide = vector_new(v, width);
    memset((void *)wide, 0, vector_room(v, width));
    for (uint32_t i = 0; i < width; i++)
        vector_set(v, wide, i, counts[i]);
    return wide;
}

void vector_give(struct vectors *v, struct vector *vector, uint32_t width)
{
    if (vector == NULL)
        return;
    struct vector_rooms *rooms = rooms_of(v, width);
    v->bytes -= vector_bytes(v, width);
    if (rooms != NULL)
        *array_add(&rooms->free) = vector;
    else
        pool_give(&v->pool, vector, vector_room(v, width));
}

/* Of one that grows: lines, a power of two of them. Behind its last lane all of it is 0. */
static size_t grown_room(const struct vectors *v, uint32_t width)
{
    size_t bytes = vector_bytes(v, width), room = LINE;

    while (room < bytes)
        room *= 2;
    return bytes > 0 ? room : 0;
}

struct vector *vector_grow(const struct vectors *v, struct vector *vector, uint32_t width, uint32_t more)
{
    size_t old = grown_room(v, width), room = grown_room(v, more);

    return room > old ? sparse_grow(vector, old, vector_room(v, width), room) : vector;
}

void vector_grown_free(const struct vectors *v, struct vector *vector, uint32_t width)
{
    sparse_free(vector, grown_room(v, width));
}

/* A step at a time; gcc makes no maximum of this, so what is below says so. */
#define JOIN(count)                                                                                          \
    typedef count step __attribute__((vector_size(VECTOR_STEP)));                                            \
    for (size_t at = 0; at < bytes; at += VECTOR_STEP) {                                                     \
        step a, b;                                                                                           \
        memcpy(&a, into + at, sizeof a);                                                                     \
        memcpy(&b, other + at, sizeof b);                                                                    \
        step more = b > a;                                                                                   \
        a = (b & more) | (a & ~more);                                                                        \
        memcpy(into + at, &a, sizeof a);                                                                     \
    }

static void join_wide(char *into, const char *other, size_t bytes)
{
    JOIN(int32_t)
}

static void join_narrow(char *into, const char *other, size_t bytes)
{
    JOIN(int16_t)
}

#if PROCESSOR_IS_X86
#define JOIN_FAST(most)                                                                                      \
    for (size_t at = 0; at < bytes; at += VECTOR_STEP) {                                                     \
        __m256i *a = (__m256i *)(void *)(into + at);                                                         \
        const __m256i *b = (const __m256i *)(const void *)(other + at);                                      \
        _mm256_storeu_si256(a, most(_mm256_loadu_si256(a), _mm256_loadu_si256(b)));                          \
    }

__attribute__((target("avx2"))) static void join_wide_fast(char *into, const char *other, size_t bytes)
{
    JOIN_FAST(_mm256_max_epi32)
}

__attribute__((target("avx2"))) static void join_narrow_fast(char *into, const char *other, size_t bytes)
{
    JOIN_FAST(_mm256_max_epi16)
}
#else
#define join_wide_fast join_wide
#define join_narrow_fast join_narrow
#endif

void vector_join(const struct vectors *v, struct vector *into, const struct vector *other, uint32_t width)
{
    char *a = (char *)(void *)into;
    const char *b = (const char *)(const void *)other;
    size_t bytes = vector_room(v, width);

    if (processor_has_avx2() && !v->wide)
        join_narrow_fast(a, b, bytes);
    else if (processor_has_avx2())
        join_wide_fast(a, b, bytes);
    else if (!v->wide)
        join_narrow(a, b, bytes);
    else
        join_wide(a, b, bytes);
}

void vector_lower(const struct vectors *v, uint32_t *least, const struct vector *other, uint32_t width)
{
    for (uint32_t i = 0; i < width; i++)
        if (vector_at(v, other, i) < least[i])
            least[i] = vector_at(v, other, i);
}
