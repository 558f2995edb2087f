#include "kernel_interface.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <rte_common.h>
#include <rte_string_fns.h>

/* Reads or sets one property. Result: 0 or errno. */
static int ask(const char *name, unsigned long request, struct ifreq *answer)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	strlcpy(answer->ifr_name, name, sizeof(answer->ifr_name));
	int error = ioctl(fd, request, answer) == 0 ? 0 : errno;
	close(fd);
	return error;
}

enum status kernel_interface_check(struct setup *setup, const char *name)
{
	struct ifreq answer = {.ifr_name = ""};
	int fd;

	if (strlen(name) >= IFNAMSIZ || ask(name, SIOCGIFHWADDR, &answer) != 0)
		return setup_fail(setup, STATUS_NOT_FOUND, "interface %s: the kernel has no such interface", name);
	if (answer.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return setup_fail(
			setup, STATUS_INVALID,
			"interface %s: it carries no Ethernet; profile kernel needs a NIC, bond, VLAN, bridge or veth",
			name);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return setup_fail(setup, STATUS_ENVIRONMENT,
				  "interface %s: no packet socket: %s; amityd needs root or CAP_NET_RAW", name,
				  strerror(errno));
	close(fd);
	return STATUS_OK;
}

uint16_t kernel_interface_mtu(const char *name)
{
	struct ifreq answer = {.ifr_name = ""};

	return ask(name, SIOCGIFMTU, &answer) == 0 ? (uint16_t)RTE_MIN(answer.ifr_mtu, (int)UINT16_MAX) : 0;
}

short kernel_interface_flags(const char *name)
{
	struct ifreq answer = {.ifr_name = ""};

	return ask(name, SIOCGIFFLAGS, &answer) == 0 ? answer.ifr_flags : 0;
}

struct kernel_interface_queues kernel_interface_queues(const char *name)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq answer = {.ifr_name = "", .ifr_data = (char *)&channels};

	if (ask(name, SIOCETHTOOL, &answer) != 0 || channels.max_combined + channels.rx_count == 0)
		return (struct kernel_interface_queues){.combined = 1};
	return (struct kernel_interface_queues){.combined = channels.combined_count, .receive_only = channels.rx_count};
}

void kernel_interface_restore_promiscuous(const char *name, short flags_before)
{
	struct ifreq answer = {.ifr_name = ""};

	if (ask(name, SIOCGIFFLAGS, &answer) != 0 || ((answer.ifr_flags ^ flags_before) & IFF_PROMISC) == 0)
		return;
	answer.ifr_flags = (short)((answer.ifr_flags & ~IFF_PROMISC) | (flags_before & IFF_PROMISC));
	ask(name, SIOCSIFFLAGS, &answer);
}
