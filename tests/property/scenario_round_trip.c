/* scenario_round_trip.c -- random quantities against exact whole-number arithmetic, random trees through text
 * and back, and changed maps against a walk by hand. */
#include "sim/base/check.h"
#include "sim/base/hash.h"
#include "sim/scenario/tree.h"
#include "sim/scenario/units.h"
#include "sim/scenario/yaml.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A stream of its own, so that the test does not lean on what it tests; every failure prints the case. */
static uint64_t state;

static uint64_t random_below(uint64_t bound)
{
    return hash_mix(state++) % bound;
}

/* A decimal of up to nine places in a unit that is 10^power of the inside unit: an exact whole number of them
 * while power >= places, so the reader must give exactly that. All are below 2^53. */
Test(scenario_round_trip, times_and_sizes_are_exact)
{
    static const struct {
        const char *unit;
        enum quantity quantity;
        unsigned power;
        uint64_t factor;
    } units[] = {{"s", QUANTITY_TIME, 9, 1},   {"ms", QUANTITY_TIME, 6, 1},  {"us", QUANTITY_TIME, 3, 1},
                 {"ns", QUANTITY_TIME, 0, 1},  {"m", QUANTITY_TIME, 9, 60},  {"h", QUANTITY_TIME, 9, 3600},
                 {"KB", QUANTITY_BYTES, 3, 1}, {"MB", QUANTITY_BYTES, 6, 1}, {"GB", QUANTITY_BYTES, 9, 1}};
    char text[64], why[QUANTITY_WHY_BYTES] = "";

    state = 1;
    for (int i = 0; i < 200000; i++) {
        size_t u = random_below(sizeof units / sizeof *units);
        unsigned places = (unsigned)random_below(units[u].power + 1);
        uint64_t scale = 1, shift = 1, digits = random_below(1000000000) % (places < 3 ? 100000 : 1000000000);
        for (unsigned p = 0; p < places; p++)
            scale *= 10;
        for (unsigned p = places; p < units[u].power; p++)
            shift *= 10;
        uint64_t exact = digits * shift * units[u].factor;
        if (exact >= UINT64_C(1) << 53 || exact > UINT64_C(1000000000000000))
            continue;
        if (places == 0)
            snprintf(text, sizeof text, "%" PRIu64 "%s", digits, units[u].unit);
        else
            snprintf(text, sizeof text, "%" PRIu64 ".%0*" PRIu64 "%s", digits / scale, (int)places,
                     digits % scale, units[u].unit);
        double value;
        cr_assert(quantity_read(units[u].quantity, text, false, &value, why), "case %d: %s: %s", i, text,
                  why);
        cr_assert_eq(value, (double)exact, "case %d: %s is %.17g, not %" PRIu64, i, text, value, exact);
    }
}

static const struct node *random_tree(struct arena *a, unsigned depth)
{
    static const char *const texts[] = {
        "a",    "",    "10ms", "x: y", "- z",        "'",     "\"",     "#",       "a #b", "é",
        "{",    "]",   "*a",   "&b",   "!c",         "%d",    "@e",     "`",       "true", "null",
        "~",    "<<",  "? ",   ": ",   "line\nline", " lead", "trail ", "\t",      "\\",   "\\n",
        "0x10", "1e3", "=",    "|",    ">",          ",",     "日本",   "a\n\nb\n"};
    enum { TEXTS = sizeof texts / sizeof *texts };
    struct place at = {.file = "t", .line = 1, .column = 1};
    const struct node *items[8], *keys[8];
    size_t count = random_below(6);
    uint64_t kind = depth == 0 ? 0 : random_below(3);

    if (kind == 0)
        return node_scalar(a, at, texts[random_below(TEXTS)]);
    for (size_t i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%zu%s", i, texts[random_below(TEXTS)]);
        keys[i] = node_scalar(a, at, key);
        items[i] = random_tree(a, depth - 1);
    }
    return kind == 1 ? node_list(a, at, items, count) : node_map(a, at, keys, items, count);
}

Test(scenario_round_trip, any_tree_reads_back_from_its_text)
{
    for (uint64_t i = 0; i < 3000; i++) {
        struct arena *a = arena_new();
        struct diagnostics *d = diagnostics_new();
        state = i * 1000003;
        const struct node *tree = random_tree(a, 5);
        char *text = node_text(tree), *flow = node_text_flow(tree);
        const struct node *again = yaml_read(a, "t", text, strlen(text), true, d);
        cr_assert(again != NULL, "case %" PRIu64 ": %s\n%s", i, diagnostics_text(d, 0), text);
        cr_assert(node_equal(tree, again), "case %" PRIu64 ":\n%s", i, text);
        cr_assert_null(strchr(flow, '\n'));
        free(text);
        free(flow);
        diagnostics_free(d);
        arena_free(a);
    }
}

/* node_with leaves the old tree as it was, and puts the key where it stood or at the end. */
Test(scenario_round_trip, a_changed_map_shares_and_does_not_touch_the_old)
{
    for (uint64_t i = 0; i < 3000; i++) {
        struct arena *a = arena_new();
        state = i * 7919;
        const struct node *map = random_tree(a, 3);
        while (map->kind != NODE_MAP)
            map = random_tree(a, 3);
        char *before = node_text(map);
        const struct node *value = node_scalar(a, map->at, "new");
        const char *key =
            map->count > 0 && random_below(2) == 0 ? map->keys[random_below(map->count)]->text : "fresh";
        int at = node_find(map, key);
        const struct node *with = node_with(a, map, key, value), *without = node_with(a, with, key, NULL);
        cr_assert_eq(with->count, map->count + (at < 0 ? 1 : 0));
        cr_assert_eq(node_get(with, key), value);
        cr_assert_eq(node_find(with, key), at < 0 ? (int)map->count : at);
        cr_assert_null(node_get(without, key));
        cr_assert_eq(without->count, with->count - 1);
        for (uint32_t k = 0; k < map->count; k++)
            if ((int)k != at)
                cr_assert_eq(with->items[k], map->items[k]);
        char *after = node_text(map);
        cr_assert_str_eq(before, after);
        free(before);
        free(after);
        arena_free(a);
    }
}
