/* model.h -- the contract between the simulator and a replication model: all that a model may include.
 *
 * A model is a set of handlers and a table of typed parameters. The engine calls the handlers one at a time,
 * at one instant of simulated time, and they run to completion: they send, arm timers, read and write their
 * stores, reply. They do not block, allocate, print, or ask the machine for time or chance. All memory is the
 * engine's: declared by size, zeroed, wiped by a crash and counted. A handler touches its own replica alone;
 * all that crosses from node to node is a message.
 *
 * A write's way: the client's request() arrives at the node of its region; some node *takes* the write (gives
 * it its place: a stamp, a log position, a dot) and says so with geo_take(); replicas store it (geo_store) or
 * merge it (geo_merged); the node that had the request answers with geo_reply(), and the write is *committed*
 * when its client hears of it. Whoever answers a read hands over the values it was made from, each with the
 * sample (which replica, at which instant) that geo_stored() or geo_sampled() put on it: from these the
 * observer tells what the read missed.
 *
 * Wire bytes: a message declares its payload (a value has op->value_bytes; version vectors and the like count
 * what they need). Identity, key, stamp and headers are `network.overhead`, which the network adds to every
 * message.
 */
#ifndef GEOREP_MODEL_H
#define GEOREP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEO_ABI 4u

typedef int64_t geo_ns; /* nanoseconds */
typedef uint32_t geo_node;
typedef uint32_t geo_region;
typedef uint64_t geo_key;

/* An operation: its client's region (bits 63..48), probe flag (bit 47), that region's count (46..8) and, with
 * `retry_as: new`, which identity of it (7..0). Never 0. A write's identity is that of its operation. */
typedef uint64_t geo_op_id;
typedef uint64_t geo_write; /* 0: the value from before the start */
typedef uint64_t geo_timer; /* 0: none */

typedef struct geo_replica geo_replica; /* one node's view of the engine; of no use outside a handler */
typedef struct geo_distribution geo_distribution;

enum geo_kind {
    GEO_READ,
    GEO_WRITE,
    GEO_UPDATE,
    GEO_INCREMENT,
    GEO_DECREMENT,
    GEO_ADD,
    GEO_REMOVE,
    GEO_KINDS
};
enum geo_data { GEO_REGISTER, GEO_COUNTER, GEO_SET, GEO_DATA };
enum geo_outcome { GEO_OK, GEO_NO, GEO_REFUSED, GEO_THROTTLED };
enum geo_lost { GEO_FIRST_START, GEO_LOST_MEMORY, GEO_LOST_DISK };
enum geo_service { GEO_NO_SERVICE, GEO_SERVE_READ, GEO_SERVE_WRITE, GEO_SERVE_APPLY };
enum geo_leg { GEO_NO_LEG, GEO_LEG_WRITE, GEO_LEG_ACK, GEO_LEG_READ, GEO_LEG_RESPONSE, GEO_LEGS };
enum geo_counter { GEO_DEAD_LETTERS, GEO_THROTTLES, GEO_SIBLINGS, GEO_COUNTERS };

/* The items of a set that `add` and `remove` name: 0 .. GEO_SET_ITEMS-1, as bits of geo_value.members.
 * A plain `write` adds an element that nobody else adds (fresh); nothing removes those. */
#define GEO_SET_ITEMS 16

/* The order of versions: by stamp, then by identity (whose highest bits are the client's region: ties by
 * region). A stamp alone is no identity: a clock that steps back gives it twice, and one that is behind may
 * show less than 0. {0, 0} is the value from before the start: older than any write. */
typedef struct geo_version {
    geo_ns stamp;
    geo_write write;
} geo_version;

/* Which replica state a value was read from: the engine's stamp, never made by a model. */
typedef struct geo_sample {
    uint64_t instant; /* position in the order of all that happened */
    geo_node node;
    uint32_t taken; /* 0: no sample */
} geo_sample;

/* What a key holds, whatever the type of the data. */
typedef struct geo_value {
    geo_version version;
    int64_t number;   /* of a counter, the initial value included */
    uint64_t members; /* of a set: the named items in it */
    uint64_t fresh;   /* of a set: digest of its fresh elements, whatever their order */
    geo_sample sample;
} geo_value;

typedef struct geo_op {
    geo_op_id id;
    geo_write write; /* = id; 0 for a read */
    geo_key key;
    int64_t amount;    /* of increment and decrement */
    uint64_t token[2]; /* what the session brought along: zeros at its first operation */
    uint32_t value_bytes;
    uint32_t session;
    geo_region client; /* region of the client */
    uint8_t kind;      /* enum geo_kind */
    uint8_t data;      /* enum geo_data */
    uint8_t item;      /* of add and remove */
    uint8_t attempt;   /* 0, then the retries */
    bool is_probe;     /* takes no place in an order; never repair from it */
} geo_op;

