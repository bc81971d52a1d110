/* cli_options.c -- every way to write an option, and what is said of the wrong ones. */
#include "sim/cli/options.h"
#include "sim/experiment/failure.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct option_def defs[] = {
    {'o', "output", "DIR", "where"}, {'q', "quiet", NULL, "less"}, {'f', "force", NULL, "more"},
    {300, "seed", "N", "a number"},  {0, NULL, NULL, NULL},
};
static const struct verb verb = {"test", "FILE...", "tests", defs, NULL, NULL};

/* "o=DIR q operand=FILE ..." */
static void read_all(int argc, const char *const *argv, char *out)
{
    struct options o = options_of(&verb, argc, (char **)(uintptr_t)argv);

    *out = '\0';
    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_WRONG || id == OPTIONS_HELP) {
            strcat(out, id == OPTIONS_WRONG ? "wrong" : "help");
            return;
        }
        char one[100];
        if (id == OPTIONS_OPERAND)
            snprintf(one, sizeof one, "operand=%s ", o.value);
        else if (id == 300)
            snprintf(one, sizeof one, "seed=%s ", o.value);
        else if (id == 'o')
            snprintf(one, sizeof one, "o=%s ", o.value);
        else
            snprintf(one, sizeof one, "%c ", id);
        strcat(out, one);
    }
}

#define READ(...)                                                                                            \
    read_all((int)(sizeof((const char *[]){"test", __VA_ARGS__}) / sizeof(char *)),                          \
             (const char *[]){"test", __VA_ARGS__}, got)

static char got[1000];

Test(cli_options, are_read_however_they_are_written)
{
    READ("-o", "d", "file", "--output", "e", "--output=f=g", "-oh");
    cr_assert_str_eq(got, "o=d operand=file o=e o=f=g o=h ");
    READ("-qf", "-qod", "-qfo", "d", "--seed", "-3");
    cr_assert_str_eq(got, "q f q o=d q f o=d seed=-3 ");
    READ("-", "--", "-q", "--what");
    cr_assert_str_eq(got, "operand=- operand=-q operand=--what ");
}

Test(cli_options, name_the_nearest_of_an_unknown_one, .init = cr_redirect_stderr)
{
    READ("--ouptut", "d");
    cr_assert_str_eq(got, "wrong");
    fflush(stderr);
    cr_assert_stderr_eq_str("georep: error: georep test has no option --ouptut; did you mean --output?\n");
}

Test(cli_options, want_their_value, .init = cr_redirect_stderr)
{
    READ("--seed");
    cr_assert_str_eq(got, "wrong");
    READ("-qo");
    cr_assert_str_eq(got, "q wrong");
    READ("--quiet=yes");
    cr_assert_str_eq(got, "wrong");
    READ("-x");
    cr_assert_str_eq(got, "wrong");
    fflush(stderr);
    cr_assert_stderr_eq_str(
        "georep: error: --seed wants a value: N\n"
        "georep: error: -o wants a value: DIR\n"
        "georep: error: --quiet takes no value\n"
        "georep: error: georep test has no option -x; `georep test --help` shows those that it has\n");
}

Test(cli_options, a_number_is_all_digits_and_within_its_bounds, .init = cr_redirect_stderr)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {{"0", true},
                 {"12", true},
                 {"18446744073709551615", true},
                 {"18446744073709551616", false},
                 {"", false},
                 {"-1", false},
                 {"+1", false},
                 {" 1", false},
                 {"1x", false},
                 {"1e3", false}};
    unsigned long long number;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options o = {.verb = &verb, .value = cases[i].text};
        cr_assert_eq(option_number(&o, "seed", 0, UINT64_MAX, &number), cases[i].good, "%s", cases[i].text);
    }
    struct options o = {.verb = &verb, .value = "0"};
    cr_assert_not(option_number(&o, "jobs", 1, 10, &number));
    o.value = "11";
    cr_assert_not(option_number(&o, "jobs", 1, 10, &number));
    fflush(stderr);
}
