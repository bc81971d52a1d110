/* observation_ahead.c -- what the next records are going to look at, asked for ahead.
 *
 * Most time would go by in waiting for what is looked up by key and by write. So a block of records goes
 * through three steps before it is read, each of which asks for what the next one looks at; three blocks are
 * under way at a time. What a record is decides what is asked for, and no processor can guess it: so a step
 * does not branch on it, but makes lists of records that are treated alike. (Of a record of another kind .end
 * is some bytes of its own, which then decide nothing.) */
#include "sim/observe/observation_room.h"

#include "sim/model/model.h"

static const uint8_t of_a_key[HISTORY_KINDS] = {[HISTORY_END] = 1, [HISTORY_TAKE] = 1, [HISTORY_STORE] = 1};

/* Without a branch, as above. */
static inline uint64_t write_of(const struct history_record *r)
{
    const uint64_t *of[2] = {&r->op, &r->store.write};

    return *of[r->kind == HISTORY_STORE];
}

void ahead_keys(const struct observation *o, const struct history_batch *b, struct ahead_block *block)
{
    const struct history_entry *entries = b->entries;
    const struct keys keys = o->keys;
    const uint8_t *kinds = b->kinds;
    uint32_t keyed_count = 0, read = 0, written = 0;
    uint16_t keyed[AHEAD_BLOCK];

    for (uint32_t i = block->from, to = block->to; i < to; i++) {
        keyed[keyed_count] = (uint16_t)i;
        keyed_count += of_a_key[kinds[i]];
    }
    for (uint32_t n = 0; n < keyed_count; n++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.ArraySubscript): each step adds one at most */
        const struct history_record *r = &entries[keyed[n]].record;
        bool writes = (r->kind != HISTORY_END) | (r->end.op_kind != GEO_READ);
        keys_expect(&keys, r->key);
        block->read[read] = r;
        block->written[written] = keyed[n];
        read += !writes;
        written += writes;
    }
    for (uint32_t n = 0; n < written; n++)
        ledger_expect_write(&o->ledger, write_of(&b->entries[block->written[n]].record));
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
    const struct key_record *keys = o->keys.records;
    uint32_t busy = 0, apart = 0;

    for (uint32_t n = 0; n < block->read_count; n++) {
        const struct history_record *r = block->read[n];
        const struct key_record *key = &keys[r->key];
        block->busy[busy] = block->apart[apart] = r;
        busy += key->entry != 0;
        apart += (key->newest != r->end.write) | (key->notes != 0);
    }
    for (uint32_t n = 0; n < block->written_count; n++) {
        uint16_t i = block->written[n];
        const struct history_record *r = &b->entries[i].record;
        const struct key_record *key = &keys[r->key];
        block->busy[busy] = block->apart[apart] = r;
        busy += key->entry != 0;
        apart += (r->kind == HISTORY_END) | ((r->kind == HISTORY_TAKE) & (key->notes != 0));
        o->named[i] = ledger_find(&o->ledger, write_of(r));
        ledger_expect(o->named[i]);
    }
    block->busy_count = busy;
    block->apart_count = apart;
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
