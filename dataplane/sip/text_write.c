#include "text_write.h"
#include "base64url_avx2.h"
#include "scan.h"

#include "ipv4_write.h"

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

static const char hex_digits[16] = "0123456789abcdef";

/* clang-format off */
#define PAIRS(ten) #ten "0", #ten "1", #ten "2", #ten "3", #ten "4", #ten "5", #ten "6", #ten "7", #ten "8", #ten "9",
const char text_write_digit_pairs[100][3] = {
	PAIRS(0) PAIRS(1) PAIRS(2) PAIRS(3) PAIRS(4) PAIRS(5) PAIRS(6) PAIRS(7) PAIRS(8) PAIRS(9)
};
/* clang-format on */

#define EACH_BYTE 0x0101010101010101u
#define IP_GROUPS 8

/* Room for `length` bytes that the caller then fills, or NULL. */
static char *take_room(struct text_writer *writer, uint64_t length)
{
	if (length > writer->capacity - writer->length) {
		writer->overflowed = true;
		return NULL;
	}
	char *room = writer->at + writer->length;
	writer->length += (uint32_t)length;
	return room;
}

/* Two digits for one division by a constant, which is a multiplication. `end`: behind the last digit. */
static void put_digits_before(char *end, uint64_t number)
{
	for (; number >= 100; number /= 100) {
		end -= 2;
		memcpy(end, text_write_digit_pairs[number % 100], 2);
	}
	if (number >= 10)
		memcpy(end - 2, text_write_digit_pairs[number], 2);
	else
		end[-1] = (char)('0' + number);
}

static uint32_t count_digits(uint64_t number)
{
	uint32_t count = 1;

	for (; number >= 100000; number /= 100000)
		count += 5;
	return count + (number >= 10) + (number >= 100) + (number >= 1000) + (number >= 10000);
}

/* Up to four digits, the first of which stands first in the word (little-endian). What is behind them is none. */
static inline uint32_t put_few_digits(char out[4], uint32_t number)
{
	uint32_t missing = (number < 1000) + (number < 100) + (number < 10);
	uint16_t pairs[2];
	uint32_t word;

	memcpy(&pairs[0], text_write_digit_pairs[number / 100], sizeof(pairs[0]));
	memcpy(&pairs[1], text_write_digit_pairs[number % 100], sizeof(pairs[1]));
	word = (pairs[0] | (uint32_t)pairs[1] << 16) >> (8 * missing);
	memcpy(out, &word, sizeof(word));
	return 4 - missing;
}

void text_write_number(struct text_writer *writer, uint64_t number)
{
	if (number < 10000 && writer->capacity - writer->length >= 4) {
		writer->length += put_few_digits(writer->at + writer->length, (uint32_t)number);
		return;
	}
	uint32_t count = count_digits(number);
	char *out = take_room(writer, count);

	if (out)
		put_digits_before(out + count, number);
}

/*
 * Eight digits of four bytes at once: each half byte gets a byte of its own in a word, in the order of memory
 * (little-endian), and those over 9 move on from '9' to 'a'.
 */
static void hex_of_four(char out[8], const uint8_t bytes[4])
{
	uint32_t loaded;
	uint64_t word, over_nine;

	memcpy(&loaded, bytes, sizeof(loaded));
	word = loaded;
	word = (word | word << 16) & 0x0000ffff0000ffff;
	word = (word | word << 8) & 0x00ff00ff00ff00ff;
	word = (word >> 4 & 0x000f000f000f000f) | (word & 0x000f000f000f000f) << 8;
	over_nine = (word + 0x0606060606060606) >> 4 & EACH_BYTE;
	word += '0' * EACH_BYTE + ('a' - '0' - 10) * over_nine;
	memcpy(out, &word, sizeof(word));
}

void text_write_hex(struct text_writer *writer, const uint8_t *bytes, uint32_t length)
{
	char *out = take_room(writer, (uint64_t)length * 2);

	if (!out)
		return;
	for (; length >= 4; length -= 4, bytes += 4, out += 8)
		hex_of_four(out, bytes);
	for (; length; length--, bytes++) {
		*out++ = hex_digits[*bytes >> 4];
		*out++ = hex_digits[*bytes & 15];
	}
}

/*
 * Eight digits of six bytes at once: the 48 bits are spread to six in each byte of a word, then moved to the five runs
 * of digits, A-Z a-z 0-9 - _. `above_n` has 1 in each byte that is over n. Two bytes more are read: one load is quicker
 * than two.
 */
