/* page.h -- report.html: the comparison, the charts and the scenario in one file that fetches nothing. */
#ifndef GEOREP_CLI_PAGE_H
#define GEOREP_CLI_PAGE_H

#include "sim/cli/view.h"

/* Writes FOLDER/report.html from plots/report.html and what is in the folder; charts as far as they are
 * drawn. */
bool page_write(const struct view *r, struct failure *f);

#endif
