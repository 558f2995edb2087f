#include "frame_read.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "checksum.h"
#include "unreachable_read.h"

/* Hop-by-hop options, destination options twice, routing, fragment (RFC 8200 4.1); nothing sane has more. */
#define EXTENSION_HEADERS_MAX 6

/* Both begin like this (RFC 8200 4.3, 4.4, 4.6); the length counts 8 bytes, without the first 8. */
struct extension_header {
	uint8_t next_header;
	uint8_t length;
	uint8_t type;	       /* of a routing header */
	uint8_t segments_left; /* likewise */
};

struct fragment_header {
	uint8_t next_header;
	uint8_t reserved;
	uint16_t offset_be; /* in bytes, for the three lowest bits are flags */
	uint32_t id_be;
} __rte_packed;

#define FRAGMENT_OFFSET_MASK 0xfff8
#define FRAGMENT_MORE	     0x0001

/* Takes Ethernet and VLAN tag off packet->bytes. Result: the type of what follows, 0 for a frame that is not ours. */
static uint16_t read_ethernet(struct packet *packet, uint16_t vlan)
{
	const struct rte_mbuf *mbuf = packet->mbuf;
	const struct rte_ether_hdr *ether = (const struct rte_ether_hdr *)packet->bytes.at;
	uint16_t tag = 0;

	if (packet->bytes.length < sizeof(*ether))
		return 0;
	uint16_t type = rte_be_to_cpu_16(ether->ether_type);
	packet->bytes = span_skip(packet->bytes, sizeof(*ether));
	if (mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) {
		tag = mbuf->vlan_tci;
	} else if (type == RTE_ETHER_TYPE_VLAN) {
		const struct rte_vlan_hdr *header = (const struct rte_vlan_hdr *)packet->bytes.at;
		if (packet->bytes.length < sizeof(*header))
			return 0;
		tag = rte_be_to_cpu_16(header->vlan_tci);
		type = rte_be_to_cpu_16(header->eth_proto);
		packet->bytes = span_skip(packet->bytes, sizeof(*header));
	}
	return (tag & 0x0fff) == vlan ? type : 0;
}

/* Result: false when the port or the sum says that the header is damaged. */
static bool header_checksum_is_right(const struct rte_mbuf *mbuf, const struct rte_ipv4_hdr *ip, uint32_t header)
{
	uint64_t known = mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;

	if (known == RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN)
		return checksum_ipv4(ip, header / 4) == 0xffff;
	return known != RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

/* Errors are never so long that they come in fragments (RFC 1812 4.3.2.3, RFC 4443 2.4). */
static enum reason take_icmp(struct packet *packet, bool v6)
{
	packet->is_unreachable = !packet->fragment.present && unreachable_read_is_one(packet->bytes, v6);
	return packet->is_unreachable ? REASON_NONE : REASON_NOT_OURS;
}

static void read_ipv4_fragment(struct packet *packet, const struct rte_ipv4_hdr *ip, uint32_t header)
{
	uint16_t offset = rte_be_to_cpu_16(ip->fragment_offset);

	packet->fragment = (struct packet_fragment){
		.present = true,
		.more = (offset & RTE_IPV4_HDR_MF_FLAG) != 0,
		.next_header = ip->next_proto_id,
		.header_bytes = (uint8_t)header,
		.offset = (uint16_t)((offset & RTE_IPV4_HDR_OFFSET_MASK) * RTE_IPV4_HDR_OFFSET_UNITS),
		.id = rte_be_to_cpu_16(ip->packet_id),
	};
}

static enum reason read_ipv4(struct packet *packet)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)packet->bytes.at;

	if (packet->bytes.length < sizeof(*ip) || ip->version_ihl >> 4 != 4)
		return REASON_NOT_OURS;
	net_address_set_v4(packet->source.ip, &ip->src_addr);
	net_address_set_v4(packet->local.ip, &ip->dst_addr);
	if (ip->next_proto_id != IPPROTO_UDP && ip->next_proto_id != IPPROTO_ICMP)
		return REASON_NOT_OURS;
	uint32_t header = (ip->version_ihl & 0x0fu) * 4, total = rte_be_to_cpu_16(ip->total_length);
	if (header < sizeof(*ip) || total < header || total > packet->bytes.length)
		return REASON_LENGTH_WRONG;
	if (!header_checksum_is_right(packet->mbuf, ip, header))
		return REASON_CHECKSUM_WRONG;
	packet->bytes = span_make(packet->bytes.at + header, total - header);
	if (ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		read_ipv4_fragment(packet, ip, header);
	return ip->next_proto_id == IPPROTO_ICMP ? take_icmp(packet, false) : REASON_NONE;
}

