/* theory.c -- see theory.h: what holds in the scenario, and who says what. */
#include "sim/experiment/theory.h"

#include "sim/experiment/theory_room.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const theory_agrees_names[3] = {"false", "true", "undecided"};

/* ---- What holds ---- */

bool theory_is_type(const struct theory_case *c, const char *type)
{
    return strcmp(c->model->model->name, type) == 0;
}

const void *theory_param(const struct theory_case *c, const char *name, enum geo_param_kind kind)
{
    for (const geo_param *p = c->model->model->params; p != NULL && p->name != NULL; p++)
        if (strcmp(p->name, name) == 0 && p->kind == kind)
            return (const char *)c->model->config + p->offset;
    return NULL;
}

/* `choices` of model.h: alternatives separated by '|', of which the first word tells one from another. */
bool theory_choice(const struct theory_case *c, const char *name, char *word, size_t room,
                   const geo_choice **choice)
{
    *choice = theory_param(c, name, GEO_PARAM_CHOICE);
    if (*choice == NULL)
        return false;
    const geo_param *p = c->model->model->params;
    while (strcmp(p->name, name) != 0)
        p++;
    const char *at = p->choices;
    for (uint32_t i = 0; i < (*choice)->index; i++)
        at = strchr(at, '|') + 1;
    snprintf(word, room, "%.*s", (int)strcspn(at, "| "), at);
    return true;
}

bool theory_choice_is(const struct theory_case *c, const char *name, const char *word)
{
    const geo_choice *choice;
    char chosen[32];

    return theory_choice(c, name, chosen, sizeof chosen, &choice) && strcmp(chosen, word) == 0;
}

uint32_t theory_votes(const geo_choice *choice, const char *word, uint32_t n)
{
    return strcmp(word, "all") == 0        ? n
           : strcmp(word, "one") == 0      ? 1
           : strcmp(word, "majority") == 0 ? n / 2 + 1
                                           : (uint32_t)choice->number;
}

bool theory_is_constant(const struct distribution *d)
{
    return d == NULL || distribution_is_constant(d);
}

bool theory_links_lossless(const struct theory_case *c)
{
    uint32_t regions = c->world->region_count;

    for (uint32_t i = 0; i < regions * regions; i++) {
        const struct link_def *l = &c->world->links[i];
        if (i / regions != i % regions && (l->loss > 0 || l->bursts.on || l->duplicate > 0))
            return false;
    }
    return true;
}

bool theory_link_constant(const struct theory_case *c)
{
    uint32_t regions = c->world->region_count;

    for (uint32_t i = 0; i < regions * regions; i++) {
        const struct link_def *l = &c->world->links[i];
        if (i / regions != i % regions &&
            (!theory_is_constant(l->delay) || !theory_is_constant(l->jitter) || l->bandwidth_bits_per_s > 0))
            return false;
    }
    return theory_links_lossless(c);
}

bool theory_one_node_each(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++)
        if (c->world->regions[r].nodes != 1)
            return false;
    return true;
}

bool theory_is_nothing(const struct distribution *d)
{
    return d == NULL || (distribution_is_constant(d) && distribution_mean(d) == 0);
}

bool theory_no_service(const struct theory_case *c)
{
    const struct storage_def *s = &c->world->storage;

    return theory_is_nothing(s->read) && theory_is_nothing(s->write) && theory_is_nothing(s->apply);
}

bool theory_client_ns(const struct theory_case *c, double *rtt_ns)
{
    if (!theory_is_constant(c->world->client))
        return false;
    *rtt_ns = distribution_mean(c->world->client);
    return true;
}

bool theory_is_plain_open(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients == 0)
            continue;
        double plain = w->mix[GEO_READ] + w->mix[GEO_WRITE];
        if (w->arrivals == ARRIVALS_CLOSED || w->roam_share > 0 || w->retries > 0 || w->route_to != r ||
            fabs(plain - 1) > 1e-9)
            return false;
    }
    return c->world->data == GEO_REGISTER && !c->faults->any;
}

double theory_way_ns(const struct theory_case *c, uint32_t from, uint32_t to)
{
    const struct link_def *l = &c->world->links[from * c->world->region_count + to];

    if (from == to)
        return 0;
    return distribution_mean(l->delay) * (l->delay_is_round_trip ? 0.5 : 1) +
           (l->jitter != NULL ? distribution_mean(l->jitter) : 0);
}

const char *theory_is_regular(const struct theory_case *c)
{
    const geo_ns *flush = theory_param(c, "flush_every", GEO_PARAM_TIME);
    double client;

    if (c->faults->any && !c->faults->clocks_only)
        return "faults are on";
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients > 0 && (w->arrivals != ARRIVALS_POISSON || w->roam_share > 0 || w->retries > 0 ||
                               w->route_to != r || w->mix[GEO_DECREMENT] > 0))
            return "it needs open Poisson arrivals at home, and no write that may be refused";
    }
    if (!theory_link_constant(c) || !theory_one_node_each(c) || !theory_no_service(c) ||
        !theory_client_ns(c, &client))
        return "it needs constant links and clients, one node a region and no service times";
    return flush != NULL && *flush != 0 ? "writes are shipped together" : NULL;
}

static double rate_of(const struct theory_case *c, uint32_t region, bool reads)
{
    const struct workload_def *w = &c->world->regions[region].workload;
    double share = w->mix[GEO_READ], rate = w->rate_per_s;

    if (w->clients == 0)
        return 0;
    if (w->arrivals == ARRIVALS_CLOSED) /* a round in no less than thinking and the client's way */
        rate = w->clients / ((distribution_mean(w->think) + distribution_mean(c->world->client)) / 1e9);
    return rate * (reads ? share : 1 - share);
}

double theory_read_rate(const struct theory_case *c, uint32_t region)
{
    return rate_of(c, region, true);
}

double theory_write_rate(const struct theory_case *c, uint32_t region)
{
    return rate_of(c, region, false);
}

/* ---- Who says what ---- */

static void hear(struct theory_case *c, const char *part, const char *reason)
{
    if (reason != NULL)
        *array_add(&c->rows->silences) =
            (struct theory_silence){.model = c->index, .part = part, .reason = reason};
}

struct theory theory_of(const struct scenario *s, const struct gathering *g, size_t points)
{
    struct theory_rows rows = {0};
    struct theory_faults faults;
    struct theory t = {0};

    theory_faults_open(&faults, &s->world);
    for (uint32_t m = 0; m < s->model_count; m++) {
        struct theory_case c = {.scenario = s,
                                .world = &s->world,
                                .gathering = g,
                                .model = &s->models[m],
                                .faults = &faults,
                                .index = m,
                                .rows = &rows};
        hear(&c, "matrix", theory_matrix(&c));
        hear(&c, "queue", theory_queue(&c));
        hear(&c, "window", theory_window(&c));
        hear(&c, "wars", theory_wars(&c));
        hear(&c, "traffic", theory_traffic(&c));
        hear(&c, "gossip", theory_gossip(&c));
        hear(&c, "stale", theory_stale(&c));
        hear(&c, "conflicts", theory_conflicts(&c));
    }
    theory_faults_close(&faults);
    theory_judge(&t, &rows, points);
    return t;
}

void theory_free(struct theory *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->rows[i].quantity);
    free(t->rows);
    free(t->silences);
    *t = (struct theory){0};
}
