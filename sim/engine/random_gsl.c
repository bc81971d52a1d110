/* random_gsl.c -- the four functions that GSL wants of a generator. */
#include "sim/engine/random_gsl.h"

#include "sim/base/check.h"

struct state {
    random_stream own;
    random_stream *from; /* NULL: own. A pointer to own would not survive gsl_rng_clone. */
};

static void state_set(void *memory, unsigned long seed)
{
    struct state *state = memory;

    *state = (struct state){.own = random_stream_new(random_key_new(seed, 0, "gsl"), 0, 0)};
}

static unsigned long state_get(void *memory)
{
    struct state *state = memory;

    return random_u64(state->from != NULL ? state->from : &state->own);
}

static double state_get_double(void *memory)
{
    struct state *state = memory;

    return random_unit(state->from != NULL ? state->from : &state->own);
}

static const gsl_rng_type type = {
    .name = "georep-philox4x32-10",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct state),
    .set = state_set,
    .get = state_get,
    .get_double = state_get_double,
};

const gsl_rng_type *const random_gsl_type = &type;

void random_gsl_attach(gsl_rng *r, random_stream *s)
{
    struct state *state = gsl_rng_state(r);

    CHECK(r->type == random_gsl_type);
    state->from = s;
}
