#include "kernel_socket.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>

static socklen_t write_address(struct sockaddr_storage *storage, const struct net_address *address,
			       uint32_t interface_index)
{
	memset(storage, 0, sizeof(*storage));
	if (net_address_is_v4(address->ip)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
		v4->sin_family = AF_INET;
		v4->sin_port = htons(address->port);
		memcpy(&v4->sin_addr, address->ip + 12, 4);
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(address->port);
	memcpy(&v6->sin6_addr, address->ip, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		v6->sin6_scope_id = interface_index;
	return sizeof(*v6);
}

/* Before bind, so that nothing ever waits in the socket. */
static bool set_options(int fd, bool v4)
{
	struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &drop_all};
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0)
		return false;
	/* An IPv6 address may still be in duplicate detection. */
	if (v4)
		return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) == 0 &&
		       setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof(one)) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &one, sizeof(one)) == 0;
}

enum status kernel_socket_open(int *fd, const struct net_address *local, uint32_t interface_index, char *error,
			       size_t error_bytes)
{
	struct sockaddr_storage address;
	socklen_t length = write_address(&address, local, interface_index);
	char text[INET6_ADDRSTRLEN] = "";
	bool v4 = address.ss_family == AF_INET;

	inet_ntop(address.ss_family, v4 ? local->ip + 12 : local->ip, text, sizeof(text));
	int opened = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	if (opened >= 0 && set_options(opened, v4) && bind(opened, (struct sockaddr *)&address, length) == 0) {
		*fd = opened;
		return STATUS_OK;
	}
	int reason = errno;
	if (opened >= 0)
		close(opened);
	if (reason == EADDRINUSE) {
		snprintf(error, error_bytes,
			 "UDP %s port %u belongs to another program (ss -lunp shows which); stop it or choose another "
			 "sip_port",
			 text, local->port);
		return STATUS_CONFLICT;
	}
	snprintf(error, error_bytes, "UDP %s port %u cannot be reserved: %s", text, local->port, strerror(reason));
	return STATUS_ENVIRONMENT;
}

/* The ancillary data that names source and interface (IP_PKTINFO, RFC 3542 6): the kernel's own route may be another.
 */
static void write_way(struct msghdr *header, const struct net_address *local, uint32_t interface_index)
{
	struct cmsghdr *ancillary = CMSG_FIRSTHDR(header);

	if (net_address_is_v4(local->ip)) {
		struct in_pktinfo v4 = {.ipi_ifindex = (int)interface_index};
		memcpy(&v4.ipi_spec_dst, local->ip + 12, 4);
		*ancillary = (struct cmsghdr){CMSG_LEN(sizeof(v4)), IPPROTO_IP, IP_PKTINFO};
		memcpy(CMSG_DATA(ancillary), &v4, sizeof(v4));
		header->msg_controllen = CMSG_SPACE(sizeof(v4));
		return;
	}
	struct in6_pktinfo v6 = {.ipi6_ifindex = interface_index};
	memcpy(&v6.ipi6_addr, local->ip, 16);
	*ancillary = (struct cmsghdr){CMSG_LEN(sizeof(v6)), IPPROTO_IPV6, IPV6_PKTINFO};
	memcpy(CMSG_DATA(ancillary), &v6, sizeof(v6));
	header->msg_controllen = CMSG_SPACE(sizeof(v6));
}

