#include "rings.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

/* A few bursts of the fastest producer while the consumer is in its own burst, or the control thread in a transaction.
 */
#define STEER_COUNT	   1024
#define PUNT_COUNT	   2048
#define REINJECT_COUNT	   1024
#define AUTH_FAILURE_COUNT 1024
#define FROM_KERNEL_COUNT  256
#define TRANSMIT_COUNT	   1024

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

static enum status create_of_worker(struct setup *setup, uint32_t worker)
{
	struct dataplane *shared = &setup->shared;
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "amity_auth_%u", worker);
	shared->auth_failure[worker] =
		rte_ring_create_elem(name, sizeof(struct auth_failure), AUTH_FAILURE_COUNT, SOCKET_ID_ANY, ONE_TO_ONE);
	if (shared->auth_failure[worker] == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "cannot make the ring %s: %s", name,
				  rte_strerror(rte_errno));
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

void rings_drain(struct setup *setup)
{
	struct dataplane *shared = &setup->shared;

	for (uint32_t i = 0; i < shared->worker_count; i++) {
		drain_ring(shared->punt[i]);
		drain_ring(shared->reinject[i]);
		drain_ring(shared->from_kernel[i]);
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
		for (uint32_t port = 0; port < shared->port_count; port++)
			rte_ring_free(shared->transmit[port][i]);
		for (uint32_t to = 0; to < shared->worker_count; to++)
			rte_ring_free(shared->steer[i][to]);
	}
}
