/* theory_wars.c -- partial quorums: Bailis et al.'s formula (Probabilistically bounded staleness, VLDB 2012),
 * sampled.
 *
 * For each replica W, A, R, S are drawn (and `remote` for each message to and from all replicas but one,
 * which one by a draw for each operation). A write is acknowledged at w, the W-th smallest of W_i + A_i; a
 * read is answered at the R-th smallest of R_i + S_i, and misses the write if none of its first R replicas
 * has w + C + t + R_i >= W_i, with C the client's round trip between acknowledgement and probe.
 *
 * 2^17 trials; their own error, at 99.99%, is in the comparison.
 *
 * Assumed: all four legs given, no level, no service times, constant client delays; uniform keys, so many
 * that another write (or a read that repairs) of the key seldom comes before the write is everywhere: that
 * probability is allowed as an error, and above 1% silences this. So does a write that waits for its handoff
 * in more than a 1e-4 of the trials. */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS = 1 << 17, COPIES_MOST = 64 };

struct wars {
    uint32_t n, r, w;
    const struct distribution *write, *ack, *read, *response, *remote;
    double client_ns;
    struct theory_luck luck;
    double *reads, *writes,
        *visible;         /* [TRIALS]: latencies, and the least t at which the read sees the write */
    uint64_t late;        /* writes that some replica had not acknowledged by handoff_after */
    double everywhere_ns; /* mean time until the write is at every replica */
};

static double leg(struct wars *x, const struct distribution *d, bool far)
{
    return theory_draw_least_0(&x->luck, d) + (far ? theory_draw_least_0(&x->luck, x->remote) : 0);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void trial(struct wars *x, uint32_t at, double handoff_ns)
{
    double arrives[COPIES_MOST], acked[COPIES_MOST], asked[COPIES_MOST], answered[COPIES_MOST],
        sorted[COPIES_MOST];
    uint32_t n = x->n, near_write = (uint32_t)(theory_unit(&x->luck) * n),
             near_read = (uint32_t)(theory_unit(&x->luck) * n);
    bool has_far = x->remote != NULL;
    double last = 0;

    for (uint32_t i = 0; i < n; i++) {
        arrives[i] = leg(x, x->write, has_far && i != near_write);
        acked[i] = arrives[i] + leg(x, x->ack, has_far && i != near_write);
        asked[i] = leg(x, x->read, has_far && i != near_read);
        answered[i] = asked[i] + leg(x, x->response, has_far && i != near_read);
        last = fmax(last, arrives[i]);
    }
    /* cppcheck-suppress uninitvar ; there are as many as votes, at least 1 */
    memcpy(sorted, acked, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    double told = sorted[x->w - 1];
    x->late += sorted[n - 1] > handoff_ns;
    /* cppcheck-suppress uninitvar ; there are as many as votes, at least 1 */
    memcpy(sorted, answered, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_size);
    double heard = sorted[x->r - 1], visible = INFINITY;
    for (uint32_t i = 0; i < n; i++)
        if (answered[i] <= heard)
            visible = fmin(visible, arrives[i] - asked[i] - told - x->client_ns);
    x->writes[at] = x->client_ns + told;
    x->reads[at] = x->client_ns + heard;
    x->visible[at] = visible;
    x->everywhere_ns += last / TRIALS;
}

static bool votes(const struct theory_case *c, const char *name, uint32_t n, uint32_t *out)
{
    const geo_choice *choice;
    char word[32];

    if (!theory_choice(c, name, word, sizeof word, &choice))
        return false;
    *out = theory_votes(choice, word, n);
    return *out >= 1 && *out <= n;
}

static bool has_legs(const struct theory_case *c)
{
    const geo_distribution *const *d = theory_param(c, "wars.write", GEO_PARAM_DISTRIBUTION);

    return d != NULL && *d != NULL;
}

static bool read_model(const struct theory_case *c, struct wars *x)
{
    static const char *const names[] = {"wars.write", "wars.ack", "wars.read", "wars.response",
                                        "wars.remote"};
    const struct distribution **legs[] = {&x->write, &x->ack, &x->read, &x->response, &x->remote};
    const geo_choice *n, *level;
    uint32_t nodes = 0;
    char word[32];

    for (size_t i = 0; i < 5; i++) {
        const geo_distribution *const *d = theory_param(c, names[i], GEO_PARAM_DISTRIBUTION);
        *legs[i] = d != NULL ? (const struct distribution *)*d : NULL;
        if (i < 4 && *legs[i] == NULL)
            return false;
    }
    for (uint32_t r = 0; r < c->world->region_count; r++)
        nodes += c->world->regions[r].nodes;
    if (!theory_choice(c, "level", word, sizeof word, &level) || strcmp(word, "none") != 0 ||
        !theory_choice(c, "ask", word, sizeof word, &level) || strcmp(word, "all") != 0 ||
        !theory_choice(c, "n", word, sizeof word, &n))
        return false;
    x->n = strcmp(word, "all") == 0 ? nodes : (uint32_t)n->number;
    return x->n <= COPIES_MOST && votes(c, "r", x->n, &x->r) && votes(c, "w", x->n, &x->w);
}

/* What else may change the key before the write is everywhere, per second. */
static bool interference(const struct theory_case *c, double *per_s)
{
    const bool *repair = theory_param(c, "repair", GEO_PARAM_FLAG);
    const geo_ns *anti_entropy = theory_param(c, "anti_entropy", GEO_PARAM_TIME);
    double rate = 0;

    if (repair == NULL || anti_entropy == NULL || *anti_entropy != 0)
        return false;
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients > 0 && (w->keys != KEYS_UNIFORM || w->local_share > 0 || w->own_share > 0))
            return false;
        rate += theory_write_rate(c, r) + (*repair ? theory_read_rate(c, r) : 0);
    }
    *per_s = rate / (double)c->world->key_count;
    return true;
}

