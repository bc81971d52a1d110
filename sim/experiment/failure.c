/* failure.c -- see failure.h. */
#include "sim/experiment/failure.h"

#include "sim/base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool failure_set(struct failure *f, int status, const char *format, ...)
{
    va_list arguments;

    if (f->status != 0)
        return false;
    f->status = status;
    va_start(arguments, format);
    CHECK(vasprintf(&f->text, format, arguments) >= 0);
    va_end(arguments);
    return false;
}

void failure_clear(struct failure *f)
{
    free(f->text);
    *f = (struct failure){0};
}
