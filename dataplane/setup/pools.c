#include "pools.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#define POOL_CACHE_COUNT 256

enum status pools_create(struct setup *setup, const struct dataplane_plan *plan)
{
	uint16_t private_bytes = RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN);
	uint32_t room_bytes = setup_room_bytes(plan);

	setup->mbuf_count = setup_mbuf_count(plan);
	setup->shared.pool = rte_pktmbuf_pool_create("amity_packets", setup->mbuf_count, POOL_CACHE_COUNT,
						     private_bytes, (uint16_t)room_bytes, SOCKET_ID_ANY);
	if (setup->shared.pool == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY,
				  "no memory for %u packets of %u bytes: %s; lower limits.max_message_bytes",
				  setup->mbuf_count, room_bytes, rte_strerror(rte_errno));
	return STATUS_OK;
}

uint32_t pools_free(struct setup *setup)
{
	if (setup->shared.pool == NULL)
		return 0;
	uint32_t missing = setup->mbuf_count - rte_mempool_avail_count(setup->shared.pool);
	rte_mempool_free(setup->shared.pool);
	setup->shared.pool = NULL;
	return missing;
}
