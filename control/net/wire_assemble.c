#include "wire_assemble.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire_build.h"

static const uint8_t no_address[16];

/* Arrays of the input of wire_build_create() while they grow; sized for the worst case before. */
struct assembly {
	struct wire_build_route *route;
	struct wire_neighbour *neighbour;
	uint32_t route_count, neighbour_count;
	uint32_t link_index[WIRE_INTERFACES_MAX]; /* of the interfaces; 0: none */
};

const struct netlink_link *wire_assemble_link(const struct net_mirror_interface *configured,
					      const struct kernel_view *view)
{
	const struct netlink_link *link = configured->kernel ? kernel_view_find_link(view, configured->name) : NULL;

	return link && (configured->link_index == 0 || link->index == configured->link_index) ? link : NULL;
}

uint32_t wire_assemble_link_index(const struct net_mirror_interface *configured, const struct kernel_view *view)
{
	const struct netlink_link *link = wire_assemble_link(configured, view);

	return link ? link->index : 0;
}

static bool is_link_local(const uint8_t ip[16])
{
	return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

static bool is_chosen(const struct net_mirror_interface *configured, const uint8_t ip[16])
{
	for (uint32_t i = 0; i < configured->address_count; i++)
		if (memcmp(configured->address[i].ip, ip, 16) == 0)
			return true;
	return configured->address_count == 0;
}

static void add_address(struct wire_interface *interface, const uint8_t ip[16])
{
	if (interface->address_count < WIRE_ADDRESSES_MAX)
		memcpy(interface->address[interface->address_count++], ip, 16);
}

/* Link-local addresses last: as a source they only do for their own link. */
static void add_kernel_addresses(struct wire_interface *interface, const struct net_mirror_interface *configured,
				 const struct kernel_view *view, uint32_t link_index)
{
	for (int link_local = 0; link_local <= 1; link_local++)
		for (uint32_t i = 0; i < view->address_count; i++)
			if (view->address[i].link_index == link_index &&
			    is_link_local(view->address[i].prefix.ip) == link_local &&
			    is_chosen(configured, view->address[i].prefix.ip))
				add_address(interface, view->address[i].prefix.ip);
}

void wire_assemble_interface(struct wire_interface *interface, const struct net_mirror_interface *configured,
			     const struct kernel_view *view)
{
	const struct netlink_link *link = wire_assemble_link(configured, view);

	memset(interface, 0, sizeof(*interface)); /* tables are compared as bytes */
	snprintf(interface->name, sizeof(interface->name), "%s", configured->name);
	interface->port_id = configured->port_id;
	interface->sip_port = configured->sip_port;
	interface->mtu = configured->mtu_bytes;
	interface->vlan = configured->vlan;
	memcpy(interface->mac, configured->mac, sizeof(interface->mac));
	if (!configured->kernel)
		for (uint32_t i = 0; i < configured->address_count; i++)
			add_address(interface, configured->address[i].ip);
	if (link == NULL)
		return;
	memcpy(interface->mac, link->mac, sizeof(interface->mac));
	uint32_t link_mtu = link->mtu_bytes < UINT16_MAX ? link->mtu_bytes : UINT16_MAX;
	if (interface->mtu == 0 || interface->mtu > link_mtu)
		interface->mtu = (uint16_t)link_mtu;
	add_kernel_addresses(interface, configured, view, link->index);
}

/* Result: index of the interface, or WIRE_NO_INTERFACE. */
static uint16_t find_interface(const struct assembly *assembly, uint32_t link_index)
{
	for (uint16_t i = 0; i < WIRE_INTERFACES_MAX && link_index != 0; i++)
		if (assembly->link_index[i] == link_index)
			return i;
	return WIRE_NO_INTERFACE;
}

static bool has_address(const struct wire_interface *interface, const uint8_t ip[16])
{
	for (uint8_t i = 0; i < interface->address_count; i++)
		if (memcmp(interface->address[i], ip, 16) == 0)
			return true;
	return false;
}

static void add_kernel_route(struct assembly *assembly, const struct wire_assemble_input *input,
			     const struct netlink_route *known)
{
	struct wire_build_route *added = &assembly->route[assembly->route_count++];

	added->metric = known->metric;
	added->route.prefix = known->prefix;
	added->route.interface = find_interface(assembly, known->link_index);
	memcpy(added->route.gateway, known->gateway, 16);
	/* A preferred source that is not ours (not among the configured ones) would not get its answers to us. */
	if (added->route.interface != WIRE_NO_INTERFACE &&
	    has_address(&input->interface[added->route.interface], known->source))
		memcpy(added->route.source, known->source, 16);
}

static void add_kernel_neighbour(struct assembly *assembly, const struct netlink_neighbour *known)
{
	uint16_t interface = known->usable ? find_interface(assembly, known->link_index) : WIRE_NO_INTERFACE;

	if (interface == WIRE_NO_INTERFACE)
		return;
	struct wire_neighbour *added = &assembly->neighbour[assembly->neighbour_count++];
	added->interface = interface;
	memcpy(added->ip, known->ip, 16);
	memcpy(added->mac, known->mac, sizeof(added->mac));
}

static void cut_to_network(struct net_prefix *prefix)
{
	for (uint32_t bit = prefix->length_bits; bit < 128; bit++)
		prefix->ip[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
}

static void add_on_link_route(struct assembly *assembly, const struct net_prefix *prefix, const uint8_t source[16],
			      uint16_t interface)
{
	struct wire_build_route *added = &assembly->route[assembly->route_count++];

	added->route.prefix = *prefix;
	cut_to_network(&added->route.prefix);
	added->route.interface = interface;
	memcpy(added->route.source, source, 16);
}

/* Without a kernel: the networks of our addresses and the configured peers, which may be outside of them. */
static void add_direct(struct assembly *assembly, const struct net_mirror_interface *configured, uint16_t interface)
{
	for (uint32_t i = 0; i < configured->address_count; i++)
		add_on_link_route(assembly, &configured->address[i], configured->address[i].ip, interface);
	for (uint32_t i = 0; i < configured->peer_count; i++) {
		struct wire_neighbour *added = &assembly->neighbour[assembly->neighbour_count++];
		struct net_prefix host = {.length_bits = 128};
		memcpy(host.ip, configured->peer[i].ip, 16);
		add_on_link_route(assembly, &host, no_address, interface);
		added->interface = interface;
		memcpy(added->ip, configured->peer[i].ip, 16);
		memcpy(added->mac, configured->peer[i].mac, sizeof(added->mac));
	}
}

/* Room for the worst case, and the kernel's indices. */
static bool prepare(struct assembly *assembly, const struct wire_assemble_input *input)
{
	size_t routes = input->view->route_count + 1, neighbours = input->view->neighbour_count + 1;

	for (uint32_t i = 0; i < input->interface_count; i++) {
		assembly->link_index[i] = wire_assemble_link_index(&input->configured[i], input->view);
		routes += input->configured[i].address_count + input->configured[i].peer_count;
		neighbours += input->configured[i].peer_count;
	}
	assembly->route = calloc(routes, sizeof(*assembly->route));
	assembly->neighbour = calloc(neighbours, sizeof(*assembly->neighbour));
	return assembly->route != NULL && assembly->neighbour != NULL;
}

struct wire *wire_assemble_create(const struct wire_assemble_input *input)
{
	struct assembly assembly = {.route = NULL};
	struct wire *wire = NULL;

	if (prepare(&assembly, input)) {
		for (uint32_t i = 0; i < input->view->route_count; i++)
			add_kernel_route(&assembly, input, &input->view->route[i]);
		for (uint32_t i = 0; i < input->view->neighbour_count; i++)
			add_kernel_neighbour(&assembly, &input->view->neighbour[i]);
		for (uint32_t i = 0; i < input->interface_count; i++)
			if (!input->configured[i].kernel)
				add_direct(&assembly, &input->configured[i], (uint16_t)i);
		wire = wire_build_create(&(struct wire_build_input){
			.interface = input->interface,
			.interface_count = input->interface_count,
			.route = assembly.route,
			.route_count = assembly.route_count,
			.neighbour = assembly.neighbour,
			.neighbour_count = assembly.neighbour_count,
		});
	}
	free(assembly.route);
	free(assembly.neighbour);
	return wire;
}
