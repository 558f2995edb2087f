#include "cmocka_all.h"

#include <netinet/in.h>
#include <rte_ip.h>

#include "checksum.h"
#include "guard_page.h"
#include "scan.h"

#define LENGTH_MAX 300

static uint16_t add(uint32_t left, uint32_t right)
{
	uint32_t sum = left + right;

	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void compare_with_dpdk(struct span placed)
{
	uint16_t expected = rte_raw_cksum(placed.at, placed.length);

	for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
		if (!scan_select(variant))
			continue;
		assert_int_equal(checksum_icmpv4(placed.at, placed.length), expected);
		assert_int_equal(checksum_udp(0x1234, placed.at, placed.length), add(expected, 0x1234));
	}
}

/* Every length, odd ones too, ending where nothing can be read, and beginning behind it, against DPDK's. */
static void sums_are_those_of_dpdk(void **state)
{
	struct guard_page guard;
	char bytes[LENGTH_MAX];

	(void)state;
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 167 + 13);
	guard_page_build(&guard, sizeof(bytes));
	for (uint32_t length = 0; length <= sizeof(bytes); length++) {
		compare_with_dpdk(guard_page_place(&guard, span_make(bytes, length)));
		compare_with_dpdk(guard_page_place_first(&guard, span_make(bytes, length)));
	}
	for (uint32_t words = 5; words <= 15; words++) {
		struct span header = guard_page_place(&guard, span_make(bytes, 4 * words));
		assert_int_equal(checksum_ipv4(header.at, words), rte_raw_cksum(header.at, header.length));
	}
	guard_page_free(&guard);
}

/* The largest sum that a datagram can have does not lose a carry. */
static void a_datagram_of_ones_is_all_ones(void **state)
{
	static uint8_t bytes[65535];

	(void)state;
	for (enum scan_variant variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
		if (!scan_select(variant))
			continue;
		memset(bytes, 0xff, sizeof(bytes));
		assert_int_equal(checksum_icmpv4(bytes, 65532), 0xffff);
		assert_int_equal(checksum_icmpv4(bytes, 65534), 0xffff);
		assert_int_equal(checksum_icmpv4(bytes, 65535), rte_raw_cksum(bytes, 65535));
		assert_int_equal(checksum_udp(0xffff, bytes, 65534), 0xffff);
		/* The least one of signed words. */
		for (uint32_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = i % 2 ? 0x7f : 0xff;
		assert_int_equal(checksum_icmpv4(bytes, 65534), rte_raw_cksum(bytes, 65534));
	}
}

static void zeros_are_told_from_ones(void **state)
{
	static const uint8_t bytes[8];

	(void)state;
	assert_int_equal(checksum_icmpv4(bytes, sizeof(bytes)), 0);
	assert_int_equal(checksum_icmpv4(bytes, 0), 0);
}

/* What is to be sent holds its own right checksum, and never the 0 that says that there is none: one word of the
 * message makes the sum whatever it can be. */
static void a_datagram_that_is_sent_is_right(void **state)
{
	const uint8_t source[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1}, to[16] = {[10] = 0xff, 0xff, 192, 0, 2, 2};
	uint8_t datagram[98] = {0x13, 0xc4, 0x13, 0xc4, 0, sizeof(datagram)};
	uint16_t pseudo = checksum_pseudo_header(source, to, sizeof(datagram));
	uint64_t addresses = checksum_sum_address(source) + checksum_sum_address(to), words;
	uint32_t last[2];
	bool was_all_ones = false;

	(void)state;
	memcpy(&last[0], source + 12, sizeof(last[0]));
	memcpy(&last[1], to + 12, sizeof(last[1]));
	words = (uint64_t)last[0] + last[1];
	for (uint32_t i = 0; i <= UINT16_MAX; i++) {
		uint16_t word = (uint16_t)i;
		uint64_t header;
		memset(datagram + 6, 0, 2);
		memcpy(datagram + 8, &word, 2);
		memcpy(&header, datagram, sizeof(header));
		uint16_t checksum = checksum_udp_message(addresses, header, datagram + 8, sizeof(datagram) - 8);
		assert_int_equal(checksum_udp_message(words, header, datagram + 8, sizeof(datagram) - 8), checksum);
		memcpy(datagram + 6, &checksum, 2);
		assert_int_not_equal(checksum, 0);
		was_all_ones |= checksum == UINT16_MAX;
		assert_int_equal(checksum_udp(pseudo, datagram, sizeof(datagram)), UINT16_MAX);
	}
	assert_true(was_all_ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_dpdk),
		cmocka_unit_test(a_datagram_of_ones_is_all_ones),
		cmocka_unit_test(zeros_are_told_from_ones),
		cmocka_unit_test(a_datagram_that_is_sent_is_right),
	};

	if (!scan_select(SCAN_AVX2))
		print_message("sums by AVX2: not tested, this CPU has none\n");
	if (!scan_select(SCAN_AVX512))
		print_message("sums by AVX-512: not tested, this CPU has none\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
