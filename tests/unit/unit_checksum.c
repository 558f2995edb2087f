#include "cmocka_all.h"

#include <netinet/in.h>
#include <rte_ip.h>

#include "checksum.h"
#include "guard_page.h"

#define LENGTH_MAX 300

static uint16_t add(uint32_t left, uint32_t right)
{
	uint32_t sum = left + right;

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Every length, odd ones too, ending where nothing can be read, against DPDK's. */
static void sums_are_those_of_dpdk(void **state)
{
	struct guard_page guard;
	char bytes[LENGTH_MAX];

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 167 + 13);
	guard_page_build(&guard, sizeof(bytes));
	for (uint32_t length = 0; length <= sizeof(bytes); length++) {
		struct span placed = guard_page_place(&guard, span_make(bytes, length));
		uint16_t expected = rte_raw_cksum(placed.at, length);
		assert_int_equal(checksum_icmpv4(placed.at, length), expected);
		assert_int_equal(checksum_udp(0x1234, placed.at, length), add(expected, 0x1234));
	}
	guard_page_free(&guard);
}

/* The largest sum that a datagram can have does not lose a carry. */
static void a_datagram_of_ones_is_all_ones(void **state)
{
	static uint8_t bytes[65535];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(checksum_icmpv4(bytes, 65532), 0xffff);
	assert_int_equal(checksum_icmpv4(bytes, 65534), 0xffff);
	assert_int_equal(checksum_icmpv4(bytes, 65535), rte_raw_cksum(bytes, 65535));
	assert_int_equal(checksum_udp(0xffff, bytes, 65534), 0xffff);
}

static void zeros_are_told_from_ones(void **state)
{
	static const uint8_t bytes[8];

	(void)state;
	assert_int_equal(checksum_icmpv4(bytes, sizeof(bytes)), 0);
	assert_int_equal(checksum_icmpv4(bytes, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_dpdk),
		cmocka_unit_test(a_datagram_of_ones_is_all_ones),
		cmocka_unit_test(zeros_are_told_from_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
