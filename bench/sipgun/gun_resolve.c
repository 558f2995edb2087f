#include "gun_resolve.h"

#include "gun_arp.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#define ASK_TIMES   30
#define ASK_WAIT_MS 100

static void send_frame(struct gun_wire *wire, uint32_t device, struct rte_mbuf *packet)
{
	packet->data_len = GUN_ARP_FRAME_BYTES;
	packet->pkt_len = GUN_ARP_FRAME_BYTES;
	gun_wire_send_other(wire, device == 0 ? GUN_CALLER : GUN_CALLEE, packet);
}

void gun_resolve_answer(struct gun_wire *wire, const struct gun_ports *ports, const struct gun_options *options,
			uint32_t device, struct span frame)
{
	const in_addr_t own[] = {options->own[GUN_CALLER].address_be, options->own[GUN_CALLEE].address_be,
				 options->garbage_from.address_be};
	struct gun_arp arp;

	if (!gun_arp_read(&arp, frame) || !arp.is_request || arp.wanted_be == 0)
		return;
	for (size_t i = 0; i < RTE_DIM(own); i++) {
		if (own[i] != arp.wanted_be)
			continue;
		struct rte_mbuf *packet = gun_wire_take(wire);
		if (packet == NULL)
			return;
		struct gun_frame_address from = {.mac = ports->mac[device], .address_be = own[i]};
		gun_arp_write_answer(rte_pktmbuf_mtod(packet, uint8_t *), &from, &arp.from);
		send_frame(wire, device, packet);
		return;
	}
}

static void ask(struct gun_wire *wire, const struct gun_ports *ports, const struct gun_options *options,
		uint32_t device, enum gun_side_name side)
{
	struct rte_mbuf *packet = gun_wire_take(wire);
	struct gun_frame_address from = {.mac = ports->mac[device], .address_be = options->own[side].address_be};

	if (packet == NULL)
		return;
	gun_arp_write_request(rte_pktmbuf_mtod(packet, uint8_t *), &from, options->router[side].address_be);
	send_frame(wire, device, packet);
	gun_wire_flush(wire);
}

/* Takes what the device has; the router may ask for us before it answers. */
static bool take_frames(struct gun_mac *mac, struct gun_wire *wire, const struct gun_ports *ports,
			const struct gun_options *options, uint32_t device, enum gun_side_name side)
{
	struct rte_mbuf *packets[GUN_WIRE_BURST];
	uint32_t count = rte_eth_rx_burst(ports->id[device], 0, packets, GUN_WIRE_BURST);
	bool is_found = false;
	struct gun_arp arp;

	for (uint32_t i = 0; i < count; i++) {
		struct span frame = span_make(rte_pktmbuf_mtod(packets[i], const char *), packets[i]->data_len);
		if (gun_arp_read(&arp, frame) && arp.from.address_be == options->router[side].address_be) {
			*mac = arp.from.mac;
			is_found = true;
		}
		gun_resolve_answer(wire, ports, options, device, frame);
		rte_pktmbuf_free(packets[i]);
	}
	gun_wire_flush(wire);
	return is_found;
}

bool gun_resolve_router(struct gun_mac *mac, struct gun_wire *wire, const struct gun_ports *ports,
			const struct gun_options *options, enum gun_side_name side, char error[GUN_RESOLVE_ERROR_BYTES])
{
	uint32_t device = side < ports->count ? side : 0;
	char address[INET_ADDRSTRLEN];

	for (uint32_t asked = 0; asked < ASK_TIMES; asked++) {
		ask(wire, ports, options, device, side);
		for (uint32_t waited_ms = 0; waited_ms < ASK_WAIT_MS; waited_ms++) {
			if (take_frames(mac, wire, ports, options, device, side))
				return true;
			rte_delay_us_sleep(1000);
		}
	}
	inet_ntop(AF_INET, &options->router[side].address_be, address, sizeof(address));
	snprintf(error, GUN_RESOLVE_ERROR_BYTES,
		 "no answer to ARP from %s on %s, asked %u times in %u s\n"
		 "  is it there, in our network? On a device without ARP (memif) give %s",
		 address, options->device[device], ASK_TIMES, ASK_TIMES * ASK_WAIT_MS / 1000,
		 side == GUN_CALLER ? "--router-mac" : "--router2-mac");
	return false;
}
