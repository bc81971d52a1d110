/* table.c -- see table.h. Numbers end in one line and their half-widths begin in one, so that a column reads
 * at a glance; a mark needs no colour to be seen. */
#include "sim/cli/table.h"

#include "sim/base/check.h"
#include "sim/cli/columns.h"

#include <stdlib.h>
#include <string.h>

#define POINTS_SHOWN 12
#define NAME_MOST 28

static const char *bold(struct table_look look)
{
    return look.colour ? "\033[1m" : "";
}

static const char *plain(struct table_look look)
{
    return look.colour ? "\033[0m" : "";
}

static const char *plus_minus(struct table_look look)
{
    return look.utf8 ? "±" : "+-";
}

/* Columns that a terminal gives a text: its characters, not its bytes. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

struct widths {
    int value, tail, all;
};

static void widths_of(const struct view *r, size_t point, const struct column_group *group, int sign,
                      struct widths *widths)
{
    for (size_t c = 0; c < group->count; c++) {
        struct widths *w = &widths[c];
        *w = (struct widths){0};
        for (size_t m = 0; m < r->model_count; m++) {
            struct cell_text cell = column_cell(r, point, m, &group->columns[c]);
            int tail = (cell.half[0] != '\0' ? 1 + sign + (int)strlen(cell.half) : 0) + cell.flattered;
            w->value = max_int(w->value, (int)strlen(cell.value));
            w->tail = max_int(w->tail, tail);
        }
        w->all = max_int(w->value + w->tail, (int)strlen(group->columns[c].title));
    }
}

static void name_print(const char *name, int width, FILE *to)
{
    int shown = width_of(name), bytes = (int)strlen(name);

    if (shown > NAME_MOST && bytes == shown) /* ASCII: to be cut anywhere */
        shown = bytes = NAME_MOST;
    fprintf(to, "  %.*s%*s", bytes, name, max_int(0, width - shown), "");
}

/* Titles, under them the units, under these a row a model. */
static void group_print(const struct view *r, size_t point, const struct column_group *group, int name_width,
                        struct table_look look, FILE *to)
{
    struct widths widths[16];
    const char *sign = plus_minus(look);

    CHECK(group->count <= 16);
    widths_of(r, point, group, width_of(sign), widths);
    fprintf(to, "%s%-*s", bold(look), name_width + 2, group->title);
    for (size_t c = 0; c < group->count; c++)
        fprintf(to, "  %*s", widths[c].all, group->columns[c].title);
    fprintf(to, "%s\n%*s", plain(look), name_width + 2, "");
    for (size_t c = 0; c < group->count; c++)
        fprintf(to, "  %*s", widths[c].all, group->columns[c].unit);
    fputc('\n', to);
    for (size_t m = 0; m < r->model_count; m++) {
        name_print(view_model(r, m), name_width, to);
        for (size_t c = 0; c < group->count; c++) {
            struct cell_text cell = column_cell(r, point, m, &group->columns[c]);
            bool has_half = cell.half[0] != '\0';
            char tail[64];
            snprintf(tail, sizeof tail, "%s%s%s%s", has_half ? " " : "", has_half ? sign : "", cell.half,
                     cell.flattered ? "!" : "");
            fprintf(to, "  %*s%s", widths[c].all - widths[c].tail, cell.value, tail);
            if (c + 1 < group->count)
                fprintf(to, "%*s", widths[c].tail - width_of(tail), "");
        }
        fputc('\n', to);
    }
}

static int name_width_of(const struct view *r, size_t point)
{
    int width = 0;

    for (size_t m = 0; m < r->model_count; m++)
        width = max_int(width, width_of(view_model(r, m)));
    width = width > NAME_MOST ? NAME_MOST : width;
    for (size_t g = 0; g < column_group_count; g++)
        if (column_group_is_shown(r, point, &column_groups[g]))
            width = max_int(width, (int)strlen(column_groups[g].title) - 2);
    return width;
}

static void point_print(const struct view *r, size_t point, struct table_look look, FILE *to)
{
    char *title = view_point_title(r, point);
    json_int_t replications = json_integer_value(json_object_get(view_point(r, point), "replications"));

    fprintf(to, "%s%s%s", bold(look), r->name, plain(look));
    if (*title != '\0')
        fprintf(to, ", point %s: %s", view_point_name(r, point), title);
    fprintf(to, " (%lld replication%s)\n\n", (long long)replications, replications == 1 ? "" : "s");
    free(title);
    for (size_t g = 0; g < column_group_count; g++) {
        if (!column_group_is_shown(r, point, &column_groups[g]))
            continue;
        group_print(r, point, &column_groups[g], name_width_of(r, point), look, to);
        fputc('\n', to);
    }
}

static const char *holds_colour(struct table_look look, const char *holds)
{
    if (!look.colour)
        return "";
    return strcmp(holds, "true") == 0 ? "\033[32m" : strcmp(holds, "false") == 0 ? "\033[31m" : "\033[33m";
}

