/* units.h -- quantities: a number with its unit, as a user writes it, to the unit that is used inside. */
#ifndef GEOREP_SCENARIO_UNITS_H
#define GEOREP_SCENARIO_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quantity {
    QUANTITY_TIME,      /* to ns: 250us 80ms 1h30m */
    QUANTITY_BYTES,     /* 512B 2KB 4KiB */
    QUANTITY_RATE,      /* to 1/s: 100/s 5/m */
    QUANTITY_BANDWIDTH, /* to bit/s: 1Gbps */
    QUANTITY_SHARE,     /* to 0..1: 0.1% or 0.001 */
    QUANTITY_FREQUENCY, /* to a ratio: 20ppm */
    QUANTITY_PRICE,     /* to USD a byte: 0.02 USD/GB */
    QUANTITY_NUMBER,    /* no unit */
    QUANTITIES
};

struct quantity_def {
    const char *noun;    /* "a time" */
    const char *example; /* "80ms, 1.5s or 2m" */
    const char *pattern; /* of the JSON Schema: what such a text looks like */
    double least, most;  /* the sane range, inside units; signed ones take -most too */
};
extern const struct quantity_def quantity_defs[QUANTITIES];

enum { QUANTITY_WHY_BYTES = 256 };

/* Reads all of `text`. False: `why` says what is wrong and what would be right. The range is that of
 * quantity_defs; what is below 0 is refused unless may_be_negative. Correctly rounded: 80.1ms is 80100000 ns
 * exactly. */
bool quantity_read(enum quantity q, const char *text, bool may_be_negative, double *value, char *why);

/* A whole number, digits alone. */
bool whole_read(const char *text, uint64_t *value, char *why);

/* The length of a decimal number at the start of `text` (sign, digits, point, exponent), 0 if there is none.
 */
size_t number_length(const char *text);

/* Splits "1.5ms" into number and unit for a sweep; false where it is not one number with one unit. `factor`
 * is what one of the unit is in the inside unit of its quantity; units of two quantities are never `same`. */
struct unit_split {
    double number, factor;
    const char *unit; /* static; "" none */
    int quantity;     /* enum quantity, QUANTITY_NUMBER without unit */
};
bool unit_split(const char *text, struct unit_split *split);

#endif
