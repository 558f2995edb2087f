/* rtnetlink messages that the kernel does not send, or seldom: each ends where unreadable memory begins. */
#include "cmocka_all.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "guard_page.h"
#include "netlink_read.h"

static struct guard_page guard;

/* A message of that type around header and attributes. */
static const struct nlmsghdr *place(uint16_t type, const void *header, size_t header_bytes, struct span attributes)
{
	char bytes[256] = "";
	struct nlmsghdr message = {.nlmsg_type = type};

	message.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + header_bytes + attributes.length);
	memcpy(bytes, &message, sizeof(message));
	memcpy(bytes + NLMSG_HDRLEN, header, header_bytes);
	memcpy(bytes + NLMSG_HDRLEN + header_bytes, attributes.at, attributes.length);
	return (const struct nlmsghdr *)guard_page_place(&guard, span_make(bytes, NLMSG_ALIGN(message.nlmsg_len))).at;
}

static const struct nlmsghdr *place_route(uint8_t length, struct span attributes)
{
	struct rtmsg header = {
		.rtm_family = AF_INET, .rtm_dst_len = length, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	return place(RTM_NEWROUTE, &header, sizeof(header), attributes);
}

static void prefixes_fit_their_family(void **state)
{
	static const struct span destination = SPAN_LITERAL("\10\0\1\0\300\0\2\0");
	struct netlink_route routes[NETLINK_READ_PATHS_MAX];
	struct ifaddrmsg header = {.ifa_family = AF_INET6};
	struct netlink_address address;

	(void)state;
	assert_int_equal(netlink_read_routes(routes, place_route(32, destination)), 1);
	assert_int_equal(routes[0].prefix.length_bits, 128);
	assert_int_equal(netlink_read_routes(routes, place_route(33, destination)), 0);
	for (unsigned length = 0; length < 256; length++) {
		header.ifa_prefixlen = (uint8_t)length;
		const struct nlmsghdr *message = place(RTM_NEWADDR, &header, sizeof(header),
						       SPAN_LITERAL("\24\0\1\0 \1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"));
		assert_int_equal(netlink_read_address(&address, message), length <= 128);
	}
}

/* The second path is where the message ends. */
static void paths_end_with_their_attribute(void **state)
{
	static const struct span one = SPAN_LITERAL("\24\0\11\0\20\0\0\0\2\0\0\0\10\0\5\0\300\0\2\376");
	static const struct span cut = SPAN_LITERAL("\26\0\11\0\20\0\0\0\2\0\0\0\10\0\5\0\300\0\2\376\20\0\0\0");
	struct netlink_route routes[NETLINK_READ_PATHS_MAX];

	(void)state;
	assert_int_equal(netlink_read_routes(routes, place_route(0, one)), 1);
	assert_int_equal(routes[0].link_index, 2);
	assert_int_equal(routes[0].gateway[15], 254);
	assert_int_equal(netlink_read_routes(routes, place_route(0, cut)), 1);
}

static void a_name_ends_with_its_attribute(void **state)
{
	struct ifinfomsg header = {.ifi_index = 2};
	struct netlink_link link;

	(void)state;
	assert_true(netlink_read_link(
		&link, place(RTM_NEWLINK, &header, sizeof(header), SPAN_LITERAL("\11\0\3\0eth0\0\0\0\0"))));
	assert_string_equal(link.name, "eth0");
	assert_true(
		netlink_read_link(&link, place(RTM_NEWLINK, &header, sizeof(header), SPAN_LITERAL("\10\0\3\0eth0"))));
	assert_string_equal(link.name, "eth0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_fit_their_family),
		cmocka_unit_test(paths_end_with_their_attribute),
		cmocka_unit_test(a_name_ends_with_its_attribute),
	};
	guard_page_build(&guard, 256);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
