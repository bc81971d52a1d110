/* check_vectors.c -- see check_vectors.h. The join is a pass over all lanes a read: eight at a time where the
 * processor can, else four. */
#include "sim/observe/check_vectors.h"

enum { ROOM_LEAST = 16, BLOCK_BYTES = 1 << 18 };

void vectors_free(struct vectors *v)
{
    array_each (void *, block, &v->blocks)
        free(*block);
    array_free(&v->blocks);
    *v = (struct vectors){0};
}

static uint32_t class_of(uint32_t width, uint32_t *room)
{
    uint32_t c = 0;

    for (*room = ROOM_LEAST; *room < width; *room *= 2)
        c++;
    CHECK(c < VECTOR_CLASSES);
    return c;
}

/* A vector that nobody has holds the next such. */
static void next_set(uint32_t *vector, uint32_t *next)
{
    memcpy(vector, &next, sizeof(uint32_t *));
}

static uint32_t *next_of(const uint32_t *vector)
{
    uint32_t *next;

    memcpy(&next, vector, sizeof(uint32_t *));
    return next;
}

uint32_t *vector_copy(struct vectors *v, const uint32_t *from, uint32_t width)
{
    uint32_t room, c = class_of(width, &room), *vector = v->free[c];

    if (width == 0)
        return NULL;
    if (vector == NULL) {
        size_t each = room * sizeof *vector, count = BLOCK_BYTES / each;
        unsigned char *block = memory_new(count, each);
        *array_add(&v->blocks) = block;
        for (size_t i = count; i-- > 0;) {
            uint32_t *piece = (uint32_t *)(void *)(block + i * each);
            next_set(piece, vector);
            vector = piece;
        }
    }
    v->free[c] = next_of(vector);
    if (v->free[c] != NULL)
        vector_expect(v->free[c], room); /* for the next copy */
    memcpy(vector, from, width * sizeof *vector);
    v->bytes += width * sizeof *vector;
    return vector;
}

void vector_give(struct vectors *v, uint32_t *vector, uint32_t width)
{
    uint32_t room;

    if (vector == NULL)
        return;
    uint32_t c = class_of(width, &room);
    v->bytes -= width * sizeof *vector;
    next_set(vector, v->free[c]);
    v->free[c] = vector;
}

/* So many lanes from the first are done, `lanes` at a time. */
#define JOIN(type, lanes)                                                                                    \
    typedef int32_t type __attribute__((vector_size(4 * (lanes))));                                          \
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

static uint32_t join_four(uint32_t *into, const uint32_t *other, uint32_t width)
{
    JOIN(four, 4);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint32_t join_eight(uint32_t *into, const uint32_t *other,
                                                           uint32_t width)
{
    JOIN(eight, 8);
}
#endif

void vector_join(uint32_t *into, const uint32_t *other, uint32_t width)
{
#ifdef __x86_64__
    uint32_t i =
        __builtin_cpu_supports("avx2") ? join_eight(into, other, width) : join_four(into, other, width);
#else
    uint32_t i = join_four(into, other, width);
#endif

    for (; i < width; i++)
        into[i] = other[i] > into[i] ? other[i] : into[i];
}
