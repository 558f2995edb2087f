#include "netlink_read.h"

#include <stdio.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#define ATTRIBUTES_MAX 64

/* Attributes by type; those with higher types are of no interest. */
struct attributes {
	const struct nlattr *value[ATTRIBUTES_MAX];
};

static int note_attribute(const struct nlattr *attribute, void *argument)
{
	struct attributes *attributes = argument;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type < ATTRIBUTES_MAX)
		attributes->value[type] = attribute;
	return MNL_CB_OK;
}

static const void *payload_of(const struct nlattr *attribute, uint16_t length)
{
	if (attribute == NULL || mnl_attr_get_payload_len(attribute) != length)
		return NULL;
	return mnl_attr_get_payload(attribute);
}

static uint32_t number_of(const struct nlattr *attribute)
{
	uint32_t number = 0;
	const void *payload = payload_of(attribute, sizeof(number));

	if (payload != NULL)
		memcpy(&number, payload, sizeof(number));
	return number;
}

/* Result: false when there is no address of the family. */
static bool read_ip(uint8_t ip[16], const struct nlattr *attribute, uint8_t family)
{
	const void *payload = payload_of(attribute, family == AF_INET ? 4 : 16);

	if (payload == NULL)
		return false;
	if (family == AF_INET)
		net_address_set_v4(ip, payload);
	else
		memcpy(ip, payload, 16);
	return true;
}

static bool is_ip_family(uint8_t family)
{
	return family == AF_INET || family == AF_INET6;
}

/* Result: false when no address of the family has such a prefix. */
static bool read_length_bits(uint8_t *length_bits, uint8_t family, uint8_t length)
{
	*length_bits = (uint8_t)(family == AF_INET ? 96 + length : length);
	return length <= (family == AF_INET ? 32 : 128);
}

static bool read_attributes(struct attributes *attributes, const struct nlmsghdr *message, size_t header_bytes)
{
	memset(attributes, 0, sizeof(*attributes));
	return mnl_nlmsg_get_payload_len(message) >= header_bytes &&
	       mnl_attr_parse(message, (unsigned int)header_bytes, note_attribute, attributes) >= 0;
}

/* A text of the kernel ends with NUL, which is not taken on trust. */
static void read_name(char *name, size_t size, const struct nlattr *attribute)
{
	snprintf(name, size, "%.*s", mnl_attr_get_payload_len(attribute), mnl_attr_get_str(attribute));
}

bool netlink_read_link(struct netlink_link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	struct attributes attributes;

	if (message->nlmsg_type != RTM_NEWLINK || !read_attributes(&attributes, message, sizeof(*header)) ||
	    attributes.value[IFLA_IFNAME] == NULL)
		return false;
	const void *mac = payload_of(attributes.value[IFLA_ADDRESS], 6);
	memset(link, 0, sizeof(*link));
	link->index = (uint32_t)header->ifi_index;
	link->up = (header->ifi_flags & IFF_UP) != 0;
	link->carrier = (header->ifi_flags & IFF_RUNNING) != 0;
	link->mtu_bytes = number_of(attributes.value[IFLA_MTU]);
	link->ethernet = mac != NULL;
	if (mac != NULL)
		memcpy(link->mac, mac, sizeof(link->mac));
	read_name(link->name, sizeof(link->name), attributes.value[IFLA_IFNAME]);
	return true;
}

bool netlink_read_address(struct netlink_address *address, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes attributes;

	if (message->nlmsg_type != RTM_NEWADDR || !read_attributes(&attributes, message, sizeof(*header)) ||
	    !is_ip_family(header->ifa_family))
		return false;
	uint32_t flags = attributes.value[IFA_FLAGS] ? number_of(attributes.value[IFA_FLAGS]) : header->ifa_flags;
	/* A temporary address changes by itself, and one that failed duplicate detection belongs to somebody else. */
	bool temporary = header->ifa_family == AF_INET6 && (flags & IFA_F_TEMPORARY) != 0;
	if (temporary || (flags & IFA_F_DADFAILED) != 0)
		return false;
	memset(address, 0, sizeof(*address));
	address->link_index = header->ifa_index;
	if (!read_length_bits(&address->prefix.length_bits, header->ifa_family, header->ifa_prefixlen))
		return false;
	/* On a point-to-point link IFA_ADDRESS is the other side. */
	return read_ip(address->prefix.ip, attributes.value[IFA_LOCAL], header->ifa_family) ||
	       read_ip(address->prefix.ip, attributes.value[IFA_ADDRESS], header->ifa_family);
}

