/* trace_formats.c -- what viewers are given is well formed and says what happened: checked as a viewer would
 * read it. */
#include "tests/support/simulate.h"

#include "sim/cli/diagram.h"
#include "sim/cli/explain_run.h"
#include "sim/observe/trace_export.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char world[] = "name: traced\nduration: 8s\nwarmup: 1s\ndrain: 10s\nreplications: 1\n"
                            "regions: [east, {name: west 2, nodes: 2}, north]\n"
                            "network: {rtt: 80ms, loss: 10%}\n"
                            "workload: {clients: 3, arrivals: {poisson: 20/s}, keys: {count: 4}, mix: {read: "
                            "50%, write: 50%}, timeout: 1s, retries: 1}\n"
                            "models: [{type: lww, clock: wall}, crdt, async, quorum]\n"
                            "faults: [{name: cut off, at: 2s, for: 1s, partition: [[east], [north]]},\n"
                            "  {name: fire, at: 4s, for: 1s, crash: {region: east, lose: memory}},\n"
                            "  {at: 5s, for: 1s, overload: {region: north, factor: 3}}]\n";

enum format { CHROME, SHIVIZ, JSONL, SVG };

struct traced {
    struct simulation *simulation;
    struct explain_trial trial;
    char *text;
};

static struct traced trace(uint32_t model, enum format format, const struct trace_def *def)
{
    struct traced t = {.simulation = simulate(world, 1)};
    size_t bytes;

    explain_trial_run(&t.trial, t.simulation->scenario, model, 1, def);
    FILE *to = open_memstream(&t.text, &bytes);
    switch (format) {
    case CHROME:
        trace_write_chrome(&t.trial.timeline, "a \"note\"", to);
        break;
    case SHIVIZ:
        trace_write_shiviz(&t.trial.timeline, to);
        break;
    case JSONL:
        trace_write_jsonl(&t.trial.timeline, "a \"note\"", to);
        break;
    case SVG:
        diagram_write(&(struct diagram_def){.timeline = &t.trial.timeline,
                                            .facts = t.trial.facts,
                                            .title = "a <title> & more",
                                            .from = def->from,
                                            .to = def->to},
                      to);
        break;
    }
    fclose(to);
    return t;
}

static void untrace(struct traced *t)
{
    explain_trial_close(&t->trial);
    simulation_free(t->simulation);
    free(t->text);
}

static const struct trace_def whole = {.from = 0, .to = 8 * SIM_SECOND, .grace = SIM_SECOND};

/* ---- Chrome trace ---- */

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));

    cr_assert_not_null(text, "an event without %s", key);
    return text;
}

static double number_of(const json_t *event, const char *key)
{
    json_t *value = json_object_get(event, key);

    cr_assert(json_is_number(value), "an event without %s", key);
    return json_number_value(value);
}

/* Flow starts by id, each once, each with one finish that is not earlier. */
static void check_flows(const json_t *events, size_t most)
{
    double *started = memory_new(most + 1, sizeof *started);
    size_t starts = 0, finishes = 0, i;
    json_t *event;

    json_array_foreach(events, i, event)
    {
        bool start = strcmp(text_of(event, "ph"), "s") == 0;
        if (!start && strcmp(text_of(event, "ph"), "f") != 0)
            continue;
        size_t id = (size_t)json_integer_value(json_object_get(event, "id"));
        double ts = number_of(event, "ts");
        cr_assert(id > 0 && id <= most);
        if (start) {
            cr_expect_eq(started[id], 0, "flow %zu starts twice", id);
            started[id] = ts + 1;
            starts++;
        } else {
            cr_expect(started[id] > 0 && ts + 1 >= started[id], "flow %zu ends without, or before, its start",
                      id);
            finishes++;
        }
    }
    cr_expect_eq(starts, finishes);
    cr_expect_gt(starts, 50, "only %zu flows: the test's world is too quiet", starts);
    free(started);
}

