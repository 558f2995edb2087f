#include "hop_find.h"

#include "worker.h"

#define INDEX_FACTOR 0x9e3779b97f4a7c15u /* 2^64 / golden ratio */
#define INDEX_SHIFT  58
_Static_assert(HOP_FIND_WAYS == 1u << (64 - INDEX_SHIFT), "the upper bits of a product are the index");

/* Who chooses addresses that meet makes himself searched for as often as he sends, and nothing else. */
static uint32_t index_of(const uint8_t ip[16], const struct net_entry *entry)
{
	uint64_t upper, lower;

	memcpy(&upper, ip, sizeof(upper));
	memcpy(&lower, ip + 8, sizeof(lower));
	return (uint32_t)((upper ^ lower ^ (entry != NULL)) * INDEX_FACTOR >> INDEX_SHIFT);
}

static bool is_way_to(const struct hop_way *way, const uint8_t ip[16], const struct net_entry *entry)
{
	if (memcmp(way->ip, ip, sizeof(way->ip)) != 0 || way->has_entry != (entry != NULL))
		return false;
	return entry == NULL ||
	       (way->entry.interface == entry->interface && memcmp(way->entry.ip, entry->ip, sizeof(entry->ip)) == 0);
}

static void search(struct hop_way *way, const struct wire *wire, const uint8_t ip[16], const struct net_entry *entry)
{
	const struct wire_interface *own = wire_find_own(wire, ip);

	memcpy(way->ip, ip, sizeof(way->ip));
	way->own_port = own ? own->sip_port : 0;
	way->has_entry = entry != NULL;
	if (entry)
		way->entry = *entry;
	way->result =
		(uint8_t)(entry ? wire_find_way_back(&way->hop, wire, ip, entry) : wire_find_hop(&way->hop, wire, ip));
}

static bool is_of_snapshot(const struct hop_memory *memory, const struct snapshot *snapshot)
{
	return memory->wire == snapshot->wire && memory->generation == snapshot->generation;
}

static void forget(struct hop_memory *memory, const struct snapshot *snapshot)
{
	memory->wire = snapshot->wire;
	memory->generation = snapshot->generation;
	memory->known = 0;
}

const struct hop_way *hop_find(struct worker *worker, const uint8_t ip[16], const struct net_entry *entry)
{
	struct hop_memory *memory = &worker->hops;
	uint32_t index = index_of(ip, entry);
	struct hop_way *way = &memory->way[index];

	if (!is_of_snapshot(memory, worker->snapshot))
		forget(memory, worker->snapshot);
	if ((memory->known & 1ull << index) && is_way_to(way, ip, entry))
		return way;
	search(way, memory->wire, ip, entry);
	memory->known |= 1ull << index;
	return way;
}
