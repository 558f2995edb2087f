#include "punt_reader.h"

#include <stdlib.h>

#include <event2/event.h>
#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#define POLL_BURST  64
#define ROUNDS_MAX  16 /* bursts from one ring in one look, so that other events get their turn */
#define SHORTEST_US 1000
#define LONGEST_US  5000
#define FEW	    32 /* a look and a transaction of the registrar cost as much as some of these */
#define MANY	    128

struct punt_reader {
	struct dataplane *dataplane;
	struct punt_handlers handlers;
	struct event *timer;
	uint32_t interval_us; /* until the next look */
	struct punt_reader_counts counts;
	char linear[UINT16_MAX]; /* payloads that span several segments */
};

static struct span payload_of(struct punt_reader *reader, struct rte_mbuf *mbuf)
{
	uint32_t length = rte_pktmbuf_pkt_len(mbuf) < UINT16_MAX ? rte_pktmbuf_pkt_len(mbuf) : UINT16_MAX;
	return span_make(rte_pktmbuf_read(mbuf, 0, length, reader->linear), length);
}

static void hand_over(struct punt_reader *reader, struct rte_mbuf *mbuf)
{
	const struct punt_handlers *handlers = &reader->handlers;
	const struct punt *punt = rte_mbuf_to_priv(mbuf);
	struct span payload = payload_of(reader, mbuf);
	if (punt->kind == PUNT_REGISTER && handlers->take_register) {
		reader->counts.registers++;
		handlers->take_register(handlers->registrar, punt, payload);
	} else if (punt->kind == PUNT_PING_ANSWER && handlers->take_ping_answer) {
		reader->counts.ping_answers++;
		handlers->take_ping_answer(handlers->registrar, punt, payload);
	} else if (punt->kind == PUNT_KERNEL_SEND && handlers->send_by_kernel) {
		reader->counts.kernel_sends++;
		handlers->send_by_kernel(handlers->kernel_send, punt, payload);
	} else {
		reader->counts.unhandled++;
	}
	rte_pktmbuf_free(mbuf);
}

static uint32_t poll_packets(struct punt_reader *reader, struct rte_ring *ring)
{
	void *mbuf[POLL_BURST];
	uint32_t taken = 0;
	for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
		uint32_t count = rte_ring_dequeue_burst(ring, mbuf, POLL_BURST, NULL);
		for (uint32_t i = 0; i < count; i++)
			hand_over(reader, mbuf[i]);
		taken += count;
		if (count < POLL_BURST)
			break;
	}
	return taken;
}

static uint32_t poll_failures(struct punt_reader *reader, struct rte_ring *ring)
{
	struct auth_failure failure[POLL_BURST];
	uint32_t taken = 0;
	for (uint32_t round = 0; round < ROUNDS_MAX; round++) {
		uint32_t count = rte_ring_dequeue_burst_elem(ring, failure, sizeof(failure[0]), POLL_BURST, NULL);
		reader->counts.failures += count;
		for (uint32_t i = 0; i < count; i++) {
			if (reader->handlers.take_failure)
				reader->handlers.take_failure(reader->handlers.guard, &failure[i].key);
			else
				reader->counts.unhandled++;
		}
		taken += count;
		if (count < POLL_BURST)
			break;
	}
	return taken;
}

uint32_t punt_reader_poll(struct punt_reader *reader)
{
	uint32_t taken = 0;
	for (uint32_t i = 0; i < reader->dataplane->worker_count; i++) {
		taken += poll_packets(reader, reader->dataplane->punt[i]);
		taken += poll_failures(reader, reader->dataplane->auth_failure[i]);
	}
	return taken;
}

uint32_t punt_reader_interval(uint32_t interval_us, uint32_t taken)
{
	if (taken < FEW)
		return RTE_MIN(interval_us * 2, (uint32_t)LONGEST_US);
	return taken < MANY ? interval_us : RTE_MAX(interval_us / 2, (uint32_t)SHORTEST_US);
}

static void on_timer(evutil_socket_t descriptor, short events, void *argument)
{
	struct punt_reader *reader = argument;
	(void)descriptor;
	(void)events;
	reader->interval_us = punt_reader_interval(reader->interval_us, punt_reader_poll(reader));
	struct timeval next = {.tv_usec = reader->interval_us};
	event_add(reader->timer, &next);
}

enum status punt_reader_create(struct punt_reader **reader, struct dataplane *dataplane, struct event_base *base,
			       const struct punt_handlers *handlers)
{
	struct punt_reader *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->dataplane = dataplane;
	made->handlers = *handlers;
	made->interval_us = SHORTEST_US;
	if (base) {
		struct timeval first = {.tv_usec = SHORTEST_US};
		made->timer = evtimer_new(base, on_timer, made);
		if (!made->timer || event_add(made->timer, &first) != 0) {
			punt_reader_free(made);
			return STATUS_NO_MEMORY;
		}
	}
	*reader = made;
	return STATUS_OK;
}

void punt_reader_free(struct punt_reader *reader)
{
	if (!reader)
		return;
	if (reader->timer)
		event_free(reader->timer);
	free(reader);
}

struct punt_reader_counts punt_reader_counts(const struct punt_reader *reader)
{
	return reader->counts;
}
