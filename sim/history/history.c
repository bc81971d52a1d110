/* history.c -- see history.h: a batch of records, and a list of readers that each go through it. */
#include "sim/history/history.h"

struct history *history_new(void)
{
    struct history *h = memory_new(1, sizeof *h);

    h->most = 1;
    h->batch = memory_new(h->most, sizeof *h->batch);
    return h;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    array_free(&h->readers);
    free(h->batch);
    free(h);
}

void history_gather(struct history *h)
{
    h->most = HISTORY_BATCH;
    h->batch = memory_resize(h->batch, h->most, sizeof *h->batch);
}

void history_add_reader(struct history *h, history_read_fn *read, void *reader, uint32_t kinds)
{
    *array_add(&h->readers) = (struct history_reader){.read = read, .self = reader, .kinds = kinds};
    h->wanted |= kinds;
}

void history_add_batch_reader(struct history *h, history_read_batch_fn *read, void *reader, uint32_t kinds)
{
    *array_add(&h->readers) = (struct history_reader){.read_batch = read, .self = reader, .kinds = kinds};
    h->wanted |= kinds;
}

void history_flush(struct history *h)
{
    uint32_t count = h->count;

    h->count = 0;
    if (count == 0)
        return;
    array_each (struct history_reader, reader, &h->readers) {
        if (reader->read_batch != NULL) {
            reader->read_batch(reader->self, h->batch, count);
            continue;
        }
        for (const struct history_entry *e = h->batch; e < h->batch + count; e++)
            if ((reader->kinds >> e->record.kind & 1) != 0)
                reader->read(reader->self, &e->record, e->position);
    }
    CHECK(h->count == 0); /* no reader appends */
}
