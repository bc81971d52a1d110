/* replica.h -- one node's memory, as a model sees it through the verbs of model.h. Private to the trial. */
#ifndef GEOREP_TRIAL_REPLICA_H
#define GEOREP_TRIAL_REPLICA_H

#include "sim/trial/trial.h"
#include "sim/world/world.h"

/* Rows, or a log, of a model. */
struct store {
    const geo_store_def *def;
    uint32_t record_bytes;
    uint8_t kind; /* the definition's */
    unsigned char *rows;
    size_t rows_bytes;
    unsigned char *records; /* of a log: a ring */
    uint64_t first, last, capacity;
};

struct geo_replica {
    struct trial *trial;
    geo_node node;
    struct node *here; /* what the world has of it */
    void *state;
    unsigned char *peers;
    unsigned char *values; /* one packed row a key, see replica.c: in the trial's table */
    struct store *stores;
};

struct trial {
    struct trial_def def;
    struct world world;
    geo_replica *replicas;
    unsigned char *values; /* [node][key], the nodes values_stride apart */
    size_t values_bytes, values_stride;
    uint32_t store_count, value_row_bytes;
    uint32_t peer_stride;
    random_key choice_key;
    const char **message_names;
    sim_ns *due_ns;
    geo_ns priority; /* of the write that a model is about to take: */
    geo_write priority_of;
    bool (*agreed)(void *);
    void *agreed_argument;
};

void replica_open(geo_replica *r, struct trial *t, geo_node node);
void replica_close(geo_replica *r);
void replica_lose(geo_replica *r, uint8_t lose); /* enum history_lose */

/* Does the node have a request of the operation pending? */
static inline bool replica_has_pending(const geo_replica *r, const struct operation *one)
{
    return one->pending != NULL && one->pending_node == r->node && one->pending_epoch == r->here->epoch;
}

uint32_t replica_value_row_bytes(uint8_t data);
bool replica_keeps(const geo_store_def *def, uint8_t data); /* in a world of that data */
uint32_t replica_record_bytes(const geo_store_def *def, uint32_t nodes);

#endif
