#include "checksum.h"

#include <rte_byteorder.h>
#include <rte_common.h>
#include <netinet/in.h>
#include <string.h>

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/*
 * The sum of 16 bit words is that of 32 bit words, folded (RFC 1071 2); of no more bytes than a datagram has, 64 bits
 * hold it. The compiler makes vectors of the loop.
 */
static uint32_t sum_bytes(const void *bytes, uint32_t length)
{
	const char *at = bytes;
	uint64_t sum = 0;
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
