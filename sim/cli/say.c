/* say.c -- see say.h. */
#include "sim/cli/say.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say_with(const char *severity, const char *colour, const char *format, va_list arguments)
{
    bool coloured = *colour != '\0' && stream_has_colour(stderr);

    fflush(stdout);
    fprintf(stderr, "georep: %s%s%s", coloured ? colour : "", severity, coloured ? "\033[0m" : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void say_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_with("error: ", "\033[1;31m", format, arguments);
    va_end(arguments);
}

void say_warning(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_with("warning: ", "\033[1;33m", format, arguments);
    va_end(arguments);
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_with("", "", format, arguments);
    va_end(arguments);
}

int say_failure(struct failure *f)
{
    int status = f->status;

    say_error("%s", f->text);
    failure_clear(f);
    return status;
}

bool stream_has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(fileno(stream)) && (refused == NULL || *refused == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

bool stream_has_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Whoever reads us has gone: `georep list metrics | head`. That is theirs to decide, and no error. */
static bool reader_has_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int output_finish(void)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_has_gone())
        return STATUS_DONE;
    say_error("cannot write to standard output: %s", strerror(errno != 0 ? errno : EIO));
    return STATUS_REFUSED;
}
