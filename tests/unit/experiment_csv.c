/* experiment_csv.c -- rows are quoted as RFC 4180 says, figures have 9 digits, and a full disk is heard. */
#include "sim/experiment/csv.h"
#include "sim/experiment/folder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/georep-csv-XXXXXX";

static void make_folder(void)
{
    strcpy(folder, "/tmp/georep-csv-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    folder_remove(folder);
}

TestSuite(experiment_csv, .init = make_folder, .fini = remove_folder);

Test(experiment_csv, quotes_what_must_be_quoted_and_nothing_else)
{
    struct csv f;

    csv_open(&f, folder, "a.csv", "x,y,z");
    csv_text(&f, "plain text");
    csv_text(&f, "a,b");
    csv_text(&f, "say \"hi\"");
    csv_row_end(&f);
    csv_text(&f, "two\nlines");
    csv_empty(&f);
    csv_count(&f, UINT64_MAX);
    csv_row_end(&f);
    cr_assert(csv_close(&f));
    char *path = path_join(folder, "a.csv"), *text = file_read(path, NULL);
    cr_assert_str_eq(text,
                     "x,y,z\nplain text,\"a,b\",\"say \"\"hi\"\"\"\n\"two\nlines\",,18446744073709551615\n");
    free(text);
    free(path);
}

Test(experiment_csv, prints_nine_significant_digits_and_no_minus_zero)
{
    char text[CSV_NUMBER_ROOM];

    figure_print(text, 1.0 / 3);
    cr_assert_str_eq(text, "0.333333333");
    figure_print(text, 123456789012.0);
    cr_assert_str_eq(text, "1.23456789e+11");
    figure_print(text, 80);
    cr_assert_str_eq(text, "80");
    figure_print(text, -0.0);
    cr_assert_str_eq(text, "0");
}

Test(experiment_csv, hears_a_full_disk)
{
    struct csv f;

    csv_open(&f, "/dev", "full", "a,b");
    csv_count(&f, 1);
    csv_row_end(&f);
    cr_assert_not(csv_close(&f));
    cr_assert_eq(f.error, ENOSPC);
}

Test(experiment_csv, hears_a_folder_that_is_not_there)
{
    struct csv f;

    csv_open(&f, "/tmp/georep-there-is-no-such-folder", "a.csv", "a");
    csv_count(&f, 1);
    cr_assert_not(csv_close(&f));
    cr_assert_eq(f.error, ENOENT);
}