static const char *holds_word(const char *holds)
{
    return strcmp(holds, "true") == 0 ? "holds" : strcmp(holds, "false") == 0 ? "BROKEN" : "undecided";
}

enum { CHECK_WIDTH = 8 };

/* The checks' names over three lines, so that eleven stand beside each other. */
static const char *const check_titles[][4] = {
    {"linearizable", "linear-", "izable", ""},
    {"sequential", "sequen-", "tial", ""},
    {"causal", "causal", "", ""},
    {"read_your_writes", "read", "your", "writes"},
    {"monotonic_reads", "mono-", "tonic", "reads"},
    {"monotonic_writes", "mono-", "tonic", "writes"},
    {"writes_follow_reads", "writes", "follow", "reads"},
    {"bounded_staleness", "bounded", "stale-", "ness"},
    {"eventual", "even-", "tual", ""},
    {"strong_eventual", "strong", "even-", "tual"},
    {"nothing_lost", "nothing", "lost", ""},
};
enum { CHECK_TITLES = sizeof check_titles / sizeof check_titles[0] };

/* One model and check over all points: the worst of them. */
struct promise {
    bool known, promised, broken, undecided;
    unsigned long long violations;
};

static struct promise promise_of(const struct view *r, const char *model, const char *check)
{
    struct promise p = {0};

    for (size_t i = 0; i < r->verdicts.rows; i++) {
        const char *holds = csv_cell(&r->verdicts, i, 4);
        if (strcmp(csv_cell(&r->verdicts, i, 1), model) != 0 ||
            strcmp(csv_cell(&r->verdicts, i, 2), check) != 0)
            continue;
        p.known = true;
        p.promised |= strcmp(csv_cell(&r->verdicts, i, 3), "true") == 0;
        p.broken |= strcmp(holds, "false") == 0;
        p.undecided |= strcmp(holds, "undecided") == 0;
        p.violations += strtoull(csv_cell(&r->verdicts, i, 5), NULL, 10);
    }
    return p;
}

static void promise_print(struct promise p, struct table_look look, FILE *to)
{
    char number[32] = "";
    const char *text = number, *colour = "";

    if (!p.known) {
        text = "";
    } else if (p.promised) {
        text = p.broken ? "BROKEN" : p.undecided ? "UNDEC." : "kept";
        colour = holds_colour(look, p.broken ? "false" : p.undecided ? "undecided" : "true");
    } else if (!p.broken) {
        text = p.undecided ? "?" : "holds";
    } else if (p.violations < 1000000) {
        snprintf(number, sizeof number, "%llu", p.violations);
    } else {
        snprintf(number, sizeof number, "%.3gM", (double)p.violations / 1e6);
    }
    fprintf(to, "%*s%s%s%s", max_int(0, CHECK_WIDTH - (int)strlen(text)), "", colour, text,
            *colour != '\0' ? plain(look) : "");
}

/* A row a model, a column a check. */
static void matrix_print(const struct view *r, struct table_look look, FILE *to)
{
    int name_width = 8;

    for (size_t m = 0; m < r->model_count; m++)
        name_width = max_int(name_width, width_of(view_model(r, m)));
    name_width = name_width > NAME_MOST ? NAME_MOST : name_width;
    for (int line = 1; line <= 3; line++) {
        fprintf(to, "%s%-*s", bold(look), name_width + 2, line == 1 ? "Checks" : "");
        for (size_t c = 0; c < CHECK_TITLES; c++)
            fprintf(to, "%*s", CHECK_WIDTH, check_titles[c][line]);
        fprintf(to, "%s\n", plain(look));
    }
    for (size_t m = 0; m < r->model_count; m++) {
        name_print(view_model(r, m), name_width, to);
        for (size_t c = 0; c < CHECK_TITLES; c++)
            promise_print(promise_of(r, view_model(r, m), check_titles[c][0]), look, to);
        fputc('\n', to);
    }
    fprintf(
        to,
        "promised: kept, BROKEN, UNDEC.; not promised: holds, how many violations, ? cannot be decided%s\n",
        r->point_count > 1 ? " (the worst of all points)" : "");
}

/* A promise that was not kept, with an example and how to look at it. */
static void breach_print(const struct view *r, size_t row, struct table_look look, FILE *to)
{
    const struct csv_rows *v = &r->verdicts;
    const char *holds = csv_cell(v, row, 4), *example = csv_cell(v, row, 6);
    const char *why = view_note(r, csv_cell(v, row, 0), csv_cell(v, row, 1), csv_cell(v, row, 2), "");

    fprintf(to, "  %s%-9s%s  %s promises %s", holds_colour(look, holds), holds_word(holds), plain(look),
            csv_cell(v, row, 1), csv_cell(v, row, 2));
    if (strcmp(csv_cell(v, row, 5), "0") != 0)
        fprintf(to, ": violated %s times", csv_cell(v, row, 5));
    if (*example != '\0')
        fprintf(to, ", first by %s", example);
    if (r->point_count > 1)
        fprintf(to, " (point %s)", csv_cell(v, row, 0));
    fputc('\n', to);
    if (*why != '\0')
        fprintf(to, "             %s\n", why);
    if (*example != '\0')
        fprintf(to, "             georep explain %s --model %s --op %s\n", r->folder, csv_cell(v, row, 1),
                example);
}

