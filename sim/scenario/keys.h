/* keys.h -- the tables that say what a scenario may hold: the parser, its errors, the schema and `georep
 * list` all come from them. A table describes one map: for each key how it is read, where it goes in the
 * struct that the map is read into, what it is when left out (text, read by the same reader), and one line
 * for people.
 */
#ifndef GEOREP_SCENARIO_KEYS_H
#define GEOREP_SCENARIO_KEYS_H

#include "sim/scenario/units.h"

#include <stdbool.h>
#include <stddef.h>

enum key_kind {                   /* what is stored at `offset` */
                KEY_QUANTITY,     /* double, in the inside unit of `quantity` */
                KEY_TIME,         /* sim_ns */
                KEY_BYTES,        /* uint64_t */
                KEY_WHOLE,        /* uint64_t: a whole number */
                KEY_INTEGER,      /* int64_t: a whole number, may be negative */
                KEY_FLAG,         /* bool */
                KEY_WORD,         /* uint32_t: index in `words` */
                KEY_TEXT,         /* const char * */
                KEY_DISTRIBUTION, /* const struct distribution *, of `quantity` (times or frequency errors) */
                KEY_MAP,          /* a struct: `keys` are its table, offsets are within it */
                KEY_ONE_OF, /* uint32_t: which of `keys`: a bare word, or a map of one key. An alternative
                               with an empty name is a bare scalar */
                KEY_BARE,   /* nothing: an alternative of KEY_ONE_OF that is a word alone */
                KEY_NODE, /* const struct node *: what the world's reader reads itself; `shape` and `keys` for
                             the schema */
                KEY_IGNORED, /* nothing */
                KEY_LATER    /* nothing: refused, with `doc` */
};

enum key_shape {
    SHAPE_ANY,
    SHAPE_LIST,
    SHAPE_LIST_OF_MAPS,
    SHAPE_NAMES_OR_MAPS,
    SHAPE_MAP_OF_MAPS,
    SHAPE_MAP,
    SHAPE_WORD_OR_MAP
};

struct key {
    const char *name; /* NULL ends the table */
    enum key_kind kind;
    enum quantity quantity;
    bool negative, required;
    bool optional; /* KEY_MAP: left out, nothing of it is read, not even its defaults */
    bool choice;   /* of a KEY_NODE that is a map: replaces whole where a scenario extends another */
    enum key_shape shape;
    size_t offset;
    size_t inside; /* KEY_ONE_OF: where in the map's struct the struct of the alternatives' offsets begins */
    const char *by_default;   /* NULL: nothing is stored */
    const char *none;         /* a word that stands for "left out": nothing is stored */
    const char *least, *most; /* inclusive; text, NULL: those of the quantity */
    const char *words;        /* KEY_WORD: separated by | */
    const struct key *keys;
    const char *doc;
};

extern const struct key scenario_keys[], region_keys[], link_keys[], price_keys[], price_link_keys[],
    clock_region_keys[], workload_keys[], mix_keys[], fault_keys[], replications_keys[];

const struct key *key_find(const struct key *keys, const char *name);

#endif
