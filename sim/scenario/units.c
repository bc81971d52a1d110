/* units.c -- see units.h.
 *
 * A unit is a power of ten and a small whole factor (a minute: 60 and 10^9 ns), so that a number in it is
 * converted by writing the power behind its digits and reading that once: strtod rounds correctly, and 80.1ms
 * becomes 80100000 ns where 80.1 * 1e6 would not.
 */
#include "sim/scenario/units.h"

#include "sim/base/check.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DECIMAL "[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?"
#define YEARS_100 (100 * 365.25 * 86400e9)

const struct quantity_def quantity_defs[QUANTITIES] = {
    [QUANTITY_TIME] = {"a time", "80ms, 1.5s or 2m", "^-?(0|(" DECIMAL " ?(ns|us|µs|ms|s|m|h|d))+)$", 0,
                       YEARS_100},
    [QUANTITY_BYTES] = {"a size", "512B, 2KB or 4KiB", "^(0|" DECIMAL " ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB))$",
                        0, 1e15},
    [QUANTITY_RATE] = {"a rate", "100/s, 5/m or 1/h", "^(0|" DECIMAL " ?/(s|m|h))$", 0, 1e9},
    [QUANTITY_BANDWIDTH] = {"a bandwidth", "100Mbps or 1Gbps", "^(0|" DECIMAL " ?(bps|Kbps|Mbps|Gbps|Tbps))$",
                            0, 1e15},
    [QUANTITY_SHARE] = {"a share", "0.1% or 0.001", "^" DECIMAL " ?%?$", 0, 1},
    [QUANTITY_FREQUENCY] = {"a frequency error", "20ppm or 50ppb", "^-?(0|" DECIMAL " ?(ppm|ppb))$", 0, 0.1},
    [QUANTITY_PRICE] = {"a price", "0.02 USD/GB", "^(0|" DECIMAL " ?USD/(GB|GiB|TB))$", 0, 1e-3},
    [QUANTITY_NUMBER] = {"a number", "2 or 0.5", "^-?" DECIMAL "$", 0, 1e15},
};

struct unit {
    const char *name;
    enum quantity quantity;
    int power;     /* of ten */
    double factor; /* whole, or one over a whole number where `divides` */
    bool divides;
};

/* Within a quantity from the largest to the smallest: the order of the parts of 1h30m. */
static const struct unit units[] = {
    {"d", QUANTITY_TIME, 9, 86400, false},
    {"h", QUANTITY_TIME, 9, 3600, false},
    {"m", QUANTITY_TIME, 9, 60, false},
    {"s", QUANTITY_TIME, 9, 1, false},
    {"ms", QUANTITY_TIME, 6, 1, false},
    {"us", QUANTITY_TIME, 3, 1, false},
    {"µs", QUANTITY_TIME, 3, 1, false},
    {"ns", QUANTITY_TIME, 0, 1, false},
    {"TB", QUANTITY_BYTES, 12, 1, false},
    {"GB", QUANTITY_BYTES, 9, 1, false},
    {"MB", QUANTITY_BYTES, 6, 1, false},
    {"KB", QUANTITY_BYTES, 3, 1, false},
    {"B", QUANTITY_BYTES, 0, 1, false},
    {"TiB", QUANTITY_BYTES, 0, 1099511627776.0, false},
    {"GiB", QUANTITY_BYTES, 0, 1073741824, false},
    {"MiB", QUANTITY_BYTES, 0, 1048576, false},
    {"KiB", QUANTITY_BYTES, 0, 1024, false},
    {"/s", QUANTITY_RATE, 0, 1, false},
    {"/m", QUANTITY_RATE, 0, 60, true},
    {"/h", QUANTITY_RATE, 0, 3600, true},
    {"bps", QUANTITY_BANDWIDTH, 0, 1, false},
    {"Kbps", QUANTITY_BANDWIDTH, 3, 1, false},
    {"Mbps", QUANTITY_BANDWIDTH, 6, 1, false},
    {"Gbps", QUANTITY_BANDWIDTH, 9, 1, false},
    {"Tbps", QUANTITY_BANDWIDTH, 12, 1, false},
    {"%", QUANTITY_SHARE, -2, 1, false},
    {"", QUANTITY_SHARE, 0, 1, false},
    {"ppm", QUANTITY_FREQUENCY, -6, 1, false},
    {"ppb", QUANTITY_FREQUENCY, -9, 1, false},
    {"USD/GB", QUANTITY_PRICE, -9, 1, false},
    {"USD/TB", QUANTITY_PRICE, -12, 1, false},
    {"USD/GiB", QUANTITY_PRICE, 0, 1073741824, true},
    {"", QUANTITY_NUMBER, 0, 1, false},
};
enum { UNITS = sizeof units / sizeof units[0], NUMBER_MOST = 64 };

