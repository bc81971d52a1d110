/* scenario_text.h -- scenarios as text in tests: written to a file of their own, read, and the errors as one
 * text. */
#ifndef GEOREP_TESTS_SCENARIO_TEXT_H
#define GEOREP_TESTS_SCENARIO_TEXT_H

#include "sim/base/check.h"
#include "sim/scenario/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const test_statistics[] = {"value", "mean", "p50", "p99", "max"};
static const struct scenario_metric test_metrics[] = {
    {"write_latency_ms", 0x1e, true}, {"read_latency_ms", 0x1e, true}, {"stale_read_fraction", 1, false},
    {"converged", 1, false},          {"operations", 1, false},        {"failed", 1, false},
    {"wan_bytes", 1, false},
};

/* Each test is a process of its own: it may change folders. */
static inline void text_begin(void)
{
    char folder[] = "/tmp/georep-test-XXXXXX";

    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    scenario_set_data_folder(GEOREP_SOURCE_DIR "/scenarios");
    scenario_set_metrics(test_metrics, sizeof test_metrics / sizeof *test_metrics, test_statistics,
                         sizeof test_statistics / sizeof *test_statistics);
}

static inline void text_end(void)
{
    char folder[4096];

    if (getcwd(folder, sizeof folder) == NULL || strncmp(folder, "/tmp/georep-test-", 17) != 0)
        return;
    char *command = NULL;
    CHECK(asprintf(&command, "rm -r -- '%s'", folder) >= 0 && system(command) == 0);
    free(command);
}

static inline void file_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "wb");

    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static inline char *errors_text(const struct diagnostics *d)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *to = open_memstream(&text, &bytes);

    diagnostics_print(d, to);
    fclose(to);
    return text;
}

/* What is wrong with a text that is the file s.yaml: each error on a line, "" for none. Caller frees. */
static inline char *text_errors(const char *text)
{
    struct diagnostics *d = diagnostics_new();

    file_write("s.yaml", text);
    struct document *doc = document_read("s.yaml", NULL, 0, NULL, 0, d);
    cr_assert_eq(doc == NULL, diagnostics_count(d) > 0);
    document_free(doc);
    char *errors = errors_text(d);
    diagnostics_free(d);
    return errors;
}

static inline void expect_errors(const char *text, const char *expected)
{
    char *errors = text_errors(text);

    cr_assert_str_eq(errors, expected, "of\n%s\nthere is said\n%s\nand not\n%s", text, errors, expected);
    free(errors);
}

/* A document that must be right; with up to one override. */
static inline struct document *text_document_set(const char *text, const char *path, const char *value)
{
    struct diagnostics *d = diagnostics_new();
    struct document_override set = {path, value};

    file_write("s.yaml", text);
    struct document *doc = document_read("s.yaml", &set, path != NULL ? 1 : 0, NULL, 0, d);
    char *errors = errors_text(d);
    cr_assert_not_null(doc, "%s", errors);
    cr_assert_str_eq(errors, "");
    free(errors);
    diagnostics_free(d);
    return doc;
}

static inline struct document *text_document(const char *text)
{
    return text_document_set(text, NULL, NULL);
}

#endif
