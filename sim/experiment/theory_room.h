/* theory_room.h -- what the parts of theory.h share. Private to them. */
#ifndef GEOREP_EXPERIMENT_THEORY_ROOM_H
#define GEOREP_EXPERIMENT_THEORY_ROOM_H

#include "sim/base/array.h"
#include "sim/experiment/theory.h"

/* 99.99% of a normal distribution is within: what a sampled formula may be off by itself. */
#define THEORY_Z 3.890591886413

/* What theory says, and what the simulation has to set against it; theory_judge.c makes a row of it. */
enum theory_claim_kind { CLAIM_EXACT, CLAIM_MEAN, CLAIM_SHARE, CLAIM_PERCENTILE };

struct theory_claim {
    uint32_t model;
    uint8_t kind;
    char *quantity;
    double theory, least, most; /* theory is sure of no more than least..most; in the unit of metrics.csv */
    struct interval seen;       /* EXACT, MEAN, SHARE: at 95%; of a SHARE the value alone counts */
    double observations;        /* SHARE, PERCENTILE */
    const struct histogram *values; /* PERCENTILE */
    double p;                       /* PERCENTILE */
    bool varies; /* MEAN: by chance, so that replications which are all alike tell nothing of how much */
};

struct theory_rows {
    ARRAY(struct theory_claim) claims;
    ARRAY(struct theory_silence) silences;
};

/* What faults may have changed, and what they cannot have. */
struct theory_faults {
    bool any, clocks_only; /* of clocks only: no fault but a clock's step */
    bool *link;            /* [from * regions + to]: its messages may be late or lost */
    bool *region;          /* a node of it was down for a while, or its clients elsewhere */
    double *load;          /* [region]: the largest factor of its clients' rate */
    bool leader_moves;
};

/* One model of the scenario, while its rows are written. */
struct theory_case {
    const struct scenario *scenario;
    const struct world_def *world;
    const struct gathering *gathering;
    const struct scenario_model *model;
    const struct theory_faults *faults;
    uint32_t index;
    struct theory_rows *rows;
};

/* Parts: each appends its claims. Says why it could not, where a user would expect it to: a text that lives
 * on, or NULL. */
const char *theory_matrix(struct theory_case *c);
const char *theory_queue(struct theory_case *c);
const char *theory_window(struct theory_case *c);
const char *theory_wars(struct theory_case *c);
const char *theory_traffic(struct theory_case *c);
const char *theory_gossip(struct theory_case *c);
const char *theory_stale(struct theory_case *c);
const char *theory_conflicts(struct theory_case *c);

void theory_judge(struct theory *t, struct theory_rows *rows, size_t points);

/* ---- What holds ---- */

bool theory_is_type(const struct theory_case *c, const char *type);
/* A parameter by its name; NULL: the model has none of that name and kind. */
const void *theory_param(const struct theory_case *c, const char *name, enum geo_param_kind kind);
/* The first word of the alternative that was chosen ("<copies>" for a bare number), into `word`. */
bool theory_choice(const struct theory_case *c, const char *name, char *word, size_t room,
                   const geo_choice **choice);
bool theory_choice_is(const struct theory_case *c, const char *name, const char *word);
uint32_t theory_votes(const geo_choice *choice, const char *word, uint32_t n); /* majority|all|one|<copies> */

bool theory_is_constant(const struct distribution *d);   /* NULL is */
bool theory_is_nothing(const struct distribution *d);    /* always 0; NULL is */
bool theory_links_lossless(const struct theory_case *c); /* nothing lost or doubled, no bandwidth */
bool theory_link_constant(const struct theory_case *c);  /* and delays are constant */
bool theory_one_node_each(const struct theory_case *c);
bool theory_no_service(const struct theory_case *c);                /* of any kind */
bool theory_client_ns(const struct theory_case *c, double *rtt_ns); /* false: it is not constant */
/* Open arrivals, each region at home, one try each, registers that are read and written, no faults. */
bool theory_is_plain_open(const struct theory_case *c);
double theory_way_ns(const struct theory_case *c, uint32_t from, uint32_t to); /* a constant link's one way */
/* Per second, without faults; of closed clients the most that it can be. */
double theory_read_rate(const struct theory_case *c, uint32_t region);
double theory_write_rate(const struct theory_case *c, uint32_t region); /* all but reads */

/* Open Poisson arrivals at home, of one try each, that are not refused; no faults but of clocks. Constant
 * links that lose nothing, constant clients, one node a region, nothing served, nothing shipped together.
 * NULL: so it is, else why not. */
const char *theory_is_regular(const struct theory_case *c);

bool theory_clocks_true(const struct theory_case *c); /* always, of all nodes */

/* ---- Keys, if all regions choose them alike and by chance alone ---- */

struct theory_key_class {
    double count, chance; /* keys; of an operation to be on one of them */
};

struct theory_keys {
    ARRAY(struct theory_key_class) classes; /* the chances of all keys add up to 1 */
};
bool theory_keys_open(struct theory_keys *k,
                      const struct theory_case *c); /* false: they do not; close it too */
void theory_keys_close(struct theory_keys *k);
/* The chance that two operations are on the same key: the sum of p^2; 1 where that is not known. */
double theory_alike(const struct theory_case *c);

void theory_faults_open(struct theory_faults *f, const struct world_def *w);
void theory_faults_close(struct theory_faults *f);

/* ---- Draws of its own: splitmix64 (Steele, Lea, Flood, OOPSLA 2014) turned into draws by inversion; nothing
 * of the simulator's way of drawing. ---- */

struct theory_luck {
    uint64_t state;
};
double theory_unit(struct theory_luck *l); /* in (0, 1) */
double theory_draw(struct theory_luck *l, const struct distribution *d);
double theory_draw_least_0(struct theory_luck *l, const struct distribution *d); /* NULL: 0 */
double theory_draw_way(struct theory_luck *l, const struct link_def *link);      /* one way */

/* ---- Beside the simulation. `about` is the quantity's name and becomes the row's; theory is sure that it is
 * in least..most, and says `theory`. ---- */

/* A mean of a client region. `exact`: every replication gives the same. */
void theory_put_mean(struct theory_case *c, enum metric_id metric, uint32_t region, double theory_ns,
                     double least_ns, double most_ns, bool exact, char *about);
/* A figure of the whole world, in the unit of metrics.csv. */
void theory_put_figure(struct theory_case *c, enum metric_id metric, enum statistic_id statistic,
                       double theory, double least, double most, char *about);
/* The least events that a replication is to have in the mean where theory counts them: of fewer the mean over
 * few replications is not normal enough for Student's interval. */
#define THEORY_EVENTS 30
/* A share of the probes of `after[at]`; p is off by at most `error`. */
void theory_put_visibility(struct theory_case *c, uint32_t at, double p, double error, char *about);
/* The percentile p of a metric of all regions: theory's is in low..high. */
void theory_put_percentile(struct theory_case *c, enum metric_id metric, double p, double theory_ns,
                           double low_ns, double high_ns, char *about);
char *theory_about(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
