#include "wire_frame.h"

#include "must.h"

struct wire_frame wire_frame_make(bool v6, uint8_t source)
{
	return (struct wire_frame){.v6 = v6, .source = source, .destination = 1, .vlan = WIRE_UNTAGGED, .protocol = 17};
}

static char *put(char *at, uint32_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*at++ = (char)(value >> (8 * i));
	return at;
}

static char *put_address(char *at, bool v6, uint8_t host)
{
	static const char network_v6[15] = {0x20, 0x01, 0x0d, (char)0xb8};

	if (!v6)
		return put(at, 0xc0000200u | host, 4);
	memcpy(at, network_v6, sizeof(network_v6));
	return put(at + sizeof(network_v6), host, 1);
}

/* RFC 1071, one byte pair after the other. */
static uint32_t sum(const char *bytes, size_t length)
{
	uint32_t result = 0;

	for (size_t i = 0; i < length; i++)
		result += (uint32_t)(uint8_t)bytes[i] << (i % 2 ? 0 : 8);
	while (result > 0xffff)
		result = (result & 0xffff) + (result >> 16);
	return result;
}

static char *put_ipv4(char *at, const struct wire_frame *frame, uint32_t length)
{
	char *start = at;

	at = put(at, 0x4500, 2);
	at = put(at, length + 20, 2);
	at = put(at, frame->id, 2);
	at = put(at, frame->offset / 8 | (frame->more ? 0x2000 : 0), 2);
	at = put(at, 64u << 8 | frame->protocol, 2);
	at = put(at, 0, 2);
	at = put_address(at, false, frame->source);
	at = put_address(at, false, frame->destination);
	put(start + 10, (uint16_t)~sum(start, 20) + frame->header_checksum_wrong, 2);
	return at;
}

static char *put_ipv6(char *at, const struct wire_frame *frame, uint32_t length)
{
	uint8_t last = frame->fragment ? 44 : frame->protocol;

	at = put(at, 6u << 28, 4);
	at = put(at, length + frame->extensions.length + (frame->fragment ? 8 : 0), 2);
	at = put(at, (uint32_t)(frame->extensions.length ? frame->first_header : last) << 8 | 64, 2);
	at = put_address(at, true, frame->source);
	at = put_address(at, true, frame->destination);
	if (frame->extensions.length)
		memcpy(at, frame->extensions.at, frame->extensions.length);
	at += frame->extensions.length;
	if (!frame->fragment)
		return at;
	at = put(at, (uint32_t)frame->protocol << 8, 2);
	at = put(at, frame->offset | frame->more, 2);
	return put(at, frame->id, 4);
}

struct span wire_frame_write(const struct wire_frame *frame, struct span part)
{
	static char bytes[WIRE_FRAME_BYTES_MAX];
	char *at = put(bytes, 0x02000000, 4);

	must(part.length + frame->extensions.length + 14 + 4 + 40 + 8 <= sizeof(bytes));
	at = put(at, 0x00010200, 4);
	at = put(at, 0x00010002, 4);
	if (frame->vlan != WIRE_UNTAGGED)
		at = put(at, 0x81000000u | (uint32_t)frame->vlan, 4);
	at = put(at, frame->v6 ? 0x86dd : 0x0800, 2);
	at = frame->v6 ? put_ipv6(at, frame, part.length) : put_ipv4(at, frame, part.length);
	if (part.length)
		memcpy(at, part.at, part.length);
	return span_make(bytes, (size_t)(at - bytes) + part.length);
}

struct span wire_frame_udp(char *datagram, const struct wire_frame *frame, struct span payload, enum wire_checksum kind)
{
	char pseudo[40], *at = put_address(pseudo, frame->v6, frame->source);
	uint32_t length = payload.length + 8, checksum = 0;

	at = put_address(at, frame->v6, frame->destination);
	at = put(at, length, 4);
	at = put(at, 17, 4);
	uint32_t pseudo_sum = sum(pseudo, (size_t)(at - pseudo));

	put(put(put(datagram, 5060u << 16 | 5060, 4), length, 2), 0, 2);
	memcpy(datagram + 8, payload.at, payload.length);
	if (kind == WIRE_CHECKSUM_UNFINISHED)
		checksum = pseudo_sum;
	else if (kind != WIRE_CHECKSUM_ZERO)
		checksum = 0xffff - (pseudo_sum + sum(datagram, length)) % 0xffff;
	/* One more than right is never right: 0 and 0xffff are met by no message of these tests. */
	put(datagram + 6, checksum + (kind == WIRE_CHECKSUM_WRONG), 2);
	return span_make(datagram, length);
}

struct span wire_frame_icmp(char *icmp, const struct wire_frame *frame, const struct wire_icmp *error)
{
	char pseudo[40], *at = put_address(pseudo, frame->v6, frame->source);
	uint32_t length = error->quoted.length + 8;

	at = put_address(at, frame->v6, frame->destination);
	at = put(at, length, 4);
	at = put(at, 58, 4);
	uint32_t pseudo_sum = frame->v6 ? sum(pseudo, (size_t)(at - pseudo)) : 0;

	put(put(icmp, (uint32_t)error->type << 24 | (uint32_t)error->code << 16, 4), error->rest, 4);
	if (error->quoted.length)
		memcpy(icmp + 8, error->quoted.at, error->quoted.length);
	put(icmp + 2, 0xffff - (pseudo_sum + sum(icmp, length)) % 0xffff + error->checksum_wrong, 2);
	return span_make(icmp, length);
}
