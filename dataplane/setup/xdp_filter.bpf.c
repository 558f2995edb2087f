/*
 * xdp_filter.bpf.c - runs in the kernel's driver (clang -target bpf): UDP to one of our addresses and SIP ports, and
 * ICMP errors for UDP from there (unreachable_read.h), go to the AF_XDP socket of the queue that they came by;
 * everything else goes on to the kernel.
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
#define IPV4_OFFSET   0x1fff
#define IPV6_OFFSET   0xfff8

/* RFC 792, RFC 4443; the C library's headers behind <linux/icmp.h> are not this machine's. */
#define V4_UNREACHABLE		     3
#define V4_UNREACHABLE_FRAGMENTATION 4
#define V4_UNREACHABLE_CODE_MAX	     15
#define V4_PARAMETER_PROBLEM	     12
#define V6_UNREACHABLE		     1
#define V6_PARAMETER_PROBLEM	     4

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

struct icmp_error {
	__u8 type;
	__u8 code;
	__u16 unread[3];
};

struct quoted_v4 {
	struct icmp_error icmp;
	struct iphdr ip; /* as we sent it */
};

struct quoted_v6 {
	struct icmp_error icmp;
	struct ipv6hdr ip;
};

struct fragment_v6 {
	__u8 next_header;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

/* Each: the SIP port of ours that the frame is about; 0: none. */

static __always_inline __be16 find_receiver(const struct udphdr *udp, const void *end)
{
	return (const void *)(udp + 1) > end ? 0 : udp->dest;
}

static __always_inline __be16 find_sender(const struct udphdr *udp, const void *end)
{
	return (const void *)(udp + 1) > end ? 0 : udp->source;
}

static __always_inline int is_unreachable_v4(const struct icmp_error *icmp)
{
	if (icmp->type == V4_UNREACHABLE)
		return icmp->code <= V4_UNREACHABLE_CODE_MAX && icmp->code != V4_UNREACHABLE_FRAGMENTATION;
	return icmp->type == V4_PARAMETER_PROBLEM;
}

static __always_inline __be16 find_quoted_v4(const struct quoted_v4 *quoted, __be32 to, const void *end)
{
	if ((const void *)(quoted + 1) > end || !is_unreachable_v4(&quoted->icmp) || quoted->ip.saddr != to ||
	    quoted->ip.version != 4 || quoted->ip.ihl < 5 || quoted->ip.protocol != IPPROTO_UDP ||
	    (quoted->ip.frag_off & bpf_htons(IPV4_OFFSET)) != 0)
		return 0;
	return find_sender((const void *)&quoted->ip + quoted->ip.ihl * 4, end);
}

static __always_inline __be16 find_port_v4(struct xdp_filter_own *own, const struct iphdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5 ||
	    (ip->frag_off & bpf_htons(IPV4_FRAGMENT)) != 0)
		return 0;
	own->ip[10] = own->ip[11] = 0xff;
	__builtin_memcpy(own->ip + 12, &ip->daddr, 4);
	if (ip->protocol == IPPROTO_UDP)
		return find_receiver((const void *)ip + ip->ihl * 4, end);
	if (ip->protocol == IPPROTO_ICMP)
		return find_quoted_v4((const void *)ip + ip->ihl * 4, ip->daddr, end);
	return 0;
}

static __always_inline int is_same(const struct in6_addr *a, const struct in6_addr *b)
{
	return a->s6_addr32[0] == b->s6_addr32[0] && a->s6_addr32[1] == b->s6_addr32[1] &&
	       a->s6_addr32[2] == b->s6_addr32[2] && a->s6_addr32[3] == b->s6_addr32[3];
}

static __always_inline __be16 find_quoted_v6(const struct quoted_v6 *quoted, const struct in6_addr *to, const void *end)
{
	const struct fragment_v6 *fragment = (const void *)(quoted + 1);

	if ((const void *)(quoted + 1) > end || !is_same(&quoted->ip.saddr, to) ||
	    (quoted->icmp.type != V6_UNREACHABLE && quoted->icmp.type != V6_PARAMETER_PROBLEM))
		return 0;
	if (quoted->ip.nexthdr == IPPROTO_UDP)
		return find_sender((const void *)(quoted + 1), end);
	/* A large message of ours. */
	if (quoted->ip.nexthdr != IPPROTO_FRAGMENT || (const void *)(fragment + 1) > end ||
	    fragment->next_header != IPPROTO_UDP || (fragment->offset & bpf_htons(IPV6_OFFSET)) != 0)
		return 0;
	return find_sender((const void *)(fragment + 1), end);
}

static __always_inline __be16 find_port_v6(struct xdp_filter_own *own, const struct ipv6hdr *ip, const void *end)
{
	if ((const void *)(ip + 1) > end)
		return 0;
	__builtin_memcpy(own->ip, &ip->daddr, 16);
	if (ip->nexthdr == IPPROTO_UDP)
		return find_receiver((const void *)(ip + 1), end);
	if (ip->nexthdr == IPPROTO_ICMPV6)
		return find_quoted_v6((const void *)(ip + 1), &ip->daddr, end);
	return 0;
}

SEC("xdp")
int amity_filter(struct xdp_md *context)
{
	const void *end = (const void *)(long)context->data_end;
	const struct ethhdr *ethernet = (const void *)(long)context->data;
	struct xdp_filter_own own = {};

	if ((const void *)(ethernet + 1) > end)
		return XDP_PASS;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		own.port_be = find_port_v4(&own, (const void *)(ethernet + 1), end);
	else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
		own.port_be = find_port_v6(&own, (const void *)(ethernet + 1), end);
	if (own.port_be == 0 || bpf_map_lookup_elem(&amity_own, &own) == 0)
		return XDP_PASS;
	/* A queue without a socket, or whose socket went with its process: the kernel's as well. */
	return bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
