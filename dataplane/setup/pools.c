#include "pools.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>

#define POOL_CACHE_COUNT 256

static uint16_t private_bytes(void)
{
	return RTE_ALIGN_CEIL(sizeof(struct punt), RTE_MBUF_PRIV_ALIGN);
}

static uint32_t element_bytes(uint32_t room_bytes)
{
	return sizeof(struct rte_mbuf) + private_bytes() + room_bytes;
}

uint64_t pools_bytes(uint32_t count, uint32_t room_bytes)
{
	uint64_t ring_bytes = rte_align64pow2((uint64_t)count + 1) * sizeof(void *);

	return (uint64_t)count * rte_mempool_calc_obj_size(element_bytes(room_bytes), 0, NULL) + ring_bytes;
}

/*
 * As rte_pktmbuf_pool_create(), but mbufs may lie across pages where devices see virtual addresses: else each would
 * take whole pages of 4 KiB without hugepages, which is half as much again.
 */
static struct rte_mempool *create(const char *name, uint32_t count, uint32_t cache, uint32_t room_bytes)
{
	unsigned flags = rte_eal_iova_mode() == RTE_IOVA_VA ? RTE_MEMPOOL_F_NO_IOVA_CONTIG : 0;
	struct rte_pktmbuf_pool_private rooms = {.mbuf_data_room_size = (uint16_t)room_bytes,
						 .mbuf_priv_size = private_bytes()};
	struct rte_mempool *pool = rte_mempool_create_empty(name, count, element_bytes(room_bytes), cache,
							    sizeof(rooms), SOCKET_ID_ANY, flags);

	if (pool == NULL)
		return NULL;
	rte_errno = -rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	if (rte_errno == 0) {
		rte_pktmbuf_pool_init(pool, &rooms);
		int populated = rte_mempool_populate_default(pool);
		rte_errno = populated < 0 ? -populated : 0;
	}
	if (rte_errno != 0) {
		rte_mempool_free(pool);
		return NULL;
	}
	rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}

static enum status create_pool(struct setup *setup, struct rte_mempool **pool, const char *name, uint32_t count,
			       uint32_t room_bytes)
{
	/* Larger ones are few: none may wait in the cache of an lcore that does not use it. */
	bool is_few = room_bytes == SETUP_LARGE_ROOM_BYTES || room_bytes == KEPT_MESSAGE_MEDIUM_BYTES;
	uint32_t cache = is_few ? 0 : POOL_CACHE_COUNT;

	*pool = create(name, count, cache, room_bytes);
	if (*pool == NULL)
		return setup_fail(setup, STATUS_NO_MEMORY, "no memory for %u packets of %u bytes: %s", count,
				  room_bytes, rte_strerror(rte_errno));
	return STATUS_OK;
}

enum status pools_create(struct setup *setup, const struct dataplane_plan *plan)
{
	setup->mbuf_count = setup_mbuf_count(plan);
	setup->medium_count = plan->worker_count * setup_transaction_medium_count(plan);
	setup->large_count = setup_large_count(plan);
	setup->answer_count = setup_answer_count(plan);
	enum status status =
		create_pool(setup, &setup->shared.pool, "amity_packets", setup->mbuf_count, setup_room_bytes(plan));
	if (status == STATUS_OK)
		status = create_pool(setup, &setup->shared.large_pool, "amity_large", setup->large_count,
				     SETUP_LARGE_ROOM_BYTES);
	if (status == STATUS_OK)
		status = create_pool(setup, &setup->shared.answer_pool, "amity_answers", setup->answer_count,
				     setup_room_bytes(plan));
	if (status == STATUS_OK && setup->medium_count > 0)
		status = create_pool(setup, &setup->shared.medium_pool, "amity_medium", setup->medium_count,
				     KEPT_MESSAGE_MEDIUM_BYTES);
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
	       free_pool(&setup->shared.medium_pool, setup->medium_count) +
	       free_pool(&setup->shared.answer_pool, setup->answer_count) +
	       free_pool(&setup->shared.large_pool, setup->large_count);
}
