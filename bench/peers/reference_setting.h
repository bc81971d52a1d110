/* reference_setting.h -- the numbers of bench/scenarios/reference.yaml, for the programs (C and C++) that do
 * its work without georep. Round trips are those of the preset `aws` between its five regions, row = from. */
#ifndef GEOREP_BENCH_PEERS_REFERENCE_SETTING_H
#define GEOREP_BENCH_PEERS_REFERENCE_SETTING_H

enum { REGIONS = 5, KEYS = 100000 };

static const double ROUND_TRIP_MS[REGIONS][REGIONS] = {
    {0, 64.269, 69.558, 93.066, 149.376},  /* us-east-1 */
    {63.972, 0, 118.224, 142.601, 98.046}, /* us-west-2 */
    {69.644, 118.439, 0, 27.289, 200.985}, /* eu-west-1 */
    {92.612, 142.329, 26.86, 0, 227.078},  /* eu-central-1 */
    {149.152, 98.46, 201.079, 227.633, 0}, /* ap-northeast-1 */
};

static const double ARRIVALS_PER_S = 2000; /* in each region */
static const double READ_SHARE = 0.9, ZIPF_THETA = 0.99;
static const double JITTER_MEDIAN_MS = 1, JITTER_SIGMA = 0.6;
static const double CLIENT_ONE_WAY_MS = 0.25;
static const double CLOCK_OFFSET_MS = 1, CLOCK_ERROR_MS = 1, CLOCK_DRIFT_PPM = 20, CLOCK_SYNC_S = 64;

/* N client operations are so many simulated seconds; figures are of those begun after the warm-up, ten
 * seconds of the 150 of the scenario, but a quarter of a run that is shorter than forty. */
static inline double reference_duration_s(double operations)
{
    return operations / (REGIONS * ARRIVALS_PER_S);
}

static inline double reference_warmup_s(double duration_s)
{
    return duration_s < 40 ? duration_s / 4 : 10;
}

#endif