size_t number_length(const char *text)
{
    size_t i = 0, digits = 0;

    if (text[i] == '-' || text[i] == '+')
        i++;
    for (; isdigit((unsigned char)text[i]); i++)
        digits++;
    if (text[i] == '.')
        for (i++; isdigit((unsigned char)text[i]); i++)
            digits++;
    if (digits == 0)
        return 0;
    if (text[i] == 'e' || text[i] == 'E') {
        size_t j = i + 1;
        if (text[j] == '-' || text[j] == '+')
            j++;
        if (isdigit((unsigned char)text[j])) {
            while (isdigit((unsigned char)text[j]))
                j++;
            i = j;
        }
    }
    return i;
}

static double converted(const char *number, size_t length, const struct unit *u)
{
    char text[NUMBER_MOST + 16];
    const char *exponent = memchr(number, 'e', length);

    if (exponent == NULL)
        exponent = memchr(number, 'E', length);
    size_t mantissa = exponent != NULL ? (size_t)(exponent - number) : length;
    long power = exponent != NULL ? strtol(exponent + 1, NULL, 10) : 0;
    power = power > 9999 ? 9999 : power < -9999 ? -9999 : power;
    snprintf(text, sizeof text, "%.*se%ld", (int)mantissa, number, power + u->power);
    double value = strtod(text, NULL); /* "C" locale: the program sets no other */
    return u->divides ? value / u->factor : value * u->factor;
}

static const struct unit *unit_find(enum quantity q, const char *name, size_t length)
{
    for (size_t i = 0; i < UNITS; i++)
        if (units[i].quantity == q && strlen(units[i].name) == length &&
            memcmp(units[i].name, name, length) == 0)
            return &units[i];
    return NULL;
}

static void unit_wrong(enum quantity q, const char *text, const char *unit, size_t length, char *why)
{
    const char *noun = quantity_defs[q].noun, *example = quantity_defs[q].example;

    if (length == 0) {
        snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` has no unit: write %s such as %s", text, noun, example);
        return;
    }
    for (size_t i = 0; i < UNITS; i++)
        if (units[i].quantity == q && strlen(units[i].name) == length &&
            strncasecmp(units[i].name, unit, length) == 0) {
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s`: there is no unit `%.*s`; did you mean `%s`?", text,
                     (int)length, unit, units[i].name);
            return;
        }
    snprintf(why, QUANTITY_WHY_BYTES, "`%.40s`: `%.*s` is no unit of %s; write %s such as %s", text,
             (int)(length > 20 ? 20 : length), unit, noun, noun, example);
}

/* The sum of the parts of `text` (one, but for times). */
static bool parts_read(enum quantity q, const char *text, const char *from, double *value, char *why)
{
    const struct unit *before = NULL;
    const char *at = from;

    *value = 0;
    do {
        size_t length = number_length(at);
        if (length == 0 || length > NUMBER_MOST || *at == '-' || *at == '+') {
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is not %s; write it as %s", text,
                     quantity_defs[q].noun, quantity_defs[q].example);
            return false;
        }
        const char *number = at;
        at += length;
        if (*at == ' ')
            at++;
        size_t unit_length = q == QUANTITY_TIME ? strcspn(at, "0123456789.+- ") : strlen(at);
        const struct unit *u = unit_find(q, at, unit_length);
        double part = u != NULL ? converted(number, length, u) : 0;
        if (u == NULL && unit_length == 0 && before == NULL && at[0] == '\0' && strtod(number, NULL) == 0)
            return true; /* 0 needs no unit */
        if (u == NULL) {
            unit_wrong(q, text, at, unit_length, why);
            return false;
        }
        if (before != NULL && u <= before) {
            snprintf(why, QUANTITY_WHY_BYTES,
                     "`%.40s`: the parts of a time go from large to small, as in 1h30m", text);
            return false;
        }
        *value += part;
        before = u;
        at += unit_length;
        if (q == QUANTITY_TIME && *at == ' ' && at[1] != '\0')
            at++;
    } while (*at != '\0');
    return true;
}