/* A fragment header ends the walk, unless it stands before a whole datagram (RFC 6946). */
static bool read_fragment_header(struct packet *packet)
{
	const struct fragment_header *header = (const struct fragment_header *)packet->bytes.at;
	uint16_t offset = rte_be_to_cpu_16(header->offset_be);

	packet->bytes = span_skip(packet->bytes, sizeof(*header));
	packet->fragment = (struct packet_fragment){
		.present = (offset & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE)) != 0,
		.more = (offset & FRAGMENT_MORE) != 0,
		.next_header = header->next_header,
		.offset = offset & FRAGMENT_OFFSET_MASK,
		.id = rte_be_to_cpu_32(header->id_be),
	};
	return packet->fragment.present;
}

static bool is_skipped(uint8_t next_header)
{
	return next_header == IPPROTO_HOPOPTS || next_header == IPPROTO_DSTOPTS || next_header == IPPROTO_ROUTING;
}

/*
 * Skips extension headers at the start of packet->bytes until UDP, ICMPv6 or a fragment that may lead to UDP;
 * *next_header is then what comes. `may_fragment`: not within a datagram that was put together.   Result: REASON_NONE,
 * LENGTH_WRONG, or NOT_OURS for what carries nothing for us.
 */
static enum reason skip_extensions(struct packet *packet, uint8_t *next_header, bool may_fragment)
{
	for (uint32_t i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		const struct extension_header *header = (const struct extension_header *)packet->bytes.at;
		bool skipped = is_skipped(*next_header), routed = *next_header == IPPROTO_ROUTING;
		if (*next_header == IPPROTO_UDP || *next_header == IPPROTO_ICMPV6)
			return REASON_NONE;
		if (!skipped && !(may_fragment && *next_header == IPPROTO_FRAGMENT))
			return REASON_NOT_OURS;
		if (packet->bytes.length < sizeof(struct fragment_header))
			return REASON_LENGTH_WRONG;
		*next_header = header->next_header;
		if (!skipped && read_fragment_header(packet))
			return *next_header == IPPROTO_UDP || is_skipped(*next_header) ? REASON_NONE : REASON_NOT_OURS;
		if (skipped && (header->length + 1u) * 8 > packet->bytes.length)
			return REASON_LENGTH_WRONG;
		if (routed && header->segments_left != 0)
			return REASON_NOT_OURS;
		if (skipped)
			packet->bytes = span_skip(packet->bytes, (header->length + 1u) * 8);
	}
	return REASON_NOT_OURS;
}

static enum reason read_ipv6(struct packet *packet)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)packet->bytes.at;

	if (packet->bytes.length < sizeof(*ip))
		return REASON_NOT_OURS;
	memcpy(packet->source.ip, ip->src_addr, 16);
	memcpy(packet->local.ip, ip->dst_addr, 16);
	uint32_t length = rte_be_to_cpu_16(ip->payload_len);
	bool cut_off = length > packet->bytes.length - sizeof(*ip);
	packet->bytes = span_skip(packet->bytes, sizeof(*ip));
	if (!cut_off)
		packet->bytes.length = length;
	uint8_t next_header = ip->proto;
	enum reason reason = skip_extensions(packet, &next_header, true);
	if (reason == REASON_NONE && cut_off)
		return REASON_LENGTH_WRONG;
	return reason == REASON_NONE && next_header == IPPROTO_ICMPV6 ? take_icmp(packet, true) : reason;
}

