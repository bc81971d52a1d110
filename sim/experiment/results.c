/* results.c -- see results.h. The folder grows as FOLDER.partial-PID beside its place and is exchanged with
 * what was there in one step of the file system, so that nobody ever meets half of it; the old one is taken
 * away afterwards. */
#include "sim/experiment/results.h"

#include "sim/base/check.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/manifest.h"
#include "sim/experiment/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct results {
    struct results_def def;
    char *folder; /* without links, without a slash at its end */
    char *partial;
    char *first_made; /* the topmost folder that was made for it */
    struct csv tables[TABLES];
    json_t *points, *inputs;
    bool closed;
};

bool results_is_ours(const char *folder, char **scenario_name)
{
    char *path = path_join(folder, "manifest.json");
    json_t *manifest = json_load_file(path, 0, NULL);
    const char *program = json_string_value(json_object_get(manifest, "program"));
    const char *name = json_string_value(json_object_get(manifest, "name"));
    bool ours = program != NULL && strcmp(program, "georep") == 0;

    if (scenario_name != NULL)
        *scenario_name = ours && name != NULL ? memory_text(name) : NULL;
    json_decref(manifest);
    free(path);
    return ours;
}

/* May the folder be replaced by the results of this scenario? */
static bool may_replace(const struct results *r, struct failure *f)
{
    const char *folder = r->def.folder, *name = document_scenario(r->def.document, 0)->name;
    struct stat about;
    char *of = NULL;

    if (stat(folder, &about) != 0)
        return errno == ENOENT ||
               failure_set(f, STATUS_REFUSED, "cannot look at %s: %s", folder, strerror(errno));
    if (!S_ISDIR(about.st_mode))
        return failure_set(f, STATUS_WRONG, "%s is no folder; name another with --output", folder);
    if (access(folder, R_OK | W_OK | X_OK) != 0)
        return failure_set(f, STATUS_REFUSED, "no permission for the folder %s", folder);
    if (folder_is_empty(folder))
        return true;
    if (!results_is_ours(folder, &of))
        return failure_set(
            f, STATUS_WRONG,
            "%s holds something that is not georep's results; name another folder with --output", folder);
    char *stranger = folder_find_stranger(folder);
    if (stranger != NULL)
        failure_set(f, STATUS_WRONG,
                    "%s/%s was not written by georep, and replacing the results would delete it; "
                    "move it away or name another folder with --output",
                    folder, stranger);
    else if (!r->def.force && (of == NULL || strcmp(of, name) != 0))
        failure_set(f, STATUS_WRONG,
                    "%s holds the results of another scenario, `%s`; --force replaces them, "
                    "--output names another folder",
                    folder, of != NULL ? of : "?");
    free(stranger);
    free(of);
    return f->status == 0;
}

static bool write_inputs(struct results *r, struct failure *f)
{
    char *folder = path_join(r->partial, "inputs");

    if (!folder_make(folder, NULL, f)) {
        free(folder);
        return false;
    }
    for (size_t i = 0; i < document_input_count(r->def.document) && f->status == 0; i++) {
        const char *contents;
        size_t bytes;
        const char *from = document_input(r->def.document, i, &contents, &bytes);
        const char *plain =
            strcmp(from, "-") == 0 || *path_name(from) == '\0' ? "stdin.yaml" : path_name(from);
        char *name = memory_text(plain), *path = path_join(folder, name);
        for (unsigned k = 2; access(path, F_OK) == 0; k++) { /* two files of one name from two folders */
            free(name);
            free(path);
            CHECK(asprintf(&name, "%u-%s", k, plain) >= 0);
            path = path_join(folder, name);
        }
        file_write(path, contents, bytes, f);
        json_t *one = json_pack("{s:s?, s:s?}", "file", name, "from", from);
        if (one != NULL)
            json_array_append_new(r->inputs, one);
        free(name);
        free(path);
    }
    free(folder);
    return f->status == 0;
}

static void open_tables(struct results *r)
{
    const char *const *paths;
    size_t path_count = document_sweep_paths(r->def.document, &paths);

    for (int t = 0; t < TABLES; t++) {
        if (t != TABLE_POINTS) {
            csv_open(&r->tables[t], r->partial, table_files[t], table_headers[t]);
            continue;
        }
        /* The header's last field is a path, which may need quotes: so the header is a row. */
        struct csv *out = &r->tables[t];
        char *path = path_join(r->partial, table_files[t]);
        out->file = fopen(path, "we");
        out->error = out->file == NULL ? errno : 0;
        free(path);
        csv_text(out, table_headers[t]);
        for (size_t i = 0; i < path_count; i++)
            csv_text(out, paths[i]);
        csv_row_end(out);
    }
}

static bool tables_good(const struct results *r, struct failure *f)
{
    for (int t = 0; t < TABLES; t++)
        if (r->tables[t].error != 0)
            return failure_set(f, STATUS_REFUSED, "cannot write %s of %s: %s", table_files[t], r->def.folder,
                               strerror(r->tables[t].error));
    return true;
}

/* The folder's true place: links resolved where it exists, without slashes at its end. */
static char *true_place(const char *folder)
{
    char *real = realpath(folder, NULL), *copy = memory_text(real != NULL ? real : folder);
    size_t length = strlen(copy);

    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    free(real);
    return copy;
}

