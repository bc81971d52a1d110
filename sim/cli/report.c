/* report.c -- georep report: the page of a results folder again, with the charts that are there. */
#include "sim/cli/page.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"

#include <stddef.h>

const struct option_def report_options[] = {{0, NULL, NULL, NULL}};

int verb_report(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    const char *folder = NULL;
    struct failure f = {0};

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id != OPTIONS_OPERAND)
            return options_status(id);
        if (folder != NULL) {
            say_error("georep report wants one results folder");
            return STATUS_WRONG;
        }
        folder = o.value;
    }
    if (folder == NULL) {
        say_error("georep report wants a results folder");
        return STATUS_WRONG;
    }
    struct view *r = view_open(folder, &f);
    if (r != NULL && page_write(r, &f))
        printf("Report   %s/report.html\n", folder);
    view_free(r);
    return f.status != 0 ? say_failure(&f) : STATUS_DONE;
}
