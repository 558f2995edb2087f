#include "checksum.h"

#include <rte_ip.h>

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
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
	return fold((uint32_t)rte_raw_cksum(udp, length) + pseudo);
}

uint16_t checksum_icmpv4(const void *icmp, uint32_t length)
{
	return rte_raw_cksum(icmp, length);
}

uint16_t checksum_icmpv6(const uint8_t source[16], const uint8_t destination[16], const void *icmp, uint32_t length)
{
	return fold((uint32_t)rte_raw_cksum(icmp, length) +
		    sum_pseudo_header(source, destination, IPPROTO_ICMPV6, length));
}
