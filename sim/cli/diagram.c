/* diagram.c -- see diagram.h.
 *
 *     | time axis | lifelines, one a node         | the story's lines, as near to their instants as fit |
 *
 * Text is placed last and in order of importance, each at the first of a few places where it overlaps no text
 * placed before; where there is none, it is left out (the story's lines, which have a column of their own,
 * never are). Widths are estimated from the number of characters, generously: a browser's font is not known
 * here. */
#include "sim/cli/diagram_room.h"

#include "sim/model/model.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is shown ---- */

static uint32_t end_of(const struct diagram *d, uint32_t node, uint16_t region)
{
    return node != HISTORY_NO_NODE ? node : d->def->timeline->setting->node_count + region;
}

static bool listed(const uint64_t *list, size_t count, uint64_t item)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == item)
            return true;
    return false;
}

static bool shows_message(const struct diagram *d, const struct timeline_message *m)
{
    const struct story *s = d->def->story;

    return s != NULL ? listed(s->messages.items, s->messages.count, m->number)
                     : m->sent >= d->def->from && m->sent < d->def->to;
}

static bool is_important(const struct diagram *d, const struct timeline_message *m)
{
    const struct story *s = d->def->story;

    return s != NULL && listed(s->important.items, s->important.count, m->number);
}

static bool shows_operation(const struct diagram *d, const struct timeline_operation *o)
{
    const struct story *s = d->def->story;

    if (s == NULL)
        return o->begin >= d->def->from && o->begin < d->def->to && !o->is_probe;
    for (size_t i = 0; i < s->ops.count; i++)
        if (history_op_of(s->ops.items[i]) == history_op_of(o->op))
            return true;
    return false;
}

static uint32_t column_of_operation(const struct diagram *d, const struct timeline_operation *o)
{
    const struct history_setting *s = d->def->timeline->setting;

    if (o->node != HISTORY_NO_NODE && s->node_region[o->node] == o->issued_from)
        return o->node;
    return s->node_count + o->issued_from; /* its client went elsewhere */
}

static void show_columns(struct diagram *d)
{
    const struct timeline *t = d->def->timeline;
    const struct history_setting *s = t->setting;

    array_each (struct timeline_message, m, &t->messages)
        if (shows_message(d, m))
            d->column[end_of(d, m->from, m->from_region)] = d->column[end_of(d, m->to, m->to_region)] = 1;
    array_each (struct timeline_operation, o, &t->operations)
        if (shows_operation(d, o)) {
            d->column[column_of_operation(d, o)] = 1;
            if (o->taker != HISTORY_NO_NODE)
                d->column[o->taker] = 1;
            if (o->answered_from != HISTORY_NO_NODE)
                d->column[o->answered_from] = 1;
        }
    for (uint32_t n = 0; d->def->story == NULL && n < s->node_count; n++)
        d->column[n] = 1;
    double room = 1000 - AXIS_X - 40 - (d->def->story != NULL ? PANEL + 30 : 0);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < d->column_count; i++)
        shown += d->column[i] != 0;
    double step = shown > 0 ? room / shown : room, least = d->def->story != NULL ? 100 : 24;
    step = step < least ? least : step > 200 ? 200 : step;
    double x = AXIS_X + step / 2 + 6;
    for (uint32_t g = 0; g < s->region_count; g++) { /* a region's clients stand beside its nodes */
        for (uint32_t n = 0; n < s->region_node_count[g]; n++) {
            double *column = &d->column[s->region_first_node[g] + n];
            if (*column != 0) {
                d->shown[g] = true;
                *column = x;
                x += step;
            }
        }
        if (d->column[s->node_count + g] != 0) {
            d->shown[g] = true;
            d->column[s->node_count + g] = x;
            x += step;
        }
    }
    d->right = x - step / 2 - 6;
}

