#include "setup.h"

#include <stdarg.h>
#include <stdio.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "kernel_interface.h"
#include "pools.h"
#include "xdp_port.h"

/* Ethernet and one VLAN tag. */
#define LINK_BYTES (14 + 4)

/* What the kernel puts before a frame in a TPACKET_V2 ring: header, address, alignment of the IP header. */
#define FRAME_OVERHEAD_BYTES 80

#define FRAME_BYTES_MIN 2048
#define FRAME_BYTES_MAX (15 * 4096)

/* A burst of large messages, each received and rewritten; what waits in rings for another lcore or the control thread.
 */
#define LARGE_IN_BURST (2 * BURST_MAX)
#define LARGE_IN_RINGS 255

/* limits.max_transactions when the plan leaves it open. */
#define TRANSACTIONS_DEFAULT 65536

/* limits.max_calls when the plan leaves it open. */
#define CALLS_DEFAULT 32768

/* A small table must be able to hold some INVITEs all the same. */
#define TRANSACTION_MBUFS_LEAST	 256
#define TRANSACTION_MEDIUM_LEAST 128
#define TRANSACTION_LARGE_LEAST	 32

/* Of a worker's answers that nobody keeps: what waits in a port's transmit queue, which may be as long. */
#define ANSWERS_MOVING 1024

/* Rings, EAL's own tables, the ports' queues. */
#define OTHER_MEMORY_BYTES (96ull << 20)

enum status setup_fail(struct setup *setup, enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(setup->error, setup->error_bytes, format, arguments);
	va_end(arguments);
	return status;
}

uint32_t setup_mbuf_count(const struct dataplane_plan *plan)
{
	uint32_t moving = plan->mbuf_count ? plan->mbuf_count : 8191 + 2048 * plan->worker_count;

	return moving + plan->worker_count * setup_transaction_mbuf_count(plan);
}

/* What a port can bring in, whatever smaller MTU it is told to send with. */
static uint32_t find_largest_mtu(const struct dataplane_plan *plan)
{
	uint32_t mtu_bytes = RTE_ETHER_MTU;

	for (uint32_t i = 0; i < plan->port_count; i++) {
		mtu_bytes = RTE_MAX(mtu_bytes, (uint32_t)plan->port[i].mtu_bytes);
		mtu_bytes = RTE_MAX(mtu_bytes, (uint32_t)kernel_interface_mtu(plan->port[i].device));
	}
	return mtu_bytes;
}

uint32_t setup_frame_bytes(const struct dataplane_plan *plan)
{
	uint32_t needed = find_largest_mtu(plan) + LINK_BYTES + FRAME_OVERHEAD_BYTES;
	uint32_t frame_bytes = FRAME_BYTES_MIN;

	while (frame_bytes < needed && frame_bytes < FRAME_BYTES_MAX)
		frame_bytes *= 2;
	return RTE_MIN(frame_bytes, (uint32_t)FRAME_BYTES_MAX);
}

uint32_t setup_mtu_max(const struct dataplane_plan *plan)
{
	return setup_frame_bytes(plan) - FRAME_OVERHEAD_BYTES - LINK_BYTES;
}

uint32_t setup_room_bytes(const struct dataplane_plan *plan)
{
	return RTE_PKTMBUF_HEADROOM + setup_frame_bytes(plan);
}

uint32_t setup_large_count(const struct dataplane_plan *plan)
{
	return plan->worker_count * (DATAGRAM_TABLE_SLOTS + LARGE_IN_BURST + setup_transaction_large_count(plan)) +
	       LARGE_IN_RINGS;
}

uint32_t setup_answer_count(const struct dataplane_plan *plan)
{
	return plan->worker_count * ANSWERS_MOVING;
}

uint32_t setup_nonce_set_count(const struct dataplane_plan *plan)
{
	return plan->nonce_set_count ? plan->nonce_set_count : 16384;
}

