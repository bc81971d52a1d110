/* forward.c -- see forward.h. */
#include "models/parts/forward.h"

struct answer {
    geo_op_id id;
    uint64_t token;
    geo_value value;
    uint8_t outcome;
    bool has_value;
};

/* May it come twice, and do harm? */
static bool is_numbered(const geo_replica *r, const geo_op *op, geo_node from, geo_node to)
{
    return from != to && op->kind != GEO_READ && !geo_reliable(r);
}

static uint64_t next_number(const geo_replica *r, struct forward_state *s)
{
    uint64_t steady = (uint64_t)geo_steady(r);

    s->number = steady > s->number ? steady : s->number + 1;
    return s->number;
}

void forward_request(geo_replica *r, struct forward_state *s, const geo_op *op, geo_node asked, geo_node to,
                     uint32_t type)
{
    geo_out how = {.type = type, .wire_bytes = op->kind == GEO_READ ? 0 : op->value_bytes, .op = op->id};
    uint64_t number = is_numbered(r, op, geo_self(r), to) ? next_number(r, s) : 0;
    struct forward_request request = {.op = *op, .number = number, .asked = asked};

    geo_send_last(r, to, how, &request, sizeof request);
}

bool forward_repeats(const geo_replica *r, struct forward_peer *p, const geo_message *m)
{
    const struct forward_request *request = m->body;
    uint32_t oldest = 0;

    if (!is_numbered(r, &request->op, m->from, geo_self(r)))
        return false;
    for (uint32_t i = 0; i < FORWARD_SEEN; i++) {
        if (p->seen[i] == request->number)
            return true;
        if (p->seen[i] < p->seen[oldest])
            oldest = i;
    }
    if (request->number < p->seen[oldest])
        return true;
    p->seen[oldest] = request->number;
    return false;
}

static void tell(geo_replica *r, geo_op_id id, uint8_t outcome, const geo_value *value, uint64_t token)
{
    geo_reply(
        r, id,
        &(geo_answer){
            .outcome = outcome, .value_count = value != NULL ? 1 : 0, .values = value, .token = {token, 0}});
}

void forward_answer(geo_replica *r, geo_node asked, uint32_t type, const geo_op *op, enum geo_outcome outcome,
                    const geo_value *value, uint64_t token)
{
    if (asked == geo_self(r)) {
        tell(r, op->id, (uint8_t)outcome, value, token);
        return;
    }
    struct answer a = {.id = op->id, .token = token, .outcome = (uint8_t)outcome, .has_value = value != NULL};
    if (value != NULL)
        a.value = *value;
    geo_send(r, asked,
             (geo_out){.type = type, .wire_bytes = value == NULL ? 0 : op->value_bytes, .op = op->id}, &a,
             sizeof a);
}

void forward_answered(geo_replica *r, const geo_message *m)
{
    const struct answer *a = m->body;

    tell(r, a->id, a->outcome, a->has_value ? &a->value : NULL, a->token);
}