/* Flows bind to slices that begin with them, in Perfetto and in others. */
static void check_bindings(const json_t *events)
{
    json_t *slices = json_object(), *event;
    char at[100];
    size_t i;

    json_array_foreach(events, i, event) if (strcmp(text_of(event, "ph"), "X") == 0)
    {
        snprintf(at, sizeof at, "%d %d %.3f", (int)number_of(event, "pid"), (int)number_of(event, "tid"),
                 number_of(event, "ts"));
        json_object_set_new(slices, at, json_true());
        cr_expect_geq(number_of(event, "dur"), 0);
    }
    json_array_foreach(events, i, event)
    {
        const char *phase = text_of(event, "ph");
        if (strcmp(phase, "s") != 0 && strcmp(phase, "f") != 0)
            continue;
        snprintf(at, sizeof at, "%d %d %.3f", (int)number_of(event, "pid"), (int)number_of(event, "tid"),
                 number_of(event, "ts"));
        bool at_client = number_of(event, "tid") >= 1000; /* within its operation's slice */
        cr_expect(at_client || json_object_get(slices, at) != NULL, "a flow at %s has no slice", at);
    }
    json_decref(slices);
}

/* Slices of a thread nest: one that begins within another ends within it. */
static void check_nesting(const json_t *events)
{
    json_t *ends = json_object(), *event;
    char thread[60];
    size_t i;

    json_array_foreach(events, i, event)
    {
        if (strcmp(text_of(event, "ph"), "X") != 0)
            continue;
        double begin = number_of(event, "ts"), end = begin + number_of(event, "dur");
        snprintf(thread, sizeof thread, "%d %d", (int)number_of(event, "pid"), (int)number_of(event, "tid"));
        double open = json_number_value(json_object_get(ends, thread));
        cr_expect(begin >= open - 0.0005 || end <= open + 0.0005, "slices of thread %s overlap at %.3f",
                  thread, begin);
        if (end > open)
            json_object_set_new(ends, thread, json_real(end));
    }
    json_decref(ends);
}

Test(trace_formats, a_chrome_trace_is_one_that_perfetto_reads)
{
    for (uint32_t model = 0; model < 4; model++) {
        struct traced t = trace(model, CHROME, &whole);
        json_error_t error;
        json_t *root = json_loads(t.text, JSON_REJECT_DUPLICATES, &error);
        cr_assert_not_null(root, "%s at line %d", error.text, error.line);
        const json_t *events = json_object_get(root, "traceEvents");
        double before = 0;
        size_t i, operations = 0, faults = 0;
        json_t *event;
        json_array_foreach(events, i, event)
        {
            if (strcmp(text_of(event, "ph"), "M") == 0)
                continue;
            cr_expect_geq(number_of(event, "ts"), before, "times go back");
            before = number_of(event, "ts");
            const char *category = text_of(event, "cat");
            operations += strcmp(category, "operation") == 0;
            faults += strcmp(category, "fault") == 0;
        }
        cr_expect_eq(operations, t.trial.timeline.operations.count);
        cr_expect_geq(faults, 4, "three faults and a node that is down");
        check_flows(events, 1000000);
        check_bindings(events);
        check_nesting(events);
        json_decref(root);
        untrace(&t);
    }
}

/* ---- ShiViz ---- */

/* The count of `host` in the clock that follows its name, 0 if it is not there. */
static long count_of(const char *clock, const char *host)
{
    char key[200];

    snprintf(key, sizeof key, "\"%s\":", host);
    const char *at = strstr(clock, key);
    return at == NULL ? 0 : strtol(at + strlen(key), NULL, 10);
}

