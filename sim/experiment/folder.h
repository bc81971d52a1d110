/* folder.h -- folders: making them with their parents, whole files in and out of them, taking them away, and
 * telling our own from a stranger's. Private to the results folder and to cli's pictures. */
#ifndef GEOREP_EXPERIMENT_FOLDER_H
#define GEOREP_EXPERIMENT_FOLDER_H

#include "sim/experiment/failure.h"

#include <stddef.h>

char *path_join(const char *folder, const char *name); /* the caller's */
const char *path_name(const char *path);               /* after the last slash */

/* Makes a folder and those above it. *first_made: the topmost that was not there, NULL if all were; the
 * caller's. */
bool folder_make(const char *path, char **first_made, struct failure *f);
void folder_remove(const char *path); /* with all that is in it */
void folder_remove_empty(const char *path,
                         const char *top); /* path, and those above it down to `top`, while empty */
bool folder_is_empty(const char *path);

bool file_write(const char *path, const void *contents, size_t bytes, struct failure *f);
char *file_read(const char *path,
                size_t *bytes); /* with a zero behind it, the caller's; NULL: errno says why */

/* The first entry of a results folder that georep did not put there, or NULL; the caller's. */
char *folder_find_stranger(const char *path);

#endif
