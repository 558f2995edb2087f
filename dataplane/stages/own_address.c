#include "own_address.h"

#include "text_write.h"
#include "worker.h"

#define VIA_BEGIN	   "Via: SIP/2.0/UDP "
#define RECORD_ROUTE_NAME  "Record-Route: "
#define RECORD_ROUTE_BEGIN RECORD_ROUTE_NAME "<sip:"

static struct span text_of(const struct own_address *address)
{
	return span_make(address->via + sizeof(VIA_BEGIN) - 1, address->text_length);
}

static struct span route_of(const struct own_address *address)
{
	return span_skip(span_make(address->record_route, address->record_route_length), sizeof(RECORD_ROUTE_NAME) - 1);
}

static void describe(struct own_address *address, const struct wire *wire, const struct wire_hop *hop)
{
	const struct wire_interface *own = wire_find_own(wire, hop->source);
	struct text_writer via = text_write_begin(address->via, sizeof(address->via));
	struct text_writer record_route = text_write_begin(address->record_route, sizeof(address->record_route));

	memcpy(address->ip, hop->source, sizeof(address->ip));
	address->port = hop->interface->sip_port;
	address->is_ours = own && own->sip_port == address->port;
	text_write_literal(&via, VIA_BEGIN);
	text_write_ip(&via, address->ip);
	address->host_length = (uint8_t)(via.length - (sizeof(VIA_BEGIN) - 1));
	text_write_char(&via, ':');
	text_write_number(&via, address->port);
	address->text_length = (uint8_t)(via.length - (sizeof(VIA_BEGIN) - 1));
	text_write_literal(&via, ";branch=");
	address->via_length = (uint8_t)via.length;
	text_write_literal(&record_route, RECORD_ROUTE_BEGIN);
	text_write_span(&record_route, text_of(address));
	text_write_literal(&record_route, ";lr;c=");
	address->record_route_length = (uint8_t)record_route.length;
}

static bool is_of_snapshot(const struct own_addresses *own, const struct snapshot *snapshot)
{
	return own->wire == snapshot->wire && own->generation == snapshot->generation;
}

/* Apart, so that what is usual stays short. Result: in the place of the oldest. */
static __attribute__((noinline)) struct own_address *
remember(struct own_addresses *own, const struct snapshot *snapshot, const struct wire_hop *hop)
{
	if (!is_of_snapshot(own, snapshot))
		*own = (struct own_addresses){.wire = snapshot->wire, .generation = snapshot->generation};
	struct own_address *address = &own->address[own->next];
	own->next = (own->next + 1) % OWN_ADDRESSES;
	own->count += own->count < OWN_ADDRESSES;
	describe(address, snapshot->wire, hop);
	return address;
}

const struct own_address *own_address_of_hop(struct worker *worker, const struct wire_hop *hop)
{
	struct own_addresses *own = &worker->own;
	uint32_t count = is_of_snapshot(own, worker->snapshot) ? own->count : 0;

	for (uint32_t i = 0; i < count; i++)
		if (own->address[i].port == hop->interface->sip_port &&
		    memcmp(own->address[i].ip, hop->source, sizeof(hop->source)) == 0)
			return &own->address[i];
	return remember(own, worker->snapshot, hop);
}

struct span own_address_text(const struct own_address *address)
{
	return text_of(address);
}

struct span own_address_host(const struct own_address *address)
{
	return span_make(text_of(address).at, address->host_length);
}

uint32_t own_address_begins_route(const struct worker *worker, struct span value)
{
	const struct own_addresses *own = &worker->own;

	if (!is_of_snapshot(own, worker->snapshot))
		return 0;
	for (uint32_t i = 0; i < own->count; i++) {
		struct span route = route_of(&own->address[i]);
		if (own->address[i].is_ours && span_starts_with(value, route))
			return route.length;
	}
	return 0;
}

bool own_address_is_via(const struct worker *worker, const struct sip_message *message)
{
	const struct own_addresses *own = &worker->own;
	struct span host = sip_message_text(message, message->via_host);

	if (!is_of_snapshot(own, worker->snapshot))
		return false;
	for (uint32_t i = 0; i < own->count; i++) {
		const struct own_address *address = &own->address[i];
		if (address->is_ours && address->port == message->via_port &&
		    span_equals(host, own_address_host(address)))
			return true;
	}
	return false;
}
