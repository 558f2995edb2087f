/*
 * message_parse_lines.h - where the lines of the usual message are, and what they are called: for the files that are
 * built with the compiler options of a CPU, and for no others (message_parse_vector.h).
 */
#ifndef AMITY_MESSAGE_PARSE_LINES_H
#define AMITY_MESSAGE_PARSE_LINES_H

#include "lexis.h"
#include "message_parse_vector.h"
#include "scan.h"
#include "token_name.h"

#if defined(__AVX2__)
#include <immintrin.h>

#define CASE_BITS      0x2020202020202020ull
#define LOAD_BYTES     32
#define NAME_BYTES_MAX 31

/* Header lines are read from the end of the message through a copy with zeros behind it, as loads are longer than they.
 */
#define COPY_BYTES 64

/* The start line and the headers, and what one block can add beyond them. */
#define LINES_MAX (1 + SIP_HEADERS_MAX)

struct usual {
	struct sip_message *message;
	const char *bytes;
	const char *last_load; /* the last place of which LOAD_BYTES can be read */
	uint32_t line_count;   /* with the start line */
	uint16_t feeds[LINES_MAX + SCAN_BLOCK_BYTES];
	char copy[2 * COPY_BYTES];
};

static inline __m256i load(const char *at)
{
	return _mm256_loadu_si256((const __m256i *)at);
}

static inline uint32_t mask_of(__m256i bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes);
}

static inline uint64_t load_word(const char *at)
{
	return token_name_load(at);
}

static inline uint32_t load_half(const char *at)
{
	uint32_t half;
	memcpy(&half, at, sizeof(half));
	return half;
}

/* The two nibbles of a byte: which bit of lexis_nibbles the upper one asks for. */
static const uint8_t high_bits[LOAD_BYTES] __attribute__((aligned(LOAD_BYTES))) = {
	1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0,
};

/* Bit n: byte n is not of the class (lexis.h). Bytes above 0x7f never are. */
static inline uint32_t find_stops(__m256i bytes, uint8_t class)
{
	__m256i low_table =
		_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)lexis_nibbles[__builtin_ctz(class)]));
	__m256i low = _mm256_shuffle_epi8(low_table, bytes);
	__m256i nibble = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
	__m256i high = _mm256_shuffle_epi8(load((const char *)high_bits), nibble);
	return mask_of(_mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256()));
}

static inline uint32_t find_equal(__m256i bytes, char byte)
{
	return mask_of(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte)));
}

static inline uint32_t find_white_or_control(__m256i bytes)
{
	return mask_of(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(' ')), bytes));
}

static inline struct slice slice_at(const struct usual *usual, const char *from, uint32_t length)
{
	return length ? (struct slice){(uint16_t)(from - usual->bytes), (uint16_t)length} : (struct slice){0};
}

/* ---- lines ---- */

/* What the blocks so far leave to the next one. */
struct carry {
	uint64_t feeds;	  /* of the last block; at the start as if a line had ended there */
	uint64_t returns; /* its last bit, in bit 0 */
	uint64_t odd;	  /* not zero: a CR or an LF without the other one */
};