enum status kernel_socket_send(int fd, const struct net_address *local, uint32_t interface_index,
			       const struct net_address *peer, struct span message)
{
	_Alignas(struct cmsghdr) char ancillary[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
	struct iovec bytes = {(void *)(uintptr_t)message.at, message.length};
	struct sockaddr_storage address;
	struct msghdr header = {
		.msg_name = &address,
		.msg_namelen = write_address(&address, peer, interface_index),
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = ancillary,
		.msg_controllen = sizeof(ancillary),
	};

	write_way(&header, local, interface_index);
	/* A socket reports ICMP errors of earlier messages on the next call: not this one's failure. */
	for (int attempt = 0; attempt < 2; attempt++)
		if (sendmsg(fd, &header, 0) == (ssize_t)message.length)
			return STATUS_OK;
	return STATUS_IO;
}

static bool keep_from(int fd, const uint32_t *link_index, uint32_t link_count)
{
	struct sock_filter code[KERNEL_SOCKET_LINKS_MAX + 3];
	struct sock_fprog program = {.filter = code};

	assert(link_count <= KERNEL_SOCKET_LINKS_MAX);
	code[program.len++] =
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
	for (uint32_t i = 0; i < link_count; i++)
		code[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, link_index[i],
								   (uint8_t)(link_count - i), 0);
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

enum status kernel_socket_listen(int fd, const struct net_address *local, const uint32_t *link_index,
				 uint32_t link_count)
{
	bool v4 = net_address_is_v4(local->ip);
	int one = 1;

	if (setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, &one, sizeof(one)) != 0)
		return STATUS_ENVIRONMENT;
	return keep_from(fd, link_index, link_count) ? STATUS_OK : STATUS_ENVIRONMENT;
}

static void read_peer(struct net_address *peer, const struct sockaddr_storage *storage)
{
	memset(peer, 0, sizeof(*peer));
	peer->transport = TRANSPORT_UDP;
	if (storage->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)storage;
		net_address_set_v4(peer->ip, &v4->sin_addr);
		peer->port = ntohs(v4->sin_port);
		return;
	}
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)storage;
	memcpy(peer->ip, &v6->sin6_addr, 16);
	peer->port = ntohs(v6->sin6_port);
}

static uint32_t read_interface(struct msghdr *message)
{
	for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(control), sizeof(v4));
			return (uint32_t)v4.ipi_ifindex;
		}
		if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(control), sizeof(v6));
			return (uint32_t)v6.ipi6_ifindex;
		}
	}
	return 0;
}

ssize_t kernel_socket_receive(int fd, struct net_address *peer, uint32_t *interface_index, void *bytes, size_t capacity)
{
	struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
	union {
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = bytes, .iov_len = capacity};
	struct msghdr message = {.msg_name = &from,
				 .msg_namelen = sizeof(from),
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = -1;

	/* A socket reports ICMP errors of earlier messages on the next call: nothing was received by them. */
	for (int attempt = 0; attempt < 2 && length < 0; attempt++)
		length = recvmsg(fd, &message, 0);
	if (length < 0)
		return -1;
	read_peer(peer, &from);
	*interface_index = read_interface(&message);
	return length;
}

/* Who sent that ICMP error; of anything else than "unreachable", nobody. */
static void read_reporter(uint8_t reporter[16], const struct cmsghdr *control)
{
	bool v4 = control->cmsg_level == IPPROTO_IP;
	struct sockaddr_storage sender = {.ss_family = AF_UNSPEC};
	struct sock_extended_err what;
	struct net_address address;
	size_t bytes = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

	if (control->cmsg_type != (v4 ? IP_RECVERR : IPV6_RECVERR) ||
	    control->cmsg_len < CMSG_LEN(sizeof(what) + bytes))
		return;
	memcpy(&what, CMSG_DATA(control), sizeof(what));
	memcpy(&sender, CMSG_DATA(control) + sizeof(what), bytes);
	if (v4 ? what.ee_origin != SO_EE_ORIGIN_ICMP || what.ee_type != ICMP_DEST_UNREACH
	       : what.ee_origin != SO_EE_ORIGIN_ICMP6 || what.ee_type != ICMPV6_DEST_UNREACH)
		return;
	read_peer(&address, &sender);
	memcpy(reporter, address.ip, sizeof(address.ip));
}

ssize_t kernel_socket_receive_error(int fd, struct kernel_socket_error *error, void *bytes, size_t capacity)
{
	struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
	union {
		char room[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) +
			  CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr aligned;
	} control;
	struct iovec part = {.iov_base = bytes, .iov_len = capacity};
	struct msghdr message = {.msg_name = &to,
				 .msg_namelen = sizeof(to),
				 .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t length = recvmsg(fd, &message, MSG_ERRQUEUE);

	if (length < 0)
		return -1;
	memset(error, 0, sizeof(*error));
	read_peer(&error->peer, &to);
	for (struct cmsghdr *one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one))
		read_reporter(error->reporter, one);
	return length;
}
