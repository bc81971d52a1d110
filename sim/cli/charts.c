/* charts.c -- see charts.h. gnuplot is started without a shell, by the path that a search of PATH's absolute
 * folders gave, once a picture; pictures are drawn side by side, as many as there are cores. */
#include "sim/cli/charts.h"

#include "sim/base/array.h"
#include "sim/cli/chart_data.h"
#include "sim/cli/share.h"
#include "sim/experiment/folder.h"
#include "sim/experiment/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    unsigned bit;
} formats_known[] = {{"svg", CHART_SVG}, {"png", CHART_PNG}, {"pdf", CHART_PDF}};
enum { FORMATS = sizeof formats_known / sizeof *formats_known };

unsigned chart_formats_parse(const char *text)
{
    unsigned formats = 0;

    for (;;) {
        size_t length = strcspn(text, ","), i = 0;
        while (i < FORMATS &&
               (strlen(formats_known[i].name) != length || strncmp(formats_known[i].name, text, length) != 0))
            i++;
        if (i == FORMATS)
            return 0;
        formats |= formats_known[i].bit;
        if (text[length] == '\0')
            return formats;
        text += length + 1;
    }
}

/* An absolute path, so that a gnuplot in the current directory is never run by chance. */
static const char *find_gnuplot(void)
{
    static char found[PATH_MAX];
    const char *path = getenv("PATH");

    for (path = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin"; *path != '\0';) {
        size_t length = strcspn(path, ":");
        if (length != 0 && path[0] == '/' && length + sizeof "/gnuplot" < sizeof found) {
            snprintf(found, sizeof found, "%.*s/gnuplot", (int)length, path);
            if (access(found, X_OK) == 0)
                return found;
        }
        path += length + (path[length] == ':');
    }
    return NULL;
}

bool charts_can_draw(const char **why_not)
{
    char *scripts = share_path("plots/style.gp");
    bool there = scripts != NULL && access(scripts, R_OK) == 0;

    free(scripts);
    *why_not = find_gnuplot() == NULL ? "gnuplot is not installed (Debian: apt install gnuplot-nox)"
               : there                ? NULL
                                      : "the folder of gnuplot scripts, plots, was not found";
    return *why_not == NULL;
}

char *chart_path(const struct view *r, size_t point, const char *figure, const char *extension)
{
    char *path = NULL;

    if (r->point_count > 1)
        CHECK(asprintf(&path, "charts/%s-%s.%s", figure, view_point_name(r, point), extension) >= 0);
    else
        CHECK(asprintf(&path, "charts/%s.%s", figure, extension) >= 0);
    return path;
}

struct drawing {
    pid_t process;
    int messages; /* reading end of its standard error */
    char *what;
};

struct drawings {
    const char *gnuplot;
    struct drawing *running;
    uint32_t count, most;
    struct failure *failure;
};

/* Waits for the oldest. */
static void drawing_wait(struct drawings *all)
{
    struct drawing d = all->running[0];
    char said[512];
    size_t length = 0;
    int status = 0;

    memmove(all->running, all->running + 1, --all->count * sizeof *all->running);
    for (;;) { /* to the end, so that it never waits for us */
        char more[512];
        ssize_t got = read(d.messages, more, sizeof more);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size_t take = (size_t)got < sizeof said - 1 - length ? (size_t)got : sizeof said - 1 - length;
        memcpy(said + length, more, take);
        length += take;
    }
    said[length] = '\0';
    close(d.messages);
    while (waitpid(d.process, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        failure_set(all->failure, STATUS_REFUSED, "gnuplot could not draw %s: %s", d.what,
                    length != 0 ? said : "it ended without a word");
    free(d.what);
}

/* arguments: script, DATA, OUT, FORMAT, SUBTITLE, FAULTS, BARS. */
static void drawing_start(struct drawings *all, char *const arguments[7], const char *what)
{
    char *argv[] = {memory_text(all->gnuplot),
                    memory_text("-c"),
                    arguments[0],
                    arguments[1],
                    arguments[2],
                    arguments[3],
                    arguments[4],
                    arguments[5],
                    arguments[6],
                    NULL};
    int ends[2];

    if (all->count == all->most)
        drawing_wait(all);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        failure_set(all->failure, STATUS_REFUSED, "cannot start gnuplot: %s", strerror(errno));
    } else {
        fflush(NULL);
        pid_t process = fork();
        if (process == 0) {
            int nothing = open("/dev/null", O_RDWR);
            if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 ||
                dup2(ends[1], STDERR_FILENO) < 0)
                _exit(127);
            setenv("LC_ALL", "C.UTF-8", 1); /* in the plain C locale gnuplot warns of names beyond ASCII */
            execv(all->gnuplot, argv);
            _exit(127);
        }
        close(ends[1]);
        if (process < 0) {
            failure_set(all->failure, STATUS_REFUSED, "cannot start gnuplot: %s", strerror(errno));
            close(ends[0]);
        } else {
            all->running[all->count++] = (struct drawing){process, ends[0], memory_text(what)};
        }
    }
    free(argv[0]);
    free(argv[1]);
}

