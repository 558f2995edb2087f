#include "pattern_wire.h"

#include <errno.h>
#include <sys/socket.h>

bool pattern_wire_send(int descriptor, const void *bytes, size_t length)
{
	const char *at = bytes;
	while (length > 0) {
		ssize_t sent = send(descriptor, at, length, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}

bool pattern_wire_receive(int descriptor, void *bytes, size_t length)
{
	char *at = bytes;
	while (length > 0) {
		ssize_t received = recv(descriptor, at, length, 0);
		if (received < 0 && errno == EINTR)
			continue;
		if (received <= 0)
			return false;
		at += received;
		length -= (size_t)received;
	}
	return true;
}
