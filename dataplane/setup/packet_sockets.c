#include "packet_sockets.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

static bool is_af_packet(int fd, uint32_t kernel_interface_index)
{
	struct sockaddr_ll local = {.sll_family = 0};
	socklen_t bytes = sizeof(local);

	return getsockname(fd, (struct sockaddr *)&local, &bytes) == 0 && local.sll_family == AF_PACKET &&
	       local.sll_ifindex == (int)kernel_interface_index;
}

bool packet_sockets_is_xdp(int fd)
{
	int domain = 0;
	socklen_t bytes = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_XDP;
}

static bool is_xdp(int fd, uint32_t unused)
{
	(void)unused;
	return packet_sockets_is_xdp(fd);
}

static uint32_t list(bool (*fits)(int fd, uint32_t kernel_interface_index), uint32_t kernel_interface_index,
		     int *sockets, uint32_t capacity)
{
	DIR *directory = opendir("/proc/self/fd");
	uint32_t count = 0;

	if (directory == NULL)
		return 0;
	for (struct dirent *entry = readdir(directory); entry != NULL && count < capacity; entry = readdir(directory)) {
		int fd = atoi(entry->d_name);
		if (fd > 2 && fits(fd, kernel_interface_index))
			sockets[count++] = fd;
	}
	closedir(directory);
	return count;
}

uint32_t packet_sockets_list(uint32_t kernel_interface_index, int *sockets, uint32_t capacity)
{
	return list(is_af_packet, kernel_interface_index, sockets, capacity);
}

uint32_t packet_sockets_list_xdp(int *sockets, uint32_t capacity)
{
	return list(is_xdp, 0, sockets, capacity);
}