static void base64url_of_six(char out[8], const uint8_t bytes[8])
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	word = __builtin_bswap64(word) >> 16;
	word = (word & 0xffffff) | (word & 0xffffff000000) << 8;
	word = (word & 0x00000fff00000fff) | (word & 0x00fff00000fff000) << 4;
	word = (word & 0x003f003f003f003f) | (word & 0x0fc00fc00fc00fc0) << 2;

	uint64_t above_25 = (word + (127 - 25) * EACH_BYTE) >> 7 & EACH_BYTE;
	uint64_t above_51 = (word + (127 - 51) * EACH_BYTE) >> 7 & EACH_BYTE;
	uint64_t above_61 = (word + (127 - 61) * EACH_BYTE) >> 7 & EACH_BYTE;
	uint64_t above_62 = (word + (127 - 62) * EACH_BYTE) >> 7 & EACH_BYTE;
	word += 'A' * EACH_BYTE + ('a' - 'Z' - 1) * above_25 + ('_' - '-' - 1) * above_62;
	word -= ('z' + 1 - '0') * above_51 + ('9' + 1 - '-') * above_61;
	word = __builtin_bswap64(word);
	memcpy(out, &word, sizeof(word));
}

#ifdef __SSSE3__
#define BASE64URL_WIDE_BYTES  12
#define BASE64URL_WIDE_DIGITS 16

/*
 * Each three of the twelve bytes are spread over a word of 32 bits, whose four groups of six bits two multiplications
 * shift to their bytes; then each byte gets what lies between its value and its digit, by the range that it is in: 0
 * for A-Z, 1 for a-z, 2 to 11 for 0-9, 12 for -, 13 for _.
 */
