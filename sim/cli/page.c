/* page.c -- see page.h. The template has markers {{name}} (plots/README.md); each is a function here.
 * Pictures are embedded as data URIs, because gnuplot gives all its pictures the same ids. */
#include "sim/cli/page.h"

#include "sim/base/check.h"
#include "sim/cli/chart_data.h"
#include "sim/cli/charts.h"
#include "sim/cli/columns.h"
#include "sim/cli/share.h"
#include "sim/experiment/folder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_escaped(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        default:
            fputc(*text, to);
        }
}

static void put_base64(FILE *to, const char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < count; i += 3) {
        unsigned word = (unsigned)(unsigned char)bytes[i] << 16;
        if (i + 1 < count)
            word |= (unsigned)(unsigned char)bytes[i + 1] << 8;
        if (i + 2 < count)
            word |= (unsigned char)bytes[i + 2];
        fputc(digits[word >> 18], to);
        fputc(digits[word >> 12 & 63], to);
        fputc(i + 1 < count ? digits[word >> 6 & 63] : '=', to);
        fputc(i + 2 < count ? digits[word & 63] : '=', to);
    }
}

static void put_style(const struct view *r, FILE *to)
{
    char *path = share_path("plots/report.css"), *text = path != NULL ? file_read(path, NULL) : NULL;

    (void)r;
    if (text != NULL)
        fputs(text, to);
    free(path);
    free(text);
}

static void put_title(const struct view *r, FILE *to)
{
    put_escaped(to, r->name);
}

static void put_description(const struct view *r, FILE *to)
{
    const char *text = json_string_value(json_object_get(r->manifest, "description"));

    put_escaped(to, text != NULL ? text : "");
}

static void put_facts(const struct view *r, FILE *to)
{
    const json_t *m = r->manifest, *point = view_point(r, 0);
    const char *version = json_string_value(json_object_get(m, "version"));
    const char *started = json_string_value(json_object_get(m, "started"));
    const char *note = json_string_value(json_object_get(m, "note"));

    if (note != NULL) {
        fputs("<li><b>", to);
        put_escaped(to, note);
        fputs("</b></li>\n", to);
    }
    fputs("<li>georep ", to);
    put_escaped(to, version != NULL ? version : "?");
    fprintf(to, "</li>\n<li>seed %lld</li>\n", (long long)json_integer_value(json_object_get(m, "seed")));
    if (r->point_count > 1)
        fprintf(to, "<li>%zu sweep points</li>\n", r->point_count);
    fprintf(to, "<li>%lld replications</li>\n<li>%g s simulated, %g s of them to warm up</li>\n",
            (long long)json_integer_value(json_object_get(point, "replications")),
            json_number_value(json_object_get(point, "duration_s")),
            json_number_value(json_object_get(point, "warmup_s")));
    fprintf(to, "<li>run in %.1f s</li>\n<li>", json_number_value(json_object_get(m, "wall_time_s")));
    put_escaped(to, started != NULL ? started : "");
    fputs("</li>\n", to);
}

static const char *class_of(const char *holds)
{
    return strcmp(holds, "false") == 0 ? "broken" : "undecided";
}

