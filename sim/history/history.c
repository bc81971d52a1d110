/* history.c -- see history.h: a list of readers, called as records come. */
#include "sim/history/history.h"

#include "sim/base/array.h"

struct reader {
    history_read_fn *read;
    void *self;
};

struct history {
    uint64_t position;
    ARRAY(struct reader) readers[HISTORY_KINDS]; /* by kind, so that a record meets only those that want it */
};

struct history *history_new(void)
{
    return memory_new(1, sizeof(struct history));
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    for (int kind = 0; kind < HISTORY_KINDS; kind++)
        array_free(&h->readers[kind]);
    free(h);
}

void history_add_reader(struct history *h, history_read_fn *read, void *reader, uint32_t kinds)
{
    for (int kind = 0; kind < HISTORY_KINDS; kind++)
        if ((kinds >> kind & 1) != 0)
            *array_add(&h->readers[kind]) = (struct reader){read, reader};
}

uint64_t history_append(struct history *h, const struct history_record *record)
{
    uint64_t position = ++h->position;

    array_each (struct reader, reader, &h->readers[record->kind])
        reader->read(reader->self, record, position);
    return position;
}

uint64_t history_position(const struct history *h)
{
    return h->position;
}

bool history_wants(const struct history *h, enum history_kind kind)
{
    return h->readers[kind].count > 0;
}