typedef struct geo_answer {
    uint8_t outcome;         /* enum geo_outcome */
    uint32_t value_count;    /* a read: the replica states used; their union is what it reflects */
    const geo_value *values; /* several values with different versions are siblings */
    uint64_t token[2];       /* what the session takes along: of each word, the largest it has met */
} geo_answer;

typedef struct geo_message {
    geo_node from;
    uint32_t type;    /* index into the model's messages */
    geo_op_id op;     /* the operation it was sent for, 0: none */
    const void *body; /* valid until the handler returns */
    size_t body_bytes;
} geo_message;

/* A type of message: for traces, for WARS legs, and for the receiver's service queue: with a service, the
 * handler is called when the receiver has served it. A list of these ends with a NULL name. */
typedef struct geo_message_def {
    const char *name;
    uint8_t leg;     /* enum geo_leg */
    uint8_t service; /* enum geo_service */
} geo_message_def;

/* Rows: one record for each key, zeroed at first use. Log: records at consecutive positions from 1, cut at
 * both ends. What is durable outlives a crash that loses memory: store it after the WRITE service that makes
 * it so. Ends with a NULL name. */
enum geo_store_kind { GEO_ROWS, GEO_LOG };
typedef struct geo_store_def {
    const char *name;
    uint8_t kind;
    bool durable;
    uint32_t record_bytes;
    uint32_t record_bytes_per_node; /* added, times the number of nodes */
    uint32_t data;                  /* kept for these data alone, 1u << enum geo_data each; 0: for all */
} geo_store_def;

/* How a message goes. */
typedef struct geo_out {
    uint32_t type;
    uint32_t lane; /* 0: any server; else served one at a time, in order of arrival, with all of its lane */
    uint64_t wire_bytes; /* payload */
    geo_op_id op;        /* the operation it belongs to: keys its luck; 0: none (a batch, a heartbeat) */
} geo_out;

/* Parameters. Defaults and bounds are text, read by the scenario's own parser: documents, schema and parser
 * cannot differ. A name with a dot is a key of a nested map (`failover.after`). Ends with a NULL name.
 *
 * GEO_PARAM_CHOICE reads one of `choices`, alternatives separated by '|', into a geo_choice:
 *     word              the word                     local|leader
 *     word <time>       a map {word: 5s}             bounded <time>
 *     word <versions>   a map {word: 100 versions}   bounded <versions>
 *     word <count>      a map {word: 3}              counter <count>
 *     <copies>          a bare whole number
 *     <regions>         a list of regions
 */
enum geo_param_kind {
    GEO_PARAM_INTEGER,      /* int64_t */
    GEO_PARAM_SHARE,        /* double */
    GEO_PARAM_TIME,         /* geo_ns */
    GEO_PARAM_BYTES,        /* uint64_t */
    GEO_PARAM_FLAG,         /* bool */
    GEO_PARAM_REGION,       /* geo_region; default "first": the first region that has nodes */
    GEO_PARAM_CHOICE,       /* geo_choice */
    GEO_PARAM_DISTRIBUTION, /* const geo_distribution *, of times; default "none": NULL */
    GEO_PARAM_KINDS
};
#define GEO_REGIONS_MOST 256
typedef struct geo_choice {
    uint32_t index; /* which alternative */
    int64_t number; /* copies, versions, a count or nanoseconds */
    uint64_t regions[GEO_REGIONS_MOST / 64];
} geo_choice;
typedef struct geo_param {
    const char *name;
    uint8_t kind;
    uint32_t offset;          /* into the model's config */
    const char *by_default;   /* YAML text */
    const char *least, *most; /* inclusive; NULL: none */
    const char *choices;
    const char *doc; /* one line, with what 0 or the default means */
} geo_param;

/* Where a key lives. */
enum geo_placement_kind {
    GEO_ONE_COPY,   /* one node of one region */
    GEO_PER_REGION, /* one node of each region that has nodes (by the key's hash) */
    GEO_PER_NODE    /* `copies` nodes (0: all), spread over the regions */
};
typedef struct geo_placement {
    uint8_t kind;
    uint32_t copies;
    geo_region region; /* of ONE_COPY */
} geo_placement;

/* The promise: which checks it claims under its parameters. Bits in the order of `georep list checks`. */
enum geo_check {
    GEO_LINEARIZABLE,
    GEO_SEQUENTIAL,
    GEO_CAUSAL,
    GEO_READ_YOUR_WRITES,
    GEO_MONOTONIC_READS,
    GEO_MONOTONIC_WRITES,
    GEO_WRITES_FOLLOW_READS,
    GEO_BOUNDED_STALENESS,
    GEO_EVENTUAL,
    GEO_STRONG_EVENTUAL,
    GEO_NOTHING_LOST,
    GEO_CHECKS
};
typedef struct geo_promise {
    uint64_t checks; /* UINT64_C(1) << enum geo_check */
    geo_ns stale_ns_max;
    uint64_t stale_versions_max;
} geo_promise;