static void promises_print(const struct view *r, struct table_look look, FILE *to)
{
    size_t promised = 0, kept = 0;

    if (r->verdicts.rows == 0)
        return;
    for (size_t i = 0; i < r->verdicts.rows; i++) {
        bool is_promised = strcmp(csv_cell(&r->verdicts, i, 3), "true") == 0;
        promised += is_promised;
        kept += is_promised && strcmp(csv_cell(&r->verdicts, i, 4), "true") == 0;
    }
    fputc('\n', to);
    matrix_print(r, look, to);
    if (promised != 0)
        fprintf(to, "Promises: %zu of %zu held\n", kept, promised);
    for (size_t i = 0; i < r->verdicts.rows; i++)
        if (strcmp(csv_cell(&r->verdicts, i, 3), "true") == 0 &&
            strcmp(csv_cell(&r->verdicts, i, 4), "true") != 0)
            breach_print(r, i, look, to);
}

/* One line where all agree. */
static void theory_print(const struct view *r, struct table_look look, FILE *to)
{
    const struct csv_rows *t = &r->theory;
    size_t agree = 0, undecided = 0;

    for (size_t i = 0; i < t->rows; i++) {
        agree += strcmp(csv_cell(t, i, 7), "true") == 0;
        undecided += strcmp(csv_cell(t, i, 7), "undecided") == 0;
    }
    if (t->rows == 0) {
        fprintf(to, "Theory: knows no figure of this scenario; the report says why\n");
        return;
    }
    fprintf(to, "Theory: %zu of %zu figures agree", agree, t->rows);
    if (undecided > 0)
        fprintf(to, ", %zu cannot be told from so few replications", undecided);
    fputc('\n', to);
    for (size_t i = 0; i < t->rows; i++)
        if (strcmp(csv_cell(t, i, 7), "false") == 0)
            fprintf(to, "  %s%-9s%s  %s: %s: theory %s, simulation %s in %s .. %s\n",
                    holds_colour(look, "false"), "DISAGREES", plain(look), csv_cell(t, i, 1),
                    csv_cell(t, i, 2), csv_cell(t, i, 3), csv_cell(t, i, 4), csv_cell(t, i, 5),
                    csv_cell(t, i, 6));
}

static void expectations_print(const struct view *r, struct table_look look, FILE *to)
{
    const struct csv_rows *rows = &r->expectations;
    size_t held = 0;

    for (size_t i = 0; i < rows->rows; i++)
        held += strcmp(csv_cell(rows, i, 6), "true") == 0;
    if (rows->rows != 0)
        fprintf(to, "Expectations: %zu of %zu held\n", held, rows->rows);
    for (size_t i = 0; i < rows->rows; i++) {
        const char *holds = csv_cell(rows, i, 6), *value = csv_cell(rows, i, 5);
        if (strcmp(holds, "true") == 0 && rows->rows > 12)
            continue;
        fprintf(to, "  %s%-9s%s  %s: %s", holds_colour(look, holds), holds_word(holds), plain(look),
                csv_cell(rows, i, 1), csv_cell(rows, i, 4));
        if (*value != '\0')
            fprintf(to, "; it is %s", value);
        if (*csv_cell(rows, i, 7) != '\0')
            fprintf(to, " (%s)", csv_cell(rows, i, 7));
        if (r->point_count > 1)
            fprintf(to, " (point %s)", csv_cell(rows, i, 0));
        fputc('\n', to);
    }
}

static void legend_print(const struct view *r, struct table_look look, FILE *to)
{
    bool flattered = false, bounded = false;

    for (size_t p = 0; p < r->point_count && p < POINTS_SHOWN; p++)
        for (size_t m = 0; m < r->model_count; m++)
            for (size_t g = 0; g < column_group_count; g++)
                for (size_t c = 0; c < column_groups[g].count; c++) {
                    struct cell_text cell = column_cell(r, p, m, &column_groups[g].columns[c]);
                    flattered = flattered || cell.flattered;
                    bounded = bounded || cell.value[0] == '>';
                }
    fprintf(to, "%s half of the 95%% interval over the replications", plus_minus(look));
    if (flattered)
        fprintf(to, "; ! more operations failed than the percentile leaves out");
    if (bounded)
        fprintf(to, "; >= cut off by the end of the run");
    fprintf(to, "\n");
}

void table_print(const struct view *r, struct table_look look, FILE *to)
{
    for (size_t p = 0; p < r->point_count && p < POINTS_SHOWN; p++)
        point_print(r, p, look, to);
    if (r->point_count > POINTS_SHOWN)
        fprintf(to, "... and %zu more points: see metrics.csv and points.csv\n\n",
                r->point_count - POINTS_SHOWN);
    legend_print(r, look, to);
    promises_print(r, look, to);
    expectations_print(r, look, to);
    theory_print(r, look, to);
}
