/* scenario_fuzz.c -- libFuzzer on the text of a scenario: whatever it is, reading it ends, in memory, with a
 * document or with errors; and a document's resolved text reads to a document again. */
#include "sim/scenario/scenario.h"

#include "sim/base/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The reader takes files; one name for all, since names are kept as long as the program runs. */
static struct document *text_read(const void *text, size_t bytes, struct diagnostics *d)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/georep-fuzz-%ld.yaml", (long)getpid());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0);
    CHECK(write(file, text, bytes) == (ssize_t)bytes);
    close(file);
    struct document *doc = document_read(path, NULL, 0, NULL, 0, d);
    unlink(path);
    return doc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diagnostics *d = diagnostics_new();

#ifdef GEOREP_SOURCE_DIR
    scenario_set_data_folder(GEOREP_SOURCE_DIR "/scenarios");
#endif
    struct document *doc = text_read(data, size, d);
    CHECK((doc == NULL) == (diagnostics_count(d) > 0));
    if (doc != NULL) {
        char *resolved = document_resolved(doc);
        struct document *again = text_read(resolved, strlen(resolved), d);
        if (again == NULL) {
            diagnostics_print(d, stderr);
            fprintf(stderr, "%s\n", resolved);
        }
        CHECK(again != NULL);
        CHECK(document_point_count(again) == document_point_count(doc));
        char *twice = document_resolved(again);
        CHECK(strcmp(resolved, twice) == 0);
        free(twice);
        free(resolved);
        document_free(again);
        document_free(doc);
    }
    diagnostics_free(d);
    return 0;
}