/* What a model's check, placement and promise may know of the scenario. */
typedef struct geo_setting {
    uint32_t regions, nodes; /* regions that have nodes; nodes of all */
    uint8_t data;            /* enum geo_data */
    bool retries;            /* some clients try again under the same identity */
} geo_setting;

/* What a write that is taken twice, with others in between, may break. A strategy that does not know every
 * identity it has met promises none of it where clients try again. */
#define GEO_BROKEN_BY_REPETITION                                                                             \
    (UINT64_C(1) << GEO_LINEARIZABLE | UINT64_C(1) << GEO_SEQUENTIAL | UINT64_C(1) << GEO_CAUSAL |           \
     UINT64_C(1) << GEO_READ_YOUR_WRITES | UINT64_C(1) << GEO_MONOTONIC_READS |                              \
     UINT64_C(1) << GEO_MONOTONIC_WRITES | UINT64_C(1) << GEO_WRITES_FOLLOW_READS |                          \
     UINT64_C(1) << GEO_BOUNDED_STALENESS)

/* How "reflects" is told (semantics, A). BY_ORDER: replicas hold one version a key and the larger version
 * wins, so a replica reflects all versions up to the one it holds. BY_MERGE: the stamp of a taken write is
 * the taking node's count of its writes to that key (1, 2, ...), and a replica reflects what geo_merged()
 * said. */
enum geo_reflects { GEO_BY_ORDER, GEO_BY_MERGE };

typedef struct geo_model {
    uint32_t abi, model_bytes,
        param_bytes; /* GEO_ABI, sizeof (geo_model), sizeof (geo_param): compared first */
    const char *name, *summary;
    uint8_t reflects;
    const geo_param *params;
    const geo_message_def *messages;
    const geo_store_def *stores; /* NULL: only the table of values that every model has */
    uint32_t config_bytes;
    uint32_t state_bytes;               /* of each replica, volatile */
    uint32_t peer_bytes;                /* of each replica, for each node; volatile */
    uint32_t pending_bytes;             /* of each operation at the node that had its request; volatile */
    uint32_t pending_bytes_per_replica; /* added, times the replicas of a key */
    uint32_t legs[GEO_LEGS + 1]; /* offsets in config of the delays by leg, then of what is added for remote
                                    replicas; 0: none */
    const char *(*check)(const void *config,
                         const geo_setting *s); /* NULL, or what is wrong and what would be right */
    geo_placement (*placement)(const void *config, const geo_setting *s);
    geo_promise (*promise)(const void *config, const geo_setting *s);
    void (*start)(geo_replica *r,
                  enum geo_lost lost); /* at time 0, and after a crash that lost something; optional */
    void (*request)(geo_replica *r, const geo_op *op);
    void (*message)(geo_replica *r, const geo_message *m);
    void (*timer)(geo_replica *r, uint32_t type, uint64_t arg); /* optional */
    void (*expire)(geo_replica *r, const geo_op *op); /* its client gave up; pending still there; optional */
    void (*switchover)(geo_replica *r,
                       geo_region to);   /* a planned change of leader, told to every node; optional */
    bool (*forgets)(const void *config); /* may it call geo_forget? The observer then keeps what it would let
                                            go; optional: no */
} geo_model;

/* A plug-in exports this symbol: const geo_model *geo_plugin(void). */
#define GEO_PLUGIN_SYMBOL "geo_plugin"

/* Ask. */
geo_node geo_self(const geo_replica *r);
geo_region geo_region_of(const geo_replica *r, geo_node n);
uint32_t geo_nodes(const geo_replica *r);   /* all nodes are 0 .. geo_nodes - 1 */
uint32_t geo_regions(const geo_replica *r); /* all regions, those without nodes too */
uint64_t geo_keys(const geo_replica *r);    /* keys are 0 .. geo_keys - 1 */
enum geo_data geo_data_of(const geo_replica *r);
uint32_t geo_holders(const geo_replica *r, geo_key key, geo_node *out,
                     uint32_t room); /* the replicas of a key, in a fixed order; how many */
geo_node geo_holder_in(
    const geo_replica *r, geo_key key,
    geo_region region); /* the node of a region that the key hashes to (whether or not it is a replica) */
bool geo_reliable(const geo_replica *r); /* transport tcp: what is sent arrives, unless a node restarts */
uint32_t geo_incarnation(const geo_replica *r); /* how often this node has lost its disk */
const void *geo_config(const geo_replica *r);
geo_ns geo_now(const geo_replica *r);         /* the node's clock: offset, drift, steps back too */
geo_ns geo_steady(const geo_replica *r);      /* its oscillator since start: drifts, never steps */
geo_ns geo_uncertainty(const geo_replica *r); /* as TrueTime answers: true time is within geo_now +- this */
double geo_chance(geo_replica *r,
                  uint64_t about); /* uniform in (0,1): a function of (model's purpose, node, about) */