static bool odd_number(const char *text)
{
    static const char *const odd[] = {"nan",  ".nan",  "inf",      ".inf",     "+inf",
                                      "-inf", "-.inf", "infinity", "-infinity"};

    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (strcasecmp(text, odd[i]) == 0)
            return true;
    return false;
}

bool quantity_read(enum quantity q, const char *text, bool may_be_negative, double *value, char *why)
{
    const struct quantity_def *def = &quantity_defs[q];
    bool negative = text[0] == '-' && !odd_number(text);

    if (odd_number(text)) {
        snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is not a finite number; write %s such as %s", text,
                 def->noun, def->example);
        return false;
    }
    if (text[0] == '\0') {
        snprintf(why, QUANTITY_WHY_BYTES, "nothing is given here; write %s such as %s", def->noun,
                 def->example);
        return false;
    }
    if (!parts_read(q, text, text + (negative || text[0] == '+' ? 1 : 0), value, why))
        return false;
    if (negative && *value != 0 && !may_be_negative) {
        snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is negative; write %s such as %s", text, def->noun,
                 def->example);
        return false;
    }
    if (!(*value <= def->most)) {
        if (q == QUANTITY_SHARE)
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is more than all; a share is between 0%% and 100%%",
                     text);
        else
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is absurd: more than %s", text,
                     q == QUANTITY_TIME        ? "100 years"
                     : q == QUANTITY_BYTES     ? "1000 TB"
                     : q == QUANTITY_RATE      ? "1e9/s"
                     : q == QUANTITY_BANDWIDTH ? "1000 Tbps"
                     : q == QUANTITY_FREQUENCY ? "100000ppm"
                     : q == QUANTITY_PRICE     ? "1000000 USD/GB"
                                               : "1e15");
        return false;
    }
    if (negative && *value != 0)
        *value = -*value;
    return true;
}

bool whole_read(const char *text, uint64_t *value, char *why)
{
    size_t length = strlen(text);

    *value = 0;
    if (length == 0 || strspn(text, "0123456789") != length) {
        if (text[0] == '-' && length > 1 && strspn(text + 1, "0123456789") == length - 1)
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is negative; write a whole number such as 3", text);
        else
            snprintf(why, QUANTITY_WHY_BYTES,
                     "%s%.40s%s is not a whole number; write it in digits, such as 3", length == 0 ? "" : "`",
                     length == 0 ? "nothing" : text, length == 0 ? "" : "`");
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (*value > (UINT64_MAX - digit) / 10) {
            snprintf(why, QUANTITY_WHY_BYTES, "`%.40s` is absurd: it does not fit into 64 bits", text);
            return false;
        }
        *value = *value * 10 + digit;
    }
    return true;
}

bool unit_split(const char *text, struct unit_split *split)
{
    size_t length = number_length(text);

    if (length == 0 || length > NUMBER_MOST)
        return false;
    const char *unit = text + length + (text[length] == ' ' ? 1 : 0);
    for (size_t i = 0; i < UNITS; i++) {
        const struct unit *u = &units[i];
        if (strcmp(u->name, unit) != 0 || (u->quantity == QUANTITY_SHARE && unit[0] == '\0'))
            continue;
        *split = (struct unit_split){.number = strtod(text, NULL),
                                     .factor = converted("1", 1, u),
                                     .unit = u->name,
                                     .quantity = (int)u->quantity};
        return isfinite(split->number);
    }
    return false;
}