Test(trace_formats, shiviz_clocks_rise_by_one_and_never_know_the_future)
{
    for (uint32_t model = 0; model < 4; model++) {
        struct traced t = trace(model, SHIVIZ, &whole);
        json_t *own = json_object(); /* host -> events so far */
        char *save = NULL;
        int events = 0, foreign = 0;
        char *line = strtok_r(t.text, "\n", &save);
        cr_assert_str_eq(line, "(?<time>\\S*) (?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})");
        while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
            char *second = strtok_r(NULL, "\n", &save);
            cr_assert(second != NULL && isdigit((unsigned char)line[0]), "an event is two lines: `%s`", line);
            char *clock = strchr(second, ' ');
            cr_assert_not_null(clock);
            *clock++ = '\0';
            json_t *counts = json_loads(clock, 0, NULL);
            cr_assert_not_null(counts, "`%s` is no JSON", clock);
            long before = (long)json_integer_value(json_object_get(own, second));
            cr_expect_eq(count_of(clock, second), before + 1, "%s after %ld: %s", second, before, clock);
            json_object_set_new(own, second, json_integer(before + 1));
            const char *host;
            json_t *count;
            json_object_foreach(counts, host, count)
            {
                cr_expect(json_integer_value(count) <= json_integer_value(json_object_get(own, host)),
                          "%s knows of an event of %s that was not yet", second, host);
                foreign += strcmp(host, second) != 0;
            }
            json_decref(counts);
            events++;
        }
        cr_expect(events > 500 && foreign > 500, "%d events, %d knowing of others", events, foreign);
        json_decref(own);
        untrace(&t);
    }
}

/* ---- JSON lines, bounds ---- */

Test(trace_formats, every_line_is_a_json_object)
{
    struct traced t = trace(0, JSONL, &whole);
    char *save = NULL;
    size_t lines = 0;

    for (char *line = strtok_r(t.text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save), lines++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        cr_expect(json_is_object(object), "`%s`", line);
        json_decref(object);
    }
    cr_expect_eq(lines, t.trial.trace.records.count + 1, "a note and the records");
    untrace(&t);
}

Test(trace_formats, messages_are_bounded_and_kept_whole)
{
    struct traced all = trace(0, JSONL, &whole);
    struct traced some =
        trace(0, JSONL,
              &(struct trace_def){.from = 0, .to = 8 * SIM_SECOND, .grace = SIM_SECOND, .messages_most = 20});
    const struct timeline *t = &some.trial.timeline;

    cr_expect_eq(t->messages.count, 20);
    cr_expect_eq(some.trial.trace.messages_left_out + 20, all.trial.timeline.messages.count);
    for (size_t i = 0; i < 20; i++) {
        const struct timeline_message *m = &t->messages.items[i],
                                      *same = timeline_message(&all.trial.timeline, m->number);
        cr_assert_not_null(same);
        cr_expect(m->count == same->count && m->arrived == same->arrived && m->sent == same->sent,
                  "message %zu differs", i);
    }
    untrace(&all);
    untrace(&some);
}

/* What is asked about is followed to the world's end, whatever the window and the bounds. */
Test(trace_formats, operations_of_interest_are_kept_from_outside_the_window)
{
    struct traced all = trace(0, JSONL, &whole);
    uint64_t op = all.trial.timeline.operations.items[3].op;
    struct traced one =
        trace(0, JSONL,
              &(struct trace_def){.from = 7 * SIM_SECOND, .to = 8 * SIM_SECOND, .ops = &op, .op_count = 1});
    const struct timeline_operation *a = timeline_operation(&all.trial.timeline, op),
                                    *b = timeline_operation(&one.trial.timeline, op);

    cr_assert(a != NULL && b != NULL && a->begin < SIM_SECOND);
    cr_expect(a->begin == b->begin && a->end == b->end && a->taken == b->taken && a->node == b->node);
    untrace(&all);
    untrace(&one);
}

/* ---- SVG ---- */

/* Enough of XML to be sure that a browser takes it: tags nest, attributes are quoted, no stray < or &,
 * numbers are finite. */