geo_ns geo_delay_draw(geo_replica *r, const geo_distribution *d, uint64_t about);

/* Keep. Pointers are valid until the handler returns. */
void *geo_state(geo_replica *r);
void *geo_peer(geo_replica *r, geo_node n);
void *geo_pending(geo_replica *r,
                  geo_op_id id); /* at the node that had the request, until geo_reply; else NULL */
void *geo_row(geo_replica *r, uint32_t store, geo_key key);
uint64_t geo_log_append(geo_replica *r, uint32_t store, const void *record); /* its position, from 1 */
void *geo_log_at(geo_replica *r, uint32_t store,
                 uint64_t position); /* NULL outside first..last; until the next append to it */
uint64_t geo_log_first(const geo_replica *r,
                       uint32_t store); /* position of the oldest kept; last + 1 when empty */
uint64_t geo_log_last(const geo_replica *r, uint32_t store); /* 0 when nothing was ever appended */
void geo_log_cut(geo_replica *r, uint32_t store, uint64_t first,
                 uint64_t last); /* keeps first..last only; an empty log goes on at last + 1 */

/* The table of values that every model has: durable, one geo_value a key; starts as the initial value,
 * version {0, 0}. */
geo_value geo_stored(geo_replica *r, geo_key key);        /* with a sample of now */
bool geo_store(geo_replica *r, geo_key key, geo_value v); /* BY_ORDER: keeps the newer; false: v was refused.
                                                             Tells the observer. BY_MERGE: see geo_merged */
void geo_forget(geo_replica *r, geo_key key); /* BY_ORDER, of a model that `forgets`: the initial value again,
                                                 whatever was stored (a rollback). Tells the observer */
geo_sample geo_sampled(geo_replica *r, geo_key key); /* of now, for state kept elsewhere than in the table */

/* Do. */
void geo_send(geo_replica *r, geo_node to, geo_out how, const void *body,
              size_t body_bytes); /* to itself: no network, only the service */
void geo_send_many(geo_replica *r, const geo_node *to, uint32_t count, geo_out how, const void *body,
                   size_t body_bytes);
void geo_send_last(geo_replica *r, geo_node to, geo_out how, const void *body,
                   size_t body_bytes); /* geo_send, and the last that the handler does: to itself, what comes
                                          next may then be handed over before this returns */
geo_timer geo_arm(geo_replica *r, geo_ns after, uint32_t type, uint64_t arg);
bool geo_disarm(geo_replica *r, geo_timer t);
void geo_reply(
    geo_replica *r, geo_op_id id,
    const geo_answer *a); /* at the node that had the request; a second one, or a late one, does nothing */
geo_op_id geo_op_open(const geo_replica *r,
                      geo_op_id id); /* id while its request waits here for geo_reply, else 0 */

/* Tell the observer. */
void geo_take(geo_replica *r, const geo_op *op, geo_version v); /* this node gives the write its place */
void geo_takes_by(geo_replica *r, const geo_op *op,
                  geo_ns priority); /* BY_MERGE, before geo_take: the stamp by which it will win or lose */
void geo_made_from(geo_replica *r, const geo_op *op,
                   geo_version seen); /* before geo_take: it was made with a value that was not read here */
void geo_merged(geo_replica *r, geo_key key, geo_node origin,
                uint64_t upto); /* BY_MERGE: reflects origin's first `upto` writes to key */
void geo_answers(geo_replica *r, geo_key key,
                 uint64_t digest); /* BY_MERGE: what a read of key here would answer has changed */
void geo_dropped(
    geo_replica *r, geo_key key, geo_write loser,
    geo_write winner); /* BY_MERGE: let go of a write for another (a register that merges by time) */
void geo_leads(geo_replica *r, uint32_t group, uint64_t term,
               bool yes); /* this node leads the group in this term from now on, or no more. Said again after
                             a restart that lost memory */
void geo_count(geo_replica *r, enum geo_counter counter, uint64_t by);

/* Order of versions, and what an operation makes of a value: the same for every strategy that does not merge.
 * geo_value_after returns false for a decrement that would go below zero (answer GEO_NO); the version is the
 * caller's. */
static inline bool geo_newer(geo_version a, geo_version b)
{
    if (a.write == 0 || b.write == 0)
        return a.write != 0 && b.write == 0;
    return a.stamp != b.stamp ? a.stamp > b.stamp : a.write > b.write;
}
bool geo_value_after(geo_value *value, const geo_op *op);
uint64_t geo_value_digest(const geo_value *value, uint8_t data); /* what a read would answer, as one number */

#endif
