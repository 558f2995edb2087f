#include "frame_write.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include "checksum.h"

#define HOP_LIMIT	      64
#define IPV6_FRAGMENT_BYTES   8
#define IPV6_FRAGMENT_MORE    1
#define VLAN_FRAME_BYTES      (sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr))
#define UDP_PAYLOAD_BYTES_MAX (UINT16_MAX - (uint32_t)sizeof(struct rte_udp_hdr))

uint32_t frame_write_message_bytes_max(const struct wire_hop *hop)
{
	return net_address_is_v4(hop->source) ? UDP_PAYLOAD_BYTES_MAX - (uint32_t)sizeof(struct rte_ipv4_hdr)
					      : UDP_PAYLOAD_BYTES_MAX;
}

uint32_t frame_write_ip_bytes(const struct wire_hop *hop, bool fragment)
{
	if (net_address_is_v4(hop->source))
		return sizeof(struct rte_ipv4_hdr);
	return (uint32_t)sizeof(struct rte_ipv6_hdr) + (fragment ? IPV6_FRAGMENT_BYTES : 0);
}

/*
 * Headers are put together in registers, with their sums, and written once: who reads a word of which parts have just
 * been written waits until they are in the cache.
 */

#define WORD(at_0, at_2)                                                                                               \
	((uint32_t)(uint16_t)(at_0) | (uint32_t)(uint16_t)(at_2) << 16) /* two fields in network order */

/* The UDP header as it stands in memory, before a message that is there already. */
static inline uint64_t frame_write_udp_header(const struct wire_hop *hop, const struct net_address *destination,
					      uint64_t addresses, const char *message, uint32_t message_bytes)
{
	uint16_t length = (uint16_t)(message_bytes + sizeof(struct rte_udp_hdr));
	uint32_t ports = WORD(rte_cpu_to_be_16(hop->interface->sip_port), rte_cpu_to_be_16(destination->port));
	uint64_t header = ports | (uint64_t)rte_cpu_to_be_16(length) << 32;

	return header | (uint64_t)checksum_udp_message(addresses, header, message, message_bytes) << 48;
}

bool frame_write_udp(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination)
{
	uint32_t message_bytes = rte_pktmbuf_data_len(message);
	const char *text = rte_pktmbuf_mtod(message, const char *);
	char *udp = rte_pktmbuf_prepend(message, sizeof(struct rte_udp_hdr));

	if (!udp)
		return false;
	uint64_t addresses = checksum_sum_address(hop->source) + checksum_sum_address(destination->ip);
	uint64_t header = frame_write_udp_header(hop, destination, addresses, text, message_bytes);
	memcpy(udp, &header, sizeof(header));
	return true;
}

static uint32_t frame_write_ethernet_bytes(const struct wire_hop *hop)
{
	return hop->interface->vlan ? VLAN_FRAME_BYTES : (uint32_t)sizeof(struct rte_ether_hdr);
}

/* At any address, odd ones too: a message that is written over the received one begins where it comes to. */
static void frame_write_ethernet(char *frame, const struct wire_hop *hop, uint16_t type)
{
	uint16_t type_be = rte_cpu_to_be_16(type);
	char *at = frame + 2 * RTE_ETHER_ADDR_LEN;

	memcpy(frame, hop->mac, RTE_ETHER_ADDR_LEN);
	memcpy(frame + RTE_ETHER_ADDR_LEN, hop->interface->mac, RTE_ETHER_ADDR_LEN);
	if (hop->interface->vlan) {
		const uint16_t tag[] = {rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN), rte_cpu_to_be_16(hop->interface->vlan)};
		memcpy(at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	memcpy(at, &type_be, sizeof(type_be));
}

static void frame_write_words(char *at, uint32_t first, uint32_t second)
{
	uint64_t both = first | (uint64_t)second << 32;

	memcpy(at, &both, sizeof(both));
}

static uint32_t frame_write_last_word(const uint8_t ip[16])
{
	uint32_t word;

	memcpy(&word, ip + 12, sizeof(word));
	return word;
}

/* `middle`: id and offset. `total`: bytes of the packet. */
static inline void frame_write_ipv4(char *ip, uint32_t total, uint32_t middle, uint32_t source, uint32_t target)
{
	uint32_t begin = WORD(RTE_IPV4_VHL_DEF, rte_cpu_to_be_16((uint16_t)total));
	uint32_t end = WORD(HOP_LIMIT | IPPROTO_UDP << 8, 0);
	uint16_t checksum = (uint16_t)~checksum_fold((uint64_t)begin + middle + end + source + target);

	frame_write_words(ip, begin, middle);
	frame_write_words(ip + 8, end | (uint32_t)checksum << 16, source);
	memcpy(ip + 16, &target, sizeof(target));
}

/* What must not be cut on the way needs no id (RFC 6864 4). */
static uint32_t frame_write_uncut(void)
{
	return WORD(0, rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG));
}