static void open_axis_of_story(struct diagram *d)
{
    const struct timeline *t = d->def->timeline;
    ARRAY(sim_ns) instants = {0};
    sim_ns longest = SIM_MILLISECOND, first = SIM_NS_NEVER, last = 0;

    array_each (struct timeline_message, m, &t->messages) {
        if (!shows_message(d, m))
            continue;
        const struct timeline_transmission *x = &t->transmissions.items[m->last];
        *(sim_ns *)array_add(&instants) = m->sent;
        *(sim_ns *)array_add(&instants) = x->sent;
        for (uint32_t i = m->first; i != m->last; i = t->transmissions.items[i].next)
            if (t->transmissions.items[i].next == m->last) /* the last that was lost shows, too */
                *(sim_ns *)array_add(&instants) = t->transmissions.items[i].sent;
        sim_ns end = m->arrived != SIM_NS_NEVER ? m->arrived : x->lost != SIM_NS_NEVER ? x->lost : x->sent;
        *(sim_ns *)array_add(&instants) = end;
        longest = end - x->sent > longest ? end - x->sent : longest;
        sim_ns usual = d->def->facts->usual(d->def->facts->self, m->from_region, m->to_region);
        if (end == x->sent && usual > longest) /* of one that never came */
            longest = usual;
    }
    array_each (struct timeline_operation, o, &t->operations)
        if (shows_operation(d, o)) {
            *(sim_ns *)array_add(&instants) = o->begin;
            if (o->end != SIM_NS_NEVER)
                *(sim_ns *)array_add(&instants) = o->end;
        }
    array_each (struct story_line, line, &d->def->story->lines)
        *(sim_ns *)array_add(&instants) = line->time;
    for (size_t i = 0; i < instants.count; i++) {
        first = instants.items[i] < first ? instants.items[i] : first;
        last = instants.items[i] > last ? instants.items[i] : last;
    }
    *(sim_ns *)array_add(&instants) = last + longest / 8; /* what is on at the end shows */
    for (uint32_t f = 0; f < t->setting->fault_count;
         f++) { /* edges that fall between, where the fault is told of or not */
        const struct history_fault *fault = &t->setting->faults[f];
        if (fault->begin > first && fault->begin < last)
            *(sim_ns *)array_add(&instants) = fault->begin;
        if (fault->end > first && fault->end < last)
            *(sim_ns *)array_add(&instants) = fault->end;
    }
    /* The longest way is drawn over some 150 px; a stretch in which nothing happens may be a little longer.
     */
    axis_open_broken(&d->axis, instants.items, instants.count, TOP, 150.0 / (double)longest, 190);
    array_free(&instants);
}

/* ---- messages ---- */

static void draw_head(struct diagram *d, double x0, double y0, double x1, double y1, const char *colour)
{
    double dx = x1 - x0, dy = y1 - y0, length = dx < 0 ? -dx : dx;

    length =
        length > (dy < 0 ? -dy : dy) ? length : (dy < 0 ? -dy : dy); /* near enough for an arrow's head */
    if (length < 1)
        return;
    dx = dx / length * 7;
    dy = dy / length * 7;
    fprintf(d->to, "<path d=\"M%.1f %.1f L%.1f %.1f L%.1f %.1f Z\" fill=\"%s\"/>\n", x1, y1,
            x1 - dx - dy * 0.4, y1 - dy + dx * 0.4, x1 - dx + dy * 0.4, y1 - dy - dx * 0.4, colour);
}

static void draw_way(struct diagram *d, double x0, double y0, double x1, double y1, const char *colour,
                     double thick)
{
    fprintf(d->to,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%.1f\"/>\n",
            x0, y0, x1, y1, colour, thick);
}

/* It left and was lost at once (a cut), or on arrival: the cross stands where. */
static void draw_lost(struct diagram *d, const struct timeline_message *m,
                      const struct timeline_transmission *x)
{
    double x0 = d->column[end_of(d, m->from, m->from_region)], x1 = d->column[end_of(d, m->to, m->to_region)];
    double y0 = axis_y(&d->axis, x->sent), y1 = axis_y(&d->axis, x->lost),
           share = x->lost > x->sent ? 0.92 : 0.35;

    x1 = x0 + (x1 - x0) * share;
    if (x->lost == x->sent)
        y1 = y0 + 12;
    draw_way(d, x0, y0, x1, y1, RED, 1.3);
    fprintf(d->to,
            "<path d=\"M%.1f %.1f l8 8 m0 -8 l-8 8\" stroke=\"%s\" stroke-width=\"2\" fill=\"none\"/>\n",
            x1 - 4, y1 - 4, RED);
}

static const char *colour_of_type(const struct diagram *d, const struct timeline_message *m)
{
    static const char *const colours[] = {"#1769aa", "#2e7d32", "#b26a00", "#6a3d9a",
                                          "#00838f", "#ad1457", "#5d4037", "#607d8b"};

    if (d->def->story != NULL)
        return is_important(d, m) ? BLUE : "#7b8794";
    return m->type == HISTORY_NO_NODE ? FAINT : colours[m->type % (sizeof colours / sizeof *colours)];
}

