#include "setup.h"

#include <stdarg.h>
#include <stdio.h>

#include <rte_mbuf.h>

#include "edit_list.h"
#include "xdp_port.h"

/* Ethernet, one VLAN tag, IPv6, UDP. */
#define HEADER_BYTES_MAX (14 + 4 + 40 + 8)

/* What the kernel puts before a frame in a TPACKET_V2 ring: header, address, alignment of the IP header. */
#define FRAME_OVERHEAD_BYTES 80

#define FRAME_BYTES_MIN 2048
#define FRAME_BYTES_MAX (15 * 4096)

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
	return plan->mbuf_count ? plan->mbuf_count : 8191 + 2048 * plan->worker_count;
}

uint32_t setup_frame_bytes(const struct dataplane_plan *plan)
{
	/* A frame as large as the largest message: the kernel reassembles fragments before it fills the ring. */
	uint32_t needed = plan->message_bytes_max + HEADER_BYTES_MAX + FRAME_OVERHEAD_BYTES;
	uint32_t frame_bytes = FRAME_BYTES_MIN;

	while (frame_bytes < needed && frame_bytes < FRAME_BYTES_MAX)
		frame_bytes *= 2;
	return RTE_MIN(frame_bytes, (uint32_t)FRAME_BYTES_MAX);
}

uint32_t setup_room_bytes(const struct dataplane_plan *plan)
{
	/* A message grows by what the edit list adds. */
	uint32_t outgoing = plan->message_bytes_max + HEADER_BYTES_MAX + EDIT_LIST_TEXT_BYTES;
	uint32_t room = RTE_PKTMBUF_HEADROOM + RTE_MAX(outgoing, setup_frame_bytes(plan));

	return RTE_MIN(RTE_ALIGN_CEIL(room, (uint32_t)RTE_CACHE_LINE_SIZE),
		       (uint32_t)(UINT16_MAX & ~(RTE_CACHE_LINE_SIZE - 1)));
}

uint32_t setup_nonce_set_count(const struct dataplane_plan *plan)
{
	return plan->nonce_set_count ? plan->nonce_set_count : 16384;
}

uint32_t setup_caller_memory_count(const struct dataplane_plan *plan)
{
	return plan->caller_memory_count ? plan->caller_memory_count : 16384;
}

uint64_t setup_memory_bytes(const struct dataplane_plan *plan)
{
	uint64_t mbuf_bytes = sizeof(struct rte_mbuf) + sizeof(struct punt) + setup_room_bytes(plan) + 256;
	uint64_t worker_bytes =
		sizeof(struct worker) +
		(uint64_t)setup_nonce_set_count(plan) * NONCE_WINDOW_WAYS * sizeof(struct nonce_window_entry) +
		(uint64_t)setup_caller_memory_count(plan) * sizeof(struct caller_memory_entry);

	uint64_t port_bytes = 0;

	for (uint32_t i = 0; i < plan->port_count; i++)
		if (plan->port[i].profile == PORT_KERNEL && plan->port[i].driver == PORT_AF_XDP)
			port_bytes += xdp_port_memory_bytes(plan, &plan->port[i]);
	return setup_mbuf_count(plan) * mbuf_bytes + plan->worker_count * worker_bytes + port_bytes +
	       plan->table_bytes + OTHER_MEMORY_BYTES;
}
