/* diagram_room.h -- what the diagram's files share: diagram.c (what is shown, messages, operations, the
 * story), diagram_ground.c (text, shades of faults, the axis, lifelines). */
#ifndef GEOREP_CLI_DIAGRAM_ROOM_H
#define GEOREP_CLI_DIAGRAM_ROOM_H

#include "sim/cli/diagram.h"
#include "sim/cli/diagram_axis.h"

#define TOP 92.0
#define AXIS_X 78.0
#define FONT 11.0
#define TITLE 14.0
/* Widths of a character at FONT px: DejaVu Sans is a wide face, so these are on the generous side. */
#define CHARACTER 6.5
#define CHARACTER_BOLD 7.2
#define ROW 15.0
#define PANEL 480.0

#define INK "#20242a"
#define FAINT "#9aa1ab"
#define BLUE "#1769aa"
#define RED "#c62828"
#define GREEN "#2e7d32"
#define PURPLE "#6a3d9a"

struct box {
    double x, y, width, height;
};

struct diagram {
    const struct diagram_def *def;
    FILE *to;
    struct axis axis;
    double *column; /* [node], then [node_count + region] of clients elsewhere: x, or 0 for those not shown */
    uint32_t column_count;
    bool *shown;                 /* [region] */
    bool *is_shaded;             /* [fault] */
    double right, width, bottom; /* end of the lifelines; of the picture */
    ARRAY(struct box) boxes;     /* text that is placed */
};

double diagram_width(size_t characters, bool bold); /* of text, px */
void diagram_escape(FILE *to, const char *text, size_t length);
void diagram_text(struct diagram *d, double x, double y, const char *anchor, const char *colour, bool bold,
                  const char *text, size_t length);

/* Text centred at (x, y), if nothing is in the way; it gets a pale ground, so that lines under it do not
 * disturb. */
bool diagram_place(struct diagram *d, double x, double y, const char *colour, bool bold, const char *text);

bool diagram_sees(const struct diagram *d, sim_ns from, sim_ns to);
void diagram_shade_faults(struct diagram *d);
void diagram_name_faults(struct diagram *d);
void diagram_draw_axis(struct diagram *d);
void diagram_draw_lifelines(struct diagram *d);

#endif
