#include "gun_frame.h"

#include <arpa/inet.h>

#define TYPE_IPV4      0x0800
#define TYPE_ARP       0x0806
#define ETHERNET_BYTES 14
#define IP_BYTES       20
#define UDP_BYTES      8

static void write_16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t read_16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

void gun_frame_init(struct gun_frame *frame, const struct gun_frame_address *from, const struct gun_frame_address *to)
{
	uint8_t *ip = frame->header + ETHERNET_BYTES, *udp = ip + IP_BYTES;

	memset(frame, 0, sizeof(*frame));
	memcpy(frame->header, to->mac.byte, 6);
	memcpy(frame->header + 6, from->mac.byte, 6);
	write_16(frame->header + 12, TYPE_IPV4);
	ip[0] = 0x45;
	write_16(ip + 6, 0x4000); /* do not fragment: then no identification is needed (RFC 6864 4.1) */
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &from->address_be, 4);
	memcpy(ip + 16, &to->address_be, 4);
	for (uint32_t i = 0; i < IP_BYTES; i += 2)
		frame->checksum += read_16(ip + i);
	memcpy(udp, &from->port_be, 2);
	memcpy(udp + 2, &to->port_be, 2);
}

void gun_frame_write(uint8_t at[GUN_FRAME_HEADER_BYTES], const struct gun_frame *frame, uint32_t message_bytes)
{
	uint8_t *ip = at + ETHERNET_BYTES;
	uint32_t length = IP_BYTES + UDP_BYTES + message_bytes, sum = frame->checksum + length;

	memcpy(at, frame->header, GUN_FRAME_HEADER_BYTES);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	write_16(ip + 2, length);
	write_16(ip + 10, ~sum);
	write_16(ip + IP_BYTES + 4, UDP_BYTES + message_bytes);
}

enum gun_frame_kind gun_frame_read_ip(struct gun_frame_received *received, struct span packet)
{
	const uint8_t *ip = (const uint8_t *)packet.at;
	uint32_t length = packet.length;

	if (length < IP_BYTES || ip[0] >> 4 != 4 || ip[9] != IPPROTO_UDP)
		return GUN_FRAME_OTHER;
	uint32_t header_bytes = (ip[0] & 15u) * 4, total = read_16(ip + 2);
	if ((read_16(ip + 6) & 0x3fff) != 0)
		return GUN_FRAME_FRAGMENT;
	if (header_bytes < IP_BYTES || total > length || total < header_bytes + UDP_BYTES)
		return GUN_FRAME_OTHER;
	const uint8_t *udp = ip + header_bytes;
	uint32_t udp_bytes = read_16(udp + 4);
	if (udp_bytes < UDP_BYTES || udp_bytes > total - header_bytes)
		return GUN_FRAME_OTHER;
	memcpy(&received->from.address_be, ip + 12, 4);
	memcpy(&received->to.address_be, ip + 16, 4);
	memcpy(&received->from.port_be, udp, 2);
	memcpy(&received->to.port_be, udp + 2, 2);
	received->message = span_make((const char *)udp + UDP_BYTES, udp_bytes - UDP_BYTES);
	return GUN_FRAME_UDP;
}

enum gun_frame_kind gun_frame_read(struct gun_frame_received *received, struct span frame)
{
	const uint8_t *at = (const uint8_t *)frame.at;

	if (frame.length < ETHERNET_BYTES)
		return GUN_FRAME_OTHER;
	if (read_16(at + 12) == TYPE_ARP)
		return GUN_FRAME_ARP;
	if (read_16(at + 12) != TYPE_IPV4)
		return GUN_FRAME_OTHER;
	memcpy(received->to.mac.byte, at, 6);
	memcpy(received->from.mac.byte, at + 6, 6);
	return gun_frame_read_ip(received, span_skip(frame, ETHERNET_BYTES));
}
