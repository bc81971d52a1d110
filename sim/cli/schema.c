/* schema.c -- georep schema: the JSON Schema of a scenario. */
#include "sim/cli/prepare.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"

#include <stdlib.h>

int verb_schema(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);

    for (int id; (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_OPERAND) {
            say_error("georep schema takes nothing: it prints the schema of every scenario");
            return STATUS_WRONG;
        }
        return options_status(id);
    }
    if (!prepare_start())
        return STATUS_WRONG;
    char *schema = scenario_schema();
    printf("%s\n", schema);
    free(schema);
    return STATUS_DONE;
}