static uint32_t frame_write_cut(const struct frame_fragment *fragment)
{
	uint16_t offset = (uint16_t)(fragment->offset / RTE_IPV4_HDR_OFFSET_UNITS);

	offset |= fragment->more ? RTE_IPV4_HDR_MF_FLAG : 0;
	return WORD(rte_cpu_to_be_16((uint16_t)fragment->id), rte_cpu_to_be_16(offset));
}

static void frame_write_ipv6(struct rte_ipv6_hdr *ip, uint32_t payload, const struct wire_hop *hop,
			     const struct net_address *destination, const struct frame_fragment *fragment)
{
	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(6u << 28),
		.payload_len = rte_cpu_to_be_16((uint16_t)(payload + (fragment ? IPV6_FRAGMENT_BYTES : 0))),
		.proto = fragment ? IPPROTO_FRAGMENT : IPPROTO_UDP,
		.hop_limits = HOP_LIMIT,
	};
	memcpy(ip->src_addr, hop->source, 16);
	memcpy(ip->dst_addr, destination->ip, 16);
	if (!fragment)
		return;
	uint16_t offset_be = rte_cpu_to_be_16((uint16_t)(fragment->offset | (fragment->more ? IPV6_FRAGMENT_MORE : 0)));
	uint32_t id_be = rte_cpu_to_be_32(fragment->id);
	uint8_t *header = (uint8_t *)(ip + 1);
	header[0] = IPPROTO_UDP;
	header[1] = 0;
	memcpy(header + 2, &offset_be, sizeof(offset_be));
	memcpy(header + 4, &id_be, sizeof(id_be));
}

bool frame_write_ip(struct rte_mbuf *datagram, const struct wire_hop *hop, const struct net_address *destination,
		    const struct frame_fragment *fragment)
{
	uint32_t payload = rte_pktmbuf_data_len(datagram), ip_bytes = frame_write_ip_bytes(hop, fragment != NULL);
	uint32_t ethernet_bytes = frame_write_ethernet_bytes(hop);
	char *frame = rte_pktmbuf_prepend(datagram, (uint16_t)(ethernet_bytes + ip_bytes));
	char *ip = frame + ethernet_bytes;
	bool v4 = net_address_is_v4(hop->source);

	if (!frame)
		return false;
	frame_write_ethernet(frame, hop, v4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	if (v4)
		frame_write_ipv4(ip, ip_bytes + payload, fragment ? frame_write_cut(fragment) : frame_write_uncut(),
				 frame_write_last_word(hop->source), frame_write_last_word(destination->ip));
	else
		frame_write_ipv6((struct rte_ipv6_hdr *)ip, payload, hop, destination, fragment);
	return true;
}

bool frame_write_usual(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination)
{
	const uint32_t headers = sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr);
	uint32_t message_bytes = rte_pktmbuf_data_len(message);
	uint32_t source = frame_write_last_word(hop->source), target = frame_write_last_word(destination->ip);
	uint32_t ethernet_bytes = frame_write_ethernet_bytes(hop);
	char *frame = rte_pktmbuf_prepend(message, (uint16_t)(ethernet_bytes + headers));
	char *ip = frame + ethernet_bytes, *udp_at = ip + sizeof(struct rte_ipv4_hdr);

	if (!frame)
		return false;
	frame_write_ethernet(frame, hop, RTE_ETHER_TYPE_IPV4);
	frame_write_ipv4(ip, headers + message_bytes, frame_write_uncut(), source, target);
	uint64_t udp = frame_write_udp_header(hop, destination, (uint64_t)source + target, udp_at + sizeof(udp),
					      message_bytes);
	memcpy(udp_at, &udp, sizeof(udp));
	return true;
}

struct rte_mbuf *frame_write_next_fragment(struct rte_mempool *pool, const struct rte_mbuf *datagram,
					   const struct wire_hop *hop, const struct net_address *destination,
					   struct frame_cut *cut)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	uint32_t left = rte_pktmbuf_data_len(datagram) - cut->offset;
	uint32_t room = cut->mtu - frame_write_ip_bytes(hop, true);
	struct frame_fragment fragment = {.offset = cut->offset, .more = left > room, .id = cut->id};
	uint32_t length = fragment.more ? room & ~7u : left;
	char *part = mbuf ? rte_pktmbuf_append(mbuf, (uint16_t)length) : NULL;

	if (part)
		memcpy(part, rte_pktmbuf_mtod_offset(datagram, const char *, cut->offset), length);
	if (!part || !frame_write_ip(mbuf, hop, destination, &fragment)) {
		rte_pktmbuf_free(mbuf);
		return NULL;
	}
	cut->offset += length;
	return mbuf;
}
