/* share.h -- where the program's own files are: presets and prices (scenarios/), gnuplot scripts and the page
 * (plots/). */
#ifndef GEOREP_CLI_SHARE_H
#define GEOREP_CLI_SHARE_H

/* The folder that contains scenarios/ and plots/, valid to the end; NULL: nowhere, and *looked says where it
 * looked.
 *
 * GEOREP_DATA if it is set; the sources, for the program in its build folder; else ../share/georep beside the
 * program's folder. Never the current directory. */
const char *share_folder(const char **looked);

char *
share_path(const char *below); /* of a file or folder in it; the caller's; NULL: there is no share folder */

#endif
