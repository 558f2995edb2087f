#include "location_table.h"

#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_hash.h>
#include <rte_rcu_qsbr.h>

/* A replaced set, until no worker can hold it; in the order of their tokens. */
struct retired_set {
	struct binding_set *set;
	uint64_t token;
	struct retired_set *next;
};

/* What stands before every set that this file makes. */
struct set_block {
	struct retired_set retired; /* unused until then: retiring must not need memory */
	uint64_t bytes;
	struct binding_set set;
};

struct location_table {
	struct location location;
	struct dataplane *dataplane;
	uint32_t endpoints, endpoints_max;
	struct retired_set *oldest, **last;
	uint32_t retired_count;
	uint64_t set_bytes;
};

/* Keys are SipHash outputs under a secret key already: their first bytes are as good as any hash. */
static uint32_t hash_of_key(const void *key, uint32_t length, uint32_t seed)
{
	uint32_t first;
	(void)length;
	memcpy(&first, key, sizeof(first));
	return first ^ seed;
}

/* Deleted keys keep their slot until workers are quiescent: room for that many besides the full table, and an eighth of
 * it. */
#define DELETED_MAX 4096

static uint32_t slots_of(uint32_t endpoints_max)
{
	return endpoints_max + endpoints_max / 8 + DELETED_MAX;
}

/*
 * Measured with rte_hash of DPDK 22.11: a slot has its key and a place on the list of free ones; buckets, those behind
 * them, the ring of free slots and the queue of deleted keys (two more than slots) come in powers of two.
 */
#define BYTES_PER_SLOT		  36
#define BYTES_PER_SLOT_OF_BUCKETS 37
#define BYTES_OF_HEADERS	  4096

uint64_t location_table_bytes(uint32_t endpoints_max)
{
	uint64_t slots = slots_of(endpoints_max);

	return slots * BYTES_PER_SLOT + rte_align64pow2(slots + 2) * BYTES_PER_SLOT_OF_BUCKETS + BYTES_OF_HEADERS;
}

static struct rte_hash *create_hash(uint32_t endpoints_max, struct rte_rcu_qsbr *qsbr)
{
	struct rte_hash_parameters parameters = {
		.name = "location",
		.entries = slots_of(endpoints_max),
		.key_len = AOR_KEY_BYTES,
		.hash_func = hash_of_key,
		.socket_id = SOCKET_ID_ANY,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF | RTE_HASH_EXTRA_FLAGS_EXT_TABLE,
	};
	struct rte_hash_rcu_config rcu = {.v = qsbr, .mode = RTE_HASH_QSBR_MODE_DQ};
	struct rte_hash *hash = rte_hash_create(&parameters);
	if (hash && rte_hash_rcu_qsbr_add(hash, &rcu) != 0) {
		rte_hash_free(hash);
		return NULL;
	}
	return hash;
}

enum status location_table_create(struct location_table **table, uint32_t endpoints_max, struct dataplane *dataplane)
{
	struct location_table *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->location.hash = create_hash(endpoints_max, dataplane->qsbr);
	if (!made->location.hash) {
		free(made);
		return STATUS_NO_MEMORY;
	}
	made->dataplane = dataplane;
	made->endpoints_max = endpoints_max;
	made->last = &made->oldest;
	*table = made;
	return STATUS_OK;
}

static struct set_block *block_of_set(const struct binding_set *set)
{
	return (struct set_block *)((char *)(uintptr_t)set - offsetof(struct set_block, set));
}

static void free_set(struct location_table *table, struct binding_set *set)
{
	struct set_block *block = block_of_set(set);
	table->set_bytes -= block->bytes;
	free(block);
}

void location_table_free(struct location_table *table)
{
	if (!table)
		return;
	const void *key;
	void *set;
	uint32_t position = 0;
	while (rte_hash_iterate(table->location.hash, &key, &set, &position) >= 0)
		free_set(table, set);
	while (table->oldest) {
		struct retired_set *first = table->oldest;
		table->oldest = first->next;
		free_set(table, first->set);
	}
	rte_hash_free(table->location.hash);
	free(table);
}

const struct location *location_table_location(const struct location_table *table)
{
	return &table->location;
}

