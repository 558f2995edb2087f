/*
 * reinject.h - messages of the control thread for lcores: to send (an mbuf of the shared pool with a struct punt
 * {PUNT_SEND}), or to take as if a port had received them.
 *
 * A full ring or an empty pool loses the message: counted, never waited for. SIP over UDP sends it again.
 */
#ifndef AMITY_REINJECT_H
#define AMITY_REINJECT_H

#include "dataplane.h"
#include "span.h"
#include "status.h"

struct reinject;

struct reinject_counts {
	uint64_t sent;
	uint64_t ring_full;
	uint64_t no_buffer;
	uint64_t too_large;
};

/* `dataplane` outlives it. Thread: control. */
AMITY_CHECKED enum status reinject_create(struct reinject **reinject, struct dataplane *dataplane);
void reinject_free(struct reinject *reinject);

/* The way that an outgoing message takes. */
struct reinject_path {
	struct net_address peer;
	struct net_address local;
	uint16_t interface; /* index of wire->interface */
};

/* Copies `message`. Result: false when it was lost, and counted. Thread: control. */
bool reinject_send(struct reinject *reinject, const struct reinject_path *path, struct span message);

/* For a datagram that came by the kernel, from path->peer to path->local; otherwise as reinject_send(). */
bool reinject_receive(struct reinject *reinject, const struct reinject_path *path, struct span datagram);

/* For the beginning of a request of ours, sent from path->local, which did not arrive at path->peer; likewise. */
bool reinject_unreachable(struct reinject *reinject, const struct reinject_path *path, struct span beginning);

struct reinject_counts reinject_counts(const struct reinject *reinject);

#endif