/* The tag of a frame that has none in it. */
static uint16_t read_stripped_vlan(const struct rte_mbuf *mbuf)
{
	return mbuf->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED ? mbuf->vlan_tci & 0x0fff : 0;
}

/* UDP in an IPv4 packet that is whole and right, at one look. Result: false when it is anything else; untouched. */
static bool read_usual(struct packet *packet, uint16_t vlan)
{
	const struct rte_mbuf *mbuf = packet->mbuf;
	const struct rte_ether_hdr *ether = rte_pktmbuf_mtod(mbuf, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)(ether + 1);
	uint32_t length = rte_pktmbuf_data_len(mbuf);

	if (length < sizeof(*ether) + sizeof(*ip) || mbuf->nb_segs != 1 || read_stripped_vlan(mbuf) != vlan ||
	    ether->ether_type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) || ip->version_ihl != RTE_IPV4_VHL_DEF ||
	    ip->next_proto_id != IPPROTO_UDP ||
	    ip->fragment_offset & rte_cpu_to_be_16(RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK))
		return false;
	uint32_t total = rte_be_to_cpu_16(ip->total_length);
	if (total < sizeof(*ip) || total > length - sizeof(*ether) || !header_checksum_is_right(mbuf, ip, sizeof(*ip)))
		return false;
	net_address_set_v4(packet->source.ip, &ip->src_addr);
	net_address_set_v4(packet->local.ip, &ip->dst_addr);
	packet->bytes = span_make((const char *)(ip + 1), total - sizeof(*ip));
	return true;
}

enum reason frame_read_ip(struct packet *packet, uint16_t vlan)
{
	if (read_usual(packet, vlan))
		return REASON_NONE;
	packet->bytes = span_make(rte_pktmbuf_mtod(packet->mbuf, const char *), rte_pktmbuf_data_len(packet->mbuf));
	uint16_t type = read_ethernet(packet, vlan);
	enum reason reason = REASON_NOT_OURS;

	if (type == RTE_ETHER_TYPE_IPV4)
		reason = read_ipv4(packet);
	else if (type == RTE_ETHER_TYPE_IPV6)
		reason = read_ipv6(packet);
	return reason == REASON_NONE && packet->mbuf->nb_segs > 1 ? REASON_LENGTH_WRONG : reason;
}

/* Software where the port has not looked. The pseudo header comes first: it is all that veth and TAP need. */
static bool udp_checksum_is_right(const struct packet *packet, const struct rte_udp_hdr *udp, uint32_t length)
{
	uint64_t known = packet->mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (known != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN)
		return known != RTE_MBUF_F_RX_L4_CKSUM_BAD;
	if (udp->dgram_cksum == 0)
		return net_address_is_v4(packet->local.ip);
	uint16_t pseudo = checksum_pseudo_header(packet->source.ip, packet->local.ip, length);
	return udp->dgram_cksum == pseudo || checksum_udp(pseudo, udp, length) == 0xffff;
}

enum reason frame_read_udp(struct packet *packet, uint8_t next_header, uint16_t sip_port)
{
	enum reason reason = next_header == IPPROTO_UDP ? REASON_NONE : skip_extensions(packet, &next_header, false);
	const struct rte_udp_hdr *udp = (const struct rte_udp_hdr *)packet->bytes.at;

	if (reason != REASON_NONE)
		return reason;
	if (next_header != IPPROTO_UDP)
		return REASON_NOT_OURS;
	if (packet->bytes.length < sizeof(*udp))
		return REASON_LENGTH_WRONG;
	if (rte_be_to_cpu_16(udp->dst_port) != sip_port)
		return REASON_NOT_OURS;
	packet->source.port = rte_be_to_cpu_16(udp->src_port);
	packet->local.port = sip_port;
	uint32_t length = rte_be_to_cpu_16(udp->dgram_len);
	if (length < sizeof(*udp) || length > packet->bytes.length)
		return REASON_LENGTH_WRONG;
	if (!udp_checksum_is_right(packet, udp, length))
		return REASON_CHECKSUM_WRONG;
	packet->bytes = span_make(packet->bytes.at + sizeof(*udp), length - sizeof(*udp));
	return REASON_NONE;
}