static void draw_message(struct diagram *d, const struct timeline_message *m)
{
    const struct timeline *t = d->def->timeline;
    double x0 = d->column[end_of(d, m->from, m->from_region)], x1 = d->column[end_of(d, m->to, m->to_region)];
    const struct timeline_transmission *last = &t->transmissions.items[m->last];
    double thick = d->def->story == NULL ? 0.8 : is_important(d, m) ? 2.2 : 1.2;
    uint32_t number = 0, lost = m->count - (last->lost == SIM_NS_NEVER ? 1 : 0);

    for (uint32_t i = m->first; i != TIMELINE_NONE; i = t->transmissions.items[i].next, number++) {
        const struct timeline_transmission *x = &t->transmissions.items[i];
        if (x->lost != SIM_NS_NEVER && (number == 0 || number + 1 == lost || d->def->story == NULL) &&
            diagram_sees(d, x->sent, x->sent))
            draw_lost(d, m, x);
    }
    if (last->lost != SIM_NS_NEVER)
        return;
    double y0 = axis_y(&d->axis, last->sent), y1 = axis_y(&d->axis, m->arrived);
    if (m->arrived == SIM_NS_NEVER && x0 != x1) /* still on its way where the picture ends */
        x1 = x0 + (x1 - x0) * 0.5;
    draw_way(d, x0, y0, x1, y1, colour_of_type(d, m), thick);
    if (m->arrived != SIM_NS_NEVER)
        draw_head(d, x0, y0, x1, y1, colour_of_type(d, m));
}

/* Beside the middle of its line, or nearer to one end: where there is room. */
static void name_message(struct diagram *d, const struct timeline_message *m)
{
    static const double shares[] = {0.5, 0.35, 0.65, 0.22, 0.78};
    const struct timeline *t = d->def->timeline;
    double x0 = d->column[end_of(d, m->from, m->from_region)], x1 = d->column[end_of(d, m->to, m->to_region)];
    const struct timeline_transmission *last = &t->transmissions.items[m->last];
    char text[100], span[TIMELINE_NAME];

    if (last->lost != SIM_NS_NEVER || m->arrived == SIM_NS_NEVER)
        snprintf(text, sizeof text, "%.60s", timeline_message_name(t->setting, m));
    else
        snprintf(text, sizeof text, "%.50s %.30s", timeline_message_name(t->setting, m),
                 timeline_span(m->arrived - last->sent, span));
    double y0 = axis_y(&d->axis, last->sent), y1 = axis_y(&d->axis, m->arrived);
    for (int side = 0; side < 4; side++)
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            double y = y0 + (y1 - y0) * shares[i] + (side % 2 == 0 ? -5 - side * 5 : 9 + side * 5);
            if (diagram_place(d, x0 + (x1 - x0) * shares[i], y, is_important(d, m) ? BLUE : "#5b626c",
                              is_important(d, m), text))
                return;
        }
}

/* ---- operations, story, legend ---- */

static const char *colour_of_operation(const struct timeline_operation *o)
{
    bool well = o->end == SIM_NS_NEVER || o->outcome == OUTCOME_OK || o->outcome == OUTCOME_NO;

    return !well ? RED : o->kind == GEO_READ ? PURPLE : GREEN;
}

static void draw_operation(struct diagram *d, const struct timeline_operation *o)
{
    double x = d->column[column_of_operation(d, o)], y0 = axis_y(&d->axis, o->begin),
           y1 = axis_y(&d->axis, o->end);
    double half = d->def->story != NULL ? 4.5 : 2.5;
    char name[TIMELINE_NAME];

    if (y1 - y0 < 5)
        y1 = y0 + 5;
    fprintf(d->to,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\" fill=\"%s\" "
            "fill-opacity=\"%s\"><title>",
            x - half, y0, 2 * half, y1 - y0, colour_of_operation(o), d->def->story != NULL ? "0.9" : "0.55");
    timeline_operation_name(d->def->timeline->setting, o->op, name);
    diagram_escape(d->to, name, strlen(name));
    fprintf(d->to, " %s</title></rect>\n", timeline_kind_name(o->kind));
}

static void name_operation(struct diagram *d, const struct timeline_operation *o)
{
    double x = d->column[column_of_operation(d, o)], y0 = axis_y(&d->axis, o->begin),
           y1 = axis_y(&d->axis, o->end);
    char name[TIMELINE_NAME], text[200];

    timeline_operation_name(d->def->timeline->setting, o->op, name);
    const char *slash = strrchr(name, '/');
    snprintf(text, sizeof text, "%s %s", timeline_kind_name(o->kind), slash != NULL ? slash + 1 : name);
    double off = diagram_width(strlen(text), true) / 2 + 9;
    for (int down = 0; down < 4; down++)
        for (int side = -1; side <= 1; side += 2)
            if (diagram_place(d, x + side * off, (y0 + y1) / 2 + 4 + down * 7.0, colour_of_operation(o), true,
                              text))
                return;
}

