/* history.c -- see history.h: a batch of records, and a list of readers that each go through it. */
#include "sim/history/history.h"

static void set_most(struct history *h, uint32_t most)
{
    h->batch = h->next = memory_resize(h->batch, most, sizeof *h->batch);
    h->kinds = h->next_kind = memory_resize(h->kinds, most, sizeof *h->kinds);
    h->end = h->batch + most;
}

struct history *history_new(void)
{
    struct history *h = memory_new(1, sizeof *h);

    set_most(h, 1);
    return h;
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    array_free(&h->readers);
    free(h->batch);
    free(h->kinds);
    free(h);
}

void history_gather(struct history *h)
{
    CHECK(h->next == h->batch);
    set_most(h, HISTORY_BATCH);
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
    const struct history_batch batch = {
        .entries = h->batch, .kinds = h->kinds, .count = (uint32_t)(h->next - h->batch)};

    h->next = h->batch;
    h->next_kind = h->kinds;
    if (batch.count == 0)
        return;
    array_each (struct history_reader, reader, &h->readers) {
        if (reader->read_batch != NULL) {
            reader->read_batch(reader->self, &batch);
            continue;
        }
        for (uint32_t i = 0; i < batch.count; i++)
            if ((reader->kinds >> batch.kinds[i] & 1) != 0)
                reader->read(reader->self, &batch.entries[i].record, batch.entries[i].position);
    }
    CHECK(h->next == h->batch); /* no reader appends */
}
