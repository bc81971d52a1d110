/* verify.c -- georep verify: holds a recorded history against consistency checks. */
#include "sim/base/diagnostics.h"
#include "sim/cli/say.h"
#include "sim/cli/verbs.h"
#include "sim/model/registry.h"
#include "sim/observe/jepsen.h"
#include "sim/observe/jepsen_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPTION_MODEL = 256, OPTION_FORMAT, OPTION_DATA, OPTION_INITIAL };

const struct option_def verify_options[] = {
    {'c', "check", "CHECK,...", "what it should be; `all` for every check (default linearizable)"},
    {OPTION_MODEL, "model", "CHECK,...", "the same option"},
    {OPTION_FORMAT, "format", "edn|json", "how it is written (default: by its first characters)"},
    {OPTION_DATA, "data", "KIND",
     "register, cas-register, counter, set, list-append or string (default: by what its operations do)"},
    {OPTION_INITIAL, "initial", "VALUE",
     "what a register holds, or a counter counts from, at the start (default nil, 0)"},
    {'o', "output", "FILE", "also write the history as Jepsen does: FILE.edn, else JSON lines"},
    {0, NULL, NULL, NULL},
};

const char verify_notes[] =
    "A history is a file of operations as Jepsen writes it, EDN, JSON lines or lines of its log, also "
    "what `georep run --history` writes; `-` is\n"
    "standard input. Checks are those of `georep list checks`. The status is 0 when "
    "all hold, 1 when one is broken, 4 when one\n"
    "cannot be decided, 2 when the history cannot be read.\n";

struct asked {
    const char *history, *initial, *output;
    uint64_t checks;
    enum forms_syntax syntax;
    enum jepsen_data data;
};

struct input {
    char *text;
    size_t bytes;
    bool mapped;
};

/* One name; a hyphen is an underscore. */
static bool add_check(struct asked *a, const char *name, size_t length)
{
    char text[64];

    snprintf(text, sizeof text, "%.*s", (int)(length < 63 ? length : 63), name);
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '-' ? '_' : *p;
    if (strcmp(text, "all") == 0) {
        a->checks = (UINT64_C(1) << GEO_CHECKS) - 1;
        return true;
    }
    for (int c = 0; c < GEO_CHECKS; c++)
        if (strcmp(text, geo_check_names[c]) == 0) {
            a->checks |= UINT64_C(1) << c;
            return true;
        }
    const char *nearest = nearest_name(text, geo_check_names, GEO_CHECKS);
    if (nearest != NULL)
        say_error("there is no check `%s`; did you mean `%s`?", text, nearest);
    else
        say_error("there is no check `%s`; `georep list checks` shows them", text);
    return false;
}

static bool add_checks(struct asked *a, const char *names)
{
    for (;;) {
        size_t length = strcspn(names, ",");
        if (!add_check(a, names, length))
            return false;
        if (names[length] == '\0')
            return true;
        names += length + 1;
    }
}

static bool choose_data(struct asked *a, const char *name)
{
    for (int i = 1; i < JEPSEN_DATA; i++)
        if (strcmp(name, jepsen_data_names[i]) == 0) {
            a->data = (enum jepsen_data)i;
            return true;
        }
    say_error("--data is register, cas-register, counter, set, list-append or string, not `%s`", name);
    return false;
}

static bool choose_format(struct asked *a, const char *name)
{
    a->syntax = strcmp(name, "edn") == 0 ? FORMS_EDN : FORMS_JSON;
    if (a->syntax == FORMS_JSON && strcmp(name, "json") != 0) {
        say_error("--format is edn or json, not `%s`", name);
        return false;
    }
    return true;
}

static bool ask(struct asked *a, struct options *o, int *status)
{
    *status = STATUS_WRONG;
    for (int id; (id = options_next(o)) != OPTIONS_END;) {
        bool fine = true;
        switch (id) {
        case 'c':
        case OPTION_MODEL:
            fine = add_checks(a, o->value);
            break;
        case OPTION_FORMAT:
            fine = choose_format(a, o->value);
            break;
        case OPTION_DATA:
            fine = choose_data(a, o->value);
            break;
        case OPTION_INITIAL:
            a->initial = o->value;
            break;
        case 'o':
            a->output = o->value;
            break;
        case OPTIONS_OPERAND:
            if (a->history != NULL) {
                say_error("one history at a time: `%s` and `%s`", a->history, o->value);
                return false;
            }
            a->history = o->value;
            break;
        default:
            *status = options_status(id);
            return false;
        }
        if (!fine)
            return false;
    }
    if (a->history == NULL) {
        say_error("which history? georep verify HISTORY --check linearizable");
        return false;
    }
    if (a->checks == 0)
        a->checks = UINT64_C(1) << GEO_LINEARIZABLE;
    return true;
}

