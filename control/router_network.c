#include "router_network.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "event_loop.h"
#include "log.h"
#include "net_mirror.h"
#include "publish.h"
#include "reinject.h"
#include "router_parts.h"
#include "wire_build.h"

#define ERROR_BYTES_MAX 512

static void release_wire(const void *wire)
{
	wire_build_free((void *)wire);
}

static enum status on_wire(void *argument, const struct wire *wire)
{
	struct router *router = argument;

	if (dataplane_set_own(router->dataplane, wire))
		log_event(LOG_LEVEL_ERROR, "addresses_not_filtered", "driver=af_xdp interfaces=%u",
			  wire->interface_count);
	return publish_wire(router->publisher, wire, release_wire);
}

static void on_report(void *argument, const char *text)
{
	(void)argument;
	log_event(LOG_LEVEL_ERROR, "network", "problem=%s", log_quote(text, strlen(text)).text);
}

/* What the kernel had to put together or unpack before it was for our port, or could not deliver (reservation.h). */
static void on_datagram(void *argument, uint16_t interface, const struct reservation_datagram *datagram)
{
	struct router *router = argument;
	const struct reinject_path path = {.peer = datagram->peer, .local = datagram->local, .interface = interface};

	bool taken = datagram->is_unreachable ? reinject_unreachable(router->reinject, &path, datagram->bytes)
					      : reinject_receive(router->reinject, &path, datagram->bytes);
	if (!taken)
		log_event(LOG_LEVEL_WARNING, "datagram_lost", "port=%u bytes=%u", datagram->peer.port,
			  datagram->bytes.length);
}

static void on_link(void *argument, uint32_t index, enum net_mirror_link link)
{
	struct router *router = argument;
	bool up = link == NET_MIRROR_LINK_UP;

	if (up)
		dataplane_port_is_up(router->dataplane, index);
	log_event(up ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "link_changed", "interface=%s link=\"%s\"",
		  dataplane_find_port(router->dataplane, index)->name, net_mirror_link_text(link));
}

static void describe_interface(struct net_mirror_interface *shown, struct net_peer *peers,
			       const struct config_interface *interface, const struct dataplane_port *port)
{
	memset(shown, 0, sizeof(*shown));
	snprintf(shown->name, sizeof(shown->name), "%s", port->name);
	shown->kernel = interface->profile == CONFIG_PROFILE_KERNEL;
	shown->reads_reserved = shown->kernel && interface->driver == CONFIG_DRIVER_AF_XDP;
	shown->port_id = port->port_id;
	shown->link_index = shown->kernel ? if_nametoindex(port->name) : 0;
	shown->sip_port = (uint16_t)interface->sip_port;
	shown->mtu_bytes = port->mtu_bytes;
	shown->vlan = (uint16_t)interface->vlan;
	memcpy(shown->mac, port->mac, sizeof(shown->mac));
	for (uint32_t i = 0; i < interface->address_count; i++) {
		memcpy(shown->address[i].ip, interface->address[i], 16);
		shown->address[i].length_bits = interface->prefix_bits[i];
	}
	shown->address_count = interface->address_count;
	for (uint32_t i = 0; i < interface->peer_count; i++) {
		memcpy(peers[i].ip, interface->peer[i].ip, sizeof(peers[i].ip));
		memcpy(peers[i].mac, interface->peer[i].mac, sizeof(peers[i].mac));
	}
	shown->peer = peers;
	shown->peer_count = interface->peer_count;
}

enum status router_network_start(struct router *router, struct problem_list *problems)
{
	const struct config *config = router->config;
	struct net_mirror_interface interfaces[WIRE_INTERFACES_MAX];
	struct net_peer(*peers)[CONFIG_PEERS_MAX] = calloc(WIRE_INTERFACES_MAX, sizeof(*peers));
	char error[ERROR_BYTES_MAX] = "";

	if (!peers)
		return STATUS_NO_MEMORY;
	for (uint32_t i = 0; i < config->interface_count; i++)
		describe_interface(&interfaces[i], peers[i], &config->interface[i],
				   dataplane_find_port(router->dataplane, i));
	const struct net_mirror_plan plan = {
		.base = event_loop_base(router->loop),
		.interface = interfaces,
		.interface_count = config->interface_count,
		.publish = on_wire,
		.report = on_report,
		.link = on_link,
		.receive = on_datagram,
		.argument = router,
	};
	enum status status = net_mirror_create(&router->mirror, &plan, error, sizeof(error));
	free(peers);
	return status ? router_parts_fail(problems, status, "network", error) : STATUS_OK;
}

void router_network_stop(struct router *router)
{
	net_mirror_free(router->mirror);
}

void router_network_send(void *argument, const struct punt *punt, struct span payload)
{
	struct router *router = argument;

	if (net_mirror_send(router->mirror, &punt->local, punt->interface, &punt->peer, payload))
		log_event(LOG_LEVEL_WARNING, "next_hop_unreachable", "port=%u bytes=%u", punt->peer.port,
			  payload.length);
}
