/* diagram_ground.c -- see diagram_room.h: what messages and stories are drawn upon. */
#include "sim/cli/diagram_room.h"

#include <string.h>

/* ---- text ---- */

void diagram_escape(FILE *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '<')
            fputs("&lt;", to);
        else if (c == '>')
            fputs("&gt;", to);
        else if (c == '&')
            fputs("&amp;", to);
        else if (c == '"')
            fputs("&quot;", to);
        else
            fputc(c < 32 ? ' ' : c, to);
    }
}

void diagram_text(struct diagram *d, double x, double y, const char *anchor, const char *colour, bool bold,
                  const char *text, size_t length)
{
    fprintf(d->to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\"%s>", x, y, anchor, colour,
            bold ? " font-weight=\"bold\"" : "");
    diagram_escape(d->to, text, length);
    fputs("</text>\n", d->to);
}

static bool overlaps(const struct diagram *d, struct box b)
{
    array_each (struct box, other, &d->boxes)
        if (b.x < other->x + other->width && other->x < b.x + b.width && b.y < other->y + other->height &&
            other->y < b.y + b.height)
            return true;
    return false;
}

double diagram_width(size_t characters, bool bold)
{
    return (double)characters * (bold ? CHARACTER_BOLD : CHARACTER);
}

bool diagram_place(struct diagram *d, double x, double y, const char *colour, bool bold, const char *text)
{
    size_t length = strlen(text);
    double width = diagram_width(length, bold);
    struct box b = {x - width / 2, y - FONT + 1, width, FONT + 2};

    if (b.x < AXIS_X + 4 || b.x + b.width > d->right + 14 || overlaps(d, b))
        return false;
    *array_add(&d->boxes) = b;
    fprintf(d->to,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#ffffff\" "
            "fill-opacity=\"0.82\"/>\n",
            b.x, b.y, b.width, b.height);
    diagram_text(d, x, y, "middle", colour, bold, text, length);
    return true;
}

/* ---- shades ---- */

static void shade(struct diagram *d, double x0, double x1, sim_ns from, sim_ns to, const char *colour)
{
    double y0 = axis_y(&d->axis, from), y1 = axis_y(&d->axis, to);

    if (y1 - y0 < 1)
        y1 = y0 + 1;
    fprintf(d->to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", x0, y0,
            x1 - x0, y1 - y0, colour);
}

bool diagram_sees(const struct diagram *d, sim_ns from, sim_ns to)
{
    return from <= d->axis.knots.items[d->axis.knots.count - 1].time && to >= d->axis.knots.items[0].time;
}

/* Does the fault cut or slow a link between two regions that are shown? */
static bool touches_shown_link(const struct diagram *d, uint32_t fault)
{
    const struct history_setting *s = d->def->timeline->setting;

    for (uint32_t a = 0; a < s->region_count; a++)
        for (uint32_t b = 0; b < s->region_count; b++)
            if (a != b && d->shown[a] && d->shown[b] &&
                d->def->facts->touches(d->def->facts->self, fault, a, b))
                return true;
    return false;
}

static bool is_of_links(const struct history_fault *f)
{
    return f->kind == FAULT_PARTITION || f->kind == FAULT_CUT || f->kind == FAULT_SLOW;
}

/* Over all lines, or over those of its region; a crash is shaded by when nodes are down. */
static bool shade_fault(struct diagram *d, uint32_t fault)
{
    const struct history_setting *s = d->def->timeline->setting;
    const struct history_fault *f = &s->faults[fault];
    bool shaded = false;

    if (!diagram_sees(d, f->begin, f->end))
        return false;
    if (is_of_links(f) && touches_shown_link(d, fault)) {
        shade(d, AXIS_X, d->right, f->begin, f->end, f->kind == FAULT_SLOW ? "#fff3d6" : "#fbe3df");
        return true;
    }
    for (uint32_t n = 0; n < s->node_count && !is_of_links(f); n++)
        if (d->column[n] != 0 &&
            d->def->facts->touches(d->def->facts->self, fault, s->node_region[n], s->node_region[n])) {
            if (f->kind != FAULT_CRASH)
                shade(d, d->column[n] - 18, d->column[n] + 18, f->begin, f->end, "#fff3d6");
            shaded = true;
        }
    return shaded;
}

void diagram_shade_faults(struct diagram *d)
{
    const struct timeline *t = d->def->timeline;
    const struct history_setting *s = t->setting;

    for (uint32_t i = 0; i < s->fault_count; i++)
        d->is_shaded[i] = shade_fault(d, i);
    for (uint32_t n = 0; n < s->node_count; n++) {
        sim_ns down = -1;
        if (d->column[n] == 0)
            continue;
        array_each (struct trace_record, r, &t->trace->records) {
            if (r->record.node != n)
                continue;
            if (r->record.kind == HISTORY_DOWN && down < 0)
                down = r->record.time;
            if (r->record.kind == HISTORY_UP && down >= 0) {
                if (diagram_sees(d, down, r->record.time))
                    shade(d, d->column[n] - 18, d->column[n] + 18, down, r->record.time, "#e3c6c6");
                down = -1;
            }
        }
        if (down >= 0 && diagram_sees(d, down, SIM_NS_NEVER))
            shade(d, d->column[n] - 18, d->column[n] + 18, down, SIM_NS_NEVER, "#e3c6c6");
    }
}

