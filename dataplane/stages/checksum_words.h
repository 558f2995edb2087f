/*
 * checksum_words.h - for checksum.c: the sum of the 16 bit words of a long datagram, many at a time.
 *
 * pmaddwd adds pairs of words, but signed ones: with its highest bit turned a word is 32768 too small, a pair 65536. Of
 * no more bytes than a datagram has, 32 bits hold a lane, and all of them together.
 */
#ifndef AMITY_CHECKSUM_WORDS_H
#define AMITY_CHECKSUM_WORDS_H

#include <stdint.h>

/* The byte behind the last whole word, if there is one: the one that is missing beside it counts as zero. */
static inline uint64_t checksum_odd_byte(const char *at, uint32_t length)
{
	return length % 2 ? (uint8_t)at[length - 1] : 0;
}

#if defined(__x86_64__)
#define CHECKSUM_BYTES	    32 /* the least that checksum_words() takes */
#define CHECKSUM_WIDE_BYTES 64 /* likewise the next two */

/*
 * Thread: any; the second one on a CPU that has AVX2, the third one with AVX-512BW (scan.h).
 *
 * Range: up to UINT16_MAX bytes.   Result: not folded, less than 2^33.
 */
uint64_t checksum_words(const char *at, uint32_t length);
uint64_t checksum_words_avx2(const char *at, uint32_t length);
uint64_t checksum_words_avx512(const char *at, uint32_t length);
#endif

#endif