static void check_xml(const char *text)
{
    const char *open[64];
    size_t lengths[64], depth = 0;

    for (const char *c = text; *c != '\0';) {
        if (*c == '&') {
            size_t length = strcspn(c, ";");
            cr_assert(length >= 3 && length <= 5, "a stray & at `%.20s`", c);
        }
        if (*c != '<') {
            cr_assert_neq(*c, '>', "a stray > at `%.20s`", c);
            c++;
            continue;
        }
        bool closes = c[1] == '/';
        const char *name = c + 1 + closes, *end = strchr(c, '>');
        size_t length = strcspn(name, " />\n");
        cr_assert(end != NULL && length > 0, "a stray < at `%.20s`", c);
        size_t quotes = 0;
        for (const char *q = c; q < end; q++) {
            quotes += *q == '"';
            cr_assert(q == c || *q != '<', "a < within a tag at `%.40s`", c);
        }
        cr_assert_eq(quotes % 2, 0, "quotes do not pair in `%.60s`", c);
        if (closes) {
            cr_assert(depth > 0 && lengths[depth - 1] == length && memcmp(open[depth - 1], name, length) == 0,
                      "`%.20s` closes what is not open", c);
            depth--;
        } else if (end[-1] != '/') {
            cr_assert_lt(depth, 64);
            open[depth] = name;
            lengths[depth++] = length;
        }
        c = end + 1;
    }
    cr_assert_eq(depth, 0, "a tag is left open");
    cr_expect_null(strstr(text, "nan"), "a number that is none");
    cr_expect_null(strstr(text, "\"inf"), "a number without end");
}

Test(trace_formats, a_picture_of_a_window_is_well_formed)
{
    for (uint32_t model = 0; model < 4; model++) {
        struct traced t = trace(model, SVG,
                                &(struct trace_def){.from = 1900 * SIM_MILLISECOND,
                                                    .to = 5500 * SIM_MILLISECOND,
                                                    .grace = SIM_SECOND,
                                                    .messages_most = 400});
        check_xml(t.text);
        cr_expect(strncmp(t.text, "<svg xmlns=", 11) == 0);
        cr_expect_not_null(strstr(t.text, ">cut off (partition)<"), "the fault has its name");
        cr_expect_not_null(strstr(t.text, ">west 2[1]<"), "so has a node");
        cr_expect_not_null(strstr(t.text, ">a &lt;title&gt; &amp; more<"), "and what is no name is escaped");
        untrace(&t);
    }
}

Test(trace_formats, a_picture_of_a_story_is_well_formed_and_tells_it)
{
    struct simulation *s = simulate(world, 1);
    int told = 0;

    for (uint32_t model = 0; model < 4; model++) {
        struct trace_worst_figures w = explain_worst(s->scenario, model, 1, NULL, NULL);
        struct explain_trial trial;
        explain_trial_run(&trial, s->scenario, model, 1, &(struct trace_def){.to = 20 * SIM_SECOND});
        struct story_def def = {&trial.timeline, trial.facts, "It"};
        struct story *stories[] = {
            w.stalest.read != 0
                ? story_of_stale_read(&def, w.stalest.read, w.stalest.missed, w.stalest.stale_ns, 1)
                : NULL,
            story_of_operation(&def, w.slowest.op),
            w.lost[WORST_CONCURRENT].loser != 0
                ? story_of_lost_update(&def, w.lost[WORST_CONCURRENT].loser, w.lost[WORST_CONCURRENT].winner,
                                       w.lost[WORST_CONCURRENT].node, w.lost[WORST_CONCURRENT].met,
                                       (enum loss_cause)w.lost[WORST_CONCURRENT].cause)
                : NULL,
        };
        for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
            char *text = NULL;
            size_t bytes;
            if (stories[i] == NULL)
                continue;
            FILE *to = open_memstream(&text, &bytes);
            diagram_write(&(struct diagram_def){.timeline = &trial.timeline,
                                                .story = stories[i],
                                                .facts = trial.facts,
                                                .title = stories[i]->title},
                          to);
            fclose(to);
            check_xml(text);
            cr_expect_not_null(strstr(text, ">cause: "), "the cause is in the picture");
            cr_expect_gt(stories[i]->lines.count, 2);
            free(text);
            story_free(stories[i]);
            told++;
        }
        explain_trial_close(&trial);
    }
    cr_expect_geq(told, 6, "only %d stories: the test's world is too quiet", told);
    simulation_free(s);
}
