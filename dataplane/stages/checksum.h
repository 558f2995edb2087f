/*
 * checksum.h - the checksums of UDP and of IPv4's header, to be written or to be checked (RFC 768, RFC 791, RFC 8200
 * 8.1), and those of ICMP, to be checked (RFC 792, RFC 4443 2.3).
 *
 * Addresses are as everywhere 16 bytes: the prefix of a mapped IPv4 address adds 0xffff to a sum of ones' complements,
 * which is nothing.
 */
#ifndef AMITY_CHECKSUM_H
#define AMITY_CHECKSUM_H

#include <stdint.h>

/*
 * The 16 bit sum of words of 32 bits that were added up, not complemented: both halves added to themselves turned
 * round, so that what is carried out of the lower one comes in above (RFC 1071 2).
 */
static inline uint16_t checksum_fold(uint64_t sum)
{
	uint32_t half = (uint32_t)((sum + (sum << 32 | sum >> 32)) >> 32);

	return (uint16_t)((half + (half << 16 | half >> 16)) >> 16);
}

/*
 * The sum of the pseudo header alone, 1 to 0xffff, not complemented. It is what a kernel leaves in the field of a
 * packet whose checksum the device is to finish.
 */
uint16_t checksum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint32_t udp_length);

/* `pseudo` and `length` bytes of UDP header and payload. Result: 0xffff when they hold their own right checksum. */
uint16_t checksum_udp(uint16_t pseudo, const void *udp, uint32_t length);

/* Of one address, not folded; of IPv4 the four bytes, a word of 32 bits as it stands in memory, are such a sum too. */
uint64_t checksum_sum_address(const uint8_t ip[16]);

/*
 * The checksum of a datagram that is to be sent, as it goes into the header: never 0, which would say that there is
 * none. `addresses`: the sum of both. `header`: the eight bytes of it as they will stand in memory, the checksum's own
 * two 0.
 */
uint16_t checksum_udp_message(uint64_t addresses, uint64_t header, const void *message, uint32_t message_bytes);

/* An IPv4 header of that many words of 32 bits, at least five (RFC 791). Result: 0xffff when it holds its own right
 * checksum. */
uint16_t checksum_ipv4(const void *header, uint32_t words);

/* `length` bytes of ICMP. Result: 0xffff when they hold their own right checksum. */
uint16_t checksum_icmpv4(const void *icmp, uint32_t length);
uint16_t checksum_icmpv6(const uint8_t source[16], const uint8_t destination[16], const void *icmp, uint32_t length);

#endif