/* "12 ms" stays in one line. */
static bool is_before_unit(const char *space)
{
    const char *unit = space[1] == 'm' ? space + 2 : space + 1;

    return space[-1] >= '0' && space[-1] <= '9' && unit[0] == 's' && (unit[1] < 'a' || unit[1] > 'z');
}

/* How much of `text` fits into `room` characters: up to a space, if there is one. */
static size_t fits(const char *text, size_t room)
{
    size_t length = strlen(text), cut = room;

    if (length <= room)
        return length;
    while (cut > room / 2 && (text[cut] != ' ' || is_before_unit(text + cut)))
        cut--;
    return text[cut] == ' ' ? cut : room;
}

/* Each line beside its instant, or as near below as those before it allow; a thread leads from there to the
 * axis. */
static double draw_story(struct diagram *d)
{
    const struct story *s = d->def->story;
    double x = d->right + 34, free_from = TOP - 20;

    array_each (struct story_line, line, &s->lines) {
        char when[TIMELINE_NAME], text[800];
        size_t room = (size_t)(PANEL / (line->important ? CHARACTER_BOLD : CHARACTER));
        snprintf(text, sizeof text, "%.40s  %.700s", timeline_instant(line->time, when), line->text);
        double at = axis_y(&d->axis, line->time), y = at + 4 > free_from + ROW ? at + 4 : free_from + ROW;
        fprintf(d->to, "<path d=\"M%.1f %.1f L%.1f %.1f L%.1f %.1f\" fill=\"none\" stroke=\"#d5d9de\"/>\n",
                d->right - 2, at, d->right + 12, at, x - 4, y - 4);
        for (const char *rest = text; *rest != '\0'; y += ROW) {
            size_t length = fits(rest, room - (rest != text ? 4 : 0));
            diagram_text(d, x + (rest != text ? 24 : 0), y, "start", INK, line->important, rest, length);
            free_from = y;
            rest += length + (rest[length] == ' ' ? 1 : 0);
        }
    }
    return free_from;
}

static double draw_wrapped(struct diagram *d, double y, const char *colour, bool bold, const char *text)
{
    size_t room = (size_t)((d->width - 40) / CHARACTER_BOLD);

    while (*text != '\0') {
        size_t length = fits(text, room);
        diagram_text(d, 16, y, "start", colour, bold, text, length);
        text += length + (text[length] == ' ' ? 1 : 0);
        y += ROW + 2;
    }
    return y;
}

/* What the marks of a whole window are, at the right above the lines. */
static void draw_marks(struct diagram *d)
{
    static const struct {
        const char *colour, *name;
    } marks[] = {{GREEN, "a write, while its client waits"}, {PURPLE, "a read"}, {RED, "one that failed"}};
    static const char lost[] = "lost";
    double x = d->width - 16 - diagram_width(strlen(lost), false);

    diagram_text(d, x, 40, "start", INK, false, lost, strlen(lost));
    fprintf(d->to, "<path d=\"M%.1f 32 l8 8 m0 -8 l-8 8\" stroke=\"%s\" stroke-width=\"2\" fill=\"none\"/>\n",
            x - 13, RED);
    x -= 30;
    for (size_t i = sizeof marks / sizeof *marks; i-- > 0;) {
        x -= diagram_width(strlen(marks[i].name), false);
        diagram_text(d, x, 40, "start", INK, false, marks[i].name, strlen(marks[i].name));
        fprintf(d->to,
                "<rect x=\"%.1f\" y=\"31\" width=\"5\" height=\"10\" rx=\"2\" fill=\"%s\" "
                "fill-opacity=\"0.55\"/>\n",
                x - 10, marks[i].colour);
        x -= 26;
    }
}

