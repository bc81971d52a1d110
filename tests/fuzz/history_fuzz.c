/* history_fuzz.c -- libFuzzer on the text of a recorded history: whatever it is, reading it ends with
 * operations or with errors, all checks come to a verdict, and it can be written again. */
#include "sim/observe/jepsen.h"
#include "sim/observe/jepsen_write.h"

#include "sim/base/check.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool judge(const char *text, size_t bytes, struct check_verdict verdicts[GEO_CHECKS])
{
    struct diagnostics *d = diagnostics_new();
    struct jepsen j;
    bool read = jepsen_open(&j, "history", text, bytes, FORMS_BY_CONTENT, JEPSEN_BY_CONTENT, d);

    CHECK(read == (diagnostics_count(d) == 0));
    if (read)
        jepsen_judge(&j, (UINT64_C(1) << GEO_CHECKS) - 1, verdicts);
    jepsen_close(&j);
    diagnostics_free(d);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct check_verdict verdicts[GEO_CHECKS];
    char *text = memory_new(size + 1, 1); /* so that a byte too far is seen */

    memcpy(text, data, size);
    text = memory_resize(text, size > 0 ? size : 1, 1);
    if (judge(text, size, verdicts)) {
        char *again = NULL;
        size_t bytes = 0;
        FILE *to = open_memstream(&again, &bytes);
        CHECK(to != NULL);
        bool written = jepsen_write(to, FORMS_EDN, "history", text, size, FORMS_BY_CONTENT);
        fclose(to);
        CHECK(written);
        free(again);
    }
    free(text);
    return 0;
}
