/* observation_ahead.c -- what the next records are going to look at, asked for ahead.
 *
 * Most time would go by in waiting for what is looked up by key and by write. So a block of records goes
 * through three steps before it is read, each of which asks for what the next one looks at; three blocks are
 * under way at a time. What a record is decides what is asked for, and no processor can guess it: so a step
 * does not branch on it, but makes lists of records that are treated alike. (Of a record of another kind .end
 * is some bytes of its own, which then decide nothing.) */
#include "sim/observe/observation_room.h"

#include "sim/model/model.h"

/* Without a branch, as above. */
static inline uint64_t write_of(const struct history_record *r)
{
    uint64_t stored = -(uint64_t)(r->kind == HISTORY_STORE);

    return (r->op & ~stored) | (r->store.write & stored);
}

enum { WORD = 8 };
#define EACH_BYTE UINT64_C(0x0101010101010101)

/* The top bit of each byte that is not `kind`; neither has one itself. */
static inline uint64_t unlike(uint64_t kinds, uint64_t kind)
{
    return (kinds ^ kind * EACH_BYTE) + 0x7f * EACH_BYTE;
}

/* A bit a byte: of those whose top bit is not set. */
static inline uint32_t bits_of(uint64_t unlike)
{
    return (uint32_t)((~unlike >> 7 & EACH_BYTE) * UINT64_C(0x0102040810204080) >> 56);
}

/* Of a block's kinds a bit each: those that are of a key that is looked up. */
struct keyed {
    uint32_t ends, other; /* END; TAKE and STORE */
};

static inline struct keyed keyed_of(const uint8_t *k)
{
    uint64_t word = k[0] | (uint64_t)k[1] << 8 | (uint64_t)k[2] << 16 | (uint64_t)k[3] << 24 |
                    (uint64_t)k[4] << 32 | (uint64_t)k[5] << 40 | (uint64_t)k[6] << 48 | (uint64_t)k[7] << 56;
    return (struct keyed){.ends = bits_of(unlike(word, HISTORY_END)),
                          .other = bits_of(unlike(word, HISTORY_TAKE) & unlike(word, HISTORY_STORE))};
}

static inline struct keyed keyed_in(const uint8_t *kinds, uint32_t count)
{
    uint8_t padded[AHEAD_BLOCK] = {HISTORY_BEGIN}; /* which is 0, and none of them */
    struct keyed all = {0};

    if (count < AHEAD_BLOCK)
        kinds = memcpy(padded, kinds, count);
    for (uint32_t i = 0; i < AHEAD_BLOCK; i += WORD) {
        struct keyed some = keyed_of(&kinds[i]);
        all.ends |= some.ends << i;
        all.other |= some.other << i;
    }
    return all;
}

void ahead_keys(const struct observation *o, const struct history_batch *b, struct ahead_block *block)
{
    const struct history_entry *entries = &b->entries[block->from];
    const struct keys keys = o->keys;
    struct keyed keyed = keyed_in(&b->kinds[block->from], block->to - block->from);
    uint32_t read = 0, written = 0;

    for (uint32_t ends = keyed.ends; ends != 0; ends &= ends - 1) {
        uint32_t at = (uint32_t)__builtin_ctz(ends);
        const struct history_record *r = &entries[at].record;
        bool writes = r->end.op_kind != GEO_READ;
        keys_expect(&keys, r->key);
        block->read[read] = r;
        block->written[written] = (uint8_t)at;
        read += !writes;
        written += writes;
    }
    for (uint32_t other = keyed.other; other != 0; other &= other - 1) {
        uint32_t at = (uint32_t)__builtin_ctz(other);
        keys_expect(&keys, entries[at].record.key);
        block->written[written++] = (uint8_t)at;
    }
    for (uint32_t n = 0; n < written; n++) {
        uint64_t write = write_of(&entries[block->written[n]].record);
        ledger_expect_write(&o->ledger, write);
        block->write[n] = write;
    }
    block->read_count = read;
    block->written_count = written;
}

/* What a session knows of a key is found by the session, which the operation's BEGIN alone has told; most
 * operations are over so soon that it has not been read yet. */
static void ahead_noted(const struct observation *o, struct ahead_block *block)
{
    block->noted_count = 0;
    for (uint32_t n = 0; n < block->apart_count; n++) {
        const struct history_record *r = block->apart[n];
        const struct operation *op = operations_near(&o->operations, r->op);
        delta_expect(&o->delta, r->key);
        if (op == NULL)
            continue;
        guarantees_expect(&o->guarantees, op);
        block->noted[block->noted_count++] = r->op;
    }
}

void ahead_entries(struct observation *o, const struct history_batch *b, struct ahead_block *block)
{
    const struct history_entry *entries = &b->entries[block->from];
    struct live_write **named = &o->named[block->from];
    const struct key_record *keys = o->keys.records;
    uint32_t busy = 0, apart = 0;

    for (uint32_t n = 0; n < block->read_count; n++) {
        const struct history_record *r = block->read[n];
        const struct key_record *key = &keys[r->key];
        block->busy[busy] = block->apart[apart] = r;
        busy += key->entry != 0;
        apart += ((key->newest ^ r->end.write) | key->notes) != 0;
    }
    for (uint32_t n = 0; n < block->written_count; n++) {
        uint32_t i = block->written[n];
        const struct history_record *r = &entries[i].record;
        const struct key_record *key = &keys[r->key];
        block->busy[busy] = block->apart[apart] = r;
        busy += key->entry != 0;
        apart += r->kind != HISTORY_STORE;
        named[i] = ledger_find(&o->ledger, block->write[n]);
        ledger_expect(named[i]);
    }
    block->busy_count = busy;
    block->apart_count = o->has_notes ? apart : 0;
    for (uint32_t n = 0; n < busy; n++)
        ledger_expect_entry(&o->ledger, block->busy[n]->key);
    ahead_noted(o, block);
}

void ahead_rows(const struct observation *o, const struct ahead_block *block)
{
    for (uint32_t n = 0; n < block->busy_count; n++)
        ledger_expect_row(&o->ledger, block->busy[n]->key, block->busy[n]->node);
    for (uint32_t n = 0; n < block->apart_count; n++)
        delta_expect_clusters(&o->delta, block->apart[n]->key);
    for (uint32_t n = 0; n < block->noted_count; n++) {
        const struct operation *op = operations_near(&o->operations, block->noted[n]);
        if (op != NULL)
            guarantees_expect_note(&o->guarantees, op);
    }
}