static void put_verdicts(const struct view *r, FILE *to)
{
    size_t asked = 0, bad = 0;

    for (size_t i = 0; i < r->verdicts.rows; i++) {
        const char *holds = csv_cell(&r->verdicts, i, 4);
        const char *why = view_note(r, csv_cell(&r->verdicts, i, 0), csv_cell(&r->verdicts, i, 1),
                                    csv_cell(&r->verdicts, i, 2), "");
        bool promised = strcmp(csv_cell(&r->verdicts, i, 3), "true") == 0;
        asked += promised;
        if (!promised || strcmp(holds, "true") == 0)
            continue;
        bad++;
        fprintf(to, "<li class=\"%s\">", class_of(holds));
        put_escaped(to, csv_cell(&r->verdicts, i, 1));
        fputs(" promises ", to);
        put_escaped(to, csv_cell(&r->verdicts, i, 2));
        if (strcmp(holds, "false") == 0)
            fprintf(to, ": violated %s times", csv_cell(&r->verdicts, i, 5));
        else
            fputs(": undecided", to);
        if (*why != '\0') {
            fputs("; ", to);
            put_escaped(to, why);
        } else if (*csv_cell(&r->verdicts, i, 6) != '\0') {
            fputs(", first by ", to);
            put_escaped(to, csv_cell(&r->verdicts, i, 6));
        }
        if (r->point_count > 1)
            fprintf(to, " (point %s)", csv_cell(&r->verdicts, i, 0));
        fputs("</li>\n", to);
    }
    for (size_t i = 0; i < r->expectations.rows; i++) {
        const struct csv_rows *e = &r->expectations;
        const char *holds = csv_cell(e, i, 6), *value = csv_cell(e, i, 5);
        asked++;
        if (strcmp(holds, "true") == 0)
            continue;
        bad++;
        fprintf(to, "<li class=\"%s\">", class_of(holds));
        put_escaped(to, csv_cell(e, i, 1));
        fputs(" was expected to have ", to);
        put_escaped(to, csv_cell(e, i, 4));
        if (*value != '\0')
            fprintf(to, "; it is %s", value);
        if (*csv_cell(e, i, 7) != '\0')
            fprintf(to, " (%s)", csv_cell(e, i, 7));
        if (r->point_count > 1)
            fprintf(to, " (point %s)", csv_cell(e, i, 0));
        fputs("</li>\n", to);
    }
    if (bad == 0)
        fprintf(
            to,
            asked != 0
                ? "<li class=\"held\">All %zu promises and expectations that were checked held.</li>\n"
                : "<li class=\"undecided\">Nothing was promised or expected that this version checks.</li>\n",
            asked);
}

/* A row a model, a column a check: did it hold, how often not, and was it promised (bold)? */
static void put_checks(const struct view *r, FILE *to)
{
    const struct csv_rows *v = &r->verdicts;

    for (size_t first = 0, next; first < v->rows; first = next) {
        const char *point = csv_cell(v, first, 0), *model = csv_cell(v, first, 1);
        bool opens = first == 0 || strcmp(csv_cell(v, first - 1, 0), point) != 0;
        if (opens) {
            if (r->point_count > 1)
                fprintf(to, "<h3>point %s</h3>\n", point);
            fputs("<table>\n<thead><tr><th>model</th>", to);
            for (size_t i = first; i < v->rows && strcmp(csv_cell(v, i, 1), model) == 0; i++) {
                fputs("<th>", to);
                for (const char *c = csv_cell(v, i, 2); *c != '\0'; c++)
                    fputc(*c == '_' ? ' ' : *c, to);
                fputs("</th>", to);
            }
            fputs("</tr></thead>\n<tbody>\n", to);
        }
        fputs("<tr><th>", to);
        put_escaped(to, model);
        fputs("</th>", to);
        for (next = first; next < v->rows && strcmp(csv_cell(v, next, 1), model) == 0 &&
                           strcmp(csv_cell(v, next, 0), point) == 0;
             next++) {
            const char *holds = csv_cell(v, next, 4);
            bool promised = strcmp(csv_cell(v, next, 3), "true") == 0;
            fputs(promised ? "<td><b>" : "<td>", to);
            fputs(strcmp(holds, "true") == 0    ? "holds"
                  : strcmp(holds, "false") == 0 ? csv_cell(v, next, 5)
                                                : "?",
                  to);
            fputs(promised ? "</b></td>" : "</td>", to);
        }
        fputs("</tr>\n", to);
        if (next == v->rows || strcmp(csv_cell(v, next, 0), point) != 0)
            fputs("</tbody></table>\n", to);
    }
}

