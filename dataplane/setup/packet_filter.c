#include "packet_filter.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#define IPV6_FRAGMENT_HEADER 44
#define WHOLE_FRAME	     0xffffffff

#define LOAD_WORD(offset)		      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define LOAD_HALF(offset)		      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (offset))
#define LOAD_BYTE(offset)		      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (offset))
#define IF_EQUAL(value, then_skip, else_skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (then_skip), (else_skip))

static void attach(int fd, uint16_t sip_port)
{
	/* Jumps count from the next instruction; 17 takes the frame, 18 leaves it to the kernel. */
	struct sock_filter code[] = {
		/*  0 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_PKTTYPE),
		/*  1 */ IF_EQUAL(PACKET_HOST, 0, 16),
		/*  2 */ LOAD_WORD(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),
		/*  3 */ IF_EQUAL(0, 0, 14),
		/*  4 */ LOAD_HALF(12),
		/*  5 */ IF_EQUAL(ETH_P_IP, 1, 0),
		/*  6 */ IF_EQUAL(ETH_P_IPV6, 5, 11),
		/*  7 */ LOAD_BYTE(ETH_HLEN + 9),
		/*  8 */ IF_EQUAL(IPPROTO_UDP, 0, 9),
		/*  9 */ BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, ETH_HLEN), /* length of the IPv4 header */
		/* 10 */ BPF_STMT(BPF_LD | BPF_H | BPF_IND, ETH_HLEN + 2),
		/* 11 */ IF_EQUAL(sip_port, 5, 6),
		/* 12 */ LOAD_BYTE(ETH_HLEN + 6),
		/* 13 */ IF_EQUAL(IPPROTO_UDP, 1, 0),
		/* 14 */ IF_EQUAL(IPV6_FRAGMENT_HEADER, 2, 3),
		/* 15 */ LOAD_HALF(ETH_HLEN + 40 + 2),
		/* 16 */ IF_EQUAL(sip_port, 0, 1),
		/* 17 */ BPF_STMT(BPF_RET | BPF_K, WHOLE_FRAME),
		/* 18 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int is_ours(int fd, uint32_t kernel_interface_index)
{
	struct sockaddr_ll local = {.sll_family = 0};
	socklen_t length = sizeof(local);

	return getsockname(fd, (struct sockaddr *)&local, &length) == 0 && local.sll_family == AF_PACKET &&
	       local.sll_ifindex == (int)kernel_interface_index;
}

uint32_t packet_filter_attach(uint32_t kernel_interface_index, uint16_t sip_port)
{
	uint32_t count = 0;
	DIR *directory = opendir("/proc/self/fd");

	if (directory == NULL)
		return 0;
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		int fd = atoi(entry->d_name);
		if (fd > 2 && is_ours(fd, kernel_interface_index)) {
			attach(fd, sip_port);
			count++;
		}
	}
	closedir(directory);
	return count;
}
