/* main.c -- georep VERB ...: finds the verb in the table and calls it. */
#include "sim/base/diagnostics.h"
#include "sim/cli/options.h"
#include "sim/cli/say.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *to)
{
    fprintf(to, "georep simulates geo-replicated data systems and compares their strategies.\n\n"
                "    georep VERB [OPTIONS] ...\n\n");
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", verb->name, verb->operands);
        fprintf(to, "  %-24s %s\n", left, verb->summary);
    }
    fprintf(to, "\n`georep VERB --help` shows a verb's options, `georep --version` the version.\n"
                "To begin: georep init first.yaml && georep run first.yaml\n");
}

int main(int argc, char **argv)
{
    const char *names[32];
    size_t count = 0;

    setlocale(LC_CTYPE, "");  /* for UTF-8 alone: numbers have a point in every country */
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of writing like any other */
    if (argc < 2) {
        usage(stderr);
        return STATUS_WRONG;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("georep %s\n", program_version);
        return output_finish();
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return output_finish();
    }
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
        if (strcmp(verb->name, argv[1]) == 0) {
            int status = verb->run(verb, argc - 1, argv + 1);
            int written = output_finish();
            return written != STATUS_DONE && status != STATUS_WRONG ? written : status;
        }
        names[count++] = verb->name;
    }
    const char *nearest = nearest_name(argv[1], names, count);
    if (nearest != NULL)
        say_error("there is no verb `%s`; did you mean `%s`?", argv[1], nearest);
    else
        say_error("there is no verb `%s`; `georep --help` shows them", argv[1]);
    return STATUS_WRONG;
}