static void draw_legend(struct diagram *d)
{
    const struct history_setting *s = d->def->timeline->setting;
    double x = 16;

    for (uint32_t i = 0; i < s->message_count; i++) {
        struct timeline_message like = {.type = i};
        bool used = false;
        array_each (struct timeline_message, m, &d->def->timeline->messages)
            used |= m->type == i;
        if (!used)
            continue;
        fprintf(d->to,
                "<line x1=\"%.1f\" y1=\"52\" x2=\"%.1f\" y2=\"52\" stroke=\"%s\" stroke-width=\"2\"/>\n", x,
                x + 16, colour_of_type(d, &like));
        diagram_text(d, x + 20, 56, "start", INK, false, s->message_names[i], strlen(s->message_names[i]));
        x += 34 + (double)strlen(s->message_names[i]) * CHARACTER;
    }
}

static void draw_all(struct diagram *d)
{
    const struct timeline *t = d->def->timeline;
    const struct story *s = d->def->story;

    diagram_shade_faults(d);
    diagram_draw_axis(d);
    diagram_draw_lifelines(d);
    array_each (struct timeline_message, m, &t->messages)
        if (shows_message(d, m) && !is_important(d, m))
            draw_message(d, m);
    array_each (struct timeline_message, m, &t->messages)
        if (is_important(d, m))
            draw_message(d, m);
    array_each (struct timeline_operation, o, &t->operations)
        if (shows_operation(d, o))
            draw_operation(d, o);
    if (s == NULL) {
        draw_legend(d);
        draw_marks(d);
        diagram_name_faults(d);
        return;
    }
    array_each (struct timeline_message, m, &t->messages)
        if (is_important(d, m))
            name_message(d, m);
    array_each (struct timeline_operation, o, &t->operations)
        if (shows_operation(d, o))
            name_operation(d, o);
    diagram_name_faults(d);
    array_each (struct timeline_message, m, &t->messages)
        if (shows_message(d, m) && !is_important(d, m))
            name_message(d, m);
}

/* Of the messages that are shown: the picture goes on until they are there, at most as long again as the
 * window. */
static sim_ns last_arrival(const struct diagram *d)
{
    sim_ns last = d->def->to, most = 2 * d->def->to - d->def->from;

    array_each (struct timeline_message, m, &d->def->timeline->messages)
        if (shows_message(d, m) && m->arrived != SIM_NS_NEVER && m->arrived > last)
            last = m->arrived < most ? m->arrived : most;
    return last;
}

void diagram_write(const struct diagram_def *def, FILE *to)
{
    const struct history_setting *s = def->timeline->setting;
    struct diagram d = {.def = def, .column_count = s->node_count + s->region_count};
    char *body = NULL;
    size_t bytes = 0;

    d.column = memory_new(d.column_count, sizeof *d.column);
    d.shown = memory_new(s->region_count, sizeof *d.shown);
    d.is_shaded = memory_new(s->fault_count, sizeof *d.is_shaded);
    show_columns(&d);
    if (def->story != NULL) {
        open_axis_of_story(&d);
    } else {
        sim_ns to_the_last = last_arrival(&d);
        double height = (double)(to_the_last - def->from) / 1e9 * 800;
        axis_open_plain(&d.axis, def->from, to_the_last, TOP,
                        height < 500    ? 500
                        : height > 4000 ? 4000
                                        : height);
    }
    d.width = d.right + (def->story != NULL ? PANEL + 30 : 40);
    if (d.width < 1000)
        d.width = 1000;
    double title = 32 + diagram_width(strlen(def->title), true) * TITLE / FONT;
    if (d.width < title)
        d.width = title;
    /* The body first: how high the picture is shows only then. */
    d.to = open_memstream(&body, &bytes);
    CHECK(d.to != NULL);
    draw_all(&d);
    d.bottom = axis_bottom(&d.axis) + 20;
    if (def->story != NULL) {
        double y = draw_story(&d);
        d.bottom = (y > d.bottom ? y : d.bottom) + 30;
        d.bottom = draw_wrapped(&d, d.bottom, "#7a1f1f", true, def->story->cause);
    }
    fclose(d.to);
    d.to = to;
    fprintf(
        to,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
        "font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"11\">\n",
        d.width, d.bottom + 10, d.width, d.bottom + 10);
    fprintf(to, "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n<g font-size=\"%.0f\">\n", TITLE);
    diagram_text(&d, 16, 24, "start", INK, true, def->title, strlen(def->title));
    fputs("</g>\n", to);
    if (def->note != NULL)
        diagram_text(&d, 16, 40, "start", "#5b626c", false, def->note, strlen(def->note));
    fwrite(body, 1, bytes, to);
    fputs("</svg>\n", to);
    free(body);
    free(d.column);
    free(d.shown);
    free(d.is_shaded);
    array_free(&d.boxes);
    axis_close(&d.axis);
}
