/* check.c -- georep check: reads scenarios, runs nothing, says what running them would take. */
#include "sim/cli/prepare.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/experiment/machine.h"
#include "sim/experiment/plan.h"

const struct option_def check_options[] = {PREPARE_OPTIONS, {0, NULL, NULL, NULL}};

static void duration_print(double seconds)
{
    if (seconds < 1)
        printf("under a second");
    else if (seconds < 100)
        printf("about %.0f s", seconds);
    else if (seconds < 6000)
        printf("about %.0f min", seconds / 60);
    else
        printf("about %.1f h", seconds / 3600);
}

/* One scenario's line; the memory that it would be refused for is an error here too. */
static int check_one(const char *file, const struct document *doc)
{
    struct plan plan = plan_of(doc);
    struct failure f = {0};
    uint32_t cores = machine_cores(), jobs = plan_jobs(&plan, cores, machine_available_bytes(), &f);
    const struct scenario *s = document_scenario(doc, 0);
    char memory[32];

    if (jobs == 0)
        return say_failure(&f);
    bytes_print(memory, sizeof memory, plan.trial_bytes_max * jobs);
    printf("%s: %s is right: %u model%s", file, s->name, s->model_count, s->model_count == 1 ? "" : "s");
    if (plan.points > 1)
        printf(" x %zu points", plan.points);
    if (plan.trials_least == plan.trials_most)
        printf(" x %u replications = %llu trials", s->replications_min,
               (unsigned long long)plan.trials_least);
    else
        printf(", from %llu to %llu trials", (unsigned long long)plan.trials_least,
               (unsigned long long)plan.trials_most);
    printf("; ");
    duration_print(plan.core_seconds / jobs);
    printf(" and %s of memory on %u core%s\n", memory, jobs, jobs == 1 ? "" : "s");
    return STATUS_DONE;
}

int verb_check(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    struct preparation preparation = {0};
    int status = -1;

    for (int id; status < 0 && (id = options_next(&o)) != OPTIONS_END;) {
        if (id == OPTIONS_WRONG || id == OPTIONS_HELP)
            status = options_status(id);
        else if (!preparation_take(&preparation, &o, id))
            status = STATUS_WRONG;
    }
    if (status < 0 && preparation.files.count == 0) {
        say_error("georep check wants a scenario");
        status = STATUS_WRONG;
    }
    if (status < 0) {
        struct document **documents = prepare_start() ? documents_read(&preparation) : NULL;
        status = documents == NULL ? STATUS_WRONG : STATUS_DONE;
        for (size_t i = 0; i < preparation.files.count && documents != NULL; i++)
            if (check_one(preparation.files.items[i], documents[i]) != STATUS_DONE)
                status = STATUS_WRONG;
        documents_free(documents, preparation.files.count);
    }
    preparation_free(&preparation);
    return status;
}
