#include "pools.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#define POOL_CACHE_COUNT 256

static enum status create_pool(struct setup *setup, struct rte_mempool **pool, const char *name, uint32_t count,
			       uint32_t room_bytes)
{
	uint16_t private_bytes = RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN);
	/* Large ones are few: none may wait in the cache of an lcore that does not use it. */
	uint32_t cache = room_bytes == SETUP_LARGE_ROOM_BYTES ? 0 : POOL_CACHE_COUNT;

	*pool = rte_pktmbuf_pool_create(name, count, cache, private_bytes, (uint16_t)room_bytes, SOCKET_ID_ANY);
	if (*pool == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for %u packets of %u bytes: %s", count,
				  room_bytes, rte_strerror(rte_errno));
	return STATUS_OK;
}

enum status pools_create(struct setup *setup, const struct dataplane_plan *plan)
{
	setup->mbuf_count = setup_mbuf_count(plan);
	setup->large_count = setup_large_count(plan);
	enum status status =
		create_pool(setup, &setup->shared.pool, "amity_packets", setup->mbuf_count, setup_room_bytes(plan));
	if (status == STATUS_OK)
		status = create_pool(setup, &setup->shared.large_pool, "amity_large", setup->large_count,
				     SETUP_LARGE_ROOM_BYTES);
	return status;
}

static uint32_t free_pool(struct rte_mempool **pool, uint32_t count)
{
	if (*pool == NULL)
		return 0;
	uint32_t missing = count - rte_mempool_avail_count(*pool);
	rte_mempool_free(*pool);
	*pool = NULL;
	return missing;
}

uint32_t pools_free(struct setup *setup)
{
	return free_pool(&setup->shared.pool, setup->mbuf_count) +
	       free_pool(&setup->shared.large_pool, setup->large_count);
}
