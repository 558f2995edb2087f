#include "gun_arp.h"

static const uint8_t ethernet_of_ipv4[6] = {0, 1, 8, 0, 6, 4}; /* hardware, protocol, lengths of their addresses */
static const struct gun_mac everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

bool gun_arp_read(struct gun_arp *arp, struct span frame)
{
	const uint8_t *at = (const uint8_t *)frame.at;

	if (frame.length < GUN_ARP_FRAME_BYTES || at[12] != 0x08 || at[13] != 0x06 ||
	    memcmp(at + 14, ethernet_of_ipv4, 6) != 0 || at[20] != 0 || (at[21] != 1 && at[21] != 2))
		return false;
	*arp = (struct gun_arp){.is_request = at[21] == 1};
	memcpy(arp->from.mac.byte, at + 22, 6);
	memcpy(&arp->from.address_be, at + 28, 4);
	memcpy(&arp->wanted_be, at + 38, 4);
	return true;
}

static void write_arp(uint8_t *at, uint8_t operation, const struct gun_frame_address *from, const struct gun_mac *to,
		      const struct gun_frame_address *target)
{
	memcpy(at, to->byte, 6);
	memcpy(at + 6, from->mac.byte, 6);
	at[12] = 0x08;
	at[13] = 0x06;
	memcpy(at + 14, ethernet_of_ipv4, 6);
	at[20] = 0;
	at[21] = operation;
	memcpy(at + 22, from->mac.byte, 6);
	memcpy(at + 28, &from->address_be, 4);
	memcpy(at + 32, target->mac.byte, 6);
	memcpy(at + 38, &target->address_be, 4);
}

void gun_arp_write_request(uint8_t at[GUN_ARP_FRAME_BYTES], const struct gun_frame_address *from, in_addr_t wanted_be)
{
	write_arp(at, 1, from, &everyone, &(struct gun_frame_address){.address_be = wanted_be});
}

void gun_arp_write_answer(uint8_t at[GUN_ARP_FRAME_BYTES], const struct gun_frame_address *from,
			  const struct gun_frame_address *asker)
{
	write_arp(at, 2, from, &asker->mac, asker);
}
