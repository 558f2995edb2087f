#include "packet_fanout.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/if_packet.h>

/* The option's value: group, type and flags (packet(7)). */
#define FLAG_DEFRAG ((uint32_t)PACKET_FANOUT_FLAG_DEFRAG << 16)

bool packet_fanout_reassembles(int fd)
{
	uint32_t group = 0;
	socklen_t length = sizeof(group);

	return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, &length) == 0 && (group & FLAG_DEFRAG) != 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	uint32_t group;

	if (level == SOL_PACKET && name == PACKET_FANOUT && length == sizeof(group)) {
		memcpy(&group, value, sizeof(group));
		group &= ~FLAG_DEFRAG;
		value = &group;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}
