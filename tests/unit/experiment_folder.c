/* experiment_folder.c -- what is a stranger's in a results folder is found, and only empty folders are taken
 * away. */
#include "sim/experiment/folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void make_root(void)
{
    strcpy(root, "/tmp/georep-folder-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
    folder_remove(root);
}

TestSuite(experiment_folder, .init = make_root, .fini = remove_root);

static void put(const char *below)
{
    struct failure f = {0};
    char *path = path_join(root, below);

    cr_assert(file_write(path, "x", 1, &f), "%s", f.text);
    free(path);
}

static void put_folder(const char *below)
{
    struct failure f = {0};
    char *path = path_join(root, below);

    cr_assert(folder_make(path, NULL, &f));
    free(path);
}

static void expect_stranger(const char *name)
{
    char *found = folder_find_stranger(root);

    if (name == NULL)
        cr_assert_null(found, "%s", found);
    else
        cr_assert_str_eq(found != NULL ? found : "(none)", name);
    free(found);
}

Test(experiment_folder, all_that_georep_writes_is_its_own)
{
    put("manifest.json");
    put("metrics.csv");
    put("t_visibility.csv");
    put("report.html");
    put_folder("charts");
    put("charts/latency.svg");
    put_folder("inputs");
    put("inputs/anything at all");
    put_folder("history");
    put("history/0-lww-1.jsonl");
    expect_stranger(NULL);
}

Test(experiment_folder, a_file_of_yours_is_found)
{
    put("manifest.json");
    put("notes.txt");
    expect_stranger("notes.txt");
}

Test(experiment_folder, also_below)
{
    put_folder("charts");
    put("charts/mine.xcf");
    expect_stranger("charts/mine.xcf");
}

Test(experiment_folder, a_folder_or_a_link_in_the_place_of_a_file_is_a_strangers)
{
    char *path = path_join(root, "metrics.csv");

    cr_assert_eq(symlink("/etc/passwd", path), 0);
    expect_stranger("metrics.csv");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0777), 0);
    expect_stranger("metrics.csv");
    free(path);
}

Test(experiment_folder, parents_are_made_and_taken_away_while_empty)
{
    struct failure f = {0};
    char *deep = path_join(root, "a/b/c"), *top = path_join(root, "a"), *made;

    cr_assert(folder_make(deep, &made, &f));
    cr_assert_str_eq(made, top);
    put("a/keep");
    folder_remove_empty(deep, made);
    char *b = path_join(root, "a/b");
    cr_assert_eq(access(b, F_OK), -1);
    cr_assert_eq(access(top, F_OK), 0, "it holds something");
    free(made);
    free(deep);
    free(top);
    free(b);
}

Test(experiment_folder, a_folder_where_a_file_is_is_refused)
{
    struct failure f = {0};
    char *path = path_join(root, "file/below");

    put("file");
    cr_assert_not(folder_make(path, NULL, &f));
    cr_assert_eq(f.status, STATUS_REFUSED);
    failure_clear(&f);
    free(path);
}
