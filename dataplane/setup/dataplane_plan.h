/*
 * dataplane_plan.h - makes the data plane from a plan and ends it: EAL, pool, rings, ports, workers (setup of `struct
 * dataplane`).
 *
 *   dataplane_create    EAL, memory, ports open and receiving into their queues; no lcore runs yet
 *   ...                 the control plane publishes the first snapshot, restores bindings
 *   dataplane_start     worker_run() on every worker lcore
 *   dataplane_stop      waits for the workers, empties the rings, stops the ports
 *   dataplane_free      closes everything; says how many mbufs did not come back
 *
 * The thread that creates is the control thread: EAL makes it the main lcore. EAL is started once a process; a later
 * create reuses it.
 */
#ifndef AMITY_DATAPLANE_PLAN_H
#define AMITY_DATAPLANE_PLAN_H

#include <stddef.h>

#include "call.h"
#include "dataplane.h"
#include "dataplane_memory.h"
#include "net_address.h"
#include "wire.h"

#define DATAPLANE_DEVICE_BYTES_MAX 256
#define DATAPLANE_ERROR_BYTES_MAX  512

/* What UDP over IPv4 carries (RFC 791, 768). */
#define DATAPLANE_MESSAGE_BYTES_MAX 65507

enum port_profile {
	PORT_KERNEL, /* a kernel interface, which stays up */
	PORT_DIRECT, /* a DPDK device without kernel: memif, tap, ring, null, pcap, or one that exists in the process
		      * already
		      */
};

/* How the lcores reach a kernel interface. */
enum port_driver {
	PORT_AF_PACKET, /* a copy of each packet; works on every Ethernet interface */
	PORT_AF_XDP,	/* taken before the kernel's stack, by a program in the interface's driver */
};

struct port_plan {
	enum port_profile profile;
	enum port_driver driver;		 /* kernel only */
	char device[DATAPLANE_DEVICE_BYTES_MAX]; /* kernel: "eth0"; direct: "net_memif0,role=server", "0000:03:00.0",
						    name of a port */
	uint16_t mtu_bytes;			 /* 0: the device's own */
	uint16_t sip_port; /* kernel: the lcores get UDP to this port and nothing else; 0: every frame */
};

enum memory_plan {
	MEMORY_AUTO, /* hugepages when enough are free, else without */
	MEMORY_HUGE,
	MEMORY_NO_HUGE,
};

/* Counts that are 0 take their default. */
struct dataplane_plan {
	uint16_t worker_cpu[LCORES_MAX]; /* CPU of each worker; several may share one */
	uint32_t worker_count;
	struct port_plan port[WIRE_INTERFACES_MAX]; /* same order as snapshot->wire->interface */
	uint32_t port_count;
	enum memory_plan memory;
	uint64_t table_bytes;	    /* what the control plane will take with rte_malloc (location, bans) */
	uint32_t message_bytes_max; /* limits.max_message_bytes */
	bool challenge_md5_only;    /* digest.offer */
	uint32_t spin_polls;	    /* struct idle_policy; UINT32_MAX: never sleep */
	uint32_t sleep_us_max;
	uint32_t gather_us;
	bool sleeps_between;
	uint32_t mbuf_count;	      /* default 8,191 and 2,048 more a worker */
	uint32_t nonce_set_count;     /* a power of two; default 16,384 */
	uint32_t transaction_count;   /* limits.max_transactions: of all workers together; default 65,536 */
	uint32_t call_count;	      /* limits.max_calls: of all workers together; default 32,768 */
	uint32_t call_duration_s_max; /* limits.max_call_duration: calls whose end is not seen end then; default 14,400
				       */
};

/* An open port, for the wire table. */
struct dataplane_port {
	uint16_t port_id;
	uint16_t mtu_bytes;
	uint8_t mac[6];
	enum port_profile profile;
	char name[32];	 /* kernel interface or DPDK device */
	char driver[32]; /* DPDK's name of it: "net_af_packet" */
};

/* What changes while it runs. */
struct dataplane_port_state {
	bool link_is_up; /* direct; of kernel interfaces net_mirror_link() tells */
	uint64_t missed; /* packets that the port had no room for */
};

/*
 * Result: ENVIRONMENT (privileges, memory, devices), INVALID (plan); `error` then says what, where and what to do. OK:
 * *created is to be freed with dataplane_free().   Owner: the caller.
 */
enum status dataplane_create(struct dataplane **created, const struct dataplane_plan *plan, char *error,
			     size_t error_bytes) AMITY_CHECKED;

/*
 * Is the plan one that can be carried out, as far as shows without touching a device?
 * Result: INVALID, with what is wrong in `error`. Thread: any.
 */
enum status dataplane_check(const struct dataplane_plan *plan, char *error, size_t error_bytes) AMITY_CHECKED;

/* For the memory plan, before anything is made. Thread: any. */
struct dataplane_memory dataplane_memory(const struct dataplane_plan *plan);

/* What it holds now. Thread: control. */
uint64_t dataplane_memory_used_bytes(void);

/* `index` below plan->port_count. */
const struct dataplane_port *dataplane_find_port(const struct dataplane *dataplane, uint32_t index);

/* `index` as above. Thread: control. */
struct dataplane_port_state dataplane_read_port(const struct dataplane *dataplane, uint32_t index);

/*
 * The kernel interface of port `index` is up again. An af_packet socket keeps the error of having been down and would
 * fail the next packet with it. `index` as above; does nothing for other ports. Thread: control, while lcores run.
 */
void dataplane_port_is_up(struct dataplane *dataplane, uint32_t index);

/*
 * Tells ports that choose packets themselves (af_xdp) which addresses and SIP ports are ours; before the first call
 * they choose none. Result: ENVIRONMENT when the kernel did not take them; others then still work. Thread: control.
 */
enum status dataplane_set_own(struct dataplane *dataplane, const struct wire *wire) AMITY_CHECKED;

/* Launches worker_run() on each worker lcore. A snapshot must have been published. */
enum status dataplane_start(struct dataplane *dataplane, char *error, size_t error_bytes) AMITY_CHECKED;

/* Ends the workers and waits for them (at most one burst and one idle sleep). Does nothing when they do not run. */
void dataplane_stop(struct dataplane *dataplane);

/*
 * After dataplane_stop(): the calls that lived then, one after the other. `cursor`: 0 at first, then as it was left.
 * Result: false when there are no more; *record is untouched.
 */
bool dataplane_next_call(struct call_record *record, const struct dataplane *dataplane, uint64_t *cursor);

/*
 * Stops if need be, and gives everything back but EAL itself.
 * Result: mbufs that are missing in the pool; 0 unless someone lost or kept one.
 */
uint32_t dataplane_free(struct dataplane *dataplane);

#endif