static inline __m128i base64url_of_words(__m128i words)
{
	const __m128i offsets = _mm_setr_epi8('A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
					      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 0, 0);
	__m128i odd = _mm_mulhi_epu16(_mm_and_si128(words, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
	__m128i even = _mm_mullo_epi16(_mm_and_si128(words, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
	__m128i values = _mm_or_si128(odd, even);
	__m128i is_not_upper = _mm_cmpgt_epi8(values, _mm_set1_epi8(25));
	__m128i range = _mm_sub_epi8(_mm_subs_epu8(values, _mm_set1_epi8(51)), is_not_upper);

	return _mm_add_epi8(values, _mm_shuffle_epi8(offsets, range));
}

static void base64url_of_twelve(char *out, const uint8_t *at)
{
	const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	int32_t last_four;

	memcpy(&last_four, at + 8, sizeof(last_four));
	__m128i bytes = _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)at), _mm_cvtsi32_si128(last_four));
	_mm_storeu_si128((__m128i *)out, base64url_of_words(_mm_shuffle_epi8(bytes, spread)));
}

/* In registers: what is written in two numbers could not be read as a whole at once. Numbers are little-endian, thus
 * each eight bytes are spread from their end. */
void text_write_base64url_block(char digits[BASE64URL_BLOCK_DIGITS], uint64_t first, uint64_t second)
{
	const __m128i spread = _mm_setr_epi8(6, 7, 5, 6, 3, 4, 2, 3, 0, 1, 15, 0, 13, 14, 12, 13);
	const __m128i spread_last = _mm_setr_epi8(10, 11, 9, 10, -1, 8, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
	__m128i bytes = _mm_set_epi64x((long long)second, (long long)first);
	uint64_t last = (uint64_t)_mm_cvtsi128_si64(base64url_of_words(_mm_shuffle_epi8(bytes, spread_last)));

	_mm_storeu_si128((__m128i *)digits, base64url_of_words(_mm_shuffle_epi8(bytes, spread)));
	memcpy(digits + BASE64URL_WIDE_DIGITS, &last, 4);
	memcpy(digits + BASE64URL_WIDE_DIGITS + 4, (const char *)&last + 4, 2);
}

/* `groups` of three bytes, BASE64URL_WIDE_BYTES / 3 at least. The last step overlaps the one before it. */
static __attribute__((noinline)) void put_base64url_wide(char *out, const uint8_t *bytes, uint32_t groups)
{
	const uint8_t *last = bytes + (size_t)groups * 3 - BASE64URL_WIDE_BYTES;
	char *last_out = out + (size_t)groups * 4 - BASE64URL_WIDE_DIGITS;

	for (; bytes < last; bytes += BASE64URL_WIDE_BYTES, out += BASE64URL_WIDE_DIGITS)
		base64url_of_twelve(out, bytes);
	base64url_of_twelve(last_out, last);
}
#else
#define BASE64URL_WIDE_BYTES UINT32_MAX

static void put_base64url_wide(char *out, const uint8_t *bytes, uint32_t groups)
{
	(void)out, (void)bytes, (void)groups; /* never asked: no text is so long */
}
#endif

/* Less than BASE64URL_WIDE_BYTES. Apart: rarely asked. */
static __attribute__((noinline)) void put_base64url(char *out, const uint8_t *bytes, uint32_t length)
{
	uint8_t rest[14] = {0};
	char digits[16];

	for (; length >= 8; length -= 6, bytes += 6, out += 8)
		base64url_of_six(out, bytes);
	memcpy(rest, bytes, length); /* zeros behind it: the unused bits */
	base64url_of_six(digits, rest);
	base64url_of_six(digits + 8, rest + 6);
	memcpy(out, digits, (length * 8 + 5) / 6);
}

#ifndef __SSSE3__
void text_write_base64url_block(char digits[BASE64URL_BLOCK_DIGITS], uint64_t first, uint64_t second)
{
	uint64_t bytes[2] = {__builtin_bswap64(first), __builtin_bswap64(second)};

	put_base64url(digits, (const uint8_t *)bytes, sizeof(bytes));
}
#endif

/* One or two bytes: two or three digits, the last of which is written in its place whichever it is. */
static void put_base64url_tail(char *out, const uint8_t *bytes, uint32_t length)
{
	static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t second = bytes[length - 1] & -(length == 2), value = (uint32_t)bytes[0] << 10 | second << 2;

	out[0] = digits[value >> 12];
	out[1] = digits[value >> 6 & 63];
	out[length] = digits[value >> (12 - 6 * length) & 63];
}

static __attribute__((noinline)) void put_base64url_long(char *out, const uint8_t *bytes, uint32_t groups)
{
	if (scan_selected() != SCAN_SCALAR)
		base64url_avx2_write(out, bytes, groups);
	else
		put_base64url_wide(out, bytes, groups);
}

void text_write_base64url(struct text_writer *writer, const uint8_t *bytes, uint32_t length)
{
	uint32_t groups = length / 3, tail = length % 3;
	char *out = take_room(writer, (uint64_t)groups * 4 + tail + (tail != 0));

	if (!out || length == 0)
		return;
	if (length < BASE64URL_WIDE_BYTES) {
		put_base64url(out, bytes, length);
		return;
	}
	/* The tail first: nothing has to be kept for behind the calls. */
	if (tail)
		put_base64url_tail(out + (size_t)groups * 4, bytes + length - tail, tail);
	if (groups >= BASE64URL_AVX2_BYTES / 3)
		put_base64url_long(out, bytes, groups);
	else
		put_base64url_wide(out, bytes, groups);
}

static uint16_t ip_group(const uint8_t ip[16], uint32_t index)
{
	return (uint16_t)(ip[2 * index] << 8 | ip[2 * index + 1]);
}

/* The run of zero groups that "::" stands for: the longest, the first of equals, at least two (RFC 5952 4.2). */
static void find_zero_run(const uint8_t ip[16], uint32_t *run_start, uint32_t *run_length)
{
	uint32_t start = 0, length = 0;

	*run_start = IP_GROUPS;
	*run_length = 0;
	for (uint32_t i = 0; i < IP_GROUPS; i++) {
		if (ip_group(ip, i) != 0) {
			length = 0;
			continue;
		}
		if (length++ == 0)
			start = i;
		if (length >= 2 && length > *run_length) {
			*run_start = start;
			*run_length = length;
		}
	}
}

static void write_ip_group(struct text_writer *text, uint16_t group)
{
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		uint32_t digit = group >> shift & 15;
		begun |= digit != 0 || shift == 0;
		if (begun)
			text_write_char(text, hex_digits[digit]);
	}
}

static void write_ipv6(struct text_writer *text, const uint8_t ip[16])
{
	uint32_t run_start, run_length;

	find_zero_run(ip, &run_start, &run_length);
	text_write_char(text, '[');
	for (uint32_t i = 0; i < IP_GROUPS; i++) {
		if (i == run_start) {
			text_write_literal(text, "::");
			i += run_length - 1;
			continue;
		}
		if (i != 0 && i != run_start + run_length)
			text_write_char(text, ':');
		write_ip_group(text, ip_group(ip, i));
	}
	text_write_char(text, ']');
}

void text_write_ip(struct text_writer *writer, const uint8_t ip[16])
{
	char buffer[IP_TEXT_BYTES];
	struct text_writer text = text_write_begin(buffer, sizeof(buffer));
	bool is_v4 = net_address_is_v4(ip);

	if (is_v4 && writer->capacity - writer->length >= IPV4_ROOM_BYTES) {
		writer->length += ipv4_write(writer->at + writer->length, ip + 12);
		return;
	}
	if (is_v4)
		text.length = ipv4_write(buffer, ip + 12);
	else
		write_ipv6(&text, ip);
	text_write_span(writer, text_written(&text));
}

void text_write_address(struct text_writer *writer, const struct net_address *address)
{
	text_write_ip(writer, address->ip);
	if (address->port == 0)
		return;
	text_write_char(writer, ':');
	text_write_number(writer, address->port);
}
