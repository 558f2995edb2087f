#include "reinject.h"

#include <stdlib.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

/* A large buffer needs room for the UDP header before the message: it leaves in fragments. */
#define REINJECT_HEADER_BYTES 8

struct reinject {
	struct dataplane *dataplane;
	uint32_t next_worker;
	struct reinject_counts counts;
};

enum status reinject_create(struct reinject **reinject, struct dataplane *dataplane)
{
	struct reinject *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->dataplane = dataplane;
	*reinject = made;
	return STATUS_OK;
}

void reinject_free(struct reinject *reinject)
{
	free(reinject);
}

static struct rte_mbuf *make_packet(struct reinject *reinject, struct span message)
{
	const struct dataplane *dataplane = reinject->dataplane;
	uint32_t room = rte_pktmbuf_data_room_size(dataplane->pool) - RTE_PKTMBUF_HEADROOM;
	bool large = message.length > room;

	if (message.length > UINT16_MAX - REINJECT_HEADER_BYTES) {
		reinject->counts.too_large++;
		return NULL;
	}
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(large ? dataplane->large_pool : dataplane->pool);
	if (!mbuf) {
		reinject->counts.no_buffer++;
		return NULL;
	}
	if (large)
		mbuf->data_off = REINJECT_HEADER_BYTES;
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)message.length), message.at, message.length);
	return mbuf;
}

static bool hand_over(struct reinject *reinject, const struct reinject_path *path, struct span message,
		      struct rte_ring *const *ring_of_worker, bool is_unreachable)
{
	struct rte_mbuf *mbuf = make_packet(reinject, message);
	if (!mbuf)
		return false;
	struct punt *punt = rte_mbuf_to_priv(mbuf);
	*punt = (struct punt){
		.kind = PUNT_SEND,
		.is_unreachable = is_unreachable,
		.interface = path->interface,
		.peer = path->peer,
		.local = path->local,
	};
	/* By turns: any worker can take it, and no ring fills while others are empty. */
	uint32_t worker = reinject->next_worker++ % reinject->dataplane->worker_count;
	if (rte_ring_enqueue(ring_of_worker[worker], mbuf) != 0) {
		reinject->counts.ring_full++;
		rte_pktmbuf_free(mbuf);
		return false;
	}
	reinject->counts.sent++;
	return true;
}

bool reinject_send(struct reinject *reinject, const struct reinject_path *path, struct span message)
{
	return hand_over(reinject, path, message, reinject->dataplane->reinject, false);
}

bool reinject_receive(struct reinject *reinject, const struct reinject_path *path, struct span datagram)
{
	return hand_over(reinject, path, datagram, reinject->dataplane->from_kernel, false);
}

bool reinject_unreachable(struct reinject *reinject, const struct reinject_path *path, struct span beginning)
{
	return hand_over(reinject, path, beginning, reinject->dataplane->from_kernel, true);
}

struct reinject_counts reinject_counts(const struct reinject *reinject)
{
	return reinject->counts;
}
