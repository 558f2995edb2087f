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
 * The sum of the pseudo header alone, 1 to 0xffff, not complemented. It is what a kernel leaves in the field of a
 * packet whose checksum the device is to finish.
 */
uint16_t checksum_pseudo_header(const uint8_t source[16], const uint8_t destination[16], uint32_t udp_length);

/* `pseudo` and `length` bytes of UDP header and payload. Result: 0xffff when they hold their own right checksum. */
uint16_t checksum_udp(uint16_t pseudo, const void *udp, uint32_t length);

/* An IPv4 header of that many words of 32 bits, at least five (RFC 791). Result: 0xffff when it holds its own right
 * checksum. */
uint16_t checksum_ipv4(const void *header, uint32_t words);

/* `length` bytes of ICMP. Result: 0xffff when they hold their own right checksum. */
uint16_t checksum_icmpv4(const void *icmp, uint32_t length);
uint16_t checksum_icmpv6(const uint8_t source[16], const uint8_t destination[16], const void *icmp, uint32_t length);

#endif
