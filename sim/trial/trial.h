/* trial.h -- one run: one model on one world with one seed. Single-threaded, owns its memory, touches nothing
 * outside itself; appends to a history that readers may hang on.
 *
 *     struct trial *t = trial_new(&(struct trial_def){ .world = &s->world, .model = m, .config = c, .seed =
 * 1, ... }); struct observation *o = observation_new(trial_setting(t), trial_history(t)); trial_set_agreed(t,
 * agreed, o); trial_run(t);
 */
#ifndef GEOREP_TRIAL_H
#define GEOREP_TRIAL_H

#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/model/model.h"
#include "sim/world/def.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct trial_def {
    const struct world_def *world;
    const geo_model *model;
    const void *config;
    const char *model_name;     /* keys nothing but the model's own choices */
    uint64_t seed, replication; /* replication counts from 1 */
};

struct trial;

struct trial *trial_new(const struct trial_def *def);
void trial_free(struct trial *t);

const struct history_setting *trial_setting(const struct trial *t); /* valid until trial_free */
struct history *trial_history(struct trial *t);                     /* add readers before trial_run */

/* Asked after `duration` whether all replicas that are up agree, so that the run may end. NULL: it runs to
 * the limit. */
void trial_set_agreed(struct trial *t, bool (*agreed)(void *), void *argument);

/* Runs to the end, or until *stop becomes true (then false: not finished, figures are void). `stop` may be
 * NULL. */
bool trial_run(struct trial *t, const atomic_bool *stop);

sim_ns trial_now(const struct trial *t);
uint64_t trial_events(const struct trial *t);
uint64_t trial_operations(const struct trial *t);

/* Bytes that a trial of this definition needs at the start (tables), when every key is touched, for `check`.
 */
uint64_t trial_bytes(const struct trial_def *def);

/* What is wrong with running this model on this world (its own check, replicas, data), or NULL. Static or
 * caller's to keep until the next call on this thread. */
const char *trial_check(const struct world_def *world, const geo_model *model, const void *config);

#endif
