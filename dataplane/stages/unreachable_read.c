#include "unreachable_read.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "checksum.h"

struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint8_t length_v6; /* of the quotation, when something else follows it (RFC 4884): in units of 8 bytes */
	uint8_t length_v4; /* likewise, of 4 bytes */
	uint16_t unused;
} __rte_packed;
_Static_assert(sizeof(struct icmp_error) == 8, "as on the wire");

/* A fragment header as we write it (RFC 8200 4.5). */
struct quoted_fragment {
	uint8_t next_header;
	uint8_t reserved;
	uint16_t offset_be; /* in bytes, for the three lowest bits are flags */
	uint32_t id_be;
} __rte_packed;

bool unreachable_read_is_one(struct span icmp, bool v6)
{
	const struct icmp_error *error = (const struct icmp_error *)icmp.at;

	if (icmp.length < sizeof(*error))
		return false;
	if (v6)
		return error->type == ICMPV6_DEST_UNREACH || error->type == ICMPV6_PARAMPROB;
	if (error->type == ICMP_DEST_UNREACH)
		return error->code <= NR_ICMP_UNREACH && error->code != ICMP_FRAG_NEEDED;
	return error->type == ICMP_PARAMETERPROB;
}

/* Routers do not agree about what stands in the length of a quoted header, so that of UDP alone counts. */
static bool read_quoted_ipv4(struct packet *packet, struct span *quoted)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)quoted->at;
	uint8_t source[16];

	if (quoted->length < sizeof(*ip) || ip->version_ihl >> 4 != 4 || ip->next_proto_id != IPPROTO_UDP)
		return false;
	uint32_t header = (ip->version_ihl & 0x0fu) * 4;
	if (header < sizeof(*ip) || (rte_be_to_cpu_16(ip->fragment_offset) & RTE_IPV4_HDR_OFFSET_MASK) != 0)
		return false;
	net_address_set_v4(source, &ip->src_addr);
	net_address_set_v4(packet->source.ip, &ip->dst_addr);
	*quoted = span_skip(*quoted, header);
	return memcmp(source, packet->local.ip, sizeof(source)) == 0;
}

/* No other header than that of fragments: what we send has none. */
static bool read_quoted_ipv6(struct packet *packet, struct span *quoted)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)quoted->at;
	uint8_t next_header;

	if (quoted->length < sizeof(*ip) || (uint8_t)quoted->at[0] >> 4 != 6)
		return false;
	next_header = ip->proto;
	memcpy(packet->source.ip, ip->dst_addr, 16);
	*quoted = span_skip(*quoted, sizeof(*ip));
	if (next_header == IPPROTO_FRAGMENT) {
		const struct quoted_fragment *fragment = (const struct quoted_fragment *)quoted->at;
		if (quoted->length < sizeof(*fragment) || rte_be_to_cpu_16(fragment->offset_be) > 7)
			return false;
		next_header = fragment->next_header;
		*quoted = span_skip(*quoted, sizeof(*fragment));
	}
	return next_header == IPPROTO_UDP && memcmp(ip->src_addr, packet->local.ip, 16) == 0;
}

/* Of the quotation alone. The pointer of an ICMPv6 parameter problem takes the place of a length. */
static struct span take_quotation(struct span icmp, bool v6)
{
	const struct icmp_error *error = (const struct icmp_error *)icmp.at;
	uint32_t length = v6 ? error->length_v6 * 8u : error->length_v4 * 4u;
	struct span quoted = span_skip(icmp, sizeof(*error));

	if (length && length < quoted.length && !(v6 && error->type == ICMPV6_PARAMPROB))
		quoted.length = length;
	return quoted;
}

/* No port looks at it, and such packets are few. */
static bool checksum_is_right(const struct packet *packet, struct span icmp, bool v6)
{
	if (v6)
		return checksum_icmpv6(packet->source.ip, packet->local.ip, icmp.at, icmp.length) == 0xffff;
	return checksum_icmpv4(icmp.at, icmp.length) == 0xffff;
}

enum reason unreachable_read(struct packet *packet, uint16_t sip_port)
{
	bool v6 = !net_address_is_v4(packet->local.ip);
	bool right = checksum_is_right(packet, packet->bytes, v6);
	struct span quoted = take_quotation(packet->bytes, v6);

	if (!(v6 ? read_quoted_ipv6(packet, &quoted) : read_quoted_ipv4(packet, &quoted)))
		return REASON_NOT_OURS;
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)quoted.at;
	if (quoted.length < sizeof(*udp) || rte_be_to_cpu_16(udp->src_port) != sip_port)
		return REASON_NOT_OURS;
	packet->source.port = rte_be_to_cpu_16(udp->dst_port);
	packet->local.port = sip_port;
	if (!right)
		return REASON_CHECKSUM_WRONG;
	uint32_t length = rte_be_to_cpu_16(udp->dgram_len);
	if (length < sizeof(*udp))
		return REASON_LENGTH_WRONG;
	packet->bytes = span_skip(quoted, sizeof(*udp));
	if (length - sizeof(*udp) < packet->bytes.length)
		packet->bytes.length = length - (uint32_t)sizeof(*udp);
	return REASON_NONE;
}