uint32_t setup_transaction_count(const struct dataplane_plan *plan)
{
	uint32_t count = plan->transaction_count ? plan->transaction_count : TRANSACTIONS_DEFAULT;

	return (count + plan->worker_count - 1) / plan->worker_count;
}

uint32_t setup_call_count(const struct dataplane_plan *plan)
{
	uint32_t count = plan->call_count ? plan->call_count : CALLS_DEFAULT;

	return RTE_MIN((count + plan->worker_count - 1) / plan->worker_count, CALL_SLOTS_MAX);
}

/* Calls, their limits, decisions; the records on their way. */
static uint64_t call_bytes(const struct dataplane_plan *plan)
{
	uint32_t calls = setup_call_count(plan);

	return call_table_bytes(calls) + limit_table_bytes(limit_table_entries(calls)) +
	       SETUP_DECISION_COUNT * sizeof(struct decision) + SETUP_CALL_RECORD_COUNT * sizeof(struct call_record);
}

/* Three while an INVITE waits for its answer, none or one for half a minute afterwards. */
uint32_t setup_transaction_mbuf_count(const struct dataplane_plan *plan)
{
	return setup_transaction_count(plan) + TRANSACTION_MBUFS_LEAST;
}

/* Few messages are larger than a frame; frames that are larger need none. */
uint32_t setup_transaction_medium_count(const struct dataplane_plan *plan)
{
	if (setup_frame_bytes(plan) >= KEPT_MESSAGE_MEDIUM_BYTES)
		return 0;
	return TRANSACTION_MEDIUM_LEAST + setup_transaction_count(plan) / 64;
}

/* Fewer still are larger than that. */
uint32_t setup_transaction_large_count(const struct dataplane_plan *plan)
{
	return TRANSACTION_LARGE_LEAST + setup_transaction_count(plan) / 2048;
}

static uint64_t port_bytes(const struct dataplane_plan *plan)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < plan->port_count; i++)
		if (plan->port[i].profile == PORT_KERNEL && plan->port[i].driver == PORT_AF_XDP)
			bytes += xdp_port_memory_bytes(plan, &plan->port[i]);
	return bytes;
}

/* What transactions may keep counts for them, though all packets share the pools. */
struct dataplane_memory setup_memory(const struct dataplane_plan *plan)
{
	uint32_t room_bytes = setup_room_bytes(plan);
	uint64_t all_mbufs = pools_bytes(setup_mbuf_count(plan), room_bytes) +
			     pools_bytes(setup_answer_count(plan), room_bytes) +
			     pools_bytes(setup_large_count(plan), SETUP_LARGE_ROOM_BYTES);
	uint64_t kept_in_all =
		pools_bytes(plan->worker_count * setup_transaction_mbuf_count(plan), room_bytes) +
		pools_bytes(plan->worker_count * setup_transaction_large_count(plan), SETUP_LARGE_ROOM_BYTES);
	uint64_t medium =
		pools_bytes(plan->worker_count * setup_transaction_medium_count(plan), KEPT_MESSAGE_MEDIUM_BYTES);
	uint64_t worker_bytes =
		sizeof(struct worker) + sizeof(struct datagram_table) +
		(uint64_t)setup_nonce_set_count(plan) * NONCE_WINDOW_WAYS * sizeof(struct nonce_window_entry);
	struct dataplane_memory memory = {
		.packets = all_mbufs - kept_in_all + plan->worker_count * worker_bytes + port_bytes(plan) +
			   OTHER_MEMORY_BYTES,
		.transactions = kept_in_all + medium +
				plan->worker_count * transaction_table_bytes(setup_transaction_count(plan)),
		.calls = plan->worker_count * call_bytes(plan),
		.tables = plan->table_bytes,
	};

	memory.all = memory.packets + memory.transactions + memory.calls + memory.tables;
	return memory;
}

uint64_t setup_memory_bytes(const struct dataplane_plan *plan)
{
	return setup_memory(plan).all;
}
