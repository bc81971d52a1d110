/* check.c -- see check.h. */
#include "sim/base/check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void check_failed(const char *file, int line, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "georep: a bug of georep at %s:%d: %s does not hold\n", file, line, what);
    abort();
}

static _Noreturn void out_of_memory(size_t count, size_t bytes)
{
    fprintf(stderr, "georep: out of memory (asked for %zu x %zu bytes)\n", count, bytes);
    abort();
}

void *memory_new(size_t count, size_t bytes)
{
    void *memory = calloc(count != 0 ? count : 1, bytes != 0 ? bytes : 1);

    if (memory == NULL)
        out_of_memory(count, bytes);
    return memory;
}

void *memory_resize(void *old, size_t count, size_t bytes)
{
    if (bytes != 0 && count > SIZE_MAX / bytes)
        out_of_memory(count, bytes);
    void *memory = realloc(old, count * bytes != 0 ? count * bytes : 1);
    if (memory == NULL)
        out_of_memory(count, bytes);
    return memory;
}

char *memory_text_of(const char *text, size_t length)
{
    char *copy = memory_new(length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

char *memory_text(const char *text)
{
    return text == NULL ? NULL : memory_text_of(text, strlen(text));
}
