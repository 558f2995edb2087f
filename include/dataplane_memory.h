/*
 * dataplane_memory.h - what DPDK's memory holds, for the memory plan.
 */
#ifndef AMITY_DATAPLANE_MEMORY_H
#define AMITY_DATAPLANE_MEMORY_H

#include <stdint.h>

/* Bytes. */
struct dataplane_memory {
	uint64_t packets;      /* and rings, ports, what a worker has besides the below */
	uint64_t transactions; /* the messages that they keep included */
	uint64_t calls;	       /* their limits, decisions and records, too */
	uint64_t tables;       /* of the control plane: location, bans */
	uint64_t all;
};

#endif
