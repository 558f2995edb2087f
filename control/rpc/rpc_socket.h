/*
 * rpc_socket.h - the file of a control socket: made with its mode, never taken from a router that lives, removed only
 * while it is ours.
 */
#ifndef AMITY_RPC_SOCKET_H
#define AMITY_RPC_SOCKET_H

#include <event2/listener.h>
#include <sys/un.h>

#include "problem.h"
#include "status.h"

#define RPC_SOCKET_PATH_BYTES_MAX sizeof(((struct sockaddr_un *)0)->sun_path)

struct rpc_socket {
	struct evconnlistener *listener;
	char path[RPC_SOCKET_PATH_BYTES_MAX];
	uint64_t device, inode; /* of the file that we made */
};

/*
 * Binds and listens; makes the directory of `path` when it is missing. A socket that nobody answers at is left over
 * from a crash and replaced. Result: INVALID: the path is too long; CONFLICT: another router answers there, or it is
 * no socket; IO; each with a problem.
 */
enum status rpc_socket_open(struct rpc_socket *made, struct event_base *base, const char *path, unsigned mode,
			    evconnlistener_cb on_client, void *argument, struct problem_list *problems) AMITY_CHECKED;

/* The file stays when it is another's by now. */
void rpc_socket_close(struct rpc_socket *opened);

#endif
