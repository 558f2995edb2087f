#include "frame_write.h"

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#define HOP_LIMIT 64

uint32_t frame_write_ip_overhead(const struct wire_hop *hop)
{
	size_t ip = net_address_is_v4(hop->source) ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	return (uint32_t)(ip + sizeof(struct rte_udp_hdr));
}

static void frame_write_ipv4(struct rte_ipv4_hdr *ip, struct rte_udp_hdr *udp, const struct wire_hop *hop,
			     const struct net_address *destination, uint16_t udp_length)
{
	*ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + udp_length)),
		.fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = HOP_LIMIT,
		.next_proto_id = IPPROTO_UDP,
	};
	memcpy(&ip->src_addr, hop->source + 12, 4);
	memcpy(&ip->dst_addr, destination->ip + 12, 4);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
}

static void frame_write_ipv6(struct rte_ipv6_hdr *ip, struct rte_udp_hdr *udp, const struct wire_hop *hop,
			     const struct net_address *destination, uint16_t udp_length)
{
	*ip = (struct rte_ipv6_hdr){
		.vtc_flow = rte_cpu_to_be_32(6u << 28),
		.payload_len = rte_cpu_to_be_16(udp_length),
		.proto = IPPROTO_UDP,
		.hop_limits = HOP_LIMIT,
	};
	memcpy(ip->src_addr, hop->source, 16);
	memcpy(ip->dst_addr, destination->ip, 16);
	udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
}

bool frame_write(struct rte_mbuf *message, const struct wire_hop *hop, const struct net_address *destination)
{
	uint16_t udp_length = (uint16_t)(rte_pktmbuf_data_len(message) + sizeof(struct rte_udp_hdr));
	uint32_t ip_and_udp = frame_write_ip_overhead(hop);
	bool v4 = net_address_is_v4(hop->source);
	char *frame = rte_pktmbuf_prepend(message, (uint16_t)(sizeof(struct rte_ether_hdr) + ip_and_udp));

	if (!frame)
		return false;
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)frame;
	memcpy(&ether->dst_addr, hop->mac, RTE_ETHER_ADDR_LEN);
	memcpy(&ether->src_addr, hop->interface->mac, RTE_ETHER_ADDR_LEN);
	ether->ether_type = rte_cpu_to_be_16(v4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);

	char *ip = frame + sizeof(*ether);
	struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(ip + ip_and_udp - sizeof(*udp));
	*udp = (struct rte_udp_hdr){
		.src_port = rte_cpu_to_be_16(hop->interface->sip_port),
		.dst_port = rte_cpu_to_be_16(destination->port),
		.dgram_len = rte_cpu_to_be_16(udp_length),
	};
	if (v4)
		frame_write_ipv4((struct rte_ipv4_hdr *)ip, udp, hop, destination, udp_length);
	else
		frame_write_ipv6((struct rte_ipv6_hdr *)ip, udp, hop, destination, udp_length);
	return true;
}
