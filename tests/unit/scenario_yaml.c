/* scenario_yaml.c -- YAML to a tree: places, aliases, merge keys and the bounds; and the tree back to the
 * same text. */
#include "sim/scenario/yaml.h"

#include "sim/base/check.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct node *tree_of(struct arena *a, const char *text)
{
    struct diagnostics *d = diagnostics_new();
    const struct node *root = yaml_read(a, "t", text, strlen(text), true, d);

    cr_assert_not_null(root, "%s: %s", text, diagnostics_text(d, 0));
    diagnostics_free(d);
    return root;
}

static void expect_error(const char *text, size_t bytes, const char *error)
{
    struct arena *a = arena_new();
    struct diagnostics *d = diagnostics_new();

    cr_expect_null(yaml_read(a, "t", text, bytes, true, d), "%.60s", text);
    cr_expect_str_eq(diagnostics_text(d, 0) != NULL ? diagnostics_text(d, 0) : "", error);
    diagnostics_free(d);
    arena_free(a);
}

Test(scenario_yaml, scalars_stay_text_and_know_their_place)
{
    struct arena *a = arena_new();
    const struct node *root = tree_of(a, "no: yes\nlist:\n  - 0.1\n  - 'a b'\n  - ~\n");

    cr_assert_eq(root->kind, NODE_MAP);
    cr_assert(node_is(node_get(root, "no"), "yes"));
    cr_assert_eq(node_get(root, "no")->at.line, 1);
    cr_assert_eq(node_get(root, "no")->at.column, 5);
    const struct node *list = node_get(root, "list");
    cr_assert_eq(list->count, 3);
    cr_assert(node_is(list->items[0], "0.1") && node_is(list->items[1], "a b") &&
              node_is(list->items[2], "~"));
    cr_assert_eq(list->items[1]->at.line, 4);
    cr_assert_eq(list->items[1]->at.column, 5);
    arena_free(a);
}

Test(scenario_yaml, aliases_and_merge_keys_work_and_own_keys_win)
{
    struct arena *a = arena_new();
    const struct node *root =
        tree_of(a, "x: &x {p: 1, q: 1}\ny: &y {q: 2, r: 2}\nz: {r: 3, <<: [*x, *y], s: 3}\nw: {<<: *y}\n");
    const struct node *z = node_get(root, "z");

    cr_assert_eq(z->count, 4);
    cr_assert(node_is(node_get(z, "p"), "1"));
    cr_assert(node_is(node_get(z, "q"), "1"), "the earlier map of the list wins");
    cr_assert(node_is(node_get(z, "r"), "3"), "own keys win");
    cr_assert(node_is(node_get(z, "s"), "3"));
    cr_assert(node_equal(node_get(root, "w"), node_get(root, "y")));
    cr_assert_eq(node_get(z, "p")->at.line, 1, "a merged value is where it was written");
    arena_free(a);
}

Test(scenario_yaml, a_quoted_merge_key_is_a_key)
{
    struct arena *a = arena_new();

    cr_assert(node_is(node_get(tree_of(a, "{'<<': 3}"), "<<"), "3"));
    arena_free(a);
}

Test(scenario_yaml, what_is_wrong_has_its_place)
{
    static const struct {
        const char *text, *error;
    } table[] = {
        {"a: 1\nb: 2\na: 3\n", "t:3:1: error: `a` is given twice; the first is on line 1"},
        {"a: {<<: {b: 1}, <<: {c: 1}}\n",
         "t:1:17: error: `<<` is given twice: merge a list of maps instead, `<<: [*a, *b]`"},
        {"a: &a\n  b: *a\n", "t:2:6: error: the alias `*a` stands inside its own anchor: it would never end"},
        {"a: *b\n", "t:1:4: error: the alias `*b` has no anchor `&b` before it"},
        {"a: {<<: [1]}\n", "t:1:10: error: `<<` merges a map, or a list of maps"},
        {"? [a]\n: b\n", "t:1:3: error: a key is a scalar, not a list or a map"},
        {"a: 1\n---\nb: 1\n", "t:2:1: error: a second document begins here; a file holds one scenario"},
        {"", "t:1:1: error: there is nothing here; `georep init` writes a scenario to start from"},
        {"# only\n", "t:1:1: error: there is nothing here; `georep init` writes a scenario to start from"},
        {"a: [1\nb: 2\n", "t:2:2: error: this is not YAML: did not find expected ',' or ']' while parsing a "
                          "flow sequence (begun on line 1)"},
        {"a: \"\\0\"\n", "t:1:4: error: a text may not hold a zero byte"},
        {"a: 1\nb: \xff\n",
         "t:2:4: error: this is not YAML text: invalid leading UTF-8 octet at byte 8; a scenario is UTF-8"},
        {"\ta: 1\n", "t:1:1: error: this is not YAML: found character that cannot start any token while "
                     "scanning for the next token (begun on line 1)"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_error(table[i].text, strlen(table[i].text), table[i].error);
    expect_error("a\0b", 3,
                 "t:1:2: error: this is not YAML text: control characters are not allowed at byte 1; a "
                 "scenario is UTF-8");
}

/* Depth: 64 lists in each other are the last that go, 65 the first that do not, by alias too. */
Test(scenario_yaml, nesting_goes_to_64)
{
    struct arena *a = arena_new();
    char text[256], aliased[512];

    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[63] = 'x'; /* 63 lists and a scalar: 64 deep */
    text[64 + 63] = '\0';
    cr_assert_eq(tree_of(a, text)->depth, 64);
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    cr_assert_eq(tree_of(a, text)->depth, 64, "an empty list is as deep as a scalar");
    snprintf(aliased, sizeof aliased, "a: &a %.40s%.40s\nb: [[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]\n",
             text, text + 64);
    cr_assert_eq(tree_of(a, aliased)->depth, 63);
    snprintf(aliased, sizeof aliased,
             "a: &a %.40s%.40s\nb: [[[[[[[[[[[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]]]]]]]]]]\n", text, text + 64);
    expect_error(aliased, strlen(aliased), "t:2:28: error: nested deeper than 64");
    memset(text, '[', 65);
    text[65] = '\0';
    expect_error(text, 65, "t:1:65: error: nested deeper than 64");
    arena_free(a);
}

/* Each line is ten of the line before. Before x5 there are 123461 nodes; it adds its key, its list, and
 * 111111 with each alias, so the eighth of them is past a million, and is refused before anything walks it.
 */
Test(scenario_yaml, a_million_nodes_and_no_more)
{
    char text[1024] = "x0: &a0 [1,1,1,1,1,1,1,1,1,1]\n", line[128];

    for (int i = 1; i < 9; i++) {
        snprintf(line, sizeof line, "x%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    expect_error(
        text, strlen(text),
        "t:6:38: error: the document has more than a million nodes once its aliases are written out");
}

Test(scenario_yaml, text_written_reads_to_the_same_tree)
{
    static const char *const texts[] = {
        ("{a: '', b: '<<', c: ' lead', d: 'two\n\n  lines', e: '# no comment', f: \"tab\\t\", g: é, h: '*x', "
         "i: '- x'}"),
        "[[], {}, [[]], {a: {}}]",
        "plain",
        "'quoted: yes'",
        "{'a: b': c, '? q': 1, \"x\\n\\ny\": 2}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena *a = arena_new();
        const struct node *root = tree_of(a, texts[i]);
        char *text = node_text(root);
        cr_expect(node_equal(root, tree_of(a, text)), "%s became %s", texts[i], text);
        free(text);
        arena_free(a);
    }
}
