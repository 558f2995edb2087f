#include "checksum.h"

#include <rte_byteorder.h>
#include <netinet/in.h>
#include <string.h>

#include "checksum_words.h"
#include "scan.h"

#if defined(__x86_64__)
static uint64_t sum_words(const char *at, uint32_t length)
{
	enum scan_variant variant = length >= CHECKSUM_WIDE_BYTES ? scan_selected() : SCAN_SCALAR;

	switch (variant) {
	case SCAN_AVX512:
		return checksum_words_avx512(at, length);
	case SCAN_AVX2:
		return checksum_words_avx2(at, length);
	default:
		return checksum_words(at, length);
	}
}
#else
#define CHECKSUM_BYTES UINT32_MAX

static uint64_t sum_words(const char *at, uint32_t length)
{
	(void)at, (void)length; /* never asked: nothing is so long */
	return 0;
}
#endif

/* The sum of 16 bit words is that of 32 bit words, folded (RFC 1071 2); 64 bits hold it. */
static uint64_t sum_few_words(const char *at, uint32_t length)
{
	uint64_t sum = checksum_odd_byte(at, length);
	uint16_t word;

	for (uint32_t i = 0; i < length / 2; i++) {
		memcpy(&word, at + 2 * i, sizeof(word));
		sum += word;
	}
	return sum;
}

/* Not folded: less than 2^33. */
static inline uint64_t sum_bytes(const void *bytes, uint32_t length)
{
	return length >= CHECKSUM_BYTES ? sum_words(bytes, length) : sum_few_words(bytes, length);
}

/* Sixteen bytes as four words of 32 bits, whose sum is that of the eight of 16 (RFC 1071 2). */
static uint64_t sum_sixteen(const void *bytes)
{
	uint64_t half[2];

	memcpy(half, bytes, sizeof(half));
	return (half[0] & UINT32_MAX) + (half[0] >> 32) + (half[1] & UINT32_MAX) + (half[1] >> 32);
}

static uint16_t sum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint16_t protocol,
				  uint32_t length)
{
	return checksum_fold(sum_sixteen(source) + sum_sixteen(destination) + rte_cpu_to_be_16(protocol) +
			     rte_cpu_to_be_16((uint16_t)length));
}

uint16_t checksum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint32_t udp_length)
{
	return sum_pseudo_header(source, destination, IPPROTO_UDP, udp_length);
}

uint16_t checksum_udp(uint16_t pseudo, const void *udp, uint32_t length)
{
	return checksum_fold(sum_bytes(udp, length) + pseudo);
}

uint64_t checksum_sum_address(const uint8_t ip[16])
{
	return sum_sixteen(ip);
}

/* The length is in the pseudo header too, where the header has it. */
uint16_t checksum_udp_message(uint64_t addresses, uint64_t header, const void *message, uint32_t message_bytes)
{
	uint64_t sum = addresses + rte_cpu_to_be_16(IPPROTO_UDP) + (header & UINT32_MAX) + 2 * (header >> 32);
	uint16_t checksum = (uint16_t)~checksum_fold(sum + sum_bytes(message, message_bytes));

	return checksum ? checksum : UINT16_MAX;
}

uint16_t checksum_ipv4(const void *header, uint32_t words)
{
	const char *at = header;
	uint64_t sum = sum_sixteen(header);
	uint32_t word;

	for (uint32_t i = 4; i < words; i++) {
		memcpy(&word, at + sizeof(word) * i, sizeof(word));
		sum += word;
	}
	return checksum_fold(sum);
}

uint16_t checksum_icmpv4(const void *icmp, uint32_t length)
{
	return checksum_fold(sum_bytes(icmp, length));
}

uint16_t checksum_icmpv6(const uint8_t source[16], const uint8_t destination[16], const void *icmp, uint32_t length)
{
	return checksum_fold(sum_bytes(icmp, length) + sum_pseudo_header(source, destination, IPPROTO_ICMPV6, length));
}
