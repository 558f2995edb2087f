#include "kernel_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
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
		return setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one)) == 0;
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

enum status kernel_socket_send(int fd, const struct net_address *peer, uint32_t interface_index, const void *bytes,
			       size_t length)
{
	struct sockaddr_storage address;
	socklen_t address_length = write_address(&address, peer, interface_index);

	/* A socket reports ICMP errors of earlier messages on the next call: not this one's failure. */
	for (int attempt = 0; attempt < 2; attempt++)
		if (sendto(fd, bytes, length, 0, (struct sockaddr *)&address, address_length) == (ssize_t)length)
			return STATUS_OK;
	return STATUS_IO;
}