struct results *results_open(const struct results_def *def, struct failure *f)
{
    struct results *r = memory_new(1, sizeof *r);

    r->def = *def;
    r->folder = true_place(def->folder);
    r->points = json_array();
    r->inputs = json_array();
    CHECK(asprintf(&r->partial, "%s.partial-%ld", r->folder, (long)getpid()) >= 0);
    if (!may_replace(r, f) || !folder_make(r->partial, &r->first_made, f) || !write_inputs(r, f)) {
        results_free(r);
        return NULL;
    }
    if (def->history) {
        char *history = path_join(r->partial, "history");
        folder_make(history, NULL, f);
        free(history);
    }
    open_tables(r);
    if (f->status != 0 || !tables_good(r, f)) {
        results_free(r);
        return NULL;
    }
    return r;
}

void results_free(struct results *r)
{
    if (r == NULL)
        return;
    for (int t = 0; t < TABLES; t++)
        csv_close(&r->tables[t]);
    if (!r->closed && r->first_made != NULL) {
        folder_remove(r->partial);
        char *slash = strrchr(r->partial, '/');
        if (slash != NULL && slash != r->partial) { /* the folders above it, if we made them */
            *slash = '\0';
            folder_remove_empty(r->partial, r->first_made);
        }
    }
    json_decref(r->points);
    json_decref(r->inputs);
    free(r->folder);
    free(r->partial);
    free(r->first_made);
    free(r);
}

const char *results_partial(const struct results *r)
{
    return r->partial;
}

bool results_add(struct results *r, size_t point, const struct scenario *s, const struct gathering *g,
                 const struct judgement *j, struct failure *f)
{
    struct theory theory = theory_of(s, g, document_point_count(r->def.document));
    const struct table_point p = {point, s, g, j, &theory};
    const char *const *paths;
    size_t path_count = document_sweep_paths(r->def.document, &paths);
    struct csv *points = &r->tables[TABLE_POINTS];

    csv_count(points, point);
    for (size_t i = 0; i < path_count; i++)
        csv_text(points, document_point_value(r->def.document, point, i));
    csv_row_end(points);
    table_metrics(&p, &r->tables[TABLE_METRICS], &r->tables[TABLE_BY_REGION], &r->tables[TABLE_NOTES]);
    table_comparisons(&p, &r->tables[TABLE_COMPARISONS]);
    table_distributions(&p, &r->tables[TABLE_DISTRIBUTIONS]);
    table_visibility(&p, &r->tables[TABLE_VISIBILITY]);
    table_series(&p, &r->tables[TABLE_SERIES]);
    table_pairs(&p, &r->tables[TABLE_PAIRS]);
    table_verdicts(&p, &r->tables[TABLE_VERDICTS], &r->tables[TABLE_NOTES]);
    table_conflicts(&p, &r->tables[TABLE_CONFLICTS]);
    table_expectations(&p, &r->tables[TABLE_EXPECTATIONS]);
    table_theory(&p, &r->tables[TABLE_THEORY], &r->tables[TABLE_NOTES]);
    theory_free(&theory);
    json_array_append_new(r->points, manifest_point(r->def.document, point, s, g));
    return tables_good(r, f);
}

/* Puts `partial` in the place of `folder`; what was there is at `partial` then, and goes. */
static bool put_in_place(struct results *r, struct failure *f)
{
    if (rename(r->partial, r->folder) == 0) /* nothing was there, or an empty folder */
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return failure_set(f, STATUS_REFUSED, "cannot put the results at %s: %s", r->def.folder,
                           strerror(errno));
    /* Somebody may have written into it since we looked. */
    if (!may_replace(r, f))
        return false;
    if (renameat2(AT_FDCWD, r->partial, AT_FDCWD, r->folder, RENAME_EXCHANGE) == 0) {
        folder_remove(r->partial);
        return true;
    }
    char *old = NULL; /* a file system without the exchange: in two steps, and back if the second fails */
    CHECK(asprintf(&old, "%s.old-%ld", r->folder, (long)getpid()) >= 0);
    if (rename(r->folder, old) != 0 || rename(r->partial, r->folder) != 0) {
        failure_set(f, STATUS_REFUSED, "cannot put the results at %s: %s", r->def.folder, strerror(errno));
        (void)rename(old, r->folder);
    } else {
        folder_remove(old);
    }
    free(old);
    return f->status == 0;
}

bool results_close(struct results *r, const struct results_run *run, struct failure *f)
{
    for (int t = 0; t < TABLES; t++)
        csv_close(&r->tables[t]);
    if (!tables_good(r, f))
        return false;
    char *text = manifest_text(&r->def, run, json_incref(r->points), json_incref(r->inputs));
    char *path = path_join(r->partial, "manifest.json"), *line = NULL;
    CHECK(asprintf(&line, "%s\n", text) >= 0);
    file_write(path, line, strlen(line), f);
    free(line);
    free(path);
    free(text);
    if (f->status != 0 || !put_in_place(r, f))
        return false;
    r->closed = true;
    return true;
}

char *results_history_path(const char *folder, size_t point, const char *model, uint32_t replication)
{
    char *path = NULL, *name = memory_text(model);

    for (char *c = name; *c != '\0'; c++)
        if (*c == '/')
            *c = '_';
    CHECK(asprintf(&path, "%s/history/%zu-%s-%u.jsonl", folder, point, name, replication) >= 0);
    free(name);
    return path;
}