/* The user's name and the kind, or the kind alone where that is the name. */
static void name_of_fault(const struct history_fault *f, char out[80])
{
    static const char *const kinds[FAULT_KINDS] = {
        [FAULT_PARTITION] = "partition", [FAULT_CUT] = "cut",
        [FAULT_SLOW] = "slow",           [FAULT_CRASH] = "crash",
        [FAULT_OVERLOAD] = "overload",   [FAULT_LOAD] = "load",
        [FAULT_CLOCK] = "clock",         [FAULT_SWITCHOVER] = "switchover",
    };
    const char *kind = f->kind < FAULT_KINDS ? kinds[f->kind] : "fault";

    if (strcmp(f->name, kind) == 0)
        snprintf(out, 80, "%s", kind);
    else
        snprintf(out, 80, "%.50s (%s)", f->name, kind);
}

/* The first line of a region that the fault is on, or 0. */
static double column_of_fault(const struct diagram *d, uint32_t fault)
{
    const struct history_setting *s = d->def->timeline->setting;

    for (uint32_t n = 0; n < s->node_count; n++)
        if (d->column[n] != 0 &&
            d->def->facts->touches(d->def->facts->self, fault, s->node_region[n], s->node_region[n]))
            return d->column[n];
    return 0;
}

/* At the upper left of its shade, or beside it where it is on one region; a little lower where others are. */
void diagram_name_faults(struct diagram *d)
{
    const struct history_setting *s = d->def->timeline->setting;

    for (uint32_t i = 0; i < s->fault_count; i++) {
        const struct history_fault *f = &s->faults[i];
        char text[80];
        if (!d->is_shaded[i])
            continue;
        name_of_fault(f, text);
        double half = (double)strlen(text) * CHARACTER / 2,
               column = is_of_links(f) ? 0 : column_of_fault(d, i);
        double places[] = {column + 22 + half, column - 22 - half, AXIS_X + 8 + half};
        bool done = false;
        for (int down = 0; down < 6 && !done; down++)
            for (int p = column != 0 ? 0 : 2; p < 3 && !done; p++)
                done = diagram_place(d, places[p], axis_y(&d->axis, f->begin) + 12 + down * ROW, "#a0522d",
                                     false, text);
    }
}

/* ---- axis and lifelines ---- */

static void draw_break(struct diagram *d, const struct axis_knot *k)
{
    char span[TIMELINE_NAME], text[TIMELINE_NAME + 8];
    double y = (k[0].y + k[1].y) / 2;

    fprintf(d->to, "<path d=\"M%.1f %.1f l-5 3 l10 5 l-5 3\" fill=\"none\" stroke=\"%s\"/>\n", AXIS_X,
            y - 5.5, FAINT);
    snprintf(text, sizeof text, "(%s)", timeline_span(k[1].time - k[0].time, span));
    diagram_text(d, AXIS_X - 9, y + 4, "end", FAINT, false, text, strlen(text));
}

void diagram_draw_axis(struct diagram *d)
{
    const struct axis *a = &d->axis;
    const struct axis_knot *first = &a->knots.items[0], *last = &a->knots.items[a->knots.count - 1];
    int decimals = axis_decimals(a);
    double before = -100;

    fprintf(d->to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", AXIS_X,
            first->y, AXIS_X, last->y, FAINT);
    for (const struct axis_knot *k = first; k < last; k++) {
        if (k->broken) {
            draw_break(d, k);
            before = k[1].y - 20;
            continue;
        }
        for (sim_ns tick = axis_tick(a, k->time); tick <= k[1].time; tick += a->tick_ns) {
            char text[40];
            double y = axis_y(a, tick);
            if (y - before < 20)
                continue;
            before = y;
            snprintf(text, sizeof text, "%.*f s", decimals, (double)tick / 1e9);
            fprintf(d->to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
                    AXIS_X - 4, y, AXIS_X, y, FAINT);
            diagram_text(d, AXIS_X - 7, y + 4, "end", "#5b626c", false, text, strlen(text));
        }
    }
}

static const char *column_name(const struct diagram *d, uint32_t column, char out[TIMELINE_NAME])
{
    const struct history_setting *s = d->def->timeline->setting;

    if (column < s->node_count)
        return timeline_node_name(s, column, out);
    snprintf(out, TIMELINE_NAME, "client, %.100s", s->region_names[column - s->node_count]);
    return out;
}

/* Names wider than a column stand in two rows by turns. */
static bool names_are_wide(const struct diagram *d)
{
    char name[TIMELINE_NAME];
    double end = 0;

    for (uint32_t i = 0; i < d->column_count; i++) {
        if (d->column[i] == 0)
            continue;
        double half = diagram_width(strlen(column_name(d, i, name)), true) / 2;
        if (d->column[i] - half < end)
            return true;
        end = d->column[i] + half + 6;
    }
    return false;
}

void diagram_draw_lifelines(struct diagram *d)
{
    const struct history_setting *s = d->def->timeline->setting;
    char name[TIMELINE_NAME];
    double bottom = axis_bottom(&d->axis);
    bool by_turns = names_are_wide(d);
    int shown = 0;

    for (uint32_t i = 0; i < d->column_count; i++) {
        if (d->column[i] == 0)
            continue;
        bool client = i >= s->node_count;
        column_name(d, i, name);
        fprintf(d->to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"%s/>\n",
                d->column[i], TOP - 8, d->column[i], bottom + 8, client ? FAINT : "#454b54",
                client ? " stroke-dasharray=\"3 3\"" : "");
        diagram_text(d, d->column[i], TOP - (by_turns && shown++ % 2 != 0 ? 28 : 14), "middle", INK, true,
                     name, strlen(name));
    }
}
