#include "ban_table_write.h"

#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_jhash.h>
#include <rte_rcu_qsbr.h>

struct ban_table_write {
	struct ban_table table;
	uint32_t bans_max;
};

/* The first half of a key is a SipHash under a secret key; the address is an attacker's choice, so it goes through a
 * hash. */
static uint32_t hash_of_key(const void *key, uint32_t length, uint32_t seed)
{
	return rte_jhash_32b(key, length / sizeof(uint32_t), seed);
}

enum status ban_table_write_create(struct ban_table_write **write, uint32_t bans_max, struct dataplane *dataplane)
{
	struct rte_hash_parameters parameters = {
		.name = "bans",
		.entries = bans_max + bans_max / 8 + 64,
		.key_len = sizeof(struct ban_key),
		.hash_func = hash_of_key,
		.hash_func_init_val = (uint32_t)rte_rdtsc(),
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	struct rte_hash_rcu_config rcu = {.v = dataplane->qsbr, .mode = RTE_HASH_QSBR_MODE_DQ};
	struct ban_table_write *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->bans_max = bans_max;
	made->table.hash = rte_hash_create(&parameters);
	if (!made->table.hash || rte_hash_rcu_qsbr_add(made->table.hash, &rcu) != 0) {
		ban_table_write_free(made);
		return STATUS_NO_MEMORY;
	}
	*write = made;
	return STATUS_OK;
}

void ban_table_write_free(struct ban_table_write *write)
{
	if (!write)
		return;
	rte_hash_free(write->table.hash);
	free(write);
}

const struct ban_table *ban_table_write_table(const struct ban_table_write *write)
{
	return &write->table;
}

enum status ban_table_write_put(struct ban_table_write *write, const struct ban_key *key, uint32_t seconds)
{
	uint64_t end_tsc = rte_rdtsc() + seconds * rte_get_tsc_hz();
	bool known = rte_hash_lookup(write->table.hash, key) >= 0;
	uint32_t count = atomic_load_explicit(&write->table.count, memory_order_relaxed);
	if (!known && count == write->bans_max)
		return STATUS_LIMIT;
	if (rte_hash_add_key_data(write->table.hash, key, (void *)(uintptr_t)end_tsc) != 0)
		return STATUS_LIMIT;
	if (!known)
		atomic_store_explicit(&write->table.count, count + 1, memory_order_relaxed);
	return STATUS_OK;
}

bool ban_table_write_remove(struct ban_table_write *write, const struct ban_key *key)
{
	if (rte_hash_del_key(write->table.hash, key) < 0)
		return false;
	atomic_fetch_sub_explicit(&write->table.count, 1, memory_order_relaxed);
	return true;
}
