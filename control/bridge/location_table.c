#include "location_table.h"

#include <stdlib.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "prefetch.h"

#define BUCKETS_MIN 1024
/* What rte_malloc() puts around a block. */
#define BYTES_AROUND 128

/* Replaced sets, by set->waiting. */
struct set_list {
	struct binding_set *first;
	uint32_t count;
};

struct location_table {
	struct location location;
	struct dataplane *dataplane;
	uint32_t endpoints, endpoints_expected;
	/* One token for all that was replaced between two polls: those of `leaving` are freed when it has passed. */
	struct set_list replaced, leaving;
	uint64_t token;
	uint64_t set_bytes;
};

/* Half to one set a bucket when it is full. */
static uint32_t buckets_of(uint32_t endpoints_expected)
{
	return endpoints_expected < BUCKETS_MIN ? BUCKETS_MIN : rte_align32pow2(endpoints_expected);
}

uint64_t location_table_bytes(uint32_t endpoints_expected)
{
	return (uint64_t)buckets_of(endpoints_expected) * sizeof(struct binding_set *) + BYTES_AROUND;
}

enum status location_table_create(struct location_table **table, uint32_t endpoints_expected,
				  struct dataplane *dataplane)
{
	uint32_t buckets = buckets_of(endpoints_expected);
	struct location_table *made = calloc(1, sizeof(*made));
	if (!made)
		return STATUS_NO_MEMORY;
	made->location.bucket = rte_zmalloc("location", buckets * sizeof(struct binding_set *), RTE_CACHE_LINE_SIZE);
	if (!made->location.bucket) {
		free(made);
		return STATUS_NO_MEMORY;
	}
	made->location.mask = buckets - 1;
	made->dataplane = dataplane;
	made->endpoints_expected = endpoints_expected;
	*table = made;
	return STATUS_OK;
}

static void free_list(struct location_table *table, struct set_list *list)
{
	while (list->first) {
		struct binding_set *set = list->first;
		list->first = set->waiting;
		table->set_bytes -= set->bytes;
		location_set_free(set);
	}
	list->count = 0;
}

void location_table_free(struct location_table *table)
{
	if (!table)
		return;
	struct binding_set *set = location_table_next(table, NULL);
	while (set) {
		struct binding_set *next = location_table_next(table, set);
		location_set_free(set);
		set = next;
	}
	free_list(table, &table->replaced);
	free_list(table, &table->leaving);
	rte_free(table->location.bucket);
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

/* What the writer itself has written. */
static struct binding_set *load(const _Atomic(struct binding_set *) *link)
{
	return atomic_load_explicit(link, memory_order_relaxed);
}

/* The pointer to the set of `key`, or the one behind the last set of its bucket. */
static _Atomic(struct binding_set *) *find_link(const struct location_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	_Atomic(struct binding_set *) *link = &table->location.bucket[location_bucket(&table->location, key)];
	for (struct binding_set *set = load(link); set && memcmp(set->key, key, AOR_KEY_BYTES) != 0; set = load(link))
		link = &set->next;
	return link;
}

struct binding_set *location_table_find(const struct location_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	return load(find_link(table, key));
}

void location_table_prefetch_set(const struct location_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	prefetch_line(load(&table->location.bucket[location_bucket(&table->location, key)]));
}

/* Readers may still stand on it, and go on by its `next`. */
static void retire(struct location_table *table, struct binding_set *set)
{
	set->waiting = table->replaced.first;
	table->replaced.first = set;
	table->replaced.count++;
}

void location_table_put(struct location_table *table, struct binding_set *set)
{
	_Atomic(struct binding_set *) *link = find_link(table, set->key);
	struct binding_set *old = load(link);
	atomic_store_explicit(&set->next, old ? load(&old->next) : NULL, memory_order_relaxed);
	/* Pairs with the acquire loads of location_find(): who comes by here sees the set as it was made. */
	atomic_store_explicit(link, set, memory_order_release);
	table->set_bytes += set->bytes;
	if (old)
		retire(table, old);
	else
		table->endpoints++;
}

bool location_table_remove(struct location_table *table, const uint8_t key[AOR_KEY_BYTES])
{
	_Atomic(struct binding_set *) *link = find_link(table, key);
	struct binding_set *old = load(link);
	if (!old)
		return false;
	/* Release: this store is where readers now find the next set, which may be new to them. */
	atomic_store_explicit(link, load(&old->next), memory_order_release);
	retire(table, old);
	table->endpoints--;
	return true;
}

struct binding_set *location_table_next(const struct location_table *table, const struct binding_set *after)
{
	const struct location *location = &table->location;
	struct binding_set *set = after ? load(&after->next) : NULL;
	for (uint32_t i = after ? location_bucket(location, after->key) + 1 : 0; !set && i <= location->mask; i++)
		set = load(&location->bucket[i]);
	return set;
}

void location_table_poll(struct location_table *table)
{
	struct rte_rcu_qsbr *qsbr = table->dataplane->qsbr;
	/* Twice, so that without a worker nothing waits for the next poll. */
	for (int turn = 0; turn < 2; turn++) {
		if (table->leaving.first && rte_rcu_qsbr_check(qsbr, table->token, false) == 1)
			free_list(table, &table->leaving);
		if (table->leaving.first || !table->replaced.first)
			return;
		table->leaving = table->replaced;
		table->replaced = (struct set_list){0};
		table->token = rte_rcu_qsbr_start(qsbr);
	}
}

struct location_table_fill location_table_fill(const struct location_table *table)
{
	return (struct location_table_fill){
		.endpoints = table->endpoints,
		.endpoints_expected = table->endpoints_expected,
		.retired = table->replaced.count + table->leaving.count,
		.set_bytes = table->set_bytes,
	};
}