static double at_share(const double *sorted, double p)
{
    double at = ceil(p * TRIALS) - 1;

    return sorted[(size_t)fmin(fmax(at, 0), TRIALS - 1)];
}

static void put_latencies(struct theory_case *c, enum metric_id metric, double *values)
{
    static const double shares[] = {0.5, 0.99, 0.999};
    static const char *const names[] = {"p50", "p99", "p999"};

    qsort(values, TRIALS, sizeof *values, by_size);
    for (int i = 0; i < 3; i++) {
        double p = shares[i], d = THEORY_Z * sqrt(p * (1 - p) / TRIALS);
        theory_put_percentile(c, metric, p, at_share(values, p), at_share(values, p - d),
                              at_share(values, p + d),
                              theory_about("wars: %s.%s", metric_defs[metric].name, names[i]));
    }
}

static void put_visibility(struct theory_case *c, const struct wars *x, double error)
{
    for (uint32_t i = 0; i < c->world->probes.after_count; i++) {
        double after = (double)c->world->probes.after[i];
        uint64_t stale = 0;
        for (uint32_t k = 0; k < TRIALS; k++)
            stale += x->visible[k] > after;
        double p = (double)stale / TRIALS, own = THEORY_Z * sqrt(p * (1 - p) / TRIALS) + 1.0 / TRIALS;
        theory_put_visibility(c, i, p, error + own, theory_about("wars: p_stale at %g ms", after / 1e6));
    }
}

const char *theory_wars(struct theory_case *c)
{
    const bool *handoff = theory_param(c, "handoff", GEO_PARAM_FLAG);
    const geo_ns *handoff_after = theory_param(c, "handoff_after", GEO_PARAM_TIME);
    struct wars x = {.luck = {1}};
    double per_s;

    if (!theory_is_type(c, "quorum") || handoff == NULL || handoff_after == NULL || !has_legs(c))
        return NULL;
    if (!theory_is_plain_open(c))
        return "it needs registers, open arrivals at home and a run without faults";
    if (!theory_no_service(c) || !theory_client_ns(c, &x.client_ns))
        return "it needs constant client delays and no service times";
    if (!read_model(c, &x))
        return "it needs all four legs, votes by number, and all replicas asked";
    if (!interference(c, &per_s))
        return "it needs uniform keys and no anti-entropy";
    double *room = memory_new((size_t)TRIALS * 3, sizeof *room);
    x.reads = room;
    x.writes = room + TRIALS;
    x.visible = room + (size_t)TRIALS * 2;
    for (uint32_t i = 0; i < TRIALS; i++)
        trial(&x, i, *handoff ? (double)*handoff_after : INFINITY);
    double error = per_s * x.everywhere_ns / 1e9;
    bool is_known = error <= 0.01 && x.late <= TRIALS / 10000;
    if (is_known) {
        put_visibility(c, &x, error + (double)x.late / TRIALS);
        put_latencies(c, METRIC_READ_LATENCY, x.reads);
        put_latencies(c, METRIC_WRITE_LATENCY, x.writes);
    }
    free(room);
    return is_known ? NULL : "other writes of the key, repairs or hints come before a write is everywhere";
}
