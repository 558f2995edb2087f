#include "memif_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DRIVER "net_memif"

/* What the driver takes when the device does not say. */
#define DEFAULT_PATH "/run/memif.sock"

/* The value of an argument of "name,key=value,...". Result: false when there is none of that name. */
static bool find_argument(char *value, size_t value_bytes, const char *device, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = strchr(device, ','); at; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, length) != 0 || at[length] != '=')
			continue;
		at += length + 1;
		snprintf(value, value_bytes, "%.*s", (int)strcspn(at, ","), at);
		return true;
	}
	return false;
}

static bool argument_is(const char *device, const char *key, const char *wanted)
{
	char value[16];

	return find_argument(value, sizeof(value), device, key) && strcmp(value, wanted) == 0;
}

/* The driver's own words: role=server, formerly master; sockets are abstract unless it says no. */
static bool serves_a_file(const char *device)
{
	return strncmp(device, DRIVER, strlen(DRIVER)) == 0 &&
	       (argument_is(device, "role", "server") || argument_is(device, "role", "master")) &&
	       argument_is(device, "socket-abstract", "no");
}

/*
 * A datagram socket cannot be connected to theirs, and whether there is one is told all the same: EPROTOTYPE. Nobody is
 * disturbed: a client that connects and goes at once has ended routers (memif_guard.h).
 */
static enum memif_socket try_to_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
		if (fd >= 0)
			close(fd);
		return MEMIF_SOCKET_OTHER;
	}
	strcpy(address.sun_path, path);
	int error = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	close(fd);
	switch (error) {
	case EPROTOTYPE:
		return MEMIF_SOCKET_SERVED;
	case ECONNREFUSED:
		return MEMIF_SOCKET_DEAD;
	default:
		return MEMIF_SOCKET_OTHER;
	}
}

enum memif_socket memif_socket_look(char *path, size_t path_bytes, const char *device)
{
	struct stat file;

	if (!serves_a_file(device))
		return MEMIF_SOCKET_NONE;
	if (!find_argument(path, path_bytes, device, "socket"))
		snprintf(path, path_bytes, "%s", DEFAULT_PATH);
	if (lstat(path, &file) != 0)
		return MEMIF_SOCKET_NONE;
	return S_ISSOCK(file.st_mode) ? try_to_connect(path) : MEMIF_SOCKET_OTHER;
}
