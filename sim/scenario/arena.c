/* arena.c -- see arena.h. Blocks in a chain, each filled from its start; what does not fit gets a block of
 * its own. */
#include "sim/scenario/arena.h"

#include "sim/base/check.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024, ALIGNMENT = alignof(max_align_t) };

struct block {
    struct block *before;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *last;
};

struct arena *arena_new(void)
{
    return memory_new(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct block *b = a->last, *before; b != NULL; b = before) {
        before = b->before;
        free(b);
    }
    free(a);
}

void *arena_take(struct arena *a, size_t count, size_t bytes)
{
    CHECK(bytes == 0 || count <= (SIZE_MAX / 4) / bytes);
    size_t size = (count * bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    if (a->last == NULL || a->last->size - a->last->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        struct block *b = memory_new(1, sizeof *b + room);
        b->size = room;
        b->before = a->last;
        a->last = b;
    }
    void *piece = a->last->bytes + a->last->used;
    a->last->used += size;
    return piece;
}

void *arena_copy(struct arena *a, const void *from, size_t count, size_t bytes)
{
    void *to = arena_take(a, count, bytes);

    if (count * bytes != 0)
        memcpy(to, from, count * bytes);
    return to;
}

const char *arena_text_of(struct arena *a, const char *text, size_t length)
{
    char *to = arena_take(a, length + 1, 1);

    memcpy(to, text, length);
    return to;
}

const char *arena_text(struct arena *a, const char *text)
{
    return arena_text_of(a, text, strlen(text));
}

const char *arena_format(struct arena *a, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    const char *kept = arena_text_of(a, text, (size_t)length);
    free(text);
    return kept;
}
