/*
 * xdp_filter.bpf.c - runs in the kernel's driver (clang -target bpf): UDP to one of our addresses and SIP ports goes to
 * the AF_XDP socket of the queue that it came by; everything else goes on to the kernel.
 *
 * So do fragments, IPv6 extension headers and tagged frames: the kernel reassembles and unpacks them, and what turns
 * out to be for our SIP port reaches the lcores through the reserved socket (control/net/reservation.h).
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "xdp_filter_map.h"

#define IPV4_FRAGMENT 0x3fff /* more fragments, or an offset */

/* The driver puts the socket of each queue here, and knows the map by this name. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, XDP_FILTER_QUEUES_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XDP_FILTER_OWN_MAX);
	__type(key, struct xdp_filter_own);
	__type(value, __u8);
} amity_own SEC(".maps");

static __always_inline const struct udphdr *find_udp_v4(struct xdp_filter_own *own, const struct iphdr *ip,
							const void *end)
{
	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5 || ip->protocol != IPPROTO_UDP ||
	    (ip->frag_off & bpf_htons(IPV4_FRAGMENT)) != 0)
		return 0;
	own->ip[10] = own->ip[11] = 0xff;
	__builtin_memcpy(own->ip + 12, &ip->daddr, 4);
	return (const void *)ip + ip->ihl * 4;
}

static __always_inline const struct udphdr *find_udp_v6(struct xdp_filter_own *own, const struct ipv6hdr *ip,
							const void *end)
{
	if ((const void *)(ip + 1) > end || ip->nexthdr != IPPROTO_UDP)
		return 0;
	__builtin_memcpy(own->ip, &ip->daddr, 16);
	return (const void *)(ip + 1);
}

SEC("xdp")
int amity_filter(struct xdp_md *context)
{
	const void *end = (const void *)(long)context->data_end;
	const struct ethhdr *ethernet = (const void *)(long)context->data;
	const struct udphdr *udp = 0;
	struct xdp_filter_own own = {};

	if ((const void *)(ethernet + 1) > end)
		return XDP_PASS;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		udp = find_udp_v4(&own, (const void *)(ethernet + 1), end);
	else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
		udp = find_udp_v6(&own, (const void *)(ethernet + 1), end);
	if (udp == 0 || (const void *)(udp + 1) > end)
		return XDP_PASS;
	own.port_be = udp->dest;
	if (bpf_map_lookup_elem(&amity_own, &own) == 0)
		return XDP_PASS;
	/* A queue without a socket, or whose socket went with its process: the kernel's as well. */
	return bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
