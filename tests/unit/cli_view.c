/* cli_view.c -- tables are read back as they were written, and what is damaged is said. */
#include "sim/cli/view.h"
#include "sim/experiment/csv.h"
#include "sim/experiment/folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char root[64];

static void make_root(void)
{
    strcpy(root, "/tmp/georep-view-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
    folder_remove(root);
}

TestSuite(cli_view, .init = make_root, .fini = remove_root);

static bool read_text(const char *text, const char *point, struct csv_rows *rows, struct failure *f)
{
    char *path = path_join(root, "t.csv");

    cr_assert(file_write(path, text, strlen(text), f));
    bool good = csv_rows_read(rows, path, point, f);
    free(path);
    return good;
}

Test(cli_view, reads_what_csv_writes)
{
    static const char *const cells[] = {"plain", "", "a,b", "say \"hi\"", "two\nlines", "\"", ",", "\"\"x"};
    struct csv out;
    struct csv_rows rows;
    struct failure f = {0};

    csv_open(&out, root, "t.csv", "x,y");
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            csv_text(&out, cells[i]);
            csv_text(&out, cells[j]);
            csv_row_end(&out);
        }
    cr_assert(csv_close(&out));
    char *path = path_join(root, "t.csv");
    cr_assert(csv_rows_read(&rows, path, NULL, &f), "%s", f.text);
    cr_assert_eq(rows.rows, 64);
    cr_assert_eq(rows.columns, 2);
    for (size_t i = 0; i < 64; i++) {
        cr_assert_str_eq(csv_cell(&rows, i, 0), cells[i / 8]);
        cr_assert_str_eq(csv_cell(&rows, i, 1), cells[i % 8]);
    }
    csv_rows_free(&rows);
    free(path);
}

Test(cli_view, keeps_one_point_when_asked)
{
    struct csv_rows rows;
    struct failure f = {0};

    cr_assert(read_text("point,v\n0,a\n1,b\n10,c\n1,d\n", "1", &rows, &f));
    cr_assert_eq(rows.rows, 2);
    cr_assert_str_eq(csv_cell(&rows, 1, 1), "d");
    csv_rows_free(&rows);
}

Test(cli_view, reads_lines_that_end_as_on_windows_and_a_last_one_without_an_end)
{
    struct csv_rows rows;
    struct failure f = {0};

    cr_assert(read_text("a,b\r\n1,\"x\"\r\n2,y", NULL, &rows, &f), "%s", f.text);
    cr_assert_eq(rows.rows, 2);
    cr_assert_str_eq(csv_cell(&rows, 0, 1), "x");
    cr_assert_str_eq(csv_cell(&rows, 1, 1), "y");
    csv_rows_free(&rows);
}

Test(cli_view, says_where_a_table_is_damaged)
{
    static const char *const damaged[] = {"a,b\n1\n", "a,b\n1,2,3\n", "a,b\n1,\"2\n", "a,b\n\n"};

    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        struct csv_rows rows;
        struct failure f = {0};
        cr_assert_not(read_text(damaged[i], NULL, &rows, &f), "%s", damaged[i]);
        cr_assert_eq(f.status, STATUS_WRONG);
        cr_assert_not_null(strstr(f.text, "row 2"), "%s", f.text);
        failure_clear(&f);
    }
}

Test(cli_view, is_of_georeps_own_folders_alone)
{
    struct failure f = {0};
    char *path = path_join(root, "manifest.json");

    cr_assert_null(view_open(root, &f));
    cr_assert_eq(f.status, STATUS_WRONG);
    failure_clear(&f);
    cr_assert(file_write(path, "{\"name\": \"x\", \"program\": \"other\"}", 34, &f));
    cr_assert_null(view_open(root, &f));
    cr_assert_eq(f.status, STATUS_WRONG);
    failure_clear(&f);
    free(path);
}
