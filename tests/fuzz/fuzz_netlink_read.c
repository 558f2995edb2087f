/* One rtnetlink message: its type by the first byte, the rest its payload, with the length that the kernel would give.
 */
#include "fuzz_input.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "netlink_read.h"

static void check_routes(const struct nlmsghdr *message)
{
	struct netlink_route routes[NETLINK_READ_PATHS_MAX], again[NETLINK_READ_PATHS_MAX];
	uint32_t count;

	memset(routes, 0xff, sizeof(routes));
	memset(again, 0, sizeof(again));
	count = netlink_read_routes(routes, message);
	must(count <= NETLINK_READ_PATHS_MAX && netlink_read_routes(again, message) == count);
	for (uint32_t i = 0; i < count; i++) {
		must(routes[i].prefix.length_bits <= 128);
		must(memcmp(routes[i].gateway, again[i].gateway, 16) == 0);
		must(memcmp(routes[i].source, again[i].source, 16) == 0);
		must(routes[i].link_index == again[i].link_index && routes[i].metric == again[i].metric);
	}
}

static void check_message(const struct nlmsghdr *message)
{
	struct netlink_link link;
	struct netlink_address address;
	struct netlink_neighbour neighbour;

	if (netlink_read_link(&link, message))
		must(memchr(link.name, '\0', sizeof(link.name)) != NULL);
	if (netlink_read_address(&address, message))
		must(address.prefix.length_bits <= 128);
	netlink_read_neighbour(&neighbour, message);
	check_routes(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const uint16_t types[] = {RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_DELLINK};
	struct span input = fuzz_input_span(bytes, length);
	uint16_t type = types[fuzz_input_byte(&input) % (sizeof(types) / sizeof(types[0]))];
	/* The kernel pads messages; libmnl counts on it. */
	struct nlmsghdr *message = calloc(1, NLMSG_HDRLEN + NLMSG_ALIGN(input.length));

	must(message != NULL);
	*message = (struct nlmsghdr){.nlmsg_len = NLMSG_HDRLEN + input.length, .nlmsg_type = type};
	if (input.length)
		memcpy(NLMSG_DATA(message), input.at, input.length);
	check_message(message);
	free(message);
	return 0;
}
