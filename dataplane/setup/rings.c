#include "rings.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "inquiry.h"

/* A few bursts of the fastest producer while the consumer is in its own burst, or the control thread in a transaction.
 */
#define STEER_COUNT	   1024
#define PUNT_COUNT	   2048
#define REINJECT_COUNT	   1024
#define AUTH_FAILURE_COUNT 1024
#define FROM_KERNEL_COUNT  256
#define TRANSMIT_COUNT	   1024
#define INQUIRY_RING_COUNT 64

#define ONE_TO_ONE (RING_F_SP_ENQ | RING_F_SC_DEQ)

static struct rte_ring *create_ring(struct setup *setup, const char *kind, uint32_t from, uint32_t to, uint32_t count)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "amity_%s_%u_%u", kind, from, to);
	struct rte_ring *ring = rte_ring_create(name, count, SOCKET_ID_ANY, ONE_TO_ONE);
	if (ring == NULL)
		setup_fail(setup, STATUS_NO_MEMORY, "cannot make the ring %s: %s", name, rte_strerror(rte_errno));
	return ring;
}

/* Elements of more than a pointer, by value. */
static struct rte_ring *create_element_ring(struct setup *setup, const char *kind, uint32_t worker,
					    uint32_t element_bytes, uint32_t count)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "amity_%s_%u", kind, worker);
	struct rte_ring *ring = rte_ring_create_elem(name, element_bytes, count, SOCKET_ID_ANY, ONE_TO_ONE);
	if (ring == NULL)
		setup_fail(setup, STATUS_NO_MEMORY, "cannot make the ring %s: %s", name, rte_strerror(rte_errno));
	return ring;
}

static enum status create_of_calls(struct setup *setup, uint32_t worker)
{
	struct dataplane *shared = &setup->shared;

	shared->call_record[worker] =
		create_element_ring(setup, "calls", worker, sizeof(struct call_record), SETUP_CALL_RECORD_COUNT);
	shared->inquiry[worker] = create_ring(setup, "inquiry", 0, worker, INQUIRY_RING_COUNT);
	return shared->call_record[worker] && shared->inquiry[worker] ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status create_of_worker(struct setup *setup, uint32_t worker)
{
	struct dataplane *shared = &setup->shared;

	shared->auth_failure[worker] =
		create_element_ring(setup, "auth", worker, sizeof(struct auth_failure), AUTH_FAILURE_COUNT);
	if (shared->auth_failure[worker] == NULL || create_of_calls(setup, worker) != STATUS_OK)
		return STATUS_NO_MEMORY;
	shared->punt[worker] = create_ring(setup, "punt", worker, 0, PUNT_COUNT);
	shared->reinject[worker] = create_ring(setup, "reinject", 0, worker, REINJECT_COUNT);
	shared->from_kernel[worker] = create_ring(setup, "kernel", 0, worker, FROM_KERNEL_COUNT);
	if (shared->punt[worker] == NULL || shared->reinject[worker] == NULL || shared->from_kernel[worker] == NULL)
		return STATUS_NO_MEMORY;
	for (uint32_t to = 0; to < shared->worker_count; to++) {
		if (to == worker)
			continue;
		shared->steer[worker][to] = create_ring(setup, "steer", worker, to, STEER_COUNT);
		if (shared->steer[worker][to] == NULL)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

enum status rings_create(struct setup *setup)
{
	for (uint32_t worker = 0; worker < setup->shared.worker_count; worker++) {
		enum status status = create_of_worker(setup, worker);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status rings_create_transmit(struct setup *setup)
{
	struct dataplane *shared = &setup->shared;

	for (uint32_t port = 0; port < shared->port_count; port++)
		for (uint32_t i = shared->transmit_queue_count[port]; i < shared->worker_count; i++) {
			shared->transmit[port][i] = create_ring(setup, "transmit", port, i, TRANSMIT_COUNT);
			if (shared->transmit[port][i] == NULL)
				return STATUS_NO_MEMORY;
		}
	return STATUS_OK;
}

static void drain_ring(struct rte_ring *ring)
{
	void *mbuf;

	while (ring != NULL && rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

/* The asker, on this same thread, learns that nobody answers: no order to keep. */
static void abandon_inquiry(struct inquiry *inquiry)
{
	inquiry->abandoned = true;
	atomic_store_explicit(&inquiry->done, true, memory_order_relaxed);
}

static void abandon_inquiries(struct worker *worker, struct rte_ring *ring)
{
	void *waiting;

	if (worker != NULL && worker->inquire.inquiry != NULL)
		abandon_inquiry(worker->inquire.inquiry);
	if (worker != NULL)
		worker->inquire = (struct inquire_progress){0};
	while (ring != NULL && rte_ring_dequeue(ring, &waiting) == 0)
		abandon_inquiry(waiting);
}

void rings_drain(struct setup *setup)
{
	struct dataplane *shared = &setup->shared;

	for (uint32_t i = 0; i < shared->worker_count; i++) {
		drain_ring(shared->punt[i]);
		drain_ring(shared->reinject[i]);
		drain_ring(shared->from_kernel[i]);
		abandon_inquiries(setup->worker[i], shared->inquiry[i]);
		for (uint32_t port = 0; port < shared->port_count; port++)
			drain_ring(shared->transmit[port][i]);
		for (uint32_t to = 0; to < shared->worker_count; to++)
			drain_ring(shared->steer[i][to]);
	}
}

void rings_free(struct setup *setup)
{
	struct dataplane *shared = &setup->shared;

	for (uint32_t i = 0; i < shared->worker_count; i++) {
		rte_ring_free(shared->punt[i]);
		rte_ring_free(shared->reinject[i]);
		rte_ring_free(shared->auth_failure[i]);
		rte_ring_free(shared->from_kernel[i]);
		rte_ring_free(shared->call_record[i]);
		rte_ring_free(shared->inquiry[i]);
		for (uint32_t port = 0; port < shared->port_count; port++)
			rte_ring_free(shared->transmit[port][i]);
		for (uint32_t to = 0; to < shared->worker_count; to++)
			rte_ring_free(shared->steer[i][to]);
	}
}
