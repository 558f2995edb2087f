#include "location_set.h"

#include <assert.h>

#include "block_memory.h"

#define LONG_ADDRESS_BYTES 16

static uint32_t text_bytes_of(const struct location_binding *binding)
{
	return binding->contact.length + binding->path.length +
	       (net_address_is_v4(binding->next_hop.ip) ? 0 : LONG_ADDRESS_BYTES) +
	       (net_address_is_v4(binding->local.ip) ? 0 : LONG_ADDRESS_BYTES);
}

static char *put_bytes(char *end, const void *bytes, uint32_t length)
{
	if (length)
		memcpy(end, bytes, length);
	return end + length;
}

/* Result: false when it is kept at *end. */
static bool put_v4(uint8_t ip[4], char **end, const struct net_address *address)
{
	bool is_v4 = net_address_is_v4(address->ip);

	if (is_v4)
		memcpy(ip, address->ip + 12, 4);
	else
		*end = put_bytes(*end, address->ip, LONG_ADDRESS_BYTES);
	return is_v4;
}

static char *write_binding(struct binding *to, char *end, const struct location_binding *from)
{
	assert(from->contact.length <= LOCATION_CONTACT_BYTES_MAX && from->path.length <= LOCATION_PATH_BYTES_MAX);
	*to = (struct binding){
		.expires_tsc = from->expires_tsc,
		.next_hop_port = from->next_hop.port,
		.local_port = from->local.port,
		.interface = from->interface,
		.q = from->q,
		.text_offset = (uint16_t)(end - (char *)to),
		.contact_length = (uint16_t)from->contact.length,
		.path_length = (uint16_t)from->path.length,
		.transport = from->next_hop.transport,
		.behind_nat = from->behind_nat,
		.has_entry = from->has_entry,
	};
	end = put_bytes(end, from->contact.at, from->contact.length);
	end = put_bytes(end, from->path.at, from->path.length);
	to->next_hop_is_v6 = !put_v4(to->next_hop_ip, &end, &from->next_hop);
	to->local_is_v6 = !put_v4(to->local_ip, &end, &from->local);
	return end;
}

struct binding_set *location_set_make(const uint8_t key[AOR_KEY_BYTES], const struct location_binding *binding,
				      uint32_t count, struct location_set_room room)
{
	uint64_t bytes = sizeof(struct binding_set) + count * sizeof(struct binding) + (uint64_t)room.fixed_bytes +
			 room.text_bytes;
	for (uint32_t i = 0; i < count; i++)
		bytes += text_bytes_of(&binding[i]);
	struct binding_set *set = block_memory_take(bytes);
	if (!set)
		return NULL;
	atomic_init(&set->next, NULL);
	memcpy(set->key, key, AOR_KEY_BYTES);
	set->waiting = NULL;
	set->bytes = (uint32_t)bytes;
	set->count = count;
	char *end = (char *)&set->binding[count] + room.fixed_bytes;
	for (uint32_t i = 0; i < count; i++)
		end = write_binding(&set->binding[i], end, &binding[i]);
	return set;
}

void location_set_free(struct binding_set *set)
{
	block_memory_give_back(set);
}

char *location_set_text(const struct binding_set *set, uint32_t fixed_bytes)
{
	if (!set->count)
		return (char *)location_set_fixed(set) + fixed_bytes;
	const struct binding *last = &set->binding[set->count - 1];
	return (char *)(uintptr_t)binding_long_addresses(last) +
	       (last->next_hop_is_v6 + last->local_is_v6) * LONG_ADDRESS_BYTES;
}
