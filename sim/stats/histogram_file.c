/* histogram_file.c -- a histogram as bytes.
 *
 *     "GHs2" count [min max sum_low sum_high buckets (gap count only)...] checksum
 *
 * Numbers are varints of 7 bits a byte, least first (LEB128), so that a bucket with a small count next to
 * another takes two bytes; an empty histogram stops after its count. The gap is the slot minus the one after
 * the last slot given; `only` is 0 for a bucket of several values, else 1 + its one value - its least. The
 * checksum, eight bytes least first, joins all numbers in order.
 *
 * What is read may come from a run that was killed while it wrote, so nothing is believed: the checksum finds
 * torn and turned bits, and the figures must agree with each other besides, since a histogram that
 * contradicts itself would break the invariant of histogram.c. */
#include "sim/base/hash.h"
#include "sim/stats/histogram.h"

#include <string.h>

static const char MAGIC[4] = {'G', 'H', 's', '2'};

struct stream {
    FILE *file;
    uint64_t hash;
    bool ok; /* once false it stays so, and numbers read are 0 */
};

static void number_write(struct stream *s, uint64_t number)
{
    s->hash = hash_join(s->hash, number);
    for (; number >= 0x80; number >>= 7)
        s->ok &= putc((int)(number & 0x7f) | 0x80, s->file) != EOF;
    s->ok &= putc((int)number, s->file) != EOF;
}

static uint64_t number_read(struct stream *s)
{
    uint64_t number = 0;

    for (unsigned shift = 0; s->ok; shift += 7) {
        int byte = getc(s->file);
        /* The tenth byte has one bit left to give. */
        if (byte == EOF || shift > 63 || (shift == 63 && byte > 1))
            break;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            s->hash = hash_join(s->hash, number);
            return number;
        }
    }
    s->ok = false;
    return 0;
}

static void buckets_write(struct stream *s, const struct histogram *h)
{
    uint32_t first = histogram_slot(h->min), last = histogram_slot(h->max), used = 0, next = 0;

    for (uint32_t slot = first; slot <= last; slot++)
        used += histogram_slot_count(h, slot) != 0;
    number_write(s, used);
    for (uint32_t slot = first; slot <= last; slot++) {
        uint64_t count = histogram_slot_count(h, slot);
        if (count == 0)
            continue;
        number_write(s, slot - next);
        number_write(s, count);
        int64_t only = histogram_slot_only(h, slot);
        number_write(s, only == HISTOGRAM_MIXED ? 0 : 1 + (uint64_t)(only - histogram_slot_low(slot)));
        next = slot + 1;
    }
}

bool histogram_write(const struct histogram *h, FILE *to)
{
    struct stream s = {.file = to, .ok = fwrite(MAGIC, 1, sizeof MAGIC, to) == sizeof MAGIC};

    number_write(&s, h->count);
    if (h->count != 0) {
        number_write(&s, (uint64_t)h->min);
        number_write(&s, (uint64_t)h->max);
        number_write(&s, (uint64_t)h->sum);
        number_write(&s, (uint64_t)(h->sum >> 64));
        buckets_write(&s, h);
    }
    for (unsigned shift = 0; shift < 64; shift += 8)
        s.ok &= putc((int)(s.hash >> shift & 0xff), to) != EOF;
    return s.ok;
}

/* The buckets into the empty `h`, each as if it held its least value; gives the greatest sum they could
 * have. */
static bool buckets_read(struct stream *s, struct histogram *h, uint64_t total, histogram_sum *greatest)
{
    uint64_t used = number_read(s), next = 0;

    *greatest = 0;
    if (used > HISTOGRAM_SLOTS)
        return false;
    for (uint64_t i = 0; i < used; i++) {
        uint64_t gap = number_read(s), count = number_read(s), only = number_read(s);
        if (!s->ok || gap >= HISTOGRAM_SLOTS - next || count == 0 || count > total - h->count)
            return false;
        uint32_t slot = (uint32_t)(next + gap);
        int64_t low = histogram_slot_low(slot);
        if (only > 1 + (uint64_t)(histogram_slot_high(slot) - low))
            return false;
        histogram_add_slot(h, slot, count, only == 0 ? HISTOGRAM_MIXED : low + (int64_t)(only - 1));
        *greatest += (histogram_sum)(uint64_t)histogram_slot_high(slot) * count;
        next = slot + 1;
    }
    return h->count == total;
}

static bool content_read(struct stream *s, struct histogram *h)
{
    uint64_t total = number_read(s);

    if (!s->ok || total == 0)
        return s->ok;
    uint64_t min = number_read(s), max = number_read(s);
    uint64_t sum_low = number_read(s), sum_high = number_read(s);
    histogram_sum sum = (histogram_sum)sum_high << 64 | sum_low, greatest;

    if (!s->ok || min > max || max > INT64_MAX || !buckets_read(s, h, total, &greatest))
        return false;
    /* The least values of the first and last bucket stand in h->min and h->max by now. */
    if (histogram_slot((int64_t)min) != histogram_slot(h->min) || sum < h->sum || sum > greatest ||
        histogram_slot((int64_t)max) != histogram_slot(h->max))
        return false;
    h->min = (int64_t)min;
    h->max = (int64_t)max;
    h->sum = sum;
    return true;
}

static bool checksum_holds(struct stream *s)
{
    uint64_t wanted = 0;

    for (unsigned shift = 0; shift < 64; shift += 8) {
        int byte = getc(s->file);
        if (byte == EOF)
            return false;
        wanted |= (uint64_t)byte << shift;
    }
    return wanted == s->hash;
}

bool histogram_read(struct histogram *h, FILE *from)
{
    struct stream s = {.file = from, .ok = true};
    char magic[sizeof MAGIC];

    histogram_clear(h);
    if (fread(magic, 1, sizeof magic, from) == sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0 &&
        content_read(&s, h) && checksum_holds(&s))
        return true;
    histogram_clear(h);
    return false;
}
