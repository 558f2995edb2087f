/*
 * memif_socket.h - the socket file that a net_memif server (role=server, socket-abstract=no) listens at.
 *
 * A process that was killed leaves its file, and the driver then cannot bind: "Address already in use". No socket is
 * behind such a file any more, which a connect() tells.
 */
#ifndef AMITY_MEMIF_SOCKET_H
#define AMITY_MEMIF_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

enum memif_socket {
	MEMIF_SOCKET_NONE,   /* `device` serves no socket file, or there is no file yet */
	MEMIF_SOCKET_DEAD,   /* the file of a socket that is no more */
	MEMIF_SOCKET_SERVED, /* somebody has it, maybe we with another port */
	MEMIF_SOCKET_OTHER,  /* a file that is no socket, or may not be connected to */
};

/*
 * `device`: "net_memif0,role=server,socket=...". What there is at its path, which is written to `path` but for NONE.
 *
 * Thread: control.
 */
enum memif_socket memif_socket_look(char *path, size_t path_bytes, const char *device);

#endif
