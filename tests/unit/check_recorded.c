/* check_recorded.c -- recorded histories: what is read, what is said of them, and what is said of those that
 * cannot be read. */
#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/model/registry.h"
#include "sim/observe/jepsen.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *file_text(const char *name, size_t *bytes)
{
    char path[512];

    snprintf(path, sizeof path, "%s/tests/golden/histories/%s", GEOREP_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    char *text = memory_new(1 << 16, 1);
    *bytes = fread(text, 1, (1 << 16) - 1, f);
    fclose(f);
    return text;
}

static struct check_verdict judge_text(const char *text, size_t bytes, enum geo_check check)
{
    struct diagnostics *d = diagnostics_new();
    struct check_verdict v[GEO_CHECKS];
    struct jepsen j;

    bool read = jepsen_open(&j, "h", text, bytes, FORMS_BY_CONTENT, JEPSEN_BY_CONTENT, d);
    cr_assert(read, "%s", diagnostics_count(d) > 0 ? diagnostics_text(d, 0) : "");
    jepsen_judge(&j, UINT64_C(1) << check, v);
    jepsen_close(&j);
    diagnostics_free(d);
    return v[check];
}

static struct check_verdict judge_file(const char *name, enum geo_check check)
{
    size_t bytes;
    char *text = file_text(name, &bytes);
    struct check_verdict v = judge_text(text, bytes, check);

    free(text);
    return v;
}

static void expect(const char *name, enum geo_check check, enum check_holds holds, uint64_t example)
{
    struct check_verdict v = judge_file(name, check);

    cr_expect_eq(v.holds, holds, "%s: %s: %s", name, check_holds_names[v.holds], v.why);
    cr_expect_eq(v.example, example, "%s: example %llu", name, (unsigned long long)v.example);
}

Test(check_recorded, each_kind_of_history_is_judged)
{
    expect("register_right.edn", GEO_LINEARIZABLE, CHECK_HOLDS, 0);
    expect("register_stale.edn", GEO_LINEARIZABLE, CHECK_BROKEN, 5);
    expect("register_stale.edn", GEO_SEQUENTIAL, CHECK_HOLDS, 0);
    expect("keyed_register_stale.edn", GEO_LINEARIZABLE, CHECK_BROKEN, 5);
    expect("cas_right.edn", GEO_LINEARIZABLE, CHECK_HOLDS, 0);
    expect("cas_wrong.edn", GEO_LINEARIZABLE, CHECK_BROKEN, 3);
    expect("counter_wrong.json", GEO_LINEARIZABLE, CHECK_BROKEN, 4);
    expect("set_lost.edn", GEO_NOTHING_LOST, CHECK_BROKEN, 3);
    expect("set_lost.edn", GEO_LINEARIZABLE, CHECK_BROKEN, 7);
    expect("set_lost.edn", GEO_READ_YOUR_WRITES, CHECK_HOLDS, 0);
    expect("append_order.edn", GEO_LINEARIZABLE, CHECK_BROKEN, 1);
}

Test(check_recorded, what_operations_cannot_tell_is_undecided)
{
    expect("register_right.edn", GEO_STRONG_EVENTUAL, CHECK_UNDECIDED, 0);
    expect("register_right.edn", GEO_NOTHING_LOST, CHECK_UNDECIDED, 0);
    expect("append_order.edn", GEO_MONOTONIC_READS, CHECK_UNDECIDED, 0);
}

static void expect_as_written(const char *name, char *verdicts, size_t *count)
{
    for (char *rest, *one = strtok_r(verdicts, " ", &rest); one != NULL; one = strtok_r(NULL, " ", &rest)) {
        size_t length = strcspn(one, "=");
        int check = 0, holds = 0;
        cr_assert_eq(one[length], '=', "%s: %s", name, one);
        one[length] = '\0';
        while (check < GEO_CHECKS && strcmp(geo_check_names[check], one) != 0)
            check++;
        while (holds < 3 && strcmp(check_holds_names[holds], one + length + 1) != 0)
            holds++;
        cr_assert(check < GEO_CHECKS && holds < 3, "%s: %s", name, one);
        struct check_verdict v = judge_file(name, (enum geo_check)check);
        cr_expect_eq(v.holds, holds, "%s: %s is %s: %s", name, one, check_holds_names[v.holds], v.why);
        cr_expect_eq(v.holds == CHECK_HOLDS, v.why[0] == '\0', "%s: %s: %s", name, one, v.why);
        cr_expect_eq(v.holds == CHECK_BROKEN, v.violations > 0, "%s: %s: %s", name, one, v.why);
        ++*count;
    }
}

/* Each history of the corpus says in its second line what it is: the cases that the checkers of the field
 * are tested with. */
Test(check_recorded, the_corpus_is_judged_as_it_says)
{
    DIR *folder = opendir(GEOREP_SOURCE_DIR "/tests/golden/histories");
    size_t files = 0, verdicts = 0;

    cr_assert_not_null(folder);
    for (struct dirent *file; (file = readdir(folder)) != NULL;) {
        static const char mark[] = ";; verdicts: ";
        size_t bytes;
        if (strstr(file->d_name, ".edn") == NULL)
            continue;
        char *text = file_text(file->d_name, &bytes), *line = strstr(text, mark);
        if (line != NULL) {
            line += sizeof mark - 1;
            line[strcspn(line, "\n")] = '\0';
            expect_as_written(file->d_name, line, &verdicts);
            files++;
        }
        free(text);
    }
    closedir(folder);
    cr_expect(files >= 70 && verdicts >= 200, "%zu files, %zu verdicts", files, verdicts);
}

/* The same history, as one vector, as a map a line, and as JSON: the same verdict. */
Test(check_recorded, edn_and_json_say_the_same)
{
    static const char *const texts[] = {
        "[{:type :invoke :f :write :value 1 :process 0} {:type :ok :f :write :value 1 :process 0}\n"
        "{:process 1, :type :invoke, :f :read, :value nil}{:process 1, :type :ok, :f :read, :value nil}]",
        "({:type :invoke :f :write :value 1 :process 0} #_ ignored ; a comment\n"
        "^{:m 1} {:type :ok :f :write :value 1 :process 0 :error [\"\\\"}\" \\a #inst \"2020\" 1/2 1.5e3 12N "
        "#{}]}\n"
        "{:process 1, :type :invoke, :f :read, :value nil}{:process 1, :type :ok, :f :read, :value nil})",
        "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n{\"process\":0,\"type\":\"ok\","
        "\"f\":\"write\",\"value\":1}\n"
        "{\"process\":1,\"type\":\"invoke\",\"f\":\"read\",\"value\":null}\n{\"process\":1,\"type\":\"ok\","
        "\"f\":\"read\",\"value\":null}\n",
        "[{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1} , "
        "{\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1},\n"
        "{\"process\":1,\"type\":\"invoke\",\"f\":\"read\",\"value\":null},{\"process\":1,\"type\":\"ok\","
        "\"f\":\"read\",\"value\":null}]",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct check_verdict v = judge_text(texts[i], strlen(texts[i]), GEO_LINEARIZABLE);
        cr_expect(v.holds == CHECK_BROKEN && v.violations == 1, "text %zu: %s", i, v.why);
    }
}

/* However much is written after it was read, before it turns out to have failed. */
Test(check_recorded, a_read_of_a_failed_write_is_caught)
{
    char *text = NULL;
    size_t bytes;
    FILE *f = open_memstream(&text, &bytes);

    fputs("{:type :invoke :f :write :value 999 :process 0}\n{:type :invoke :f :read :process 1}\n"
          "{:type :ok :f :read :value 999 :process 1}\n",
          f);
    for (int i = 1; i < 100; i++)
        fprintf(f,
                "{:type :invoke :f :write :value %d :process 1}\n{:type :ok :f :write :value %d :process 1}\n"
                "{:type :invoke :f :read :process 1}\n{:type :ok :f :read :value %d :process 1}\n",
                i, i, i);
    fputs("{:type :fail :f :write :value 999 :process 0}\n", f);
    fclose(f);
    struct check_verdict v = judge_text(text, bytes, GEO_LINEARIZABLE);
    cr_expect(v.holds == CHECK_BROKEN && v.violations == 1 && v.example == 2, "%s", v.why);
    free(text);
}

static void expect_error(const char *text, const char *error)
{
    struct diagnostics *d = diagnostics_new();
    struct jepsen j;

    cr_expect_not(jepsen_open(&j, "h", text, strlen(text), FORMS_BY_CONTENT, JEPSEN_BY_CONTENT, d), "%s",
                  text);
    cr_expect(diagnostics_count(d) == 1 && strstr(diagnostics_text(d, 0), error) != NULL, "`%s` gives `%s`",
              text, diagnostics_count(d) > 0 ? diagnostics_text(d, 0) : "nothing");
    jepsen_close(&j);
    diagnostics_free(d);
}

Test(check_recorded, errors_name_their_place)
{
    expect_error("", "h: error: no operation");
    expect_error("{:type :invoke, :f :write, :value 1, :process 0\n", "h:1:1: error: this is not closed");
    expect_error("{:type :invoke, :f :write, :value 1, :process 0}\n {:type :ok, :f :write :process}",
                 "h:2:32: error: a map's last");
    expect_error("{:type :invoke, :f :fly, :process 0}", "h:1:20: error: no such function");
    expect_error("{:type :begin, :f :read, :process 0}", "h:1:8: error: no such type");
    expect_error("{:type :ok, :f :read, :process 0}", "h:1:1: error: this completes nothing");
    expect_error("{:type :invoke, :f :read, :process 0}{:type :invoke, :f :read, :process 0}",
                 "h:1:38: error: this process");
    expect_error("{:type :invoke, :f :cas, :value 3, :process 0}", "error: a cas has the value");
    expect_error("{\"type\":\"invoke\" \"f\":\"read\"}", "h:1:18: error: a comma is missing");
    expect_error("{\"type\":invoke}", "h:1:9: error: JSON has no bare words");
    expect_error("{\"type\":\"inv", "error: the file ends within a string");
    expect_error("[{:type :invoke, :f :read, :process 0}", "the vector is not closed");
    expect_error("[{:type :invoke, :f :read, :process 0}] 5", "something follows");
    expect_error("5", "an operation is a map");
    expect_error("}", "this closes nothing");
}

/* Texts cut off, with a byte changed or doubled: never a crash, and what is not read is said. (Run under the
 * sanitizers.) */
Test(check_recorded, damaged_histories_do_no_harm)
{
    static const char *const names[] = {"register_right.edn", "cas_right.edn", "counter_wrong.json",
                                        "set_lost.edn", "append_order.edn"};
    uint64_t luck = 7;

    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t bytes;
        char *whole = file_text(names[n], &bytes);
        for (int round = 0; round < 3000; round++) {
            struct diagnostics *d = diagnostics_new();
            struct check_verdict v[GEO_CHECKS];
            struct jepsen j;
            luck = hash_mix(luck);
            size_t length = round % 3 == 0 ? luck % (bytes + 1) : bytes;
            char *text = memory_new(length + 1, 1); /* as long as it is, so that a read beyond it shows */
            text = memory_resize(text, length > 0 ? length : 1, 1);
            memcpy(text, whole, length);
            for (int i = 0; i < 1 + round % 4 && length > 0 && round % 3 != 0; i++) {
                luck = hash_mix(luck);
                text[luck % length] =
                    "{}[]():\"\\#_^;,-019 naz\n\0~"[luck >> 32 & 15 ? (luck >> 40) % 25 : 23];
            }
            if (jepsen_open(&j, "h", text, length, (enum forms_syntax)(round % 3), JEPSEN_BY_CONTENT, d))
                jepsen_judge(&j, (UINT64_C(1) << GEO_CHECKS) - 1, v);
            else
                cr_assert_gt(diagnostics_count(d), 0);
            jepsen_close(&j);
            diagnostics_free(d);
            free(text);
        }
        free(whole);
    }
}
