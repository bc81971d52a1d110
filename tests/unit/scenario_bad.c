/* scenario_bad.c -- every wrong scenario of tests/golden/bad says exactly what its .errors file holds: all of
 * its errors in one go, each with its line and column. */
#include "scenario_text.h"

#include <dirent.h>

TestSuite(scenario_bad, .init = text_begin, .fini = text_end);

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = memory_new(1, 1 << 20);

    cr_assert_not_null(file, "%s is missing", path);
    size_t bytes = fread(text, 1, (1 << 20) - 1, file);
    text[bytes] = '\0';
    fclose(file);
    return text;
}

static int is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

Test(scenario_bad, every_file_says_what_is_wrong_with_it)
{
    struct dirent **files;

    cr_assert_eq(chdir(GEOREP_SOURCE_DIR "/tests/golden/bad"), 0);
    int count = scandir(".", &files, is_yaml, alphasort);
    cr_assert_geq(count, 30);
    for (int i = 0; i < count; i++) {
        const char *name = files[i]->d_name;
        struct diagnostics *d = diagnostics_new();
        char *expected_path = NULL;
        CHECK(asprintf(&expected_path, "%.*s.errors", (int)strlen(name) - 5, name) >= 0);
        cr_assert_null(document_read(name, NULL, 0, NULL, 0, d), "%s was taken as right", name);
        char *errors = errors_text(d), *expected = file_text(expected_path);
        cr_expect_str_eq(errors, expected, "%s says\n%s\nand not\n%s", name, errors, expected);
        cr_expect(expected[0] != '\0');
        free(errors);
        free(expected);
        free(expected_path);
        diagnostics_free(d);
        free(files[i]);
    }
    free(files);
}

Test(scenario_bad, folders_and_pipes_and_devices_are_refused_without_waiting)
{
    static const struct {
        const char *path, *error;
    } table[] = {
        {"/", "/: error: cannot read this file: it is a folder\n"},
        {"/dev/zero",
         "/dev/zero: error: cannot read this file: it is not a regular file; a pipe can be read as `-`\n"},
        {"pipe", "pipe: error: cannot read this file: it is not a regular file; a pipe can be read as `-`\n"},
        {"nowhere.yaml", "nowhere.yaml: error: cannot read this file: No such file or directory\n"},
    };

    cr_assert_eq(system("mkfifo pipe"), 0);
    alarm(10);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct diagnostics *d = diagnostics_new();
        cr_assert_null(document_read(table[i].path, NULL, 0, NULL, 0, d));
        char *errors = errors_text(d);
        cr_assert_str_eq(errors, table[i].error);
        free(errors);
        diagnostics_free(d);
    }
}

Test(scenario_bad, a_file_past_64_mib_is_refused)
{
    FILE *file = fopen("big.yaml", "wb");
    struct diagnostics *d = diagnostics_new();

    cr_assert_eq(fseek(file, 64 * 1024 * 1024, SEEK_SET), 0);
    fputc('\n', file);
    fclose(file);
    cr_assert_null(document_read("big.yaml", NULL, 0, NULL, 0, d));
    cr_assert_str_eq(diagnostics_text(d, 0),
                     "big.yaml: error: cannot read this file: it is larger than 64 MiB, or all files "
                     "together than 256 MiB");
    diagnostics_free(d);
}

Test(scenario_bad, a_thousand_errors_are_said_a_hundred_times)
{
    char *text = memory_new(1, 1 << 16), *at = text;
    struct diagnostics *d = diagnostics_new();

    for (int i = 0; i < 1000; i++)
        at += sprintf(at, "wrong%d: 1\n", i);
    file_write("s.yaml", text);
    cr_assert_null(document_read("s.yaml", NULL, 0, NULL, 0, d));
    cr_assert_eq(diagnostics_count(d), 100);
    diagnostics_free(d);
    free(text);
}

Test(scenario_bad, overrides_name_themselves)
{
    static const struct {
        const char *path, *value, *error;
    } table[] = {
        {"network.los", "1%",
         "--set network.los=1%: error: `los` is not a key of `network`; did you mean `loss`?\n"},
        {"network.loss", "1", ""},
        {"network.loss", "2",
         "--set network.loss=2: error: `2` is more than all; a share is between 0% and 100%\n"},
        {"models.lwv.clock", "hlc",
         "--set models.lwv.clock=hlc: error: the path `models.lwv.clock` does not fit: `models` has "
         "no element `lwv`; did you mean `lww`?\n"},
        {"models.1.clock", "hlc",
         "--set models.1.clock=hlc: error: the path `models.1.clock` does not fit: `models` has no "
         "element `1`; the elements are lww\n"},
        {"faults.0.for", "5s",
         "--set faults.0.for=5s: error: the path `faults.0.for` does not fit: the scenario has no list "
         "`faults`\n"},
        {"duration..x", "5s",
         "--set duration..x=5s: error: the path `duration..x` does not fit: names stand between its dots, "
         "as in network.loss\n"},
        {"", "5s",
         "--set =5s: error: the path `` does not fit: names stand between its dots, as in network.loss\n"},
        {"duration", "[1",
         "--set duration=[1: error: this is not YAML: did not find expected ',' or ']' while parsing a flow "
         "sequence (begun on line 1)\n"},
        {"duration", "",
         "--set duration=: error: nothing is given here; write a time such as 80ms, 1.5s or 2m\n"},
    };

    file_write("s.yaml", "name: s\nregions: [a]\nmodels: [lww]\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct diagnostics *d = diagnostics_new();
        struct document_override set = {table[i].path, table[i].value};
        struct document *doc = document_read("s.yaml", &set, 1, NULL, 0, d);
        char *errors = errors_text(d);
        cr_expect_str_eq(errors, table[i].error);
        cr_expect_eq(doc != NULL, table[i].error[0] == '\0');
        document_free(doc);
        free(errors);
        diagnostics_free(d);
    }
}
