/*
 * setup.h - what setup knows of a data plane besides struct dataplane. Only for the files of this folder.
 */
#ifndef AMITY_SETUP_H
#define AMITY_SETUP_H

#include "dataplane_plan.h"
#include "worker.h"

/* Data room of a large mbuf: all that UDP carries, and all that the 16 bits of rte_mbuf count. */
#define SETUP_LARGE_ROOM_BYTES KEPT_MESSAGE_LARGE_BYTES

/* Of each worker: its last decisions, and ended calls while the control thread is in a transaction. Powers of two. */
#define SETUP_DECISION_COUNT	4096
#define SETUP_CALL_RECORD_COUNT 4096

struct xdp_port;

struct setup_port {
	struct dataplane_port shown;
	uint16_t receive_queue_count;
	uint16_t transmit_queue_count;
	struct xdp_port *xdp; /* of driver af_xdp; NULL else */
	bool opened;
	bool found; /* it existed before us: it is stopped, not removed */
	bool started;
};

struct setup {
	struct dataplane shared; /* first: the control plane holds a pointer to it */
	struct setup_port port[WIRE_INTERFACES_MAX];
	struct worker *worker[LCORES_MAX];
	uint32_t lcore[LCORES_MAX]; /* EAL's id of each worker's lcore */
	bool running;
	uint8_t fragment_key[16]; /* the workers': one for all, so that their ids of a pair of addresses differ */
	uint32_t mbuf_count, medium_count, large_count, answer_count;
	char *error; /* of the call that is under way */
	size_t error_bytes;
};

/* Writes the text for people and returns `status`. */
enum status setup_fail(struct setup *setup, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sizes that follow from the plan. */
uint32_t setup_mbuf_count(const struct dataplane_plan *plan);
uint32_t setup_large_count(const struct dataplane_plan *plan);
uint32_t setup_answer_count(const struct dataplane_plan *plan);
uint32_t setup_frame_bytes(const struct dataplane_plan *plan); /* of an af_packet ring: a power of two, or 60 KiB */
uint32_t setup_mtu_max(const struct dataplane_plan *plan);     /* of what such a frame holds */
uint32_t setup_room_bytes(const struct dataplane_plan *plan);  /* data room of an mbuf, with headroom */
struct dataplane_memory setup_memory(const struct dataplane_plan *plan);
uint64_t setup_memory_bytes(const struct dataplane_plan *plan);
uint32_t setup_nonce_set_count(const struct dataplane_plan *plan);
uint32_t setup_transaction_count(const struct dataplane_plan *plan);	    /* of each worker */
uint32_t setup_transaction_mbuf_count(const struct dataplane_plan *plan);   /* that they may keep */
uint32_t setup_call_count(const struct dataplane_plan *plan);		    /* of each worker */
uint32_t setup_transaction_large_count(const struct dataplane_plan *plan);  /* of these in large mbufs */
uint32_t setup_transaction_medium_count(const struct dataplane_plan *plan); /* in those of KEPT_MESSAGE_MEDIUM_BYTES */

#endif
