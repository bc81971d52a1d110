/* comparison.c -- see comparison.h. The sums are exclusive ors of a hash of each (key, version), so that a
 * change costs its own key alone; a range whose sums are equal by chance is compared again when one of its
 * keys changes. */
#include "models/parts/comparison.h"

#include <string.h>

enum { VERSIONS_MOST = 1024 };

struct span { /* what is held of the keys from .. to - 1: `count` of struct held follow */
    geo_key from, to;
    uint64_t count;
};

struct held {
    geo_key key;
    geo_version version;
};

struct given { /* keys whose values the other side lacks */
    geo_key keys[COMPARISON_GIVEN_MOST];
    uint32_t count;
};

static uint64_t ranges_of(const geo_replica *r)
{
    uint64_t keys = geo_keys(r);

    return keys < COMPARISON_RANGES ? keys : COMPARISON_RANGES;
}

static geo_key range_begin(const geo_replica *r, uint64_t range)
{
    uint64_t keys = geo_keys(r), ranges = ranges_of(r);

    return range * (keys / ranges) + (range < keys % ranges ? range : keys % ranges);
}

static uint64_t range_of(const geo_replica *r, geo_key key)
{
    uint64_t keys = geo_keys(r), ranges = ranges_of(r), small = keys / ranges, larger = keys % ranges;

    return key < larger * (small + 1) ? key / (small + 1) : larger + (key - larger * (small + 1)) / small;
}

static uint64_t sum_of(geo_key key, geo_version v)
{
    uint64_t z = v.write * UINT64_C(0x9e3779b97f4a7c15) ^ (key + 1) * UINT64_C(0xbf58476d1ce4e5b9);

    z = (z ^ z >> 29) * UINT64_C(0x94d049bb133111eb);
    return v.write == 0 ? 0 : z ^ z >> 32;
}

void comparison_note(geo_replica *r, struct comparison_state *c, geo_key key, geo_version before,
                     geo_version now)
{
    c->sums[range_of(r, key)] ^= sum_of(key, before) ^ sum_of(key, now);
}

void comparison_begin(geo_replica *r, const struct comparison_state *c, const struct comparison_def *d,
                      geo_node other)
{
    geo_send(r, other, (geo_out){.type = d->sums, .wire_bytes = 8 * ranges_of(r)}, c->sums,
             ranges_of(r) * sizeof *c->sums);
}

static void span_send(geo_replica *r, const struct comparison_def *d, geo_node to, const struct span *span,
                      const struct held *held)
{
    _Alignas(8) unsigned char body[sizeof *span + VERSIONS_MOST * sizeof *held];

    memcpy(body, span, sizeof *span);
    memcpy(body + sizeof *span, held, span->count * sizeof *held);
    geo_send(r, to, (geo_out){.type = d->versions, .wire_bytes = 24 * span->count}, body,
             sizeof *span + span->count * sizeof *held);
}

static void on_sums(geo_replica *r, const struct comparison_state *c, const struct comparison_def *d,
                    const geo_message *m)
{
    uint64_t theirs[COMPARISON_RANGES];
    struct held held[VERSIONS_MOST];

    memcpy(theirs, m->body, ranges_of(r) * sizeof *theirs);
    for (uint64_t range = 0; range < ranges_of(r); range++) {
        if (theirs[range] == c->sums[range])
            continue;
        struct span span = {.from = range_begin(r, range)};
        geo_key end = range_begin(r, range + 1);
        for (geo_key key = span.from; key < end; key++) {
            geo_version v = geo_stored(r, key).version;
            if (v.write != 0)
                held[span.count++] = (struct held){key, v};
            if (span.count == VERSIONS_MOST || key + 1 == end) {
                span.to = key + 1;
                span_send(r, d, m->from, &span, held);
                span = (struct span){.from = key + 1};
            }
        }
    }
}

static void give_all(geo_replica *r, const struct comparison_def *d, geo_node to, struct given *g)
{
    if (g->count > 0)
        d->give(r, to, g->keys, g->count);
    g->count = 0;
}

static void give(geo_replica *r, const struct comparison_def *d, geo_node to, struct given *g, geo_key key)
{
    g->keys[g->count++] = key;
    if (g->count == COMPARISON_GIVEN_MOST)
        give_all(r, d, to, g);
}

static void on_versions(geo_replica *r, const struct comparison_def *d, const geo_message *m)
{
    const unsigned char *at = m->body;
    geo_key wanted[VERSIONS_MOST];
    uint32_t want_count = 0;
    struct given given = {.count = 0};
    struct span span;
    struct held h = {0};
    uint64_t next = 0;

    memcpy(&span, at, sizeof span);
    for (geo_key key = span.from; key < span.to; key++) {
        geo_version here = geo_stored(r, key).version, there = {0};
        if (next < span.count)
            memcpy(&h, at + sizeof span + next * sizeof h, sizeof h);
        if (next < span.count && h.key == key) {
            there = h.version;
            next++;
        }
        if (geo_newer(there, here) && d->gets)
            wanted[want_count++] = key;
        if (geo_newer(here, there) && d->gives)
            give(r, d, m->from, &given, key);
    }
    give_all(r, d, m->from, &given);
    if (want_count > 0)
        geo_send(r, m->from, (geo_out){.type = d->want, .wire_bytes = 8 * (uint64_t)want_count}, wanted,
                 want_count * sizeof *wanted);
}

static void on_want(geo_replica *r, const struct comparison_def *d, const geo_message *m)
{
    struct given given = {.count = 0};
    geo_key key;

    for (size_t at = 0; at < m->body_bytes; at += sizeof key) {
        memcpy(&key, (const unsigned char *)m->body + at, sizeof key);
        give(r, d, m->from, &given, key);
    }
    give_all(r, d, m->from, &given);
}

void comparison_message(geo_replica *r, const struct comparison_state *c, const struct comparison_def *d,
                        const geo_message *m)
{
    if (m->type == d->sums)
        on_sums(r, c, d, m);
    else if (m->type == d->versions)
        on_versions(r, d, m);
    else
        on_want(r, d, m);
}