static bool read_all(int file, struct input *in)
{
    size_t room = 1 << 16;

    in->text = memory_new(room, 1);
    for (ssize_t got; (got = read(file, in->text + in->bytes, room - in->bytes)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        in->bytes += (size_t)got;
        if (in->bytes == room)
            in->text = memory_resize(in->text, room *= 2, 1);
    }
    return true;
}

static bool input_open(const char *name, struct input *in)
{
    int file = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct stat about;
    bool done = file >= 0 && fstat(file, &about) == 0;

    *in = (struct input){0};
    if (done && S_ISREG(about.st_mode) && about.st_size > 0 && file != STDIN_FILENO) {
        in->bytes = (size_t)about.st_size;
        in->text = mmap(NULL, in->bytes, PROT_READ, MAP_PRIVATE, file, 0);
        in->mapped = in->text != MAP_FAILED;
        done = in->mapped;
    } else if (done) {
        done = read_all(file, in);
    }
    if (!done)
        say_error("%s: %s", name, strerror(errno));
    if (file > STDIN_FILENO)
        close(file);
    return done;
}

static void input_close(struct input *in)
{
    if (in->mapped)
        munmap(in->text, in->bytes);
    else
        free(in->text);
}

struct shown {
    unsigned long long number;
    const char *text;
};

static int by_text(const void *left, const void *right)
{
    const struct shown *a = left, *b = right;

    return a->text < b->text ? -1 : a->text > b->text;
}

/* A map or a line of a log as it stands in the file, on one line. */
static void print_map(const char *text, const char *end)
{
    int depth = 0, width = 0;
    bool quoted = false, whole = false, is_line = text < end && *text != '{';

    for (const char *p = text; p < end && width < 160 && !whole; p++, width++) {
        unsigned char c = (unsigned char)*p;
        if (is_line && (c == '\n' || c == '\r')) {
            whole = true;
            break;
        }
        putchar(c < 32 || c == 127 ? ' ' : c);
        quoted ^= c == '"' && (p == text || p[-1] != '\\');
        depth += quoted ? 0 : c == '{' ? 1 : c == '}' ? -1 : 0;
        whole = depth == 0 && !is_line;
    }
    printf("%s\n", whole ? "" : " ...");
}

/* The operations that the text names, begin and end, in the order in which things happened. */
static void explain(const struct jepsen *j, const struct input *in, const struct check_verdict *v)
{
    struct shown shown[10];
    size_t count = 0;

    for (int i = -1; i < 4; i++) {
        uint64_t id = i < 0 ? v->example : v->related[i];
        const struct jepsen_op *op = id == 0 ? NULL : jepsen_find(j, id);
        bool again = false;
        for (size_t k = 0; op != NULL && k < count; k++)
            /* cppcheck-suppress uninitvar ; those below count are set */
            again |= shown[k].text == op->text;
        if (op == NULL || again)
            continue;
        shown[count++] = (struct shown){op->id, op->text};
        if (op->end_text != NULL)
            shown[count++] = (struct shown){op->id, op->end_text};
    }
    qsort(shown, count, sizeof shown[0], by_text);
    for (size_t i = 0; i < count; i++) {
        printf("    %s %-8llu ", j->by_line ? "of line" : "operation", shown[i].number);
        print_map(shown[i].text, in->text + in->bytes);
    }
}

static int print_verdicts(const struct asked *a, const struct jepsen *j, const struct input *in,
                          const struct check_verdict *verdicts)
{
    static const char *const words[] = {"broken", "holds", "undecided"};
    bool broken = false, undecided = false;

    for (int c = 0; c < GEO_CHECKS; c++) {
        const struct check_verdict *v = &verdicts[c];
        if ((a->checks >> c & 1) == 0)
            continue;
        printf("%s: %s", geo_check_names[c], words[v->holds]);
        if (v->violations > 0)
            printf(", %llu violation%s", (unsigned long long)v->violations, v->violations == 1 ? "" : "s");
        printf("%s%s\n", v->why[0] != '\0' ? ": " : "", v->why);
        if (v->holds == CHECK_BROKEN)
            explain(j, in, v);
        broken |= v->holds == CHECK_BROKEN;
        undecided |= v->holds == CHECK_UNDECIDED;
    }
    return broken ? STATUS_BROKEN : undecided ? STATUS_UNDECIDED : STATUS_DONE;
}

static bool set_initial(const struct asked *a, struct jepsen *j)
{
    if (a->initial == NULL)
        return true;
    if (j->data == JEPSEN_COUNTER) {
        char *end;
        j->initial_number = strtoll(a->initial, &end, 10);
        if (*end != '\0' || end == a->initial) {
            say_error("--initial of a counter is a whole number, not `%s`", a->initial);
            return false;
        }
    }
    uint64_t power;
    if (j->data == JEPSEN_STRING)
        j->initial_number = (int64_t)check_text_sum(a->initial, strlen(a->initial), &power);
    j->initial_value = jepsen_value_of(a->initial);
    return true;
}

/* In the form of its name. */
static bool write_again(const struct asked *a, const char *name, const struct input *in)
{
    size_t length = strlen(a->output);
    bool edn = length > 4 && strcmp(a->output + length - 4, ".edn") == 0;
    FILE *to = fopen(a->output, "we");
    bool good =
        to != NULL && jepsen_write(to, edn ? FORMS_EDN : FORMS_JSON, name, in->text, in->bytes, a->syntax);

    good = (to == NULL || fclose(to) == 0) && good;
    if (!good)
        say_error("%s: %s", a->output, strerror(errno));
    return good;
}

int verb_verify(const struct verb *verb, int argc, char **argv)
{
    struct options o = options_of(verb, argc, argv);
    struct asked a = {.syntax = FORMS_BY_CONTENT};
    struct check_verdict verdicts[GEO_CHECKS];
    struct input in;
    struct jepsen j;
    int status;

    if (!ask(&a, &o, &status))
        return status;
    if (!input_open(a.history, &in))
        return STATUS_WRONG;
    struct diagnostics *d = diagnostics_new();
    const char *name = strcmp(a.history, "-") == 0 ? "standard input" : a.history;
    status = STATUS_WRONG;
    if (!jepsen_open(&j, name, in.text, in.bytes, a.syntax, a.data, d)) {
        diagnostics_print(d, stderr);
    } else if (set_initial(&a, &j)) {
        jepsen_judge(&j, a.checks, verdicts);
        status = print_verdicts(&a, &j, &in, verdicts);
        if (a.output != NULL && !write_again(&a, name, &in))
            status = STATUS_REFUSED;
    }
    jepsen_close(&j);
    diagnostics_free(d);
    input_close(&in);
    return status;
}
