#include "record_reader.h"

#include <stdlib.h>

#include <event2/event.h>
#include <rte_ring.h>
#include <rte_ring_peek_zc.h>

#define POLL_BURST 32
#define LOOK_US	   20000 /* an lcore whose ring of 4,096 is full by then ends 200,000 calls a second */

struct record_reader {
	struct dataplane *dataplane;
	struct event *timer;
	record_reader_take_fn *take;
	void *argument;
};

static void take_records(const struct record_reader *reader, const struct call_record *records, uint32_t count)
{
	if (count && reader->take)
		reader->take(reader->argument, records, count);
}

/* At most what the ring holds: a busy lcore cannot keep the control thread here. */
static uint32_t poll_ring(struct record_reader *reader, struct rte_ring *ring)
{
	uint32_t taken = 0, most = rte_ring_get_capacity(ring), count;
	struct rte_ring_zc_data part = {0};

	do {
		/* In two parts where the ring begins anew. */
		count = rte_ring_dequeue_zc_burst_elem_start(ring, sizeof(struct call_record), POLL_BURST, &part, NULL);
		take_records(reader, part.ptr1, part.n1);
		take_records(reader, part.ptr2, count - part.n1);
		rte_ring_dequeue_zc_elem_finish(ring, count);
		taken += count;
	} while (count == POLL_BURST && taken < most);
	return taken;
}

uint32_t record_reader_poll(struct record_reader *reader)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < reader->dataplane->worker_count; i++)
		taken += poll_ring(reader, reader->dataplane->call_record[i]);
	return taken;
}

static void on_timer(evutil_socket_t descriptor, short events, void *argument)
{
	(void)descriptor, (void)events;
	record_reader_poll(argument);
}

enum status record_reader_create(struct record_reader **reader, struct dataplane *dataplane, struct event_base *base,
				 record_reader_take_fn *take, void *argument)
{
	static const struct timeval interval = {.tv_usec = LOOK_US};
	struct record_reader *made = calloc(1, sizeof(*made));

	if (!made)
		return STATUS_NO_MEMORY;
	made->dataplane = dataplane;
	made->take = take;
	made->argument = argument;
	if (base) {
		made->timer = event_new(base, -1, EV_PERSIST, on_timer, made);
		if (!made->timer || event_add(made->timer, &interval) != 0) {
			if (made->timer)
				event_free(made->timer);
			free(made);
			return STATUS_NO_MEMORY;
		}
	}
	*reader = made;
	return STATUS_OK;
}

void record_reader_free(struct record_reader *reader)
{
	if (!reader)
		return;
	if (reader->timer)
		event_free(reader->timer);
	while (record_reader_poll(reader))
		;
	free(reader);
}
