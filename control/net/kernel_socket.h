/*
 * kernel_socket.h - a UDP socket that reserves address:port in the kernel and reads nothing.
 *
 * It keeps other programs off the port and the kernel from answering "port unreachable" to packets that the lcores
 * take; a filter drops whatever would be queued. Messages to neighbours that no lcore knows leave through it, from the
 * right port. Where the lcores take packets away from the kernel (af_xdp), what still reaches the socket is read: it
 * was reassembled or unpacked by the kernel. What the kernel could not deliver is told as an error of the socket.
 */
#ifndef AMITY_KERNEL_SOCKET_H
#define AMITY_KERNEL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "net_address.h"
#include "span.h"
#include "status.h"

#define KERNEL_SOCKET_LINKS_MAX 32

/* `interface_index` of the kernel: the scope of link-local addresses. Result: CONFLICT, ENVIRONMENT; *fd only on OK. */
enum status kernel_socket_open(int *fd, const struct net_address *local, uint32_t interface_index, char *error,
			       size_t error_bytes) AMITY_CHECKED;

/*
 * From now on what comes by one of the kernel's interfaces `link_index` is kept for kernel_socket_receive(); there are
 * at most KERNEL_SOCKET_LINKS_MAX. Result: ENVIRONMENT.
 */
enum status kernel_socket_listen(int fd, const struct net_address *local, const uint32_t *link_index,
				 uint32_t link_count) AMITY_CHECKED;

/* A datagram that waits. Never blocks. Result: its bytes, and the kernel's index of the interface it came by; -1: none.
 */
ssize_t kernel_socket_receive(int fd, struct net_address *peer, uint32_t *interface_index, void *bytes,
			      size_t capacity);

/* An ICMP error about what was sent from the socket's address and port. */
struct kernel_socket_error {
	struct net_address peer; /* where it was going */
	uint8_t reporter[16];	 /* who says that it is unreachable: this kernel itself by its own address; all zero:
				    another error */
};

/* Reads an error that waits. Never blocks. Result: bytes of the beginning of what was sent; -1: none. */
ssize_t kernel_socket_receive_error(int fd, struct kernel_socket_error *error, void *bytes, size_t capacity);

/*
 * From `local`, which the socket is bound to, by the kernel's interface of that index (0: as the kernel likes). Never
 * blocks. Result: IO when the kernel did not take it.
 */
enum status kernel_socket_send(int fd, const struct net_address *local, uint32_t interface_index,
			       const struct net_address *peer, struct span message) AMITY_CHECKED;

#endif