/* Why theory has nothing to say, a line for each reason with the models that it holds for. */
static void put_silences(const struct view *r, FILE *to)
{
    const struct csv_rows *n = &r->notes;
    bool any = false;

    for (size_t i = 0; i < n->rows; i++) {
        bool known = false;
        if (strcmp(csv_cell(n, i, 3), "theory") != 0)
            continue;
        for (size_t j = 0; j < i && !known; j++)
            known = strcmp(csv_cell(n, j, 3), "theory") == 0 &&
                    strcmp(csv_cell(n, j, 4), csv_cell(n, i, 4)) == 0 &&
                    strcmp(csv_cell(n, j, 5), csv_cell(n, i, 5)) == 0;
        if (known)
            continue;
        fputs(any ? "" : "<details><summary>Where theory is silent</summary>\n<ul>\n", to);
        any = true;
        fputs("<li><b>", to);
        put_escaped(to, csv_cell(n, i, 4));
        fputs("</b>: not applicable, ", to);
        put_escaped(to, csv_cell(n, i, 5));
        fputs(" (", to);
        for (size_t j = i, count = 0; j < n->rows; j++)
            if (strcmp(csv_cell(n, j, 0), csv_cell(n, i, 0)) == 0 &&
                strcmp(csv_cell(n, j, 3), "theory") == 0 &&
                strcmp(csv_cell(n, j, 4), csv_cell(n, i, 4)) == 0 &&
                strcmp(csv_cell(n, j, 5), csv_cell(n, i, 5)) == 0) {
                fputs(count++ > 0 ? ", " : "", to);
                put_escaped(to, csv_cell(n, j, 1));
            }
        fputs(")</li>\n", to);
    }
    if (any)
        fputs("</ul>\n</details>\n", to);
}

/* A number of the table in five digits, as a person compares them. */
static void put_five(const char *cell, FILE *to)
{
    char *end;
    double value = strtod(cell, &end);

    if (end == cell)
        put_escaped(to, cell);
    else
        fprintf(to, "%.5g", value);
}

static void put_theory_row(const struct view *r, size_t i, FILE *to)
{
    const struct csv_rows *t = &r->theory;
    const char *agrees = csv_cell(t, i, 7);

    fputs(strcmp(agrees, "true") == 0    ? "<tr>"
          : strcmp(agrees, "false") == 0 ? "<tr class=\"broken\">"
                                         : "<tr class=\"undecided\">",
          to);
    for (size_t column = r->point_count > 1 ? 0 : 1; column < 3; column++) {
        fputs("<td>", to);
        put_escaped(to, csv_cell(t, i, column));
        fputs("</td>", to);
    }
    fputs("<td>", to);
    put_five(csv_cell(t, i, 3), to);
    if (strtod(csv_cell(t, i, 8), NULL) > 1e-4 * fabs(strtod(csv_cell(t, i, 3), NULL))) {
        fputs(" &plusmn;", to);
        fprintf(to, "%.2g", strtod(csv_cell(t, i, 8), NULL));
    }
    fputs("</td><td>", to);
    put_five(csv_cell(t, i, 4), to);
    fputs("</td><td>", to);
    put_five(csv_cell(t, i, 5), to);
    fputs(*csv_cell(t, i, 5) != '\0' ? " to " : "", to);
    put_five(csv_cell(t, i, 6), to);
    fputs("</td><td>", to);
    put_escaped(to, agrees);
    fputs("</td></tr>\n", to);
}

static void put_theory_rows(const struct view *r, FILE *to)
{
    fprintf(to,
            "<table class=\"figures\">\n<thead><tr>%s<th>model</th><th>quantity</th><th>theory</th>"
            "<th>simulation</th><th>interval</th><th>agrees</th></tr></thead>\n",
            r->point_count > 1 ? "<th>point</th>" : "");
    for (size_t i = 0; i < r->theory.rows; i++)
        put_theory_row(r, i, to);
    fputs("</table>\n<p>Behind &plusmn;: what theory itself is sure of.</p>\n", to);
}

/* Theory beside simulation: one sentence, and a table that is open where something disagrees. */
static void put_theory(const struct view *r, FILE *to)
{
    const struct csv_rows *t = &r->theory;
    size_t bad = 0, good = 0;

    for (size_t i = 0; i < t->rows; i++) {
        bad += strcmp(csv_cell(t, i, 7), "false") == 0;
        good += strcmp(csv_cell(t, i, 7), "true") == 0;
    }
    if (t->rows == 0)
        fputs("<p>Theory has no answer that could be put beside this scenario.</p>\n", to);
    else if (bad == 0)
        fprintf(to,
                "<p class=\"held\">%zu of %zu figures that theory knows agree with the simulation, none is "
                "outside "
                "its interval. (Intervals are so wide that one run in a thousand would show a row outside by "
                "chance.)</p>\n",
                good, t->rows);
    else
        fprintf(
            to,
            "<p class=\"broken\">%zu of %zu figures disagree with theory beyond the interval, which chance "
            "would do in one run of a thousand: either theory does not fit this scenario, or the simulator "
            "is "
            "wrong. Please tell us.</p>\n",
            bad, t->rows);
    if (t->rows > 0) {
        fprintf(to, "<details%s><summary>All of them</summary>\n", bad > 0 ? " open" : "");
        put_theory_rows(r, to);
        fputs("</details>\n", to);
    }
    put_silences(r, to);
}