static char *subtitle_of(const struct view *r, size_t point)
{
    char *title = view_point_title(r, point), *subtitle = NULL;

    CHECK(asprintf(&subtitle, "%s%s%s", r->name, *title != '\0' ? ": " : "", title) >= 0);
    for (char *c = subtitle; *c != '\0'; c++)
        if (*c == '"' || *c == '\n' || *c == '\r' || *c == '\\')
            *c = '\'';
    free(title);
    return subtitle;
}

/* Writes text into FOLDER/NAME and gives the path. */
static char *put_file(const char *folder, const char *figure, const char *kind, const char *text,
                      struct failure *f)
{
    char *path = NULL;

    CHECK(asprintf(&path, "%s/%s.%s.dat", folder, figure, kind) >= 0);
    file_write(path, text, strlen(text), f);
    return path;
}

static void draw_figure(struct drawings *all, const struct view *r, size_t point,
                        const struct chart_tables *tables, const struct chart_def *def, unsigned formats,
                        const char *work, const char *charts)
{
    char *data = chart_data(r, point, tables, def->figure), *bars = chart_bars(r, point, def->figure);
    char *faults = chart_faults(r, point), *subtitle = subtitle_of(r, point), *script_name = NULL,
         *stem = NULL;

    CHECK(asprintf(&stem, "%s-%s", def->figure, view_point_name(r, point)) >= 0);
    CHECK(asprintf(&script_name, "plots/%s.gp", def->figure) >= 0);
    char *script = share_path(script_name), *data_path = put_file(work, stem, "data", data, all->failure);
    char *faults_path = def->faults && *faults != '\0' ? put_file(work, stem, "faults", faults, all->failure)
                                                       : memory_text("");
    char *bars_path = bars != NULL ? put_file(work, stem, "bars", bars, all->failure) : memory_text("");
    for (int i = 0; i < FORMATS && all->failure->status == 0 && script != NULL; i++) {
        if ((formats & formats_known[i].bit) == 0)
            continue;
        char *name = chart_path(r, point, def->figure, formats_known[i].name);
        char *out = path_join(charts, path_name(name)), *format = memory_text(formats_known[i].name);
        drawing_start(all, (char *const[]){script, data_path, out, format, subtitle, faults_path, bars_path},
                      name);
        free(name);
        free(out);
        free(format);
    }
    char *const texts[] = {data, bars,   faults,    subtitle,    script_name,
                           stem, script, data_path, faults_path, bars_path};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
}

/* New pictures beside the old, then the old ones of the same name go: what another format drew stays. */
static void move_pictures(const struct view *r, const char *from, unsigned formats, size_t points,
                          struct failure *f)
{
    for (size_t p = 0; p < points; p++)
        for (size_t c = 0; c < chart_count; c++)
            for (int i = 0; i < FORMATS; i++) {
                if ((formats & formats_known[i].bit) == 0 || !chart_is_drawn(r, p, &chart_defs[c]))
                    continue;
                char *name = chart_path(r, p, chart_defs[c].figure, formats_known[i].name);
                char *to = path_join(r->folder, name), *drawn = path_join(from, path_name(name));
                if (rename(drawn, to) != 0)
                    failure_set(f, STATUS_REFUSED, "cannot write %s: %s", to, strerror(errno));
                free(name);
                free(to);
                free(drawn);
            }
}

bool charts_draw(const struct view *r, unsigned formats, struct failure *f)
{
    const char *why_not;
    size_t points = r->point_count < CHART_POINTS_MOST ? r->point_count : CHART_POINTS_MOST;
    char *folder = path_join(r->folder, "charts"), *work = NULL, *data = NULL;

    if (!charts_can_draw(&why_not)) {
        free(folder);
        return failure_set(f, STATUS_REFUSED, "cannot draw charts: %s", why_not);
    }
    CHECK(asprintf(&work, "%s/charts.partial-%ld", r->folder, (long)getpid()) >= 0);
    data = path_join(work, "data");
    struct drawings all = {.gnuplot = find_gnuplot(), .most = machine_cores(), .failure = f};
    all.running = memory_new(all.most, sizeof *all.running);
    if (folder_make(folder, NULL, f) && folder_make(data, NULL, f)) {
        for (size_t p = 0; p < points && f->status == 0; p++) {
            struct chart_tables tables;
            if (!chart_tables_read(&tables, r, p, f))
                break;
            for (size_t c = 0; c < chart_count && f->status == 0; c++)
                if (chart_is_drawn(r, p, &chart_defs[c]))
                    draw_figure(&all, r, p, &tables, &chart_defs[c], formats, data, work);
            chart_tables_free(&tables);
        }
    }
    while (all.count != 0)
        drawing_wait(&all);
    if (f->status == 0)
        move_pictures(r, work, formats, points, f);
    folder_remove(work);
    free(all.running);
    free(folder);
    free(data);
    free(work);
    return f->status == 0;
}
