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
#define BLOCK_BYTES 32

/* From its n-th byte on it keeps the last n bytes of a block. */
static const uint8_t keeps[2 * BLOCK_BYTES] = {[BLOCK_BYTES... 2 * BLOCK_BYTES - 1] = 0xff};

static __m128i load(const void *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/*
 * pmaddwd adds pairs of 16 bit words, but signed ones: with its highest bit turned a word is 32768 too small, a pair
 * 65536. Of no more bytes than a datagram has, 32 bits hold a lane.
 */
static __m128i add_words(__m128i sums, __m128i words)
{
	return _mm_add_epi32(sums, _mm_madd_epi16(_mm_xor_si128(words, _mm_set1_epi16(INT16_MIN)), _mm_set1_epi16(1)));
}

/* All but the last byte of an odd length, which is BLOCK_BYTES or more. The last block begins among what was seen. */
static uint64_t sum_words(const char *at, uint32_t length)
{
	const char *end = at + length / BLOCK_BYTES * BLOCK_BYTES;
	uint32_t left = length % BLOCK_BYTES & ~1u;
	__m128i even = _mm_setzero_si128(), odd = even;
	int32_t lane[4];

	for (; at != end; at += BLOCK_BYTES) {
		even = add_words(even, load(at));
		odd = add_words(odd, load(at + 16));
	}
	at += left;
	even = add_words(even, _mm_and_si128(load(at - 32), load(keeps + left)));
	odd = add_words(odd, _mm_and_si128(load(at - 16), load(keeps + left + 16)));
	_mm_storeu_si128((__m128i *)lane, _mm_add_epi32(even, odd));
	uint64_t pairs = (length / BLOCK_BYTES + 1) * (BLOCK_BYTES / 4);
	return (uint64_t)((int64_t)lane[0] + lane[1] + lane[2] + lane[3]) + (pairs << 16);
}
#else
#define BLOCK_BYTES UINT32_MAX

static uint64_t sum_words(const char *at, uint32_t length)
{
	(void)at, (void)length; /* never asked: nothing is so long */
	return 0;
}
#endif

/* The sum of 16 bit words is that of 32 bit words, folded (RFC 1071 2); 64 bits hold it. */
static uint64_t sum_few_words(const char *at, uint32_t length)
{
	uint64_t sum = 0;
	uint16_t word;

	for (uint32_t i = 0; i < length / 2; i++) {
		memcpy(&word, at + 2 * i, sizeof(word));
		sum += word;
	}
	return sum;
}

static uint32_t sum_bytes(const void *bytes, uint32_t length)
{
	const char *at = bytes;
	uint64_t sum = length >= BLOCK_BYTES ? sum_words(at, length) : sum_few_words(at, length);

	/* A byte that is missing counts as zero behind the others. */
	if (length % 2)
		sum += (uint8_t)at[length - 1];
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
