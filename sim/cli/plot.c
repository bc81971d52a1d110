/* plot.c -- georep plot: the charts of a results folder again, from its tables alone. */
#include "sim/cli/charts.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"

#include <stddef.h>

const struct option_def plot_options[] = {
    {'F', "format", "svg,png,pdf", "what to draw (svg,png)"},
    {0, NULL, NULL, NULL},
};

int verb_plot(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    unsigned formats = CHART_SVG | CHART_PNG;
    const char *folder = NULL;
    struct failure f = {0};

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id == 'F' && (formats = chart_formats_parse(o.value)) == 0) {
            say_error("--format wants some of svg, png and pdf with commas between them, not `%s`", o.value);
            return STATUS_WRONG;
        }
        if (id == OPTIONS_OPERAND && folder != NULL) {
            say_error("georep plot wants one results folder");
            return STATUS_WRONG;
        }
        if (id == OPTIONS_OPERAND)
            folder = o.value;
        else if (id != 'F')
            return options_status(id);
    }
    if (folder == NULL) {
        say_error("georep plot wants a results folder");
        return STATUS_WRONG;
    }
    struct view *r = view_open(folder, &f);
    if (r != NULL && charts_draw(r, formats, &f))
        printf("Charts   %s/charts\n", folder);
    view_free(r);
    return f.status != 0 ? say_failure(&f) : STATUS_DONE;
}
