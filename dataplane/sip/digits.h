/*
 * digits.h - a number in eight bytes of text, read at once: the first byte is the lowest one of the word.
 */
#ifndef AMITY_DIGITS_H
#define AMITY_DIGITS_H

#include <stdint.h>

/* Result: 0 when all eight are digits; else the lowest bit set is in the first byte that is none (those above it are
 * not always right). Thread: any. */
static inline uint64_t digits_find_other(uint64_t word)
{
	uint64_t zeroed = word ^ 0x3030303030303030ull;

	return ((zeroed + 0x7676767676767676ull) | zeroed) & 0x8080808080808080ull;
}

/* The number of `count` digits, 1 to 8, that `word` begins with. Thread: any. */
static inline uint32_t digits_read(uint64_t word, uint32_t count)
{
	word = (word << (64 - count * 8)) & 0x0f0f0f0f0f0f0f0full;
	word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffull;
	word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffull;
	return (uint32_t)(word * 10000 + (word >> 32));
}

#endif
