/* experiment_journal.c -- what a journal took it gives back, and damage costs what comes after it and no
 * more. */
#include "sim/experiment/journal.h"

#include "sim/base/check.h"
#include "sim/experiment/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64];
static char *path;

static void make_root(void)
{
    strcpy(root, "/tmp/georep-journal-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    path = path_join(root, "j");
}

static void remove_root(void)
{
    folder_remove(root);
    free(path);
}

TestSuite(experiment_journal, .init = make_root, .fini = remove_root);

static struct trial_figures *figures_of(double value)
{
    struct trial_figures *f = memory_new(1, sizeof *f);

    f->scalars = memory_new(1, sizeof *f->scalars);
    f->scalars[0] = (struct scalar_figure){.metric = METRIC_CONFLICTS, .region = ALL_REGIONS, .value = value};
    f->scalar_count = 1;
    f->bin_ns = 1;
    return f;
}

static void append(struct journal *j, uint32_t replication, double value)
{
    struct trial_figures *f = figures_of(value);
    struct failure failure = {0};

    cr_assert(journal_append(j, (struct journal_trial){0, 2, replication}, f, &failure), "%s", failure.text);
    trial_figures_free(f);
}

static struct journal *open_it(uint64_t digest, bool resume)
{
    struct failure f = {0};
    struct journal *j = journal_open(path, digest, resume, &f);

    cr_assert_not_null(j, "%s", f.text);
    return j;
}

static double value_of(struct journal *j, uint32_t replication)
{
    struct trial_figures *f = journal_read(j, (struct journal_trial){0, 2, replication});

    if (f == NULL)
        return -1;
    double value = f->scalars[0].value;
    trial_figures_free(f);
    return value;
}

static void three(void)
{
    struct journal *j = open_it(7, false);

    append(j, 1, 10);
    append(j, 2, 20);
    append(j, 3, 30);
    journal_close(j, false);
}

Test(experiment_journal, gives_back_what_it_took)
{
    three();
    struct journal *j = open_it(7, true);
    cr_assert_eq(journal_count(j), 3);
    cr_assert_eq(value_of(j, 1), 10);
    cr_assert_eq(value_of(j, 3), 30);
    cr_assert_eq(value_of(j, 4), -1);
    append(j, 4, 40);
    journal_close(j, false);
    j = open_it(7, true);
    cr_assert_eq(journal_count(j), 4);
    cr_assert_eq(value_of(j, 4), 40);
    journal_close(j, true);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(experiment_journal, of_another_experiment_counts_for_nothing)
{
    three();
    struct journal *j = open_it(8, true);
    cr_assert_eq(journal_count(j), 0);
    journal_close(j, true);
}

Test(experiment_journal, starts_afresh_without_resume)
{
    three();
    struct journal *j = open_it(7, false);
    cr_assert_eq(journal_count(j), 0);
    journal_close(j, true);
}

Test(experiment_journal, loses_what_follows_damage_and_no_more)
{
    size_t bytes;

    three();
    char *all = file_read(path, &bytes);
    size_t record = (bytes - 16) / 3; /* three alike behind 16 bytes of head */
    for (size_t at = 16; at < bytes; at += 11) {
        struct failure f = {0};
        char *copy = memory_text_of(all, bytes);
        memcpy(copy, all, bytes);
        copy[at] = (char)(copy[at] ^ 0x40);
        cr_assert(file_write(path, copy, bytes, &f));
        struct journal *j = open_it(7, true);
        cr_assert_eq(journal_count(j), (at - 16) / record, "byte %zu of %zu", at, bytes);
        journal_close(j, false);
        free(copy);
    }
    for (size_t cut = 16; cut < bytes; cut += 13) {
        struct failure f = {0};
        cr_assert(file_write(path, all, cut, &f));
        struct journal *j = open_it(7, true);
        cr_assert_eq(journal_count(j), (cut - 16) / record, "cut at %zu of %zu", cut, bytes);
        journal_close(j, false);
    }
    free(all);
}

Test(experiment_journal, is_not_taken_for_a_strangers_file)
{
    struct failure f = {0};

    cr_assert(file_write(path, "a letter to my aunt", 19, &f));
    cr_assert_null(journal_open(path, 7, false, &f));
    cr_assert_eq(f.status, STATUS_WRONG);
    failure_clear(&f);
    char *text = file_read(path, NULL);
    cr_assert_str_eq(text, "a letter to my aunt");
    free(text);
}

Test(experiment_journal, is_for_one_run_at_a_time)
{
    struct failure f = {0};
    struct journal *j = open_it(7, false);

    cr_assert_null(journal_open(path, 7, false, &f));
    cr_assert_eq(f.status, STATUS_REFUSED);
    failure_clear(&f);
    journal_close(j, true);
}
