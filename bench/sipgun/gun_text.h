/*
 * gun_text.h - numbers as text and back, without a format to read.
 */
#ifndef AMITY_GUN_TEXT_H
#define AMITY_GUN_TEXT_H

#include "span.h"

/* `value` as `digits` lower-case hex digits. */
static inline void gun_text_write_hex(char *text, uint64_t value, uint32_t digits)
{
	for (uint32_t i = digits; i-- > 0; value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
}

/* Eight lower-case hex digits, all at once. */
static inline void gun_text_write_hex8(char *text, uint32_t value)
{
	uint64_t nibbles = __builtin_bswap32(value);
	nibbles = (nibbles | nibbles << 16) & 0x0000ffff0000ffffull;
	nibbles = (nibbles | nibbles << 8) & 0x00ff00ff00ff00ffull;
	nibbles = (nibbles >> 4 & 0x000f000f000f000full) | (nibbles & 0x000f000f000f000full) << 8;
	uint64_t letters = (nibbles + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	nibbles += 0x3030303030303030ull + letters * ('a' - '0' - 10);
	memcpy(text, &nibbles, sizeof(nibbles));
}

/* Eight hex digits, lower case. Result: false when one is none. */
static inline bool gun_text_read_hex8(uint32_t *value, const char *text)
{
	uint32_t read = 0, wrong = 0;

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t digit = (uint8_t)text[i] - (uint32_t)'0';
		uint32_t letter = (uint8_t)text[i] - (uint32_t)'a';
		wrong |= (digit > 9) & (letter > 5);
		read = read << 4 | (digit > 9 ? letter + 10 : digit);
	}
	*value = read;
	return wrong == 0;
}

#define GUN_TEXT_DECIMAL_MAX 10

/* `value` in decimal. Result: its digits. */
static inline uint32_t gun_text_write_decimal(char text[GUN_TEXT_DECIMAL_MAX], uint32_t value)
{
	char reversed[GUN_TEXT_DECIMAL_MAX];
	uint32_t count = 0;

	do
		reversed[count++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	for (uint32_t i = 0; i < count; i++)
		text[i] = reversed[count - 1 - i];
	return count;
}

#endif
