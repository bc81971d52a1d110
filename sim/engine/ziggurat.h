/* ziggurat.h -- standard exponential and normal draws in a few ns: nearly always one word, one multiplication
 * and one comparison. Private to the draws of distribution.c. */
#ifndef GEOREP_ENGINE_ZIGGURAT_H
#define GEOREP_ENGINE_ZIGGURAT_H

#include "sim/engine/random.h"

double ziggurat_exponential(random_stream *s);                   /* mean 1, > 0 */
double ziggurat_exponential_of(uint64_t word, random_stream *s); /* `word`: the stream's last */
/* Is it decided by the word alone, as nearly always? Then *draw is what the one above returns. */
bool ziggurat_exponential_at_once(uint64_t word, double *draw);

/* The same of mean 0 and standard deviation 1. */
double ziggurat_normal(random_stream *s);
double ziggurat_normal_of(uint64_t word, random_stream *s);
bool ziggurat_normal_at_once(uint64_t word, double *draw);

#endif