uint64_t location_table_tsc_in(const struct location_table *table, uint32_t seconds)
{
	uint64_t virtual_tsc = table->dataplane->virtual_tsc;
	return (virtual_tsc ? virtual_tsc : rte_rdtsc()) + seconds * rte_get_tsc_hz();
}

static struct span copy_text(char **end, struct span text)
{
	struct span copy = {*end, text.length};
	if (text.length)
		memcpy(*end, text.at, text.length);
	*end += text.length;
	return copy;
}

static struct binding_set *copy_set(struct location_table *table, const struct binding_set *set)
{
	size_t bytes = sizeof(struct set_block) + set->count * sizeof(set->binding[0]) + set->aor.length;
	for (uint32_t i = 0; i < set->count; i++)
		bytes += set->binding[i].contact.length + set->binding[i].path.length;
	struct set_block *block = malloc(bytes);
	if (!block)
		return NULL;
	block->bytes = bytes;
	struct binding_set *copy = &block->set;
	copy->count = set->count;
	memcpy(copy->binding, set->binding, set->count * sizeof(set->binding[0]));
	char *end = (char *)&copy->binding[set->count];
	copy->aor = copy_text(&end, set->aor);
	for (uint32_t i = 0; i < set->count; i++) {
		copy->binding[i].contact = copy_text(&end, set->binding[i].contact);
		copy->binding[i].path = copy_text(&end, set->binding[i].path);
	}
	table->set_bytes += bytes;
	return copy;
}

static void retire_set(struct location_table *table, struct binding_set *set)
{
	struct retired_set *retired = &block_of_set(set)->retired;
	*retired = (struct retired_set){.set = set, .token = rte_rcu_qsbr_start(table->dataplane->qsbr)};
	*table->last = retired;
	table->last = &retired->next;
	table->retired_count++;
}

enum status location_table_prepare(struct binding_set **prepared, struct location_table *table,
				   const struct binding_set *set)
{
	struct binding_set *copy = copy_set(table, set);
	if (!copy)
		return STATUS_NO_MEMORY;
	*prepared = copy;
	return STATUS_OK;
}

void location_table_drop_prepared(struct location_table *table, struct binding_set *prepared)
{
	if (prepared)
		free_set(table, prepared);
}

enum status location_table_put_prepared(struct location_table *table, const uint8_t aor_key[AOR_KEY_BYTES],
					struct binding_set *prepared)
{
	void *old = NULL;
	bool known = rte_hash_lookup_data(table->location.hash, aor_key, &old) >= 0;
	/* Of a known key only the pointer changes, with release; the hash does not free what it pointed to. */
	if ((!known && table->endpoints == table->endpoints_max) ||
	    rte_hash_add_key_data(table->location.hash, aor_key, prepared) != 0) {
		free_set(table, prepared);
		return STATUS_LIMIT;
	}
	if (known)
		retire_set(table, old);
	else
		table->endpoints++;
	return STATUS_OK;
}

enum status location_table_put(struct location_table *table, const uint8_t aor_key[AOR_KEY_BYTES],
			       const struct binding_set *set)
{
	struct binding_set *prepared;
	enum status status = location_table_prepare(&prepared, table, set);
	return status ? status : location_table_put_prepared(table, aor_key, prepared);
}

bool location_table_remove(struct location_table *table, const uint8_t aor_key[AOR_KEY_BYTES])
{
	void *old;
	if (rte_hash_lookup_data(table->location.hash, aor_key, &old) < 0)
		return false;
	rte_hash_del_key(table->location.hash, aor_key);
	retire_set(table, old);
	table->endpoints--;
	return true;
}

void location_table_poll(struct location_table *table)
{
	while (table->oldest && rte_rcu_qsbr_check(table->dataplane->qsbr, table->oldest->token, false) == 1) {
		struct retired_set *first = table->oldest;
		table->oldest = first->next;
		if (!table->oldest)
			table->last = &table->oldest;
		table->retired_count--;
		free_set(table, first->set);
	}
}

struct location_table_fill location_table_fill(const struct location_table *table)
{
	return (struct location_table_fill){
		.endpoints = table->endpoints,
		.endpoints_max = table->endpoints_max,
		.retired = table->retired_count,
		.set_bytes = table->set_bytes,
	};
}