/* The best of a column: every model that reads as the least (or the most); none if all read the same. */
static bool is_best(const struct view *r, size_t point, const struct column_def *c,
                    const struct cell_text *cell)
{
    struct cell_text best = {.number = c->better > 0 ? -INFINITY : INFINITY};
    bool differ = false;

    if (c->better == 0 || !cell->there || cell->flattered || cell->value[0] == '>')
        return false;
    for (size_t m = 0; m < r->model_count; m++) {
        struct cell_text other = column_cell(r, point, m, c);
        if (!other.there)
            continue;
        differ = differ || strcmp(other.value, cell->value) != 0;
        bool better = c->better > 0 ? other.number > best.number : other.number < best.number;
        if (!other.flattered && other.value[0] != '>' && better)
            best = other;
    }
    return differ && strcmp(cell->value, best.value) == 0;
}

static void put_row(const struct view *r, size_t point, size_t model, const struct column_group *group,
                    FILE *to)
{
    fputs("<tr><th scope=\"row\" title=\"", to);
    put_escaped(to, view_model_text(r, model, "strategy"));
    fputs("\">", to);
    put_escaped(to, view_model(r, model));
    fputs("</th>", to);
    for (size_t c = 0; c < group->count; c++) {
        const struct column_def *column = &group->columns[c];
        struct cell_text cell = column_cell(r, point, model, column);
        const char *class = cell.flattered                     ? " class=\"flattered\""
                            : is_best(r, point, column, &cell) ? " class=\"best\""
                                                               : "";
        fprintf(to, "<td%s>", class);
        if (cell.value[0] == '>')
            fprintf(to, "&ge;%s", cell.value + 2);
        else
            put_escaped(to, cell.value);
        if (cell.half[0] != '\0')
            fprintf(to, " <span class=\"ci\">± %s</span>", cell.half);
        fputs("</td>", to);
    }
    fputs("</tr>\n", to);
}

static void put_table(const struct view *r, size_t point, const struct column_group *group, FILE *to)
{
    fprintf(to, "<table class=\"figures\">\n<thead><tr><th scope=\"col\">%s</th>", group->title);
    for (size_t c = 0; c < group->count; c++) {
        fprintf(to, "<th scope=\"col\">%s", group->columns[c].title);
        if (*group->columns[c].unit != '\0')
            fprintf(to, " <span class=\"unit\">%s</span>", group->columns[c].unit);
        fputs("</th>", to);
    }
    fputs("</tr></thead>\n<tbody>\n", to);
    for (size_t m = 0; m < r->model_count; m++)
        put_row(r, point, m, group, to);
    fputs("</tbody>\n</table>\n", to);
}

static void put_point_title(const struct view *r, size_t point, FILE *to)
{
    char *title = view_point_title(r, point);

    if (*title != '\0') {
        fprintf(to, "<h3>Point %s: ", view_point_name(r, point));
        put_escaped(to, title);
        fputs("</h3>\n", to);
    }
    free(title);
}

static void put_summary(const struct view *r, FILE *to)
{
    for (size_t p = 0; p < r->point_count; p++) {
        put_point_title(r, p, to);
        for (size_t g = 0; g < column_group_count; g++)
            if (column_group_is_shown(r, p, &column_groups[g]))
                put_table(r, p, &column_groups[g], to);
    }
}