bool netlink_read_neighbour(struct netlink_neighbour *neighbour, const struct nlmsghdr *message)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes attributes;

	if (message->nlmsg_type != RTM_NEWNEIGH || !read_attributes(&attributes, message, sizeof(*header)) ||
	    !is_ip_family(header->ndm_family))
		return false;
	memset(neighbour, 0, sizeof(*neighbour));
	if (!read_ip(neighbour->ip, attributes.value[NDA_DST], header->ndm_family))
		return false;
	const void *mac = payload_of(attributes.value[NDA_LLADDR], 6);
	neighbour->link_index = (uint32_t)header->ndm_ifindex;
	neighbour->state = header->ndm_state;
	neighbour->usable = mac != NULL && (header->ndm_state &
					    (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)) != 0;
	if (mac != NULL)
		memcpy(neighbour->mac, mac, sizeof(neighbour->mac));
	return true;
}

/* RTA_GATEWAY has the family of the route; RTA_VIA names its own (IPv4 by an IPv6 router, RFC 5549). */
static void read_gateway(uint8_t gateway[16], const struct attributes *attributes, uint8_t family)
{
	const struct nlattr *via = attributes->value[RTA_VIA];

	if (read_ip(gateway, attributes->value[RTA_GATEWAY], family) || via == NULL)
		return;
	const uint8_t *payload = mnl_attr_get_payload(via);
	uint16_t via_family;
	if (mnl_attr_get_payload_len(via) == 2 + 16) {
		memcpy(&via_family, payload, 2);
		if (via_family == AF_INET6)
			memcpy(gateway, payload + 2, 16);
	}
}

static uint32_t read_paths(struct netlink_route *routes, const struct nlattr *multipath, uint8_t family)
{
	struct netlink_route shared = routes[0];
	const struct rtnexthop *path = mnl_attr_get_payload(multipath);
	int left = mnl_attr_get_payload_len(multipath);
	uint32_t count = 0;

	/* RTNH_OK looks at the path before it looks at what is left. */
	while (count < NETLINK_READ_PATHS_MAX && left >= (int)sizeof(*path) && RTNH_OK(path, left)) {
		struct attributes attributes = {.value = {NULL}};
		mnl_attr_parse_payload(RTNH_DATA(path), path->rtnh_len - sizeof(*path), note_attribute, &attributes);
		if ((path->rtnh_flags & RTNH_F_DEAD) == 0) {
			memcpy(&routes[count], &shared, sizeof(shared));
			routes[count].link_index = (uint32_t)path->rtnh_ifindex;
			read_gateway(routes[count].gateway, &attributes, family);
			count++;
		}
		left -= NLMSG_ALIGN(path->rtnh_len);
		path = RTNH_NEXT(path);
	}
	return count;
}

static bool is_of_main_table(const struct rtmsg *header, const struct attributes *attributes)
{
	const struct nlattr *table = attributes->value[RTA_TABLE];

	return (table ? number_of(table) : header->rtm_table) == RT_TABLE_MAIN;
}

static bool refuses_traffic(uint8_t route_type)
{
	return route_type == RTN_UNREACHABLE || route_type == RTN_BLACKHOLE || route_type == RTN_PROHIBIT;
}

uint32_t netlink_read_routes(struct netlink_route routes[NETLINK_READ_PATHS_MAX], const struct nlmsghdr *message)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct netlink_route *route = &routes[0];
	struct attributes attributes;

	if (message->nlmsg_type != RTM_NEWROUTE || !read_attributes(&attributes, message, sizeof(*header)) ||
	    !is_ip_family(header->rtm_family) || !is_of_main_table(header, &attributes) ||
	    (header->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD)) != 0)
		return 0;
	/* Multicast and broadcast are not for SIP over UDP; local addresses stand in another table. */
	if (header->rtm_type != RTN_UNICAST && !refuses_traffic(header->rtm_type))
		return 0;
	memset(route, 0, sizeof(*route));
	if (header->rtm_family == AF_INET)
		net_address_set_v4(route->prefix.ip, "\0\0\0\0");
	read_ip(route->prefix.ip, attributes.value[RTA_DST], header->rtm_family); /* absent: the default route */
	if (!read_length_bits(&route->prefix.length_bits, header->rtm_family, header->rtm_dst_len))
		return 0;
	route->metric = number_of(attributes.value[RTA_PRIORITY]);
	read_ip(route->source, attributes.value[RTA_PREFSRC], header->rtm_family);
	if (refuses_traffic(header->rtm_type))
		return 1;
	if (attributes.value[RTA_MULTIPATH] != NULL)
		return read_paths(routes, attributes.value[RTA_MULTIPATH], header->rtm_family);
	route->link_index = number_of(attributes.value[RTA_OIF]);
	read_gateway(route->gateway, &attributes, header->rtm_family);
	return 1;
}
