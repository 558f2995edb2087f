#include "packet_filter.h"

#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include "dataplane.h"
#include "packet_sockets.h"

#define WHOLE_FRAME	   0xffffffff
#define VLAN_ID_MASK	   0x0fff
#define IPV4_FRAGMENT_MASK 0x3fff /* "more fragments" and the offset */
#define IPV4_OFFSET_MASK   0x1fff

/* Where things stand in an untagged frame: behind an IPv4 header by its length more. */
#define IP	  ETH_HLEN
#define ICMP_V6	  (IP + 40)
#define QUOTED	  (IP + 8)
#define QUOTED_V6 (ICMP_V6 + 8)

#define LOAD_WORD(offset)	      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define LOAD_HALF(offset)	      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (offset))
#define LOAD_BYTE(offset)	      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (offset))
#define LOAD_HALF_BEHIND(offset)      BPF_STMT(BPF_LD | BPF_H | BPF_IND, (offset))
#define LOAD_BYTE_BEHIND(offset)      BPF_STMT(BPF_LD | BPF_B | BPF_IND, (offset))
#define IF_ANY_BIT(mask, then, other) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (mask), (then), (other))
#define IF_EQUAL(value, then, other)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then), (other))

/* The rows are written with the row that a jump leads to; the kernel counts from the row behind the jump. */
static void count_jumps(struct sock_filter *code, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (BPF_CLASS(code[i].code) != BPF_JMP)
			continue;
		code[i].jt = (uint8_t)(code[i].jt - i - 1);
		code[i].jf = (uint8_t)(code[i].jf - i - 1);
	}
}

static void attach(int fd, uint16_t sip_port)
{
	/* 52 takes the frame, 53 leaves it to the kernel, which has each in any case. */
	struct sock_filter code[] = {
		/*  0 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_PKTTYPE),
		/*  1 */ IF_EQUAL(PACKET_HOST, 2, 53),
		/*  2 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),
		/*  3 */ IF_EQUAL(0, 6, 4),
		/*  4 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_VLAN_TAG),
		/*  5 */ IF_ANY_BIT(VLAN_ID_MASK, 53, 6), /* a tag that only says a priority is none */
		/*  6 */ LOAD_HALF(12),
		/*  7 */ IF_EQUAL(ETH_P_IP, 9, 8),
		/*  8 */ IF_EQUAL(ETH_P_IPV6, 35, 53),
		/*  9 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, IP), /* length of the IPv4 header */
		/* 10 */ LOAD_BYTE(IP + 9),
		/* 11 */ IF_EQUAL(IPPROTO_UDP, 12, 16),
		/* 12 */ LOAD_HALF(IP + 6),
		/* 13 */ IF_ANY_BIT(IPV4_FRAGMENT_MASK, 52, 14),
		/* 14 */ LOAD_HALF_BEHIND(IP + 2),
		/* 15 */ IF_EQUAL(sip_port, 52, 53),
		/* 16 */ IF_EQUAL(IPPROTO_ICMP, 17, 53),
		/* 17 */ LOAD_HALF(IP + 6),
		/* 18 */ IF_ANY_BIT(IPV4_FRAGMENT_MASK, 53, 19),
		/* 19 */ LOAD_BYTE_BEHIND(IP),
		/* 20 */ IF_EQUAL(ICMP_PARAMETERPROB, 24, 21),
		/* 21 */ IF_EQUAL(ICMP_DEST_UNREACH, 22, 53),
		/* 22 */ LOAD_BYTE_BEHIND(IP + 1),
		/* 23 */ IF_EQUAL(ICMP_FRAG_NEEDED, 53, 24),
		/* 24 */ LOAD_BYTE_BEHIND(QUOTED + 9), /* it quotes UDP with its ports, from our SIP port */
		/* 25 */ IF_EQUAL(IPPROTO_UDP, 26, 53),
		/* 26 */ LOAD_HALF_BEHIND(QUOTED + 6),
		/* 27 */ IF_ANY_BIT(IPV4_OFFSET_MASK, 53, 28),
		/* 28 */ LOAD_BYTE_BEHIND(QUOTED),
		/* 29 */ BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x0f),
		/* 30 */ BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2),
		/* 31 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		/* 32 */ BPF_STMT(BPF_MISC | BPF_TAX, 0), /* length of both IPv4 headers */
		/* 33 */ LOAD_HALF_BEHIND(QUOTED),
		/* 34 */ IF_EQUAL(sip_port, 52, 53),
		/* 35 */ LOAD_BYTE(IP + 6),
		/* 36 */ IF_EQUAL(IPPROTO_UDP, 37, 39),
		/* 37 */ LOAD_HALF(ICMP_V6 + 2),
		/* 38 */ IF_EQUAL(sip_port, 52, 53),
		/* 39 */ IF_EQUAL(IPPROTO_FRAGMENT, 52, 40), /* and headers behind which UDP may come: an lcore looks */
		/* 40 */ IF_EQUAL(IPPROTO_HOPOPTS, 52, 41),
		/* 41 */ IF_EQUAL(IPPROTO_DSTOPTS, 52, 42),
		/* 42 */ IF_EQUAL(IPPROTO_ROUTING, 52, 43),
		/* 43 */ IF_EQUAL(IPPROTO_ICMPV6, 44, 53),
		/* 44 */ LOAD_BYTE(ICMP_V6),
		/* 45 */ IF_EQUAL(ICMPV6_DEST_UNREACH, 47, 46),
		/* 46 */ IF_EQUAL(ICMPV6_PARAMPROB, 47, 53),
		/* 47 */ LOAD_BYTE(QUOTED_V6 + 6),
		/* 48 */ IF_EQUAL(IPPROTO_FRAGMENT, 52, 49), /* of a large message of ours: an lcore looks */
		/* 49 */ IF_EQUAL(IPPROTO_UDP, 50, 53),
		/* 50 */ LOAD_HALF(QUOTED_V6 + 40),
		/* 51 */ IF_EQUAL(sip_port, 52, 53),
		/* 52 */ BPF_STMT(BPF_RET | BPF_K, WHOLE_FRAME),
		/* 53 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	count_jumps(code, program.len);
	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

uint32_t packet_filter_attach(uint32_t kernel_interface_index, uint16_t sip_port)
{
	int sockets[LCORES_MAX];
	uint32_t count = packet_sockets_list(kernel_interface_index, sockets, LCORES_MAX);

	for (uint32_t i = 0; i < count; i++)
		attach(sockets[i], sip_port);
	return count;
}