#if defined(__AVX512VBMI2__)
static inline struct scan_bitmaps take_bitmaps(struct span bytes, uint32_t offset)
{
	uint32_t left = bytes.length - offset;
	__mmask64 there = left < SCAN_BLOCK_BYTES ? _bzhi_u64(~0ull, left) : ~0ull;
	__m512i block = _mm512_maskz_loadu_epi8(there, bytes.at + offset);
	return (struct scan_bitmaps){_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\n')),
				     _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\r'))};
}

/* Up to 32 of them: with more, a line has no CR. */
static inline void write_feeds(uint16_t *feeds, uint64_t bits, uint32_t offset)
{
	static const uint8_t positions[SCAN_BLOCK_BYTES] __attribute__((aligned(SCAN_BLOCK_BYTES))) = {
		0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
		44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	__m512i packed = _mm512_maskz_compress_epi8(bits, _mm512_load_si512(positions));
	__m512i wide = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
	_mm512_storeu_si512(feeds, _mm512_add_epi16(wide, _mm512_set1_epi16((short)offset)));
}
#else
static inline uint64_t find_in_block(__m256i low, __m256i high, char byte)
{
	return (uint64_t)find_equal(high, byte) << 32 | find_equal(low, byte);
}

static inline struct scan_bitmaps take_whole_bitmaps(const char *block)
{
	__m256i low = load(block), high = load(block + LOAD_BYTES);
	return (struct scan_bitmaps){find_in_block(low, high, '\n'), find_in_block(low, high, '\r')};
}

/* The last, short block is read so that it ends with the bytes, what was seen already shifted out. */
static inline struct scan_bitmaps take_bitmaps(struct span bytes, uint32_t offset)
{
	uint32_t left = bytes.length - offset;
	if (left >= SCAN_BLOCK_BYTES)
		return take_whole_bitmaps(bytes.at + offset);
	struct scan_bitmaps bitmaps = take_whole_bitmaps(bytes.at + bytes.length - SCAN_BLOCK_BYTES);
	uint32_t seen = SCAN_BLOCK_BYTES - left;
	return (struct scan_bitmaps){bitmaps.line_feeds >> seen, bitmaps.carriage_returns >> seen};
}

/* Three are written whatever there is: that is nearly always enough, and a branch for each is dear. */
static inline void write_feeds(uint16_t *feeds, uint64_t bits, uint32_t offset)
{
	for (uint32_t i = 0; i < 3; i++, bits = _blsr_u64(bits))
		feeds[i] = (uint16_t)(offset + (uint32_t)_tzcnt_u64(bits));
	for (uint32_t i = 3; bits != 0; i++, bits = _blsr_u64(bits))
		feeds[i] = (uint16_t)(offset + (uint32_t)_tzcnt_u64(bits));
}
#endif

/* Bit n: byte n ends the empty line, where CR and LF stand in pairs: two LFs with one byte between them. */
static inline uint64_t find_empty_line(struct scan_bitmaps bitmaps, const struct carry *carry)
{
	return bitmaps.line_feeds & (bitmaps.line_feeds << 2 | carry->feeds >> 62);
}

/* Bit n: byte n is an LF without its CR, or stands where the LF of a CR is missing. */
static inline uint64_t find_alone(struct scan_bitmaps bitmaps, const struct carry *carry)
{
	return (bitmaps.carriage_returns << 1 | carry->returns) ^ bitmaps.line_feeds;
}

/* Adds the lines of the block with the empty one. Result: false when they are not usual. */
static inline bool end_lines(struct usual *usual, const struct carry *carry, struct scan_bitmaps bitmaps,
			     uint32_t offset)
{
	uint64_t to_end = _blsmsk_u64(find_empty_line(bitmaps, carry)), feeds = bitmaps.line_feeds & to_end;

	if (carry->odd | (find_alone(bitmaps, carry) & to_end))
		return false;
	write_feeds(usual->feeds + usual->line_count, feeds, offset);
	usual->line_count += (uint32_t)__builtin_popcountll(feeds) - 1;
	return usual->line_count > 1 && usual->line_count <= LINES_MAX;
}

/* Finds all lines to the empty one, which is feeds[line_count]. Result: false when they are not usual. */
static inline bool find_lines(struct usual *usual, struct span bytes)
{
	struct carry carry = {.feeds = 1ull << 63};
	uint32_t count = 0;

	for (uint32_t offset = 0; offset < bytes.length && count <= LINES_MAX; offset += SCAN_BLOCK_BYTES) {
		struct scan_bitmaps bitmaps = take_bitmaps(bytes, offset);
		if (find_empty_line(bitmaps, &carry)) {
			usual->line_count = count;
			return end_lines(usual, &carry, bitmaps, offset);
		}
		carry.odd |= find_alone(bitmaps, &carry);
		carry.feeds = bitmaps.line_feeds;
		carry.returns = bitmaps.carriage_returns >> 63;
		write_feeds(usual->feeds + count, bitmaps.line_feeds, offset);
		count += (uint32_t)__builtin_popcountll(bitmaps.line_feeds);
	}
	return false;
}

/* ---- the start line ---- */

/* Result: false when the token is longer than any method. */
static inline bool find_method(uint8_t *method, const char *at, uint32_t length)
{
	uint32_t bits = length * 8, behind = length > 8 ? length : 8;
	uint64_t head = _bzhi_u64(load_word(at), bits), tail = _bzhi_u64(load_word(at + behind - 8), bits);
	const struct token_table *table = &token_name_methods;
	const struct token_row *row = &table->rows[(tail + length) * table->multiplier >> (64 - TOKEN_SLOT_BITS)];

	if (length > 2 * sizeof(uint64_t))
		return false;
	*method = (row->head ^ head) | (row->tail ^ tail) | (row->length ^ length) ? SIP_METHOD_OTHER : row->name;
	return true;
}

static inline bool take_status_line(struct sip_message *message, const char *line, uint32_t length)
{
	uint32_t hundreds = (uint8_t)line[8] - '0', tens = (uint8_t)line[9] - '0', ones = (uint8_t)line[10] - '0';

	if (length < 11 || (length > 11 && line[11] != ' '))
		return false;
	if (hundreds - 1 > 5 || tens > 9 || ones > 9)
		return false;
	message->is_request = false;
	message->status_code = (uint16_t)(hundreds * 100 + tens * 10 + ones);
	return true;
}

/* What a Request-URI must not have (message_parse.c), before `end`. */
static inline bool is_request_uri_right(const struct usual *usual, const char *at, const char *end)
{
	for (; at < end; at += LOAD_BYTES) {
		if (at > usual->last_load)
			return false;
		__m256i bytes = load(at);
		uint32_t wrong = find_white_or_control(bytes) | find_equal(bytes, '<') | find_equal(bytes, '>');
		if (_bzhi_u32(wrong, (uint32_t)(end - at < LOAD_BYTES ? end - at : LOAD_BYTES)))
			return false;
	}
	return true;
}

static inline bool take_request_line(struct usual *usual, const char *line, uint32_t length)
{
	struct sip_message *message = usual->message;
	uint32_t method_length = _tzcnt_u32(find_stops(load(line), LEXIS_TOKEN));
	const char *uri = line + method_length + 1, *uri_end = line + length - sizeof(" SIP/2.0") + 1;

	if (method_length == 0 || method_length == LOAD_BYTES || uri[-1] != ' ' || uri >= uri_end ||
	    memcmp(uri_end, " SIP/2.0", 8) != 0)
		return false;
	if (!is_request_uri_right(usual, uri, uri_end) || !find_method(&message->method, line, method_length))
		return false;
	message->method_text = slice_at(usual, line, method_length);
	message->request_uri = slice_at(usual, uri, (uint32_t)(uri_end - uri));
	return true;
}

static inline bool take_start_line(struct usual *usual)
{
	struct sip_message *message = usual->message;
	uint32_t length = usual->feeds[0] - 1u;

	message->start_line = (struct slice){0, (uint16_t)length};
	if (memcmp(usual->bytes, "SIP/2.0 ", 8) == 0)
		return take_status_line(message, usual->bytes, length);
	return length > sizeof(" SIP/2.0") && take_request_line(usual, usual->bytes, length);
}

/* ---- header lines ---- */

struct usual_name {
	uint32_t length; /* of what is before the colon */
	uint64_t known;	 /* all bits: it is line->name; else none */
	const struct token_line *line;
};

/* `at`: LOAD_BYTES can be read. */
static inline struct usual_name read_name(const char *at)
{
	const struct token_table *table = &token_name_headers;
	__m256i bytes = load(at);
	uint32_t length = _tzcnt_u32(find_stops(bytes, LEXIS_TOKEN)), behind = length > 8 ? length : 8;
	uint64_t key = (_bzhi_u64(load_word(at + behind - 8), length * 8) | CASE_BITS) + length;
	const struct token_line *line = &token_name_header_lines[key * table->multiplier >> (64 - TOKEN_SLOT_BITS)];
	__m256i lower = _mm256_or_si256(bytes, load(line->case_bits));
	int64_t same_length = _tzcnt_u32(~mask_of(_mm256_cmpeq_epi8(lower, load(line->text))));

	return (struct usual_name){length, (uint64_t)((length - same_length) >> 63), line};
}

/* What makes a line odd, of all lines: to be asked for once. */
struct oddity {
	uint32_t negative; /* the uppermost bit, where a byte is white or control, or a name empty */
	uint32_t other;	   /* not zero, where a name is not followed by a colon and a space */
	uint64_t once;	   /* token_line.once of the lines, added */
};

static inline uint32_t load_pair(const char *at)
{
	uint16_t pair;
	memcpy(&pair, at, sizeof(pair));
	return pair;
}

/* `at`: the line from `start`, with 2 * LOAD_BYTES that can be read. */
static inline void index_line(struct sip_message *message, struct oddity *odd, uint32_t index, const char *at,
			      uint32_t start, uint32_t end)
{
	const char *bytes = message->bytes.at;
	struct sip_header *header = &message->header[index];
	struct usual_name found = read_name(at);
	uint32_t value = start + found.length + 2;
	uint16_t name = (uint16_t)(found.line->name & found.known);

	odd->other |= load_pair(at + found.length) ^ (uint32_t)(':' | ' ' << 8);
	odd->negative |= (found.length - 1) | ((uint8_t)at[found.length + 2] - (uint32_t)'!') |
			 ((uint8_t)bytes[end - 1] - (uint32_t)'!');
	odd->once += found.line->once & found.known;
	header->start = (uint16_t)start;
	header->value = (uint16_t)value;
	header->value_length = (uint16_t)(end - value);
	header->name = (uint8_t)name;
	header->flags = 0;
	message->first[name] = (uint8_t)index;
}

/*
 * Fills the table from its end, so that the first of a name is what stays in first[]. Result: false when a line is odd.
 */
static inline bool index_lines(struct usual *usual)
{
	struct sip_message *message = usual->message;
	uint32_t copied = message->bytes.length - COPY_BYTES;
	struct oddity odd = {0};

	for (uint32_t i = usual->line_count - 1; i > 0; i--) {
		uint32_t start = usual->feeds[i - 1] + 1u;
		const char *at = start < copied ? usual->bytes + start : usual->copy + (start - copied);
		index_line(message, &odd, i - 1, at, start, usual->feeds[i] - 1u);
	}
	message->header_count = (uint8_t)(usual->line_count - 1);
	message->headers_end = (uint16_t)(usual->feeds[usual->line_count] - 1);
	return !(odd.other | odd.negative >> 31 | (odd.once & 0xfefefefefefefefeull));
}

#endif

#endif
