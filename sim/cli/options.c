/* options.c -- see options.h. Our own and not getopt's, for the sake of the messages. */
#include "sim/cli/options.h"

#include "sim/base/diagnostics.h"
#include "sim/cli/say.h"
#include "sim/experiment/failure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options options_of(const struct verb *verb, int argc, char **argv)
{
    return (struct options){.verb = verb, .argc = argc, .argv = argv, .at = 1};
}

void verb_help(const struct verb *verb)
{
    printf("georep %s %s\n\n%s\n\n", verb->name, verb->operands, verb->summary);
    for (const struct option_def *d = verb->options; d != NULL && d->name != NULL; d++) {
        char left[80];
        char letter[8] = "    ";
        if (d->id < 256)
            snprintf(letter, sizeof letter, "-%c, ", d->id);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, d->name, d->value != NULL ? " " : "",
                 d->value != NULL ? d->value : "");
        printf("  %-28s %s\n", left, d->doc);
    }
    printf("  %-28s %s\n", "-h, --help", "this");
    if (verb->notes != NULL)
        printf("\n%s\n", verb->notes);
}

static int wrong_option(const struct options *o, const char *name)
{
    const char *names[64] = {"help"};
    size_t count = 1;

    for (const struct option_def *d = o->verb->options; d != NULL && d->name != NULL && count < 64; d++)
        names[count++] = d->name;
    const char *nearest = nearest_name(name, names, count);
    if (nearest != NULL)
        say_error("georep %s has no option --%s; did you mean --%s?", o->verb->name, name, nearest);
    else
        say_error("georep %s has no option --%s; `georep %s --help` shows those that it has", o->verb->name,
                  name, o->verb->name);
    return OPTIONS_WRONG;
}

static int long_option(struct options *o, const char *word)
{
    size_t length = strcspn(word, "=");
    const char *given = word[length] == '=' ? word + length + 1 : NULL;
    char name[80];

    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (strcmp(name, "help") == 0) {
        verb_help(o->verb);
        return OPTIONS_HELP;
    }
    for (const struct option_def *d = o->verb->options; d != NULL && d->name != NULL; d++) {
        if (strcmp(d->name, name) != 0)
            continue;
        if (d->value == NULL && given != NULL) {
            say_error("--%s takes no value", name);
            return OPTIONS_WRONG;
        }
        o->value = given;
        if (d->value != NULL && given == NULL) {
            if (o->at >= o->argc) {
                say_error("--%s wants a value: %s", name, d->value);
                return OPTIONS_WRONG;
            }
            o->value = o->argv[o->at++];
        }
        return d->id;
    }
    return wrong_option(o, name);
}

static int short_option(struct options *o)
{
    char letter = *o->bundle++;

    if (letter == 'h') {
        verb_help(o->verb);
        return OPTIONS_HELP;
    }
    for (const struct option_def *d = o->verb->options; d != NULL && d->name != NULL; d++) {
        if (d->id != letter)
            continue;
        o->value = NULL;
        if (d->value == NULL)
            return d->id;
        if (*o->bundle != '\0')
            o->value = o->bundle;
        else if (o->at < o->argc)
            o->value = o->argv[o->at++];
        else {
            say_error("-%c wants a value: %s", letter, d->value);
            return OPTIONS_WRONG;
        }
        o->bundle = NULL;
        return d->id;
    }
    say_error("georep %s has no option -%c; `georep %s --help` shows those that it has", o->verb->name,
              letter, o->verb->name);
    return OPTIONS_WRONG;
}

int options_next(struct options *o)
{
    if (o->bundle != NULL && *o->bundle != '\0')
        return short_option(o);
    o->bundle = NULL;
    if (o->at >= o->argc)
        return OPTIONS_END;
    char *word = o->argv[o->at++];
    if (o->only_operands || word[0] != '-' || word[1] == '\0') {
        o->value = word;
        return OPTIONS_OPERAND;
    }
    if (strcmp(word, "--") == 0) {
        o->only_operands = true;
        return options_next(o);
    }
    if (word[1] == '-')
        return long_option(o, word + 2);
    o->bundle = word + 1;
    return short_option(o);
}

int options_status(int id)
{
    return id == OPTIONS_HELP ? STATUS_DONE : STATUS_WRONG;
}

bool option_number(const struct options *o, const char *name, unsigned long long least,
                   unsigned long long most, unsigned long long *out)
{
    char *end;

    errno = 0;
    *out = strtoull(o->value, &end, 10);
    bool digits = o->value[0] >= '0' && o->value[0] <= '9' && *end == '\0';
    if (digits && errno == 0 && *out >= least && *out <= most)
        return true;
    say_error("--%s wants a whole number from %llu to %llu, not `%s`", name, least, most, o->value);
    return false;
}
