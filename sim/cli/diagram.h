/* diagram.h -- a timeline as a space-time diagram: nodes as vertical lines, time downwards, messages slanted
 * by their delay.
 *
 * With a story: only what it tells of, its lines of text beside the instants that they are about, idle
 * stretches cut out (marked on the axis; all else is to one scale). Without: every message of the window, to
 * one scale, coloured by type. Faults and crashes are shaded, operations are bars at the node that their
 * client talks to, lost transmissions end in a cross. Self-contained SVG, 1000 px wide for up to four nodes.
 */
#ifndef GEOREP_CLI_DIAGRAM_H
#define GEOREP_CLI_DIAGRAM_H

#include "sim/observe/timeline_story.h"

struct diagram_def {
    const struct timeline *timeline;
    const struct story *story; /* or NULL */
    const struct story_facts *facts;
    const char *title;
    const char *note; /* under the title; or NULL */
    sim_ns from, to;  /* of the window, without a story */
};

void diagram_write(const struct diagram_def *def, FILE *to);

#endif
