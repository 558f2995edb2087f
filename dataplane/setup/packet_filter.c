#include "packet_filter.h"

#include <sys/socket.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#include "dataplane.h"
#include "packet_sockets.h"

#define WHOLE_FRAME	   0xffffffff
#define VLAN_ID_MASK	   0x0fff
#define IPV4_FRAGMENT_MASK 0x3fff /* "more fragments" and the offset */

#define LOAD_WORD(offset)		       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define LOAD_HALF(offset)		       BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (offset))
#define LOAD_BYTE(offset)		       BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (offset))
#define IF_ANY_BIT(mask, then_skip, else_skip) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (mask), (then_skip), (else_skip))
#define IF_EQUAL(value, then_skip, else_skip)  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then_skip), (else_skip))

static void attach(int fd, uint16_t sip_port)
{
	/* Jumps count from the next instruction; 24 takes the frame, 25 leaves it to the kernel. */
	struct sock_filter code[] = {
		/*  0 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_PKTTYPE),
		/*  1 */ IF_EQUAL(PACKET_HOST, 0, 23),
		/*  2 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),
		/*  3 */ IF_EQUAL(0, 2, 0),
		/*  4 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_VLAN_TAG),
		/*  5 */ IF_ANY_BIT(VLAN_ID_MASK, 19, 0), /* a tag that only says a priority is none */
		/*  6 */ LOAD_HALF(12),
		/*  7 */ IF_EQUAL(ETH_P_IP, 1, 0),
		/*  8 */ IF_EQUAL(ETH_P_IPV6, 7, 16),
		/*  9 */ LOAD_BYTE(ETH_HLEN + 9),
		/* 10 */ IF_EQUAL(IPPROTO_UDP, 0, 14),
		/* 11 */ LOAD_HALF(ETH_HLEN + 6),
		/* 12 */ IF_ANY_BIT(IPV4_FRAGMENT_MASK, 11, 0),
		/* 13 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN), /* length of the IPv4 header */
		/* 14 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETH_HLEN + 2),
		/* 15 */ IF_EQUAL(sip_port, 8, 9),
		/* 16 */ LOAD_BYTE(ETH_HLEN + 6),
		/* 17 */ IF_EQUAL(IPPROTO_UDP, 4, 0),
		/* 18 */ IF_EQUAL(IPPROTO_FRAGMENT, 5, 0), /* and headers behind which UDP may come: an lcore looks */
		/* 19 */ IF_EQUAL(IPPROTO_HOPOPTS, 4, 0),
		/* 20 */ IF_EQUAL(IPPROTO_DSTOPTS, 3, 0),
		/* 21 */ IF_EQUAL(IPPROTO_ROUTING, 2, 3),
		/* 22 */ LOAD_HALF(ETH_HLEN + 40 + 2),
		/* 23 */ IF_EQUAL(sip_port, 0, 1),
		/* 24 */ BPF_STMT(BPF_RET | BPF_K, WHOLE_FRAME),
		/* 25 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

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
