/* time.h -- simulated time: whole nanoseconds since the start of a trial, in 64 bits (292 years). */
#ifndef GEOREP_ENGINE_TIME_H
#define GEOREP_ENGINE_TIME_H

#include <stdint.h>

typedef int64_t sim_ns;

#define SIM_NS_NEVER INT64_MAX
#define SIM_MICROSECOND INT64_C(1000)
#define SIM_MILLISECOND INT64_C(1000000)
#define SIM_SECOND INT64_C(1000000000)

#endif
