#include "checksum.h"

#include <rte_byteorder.h>
#include <rte_common.h>
#include <netinet/in.h>
#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

#if defined(__x86_64__)
/*
 * pmaddwd adds pairs of 16 bit words, but signed ones: with its highest bit turned a word is 32768 too small, a pair
 * 65536. Of no more bytes than a datagram has, 32 bits hold a lane.
 */
static uint64_t sum_blocks(const char **bytes, uint32_t *length)
{
	const __m128i turn = _mm_set1_epi16(INT16_MIN), ones = _mm_set1_epi16(1);
	const char *at = *bytes, *end = at + *length / 32 * 32;
	__m128i even = _mm_setzero_si128(), odd = even;
	int32_t lane[4];

	for (; at != end; at += 32) {
		__m128i first = _mm_loadu_si128((const __m128i *)at);
		__m128i second = _mm_loadu_si128((const __m128i *)(at + 16));
		even = _mm_add_epi32(even, _mm_madd_epi16(_mm_xor_si128(first, turn), ones));
		odd = _mm_add_epi32(odd, _mm_madd_epi16(_mm_xor_si128(second, turn), ones));
	}
	_mm_storeu_si128((__m128i *)lane, _mm_add_epi32(even, odd));
	uint64_t pairs = (uint64_t)(at - *bytes) / 4;
	*length -= (uint32_t)(at - *bytes);
	*bytes = at;
	return (uint64_t)((int64_t)lane[0] + lane[1] + lane[2] + lane[3]) + (pairs << 16);
}
#else
static uint64_t sum_blocks(const char **bytes, uint32_t *length)
{
	(void)bytes;
	(void)length;
	return 0;
}
#endif

/* The sum of 16 bit words is that of 32 bit words, folded (RFC 1071 2); 64 bits hold it. */
static uint32_t sum_bytes(const void *bytes, uint32_t length)
{
	const char *at = bytes;
	uint64_t sum = sum_blocks(&at, &length);
	uint32_t last = 0;

	for (uint32_t i = 0; i < length / 4; i++) {
		uint32_t word;
		memcpy(&word, at + 4 * i, sizeof(word));
		sum += word;
	}
	/* A byte that is missing counts as zero behind the others. */
	if (length % 4)
		memcpy(&last, at + length / 4 * 4, length % 4);
	sum += last;
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return fold((uint32_t)sum) + (uint32_t)(sum >> 32);
}

static uint16_t sum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint16_t protocol,
				  uint32_t length)
{
	uint32_t sum = rte_cpu_to_be_16(protocol) + (uint32_t)rte_cpu_to_be_16((uint16_t)length);
	uint16_t words[16];

	memcpy(words, source, 16);
	memcpy(words + 8, destination, 16);
	for (uint32_t i = 0; i < RTE_DIM(words); i++)
		sum += words[i];
	return fold(sum);
}

uint16_t checksum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint32_t udp_length)
{
	return sum_pseudo_header(source, destination, IPPROTO_UDP, udp_length);
}

uint16_t checksum_udp(uint16_t pseudo, const void *udp, uint32_t length)
{
	return fold(sum_bytes(udp, length) + pseudo);
}

uint16_t checksum_icmpv4(const void *icmp, uint32_t length)
{
	return fold(sum_bytes(icmp, length));
}

uint16_t checksum_icmpv6(const uint8_t source[16], const uint8_t destination[16], const void *icmp, uint32_t length)
{
	return fold(sum_bytes(icmp, length) + sum_pseudo_header(source, destination, IPPROTO_ICMPV6, length));
}