/* The picture of a figure as a data URI: the SVG, else the PNG; false: neither was drawn. */
static bool put_picture(const struct view *r, size_t point, const struct chart_def *def, FILE *to)
{
    static const struct {
        const char *extension, *type;
    } kinds[] = {{"svg", "image/svg+xml"}, {"png", "image/png"}};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char *name = chart_path(r, point, def->figure, kinds[k].extension),
             *path = path_join(r->folder, name);
        size_t bytes;
        char *picture = file_read(path, &bytes);
        free(name);
        free(path);
        if (picture == NULL)
            continue;
        fprintf(to, "<figure id=\"%s%s%s\"><div class=\"picture\"><img alt=\"%s\" src=\"data:%s;base64,",
                def->figure, r->point_count > 1 ? "-" : "",
                r->point_count > 1 ? view_point_name(r, point) : "", def->caption, kinds[k].type);
        put_base64(to, picture, bytes);
        fprintf(to, "\"></div><figcaption>%s</figcaption></figure>\n", def->caption);
        free(picture);
        return true;
    }
    return false;
}

static void put_charts(const struct view *r, FILE *to)
{
    bool any = false;

    for (size_t p = 0; p < r->point_count && p < CHART_POINTS_MOST; p++) {
        put_point_title(r, p, to);
        for (size_t c = 0; c < chart_count; c++)
            any = put_picture(r, p, &chart_defs[c], to) || any;
    }
    if (!any)
        fputs("<p>No charts were drawn: <code>georep plot</code> draws them, then <code>georep report</code> "
              "writes "
              "this page with them.</p>\n",
              to);
    else if (r->point_count > CHART_POINTS_MOST)
        fprintf(to, "<p>Charts of the first %d of %zu sweep points.</p>\n", CHART_POINTS_MOST,
                r->point_count);
}

static void put_file_of(const struct view *r, const char *below, FILE *to)
{
    char *path = path_join(r->folder, below), *text = file_read(path, NULL);

    put_escaped(to, text != NULL ? text : "");
    free(path);
    free(text);
}

static void put_scenario(const struct view *r, FILE *to)
{
    const char *name =
        json_string_value(json_object_get(json_array_get(json_object_get(r->manifest, "inputs"), 0), "file"));
    char *below = NULL;

    if (name == NULL || strchr(name, '/') != NULL)
        return;
    CHECK(asprintf(&below, "inputs/%s", name) >= 0);
    put_file_of(r, below, to);
    free(below);
}

static void put_manifest(const struct view *r, FILE *to)
{
    put_file_of(r, "manifest.json", to);
}

static const struct {
    const char *name;
    void (*put)(const struct view *r, FILE *to);
} markers[] = {
    {"style", put_style},           {"title", put_title},       {"description", put_description},
    {"facts", put_facts},           {"verdicts", put_verdicts}, {"checks", put_checks},
    {"summary_table", put_summary}, {"theory", put_theory},     {"charts", put_charts},
    {"scenario", put_scenario},     {"manifest", put_manifest},
};

static void put_page(const struct view *r, const char *template, FILE *to)
{
    for (const char *at = template; *at != '\0';) {
        const char *begin = strstr(at, "{{"), *end = begin != NULL ? strstr(begin, "}}") : NULL;
        if (end == NULL) {
            fputs(at, to);
            return;
        }
        fwrite(at, 1, (size_t)(begin - at), to);
        size_t length = (size_t)(end - begin) - 2, i = 0;
        while (i < sizeof markers / sizeof *markers &&
               (strlen(markers[i].name) != length || strncmp(markers[i].name, begin + 2, length) != 0))
            i++;
        if (i < sizeof markers / sizeof *markers)
            markers[i].put(r, to);
        at = end + 2;
    }
}

bool page_write(const struct view *r, struct failure *f)
{
    char *template_path = share_path("plots/report.html"), *text = NULL, *partial = NULL;
    char *template = template_path != NULL ? file_read(template_path, NULL) : NULL;
    size_t bytes = 0;

    free(template_path);
    if (template == NULL)
        return failure_set(f, STATUS_REFUSED,
                           "cannot write the report: its template, plots/report.html, was not found");
    FILE *to = open_memstream(&text, &bytes);
    CHECK(to != NULL);
    put_page(r, template, to);
    CHECK(fclose(to) == 0);
    CHECK(asprintf(&partial, "%s/report.html.partial-%ld", r->folder, (long)getpid()) >= 0);
    char *path = path_join(r->folder, "report.html");
    if (file_write(partial, text, bytes, f) && rename(partial, path) != 0)
        failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
    if (f->status != 0)
        (void)unlink(partial);
    free(path);
    free(partial);
    free(text);
    free(template);
    return f->status == 0;
}
