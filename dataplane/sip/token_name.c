#include "token_name.h"

/* A word as three words of the machine; one of up to eight bytes stands in `head` and `tail` alike, the rest being
 * zero. */
struct token_row {
	uint64_t head;
	uint64_t middle; /* of words longer than 16 bytes */
	uint64_t tail;
	uint8_t length; /* 0: no word in this slot */
	uint8_t name;
};

#include "token_table.h"

#define WORD_BYTES     8
#define WORD_BYTES_MAX (3 * WORD_BYTES) /* token_table.py refuses longer ones */
#define EVERY_CASE_BIT 0x2020202020202020ull

static uint64_t load(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
	return word;
}

/* Of a row in lower case: names of headers have letters and '-', of which letters alone have bit 0x40. */
static uint64_t case_bits(uint64_t row)
{
	return (row & 0x4040404040404040ull) >> 1;
}

/* Three loads without a branch on the length: short names are shifted out of the bytes before them. */
enum sip_header_name token_name_find_header_behind(struct span text)
{
	uint32_t missing = text.length < WORD_BYTES ? WORD_BYTES - text.length : 0, shift = missing * 8 & 63;
	uint64_t tail = load(text.at + text.length - WORD_BYTES) >> shift, head = load(text.at - missing) >> shift;
	uint64_t key = (tail | EVERY_CASE_BIT) + text.length;
	const struct token_row *row = &header_rows[key * HEADER_MULTIPLIER >> (64 - HEADER_SLOT_BITS)];
	uint64_t differs = ((tail | case_bits(row->tail)) ^ row->tail) | ((head | case_bits(row->head)) ^ row->head) |
			   (text.length ^ row->length);
	if (differs)
		return SIP_HEADER_OTHER;
	if (row->length > 2 * WORD_BYTES && (load(text.at + WORD_BYTES) | case_bits(row->middle)) != row->middle)
		return SIP_HEADER_OTHER;
	return (enum sip_header_name)row->name;
}

enum sip_header_name token_name_find_header(struct span text)
{
	char copy[WORD_BYTES + WORD_BYTES_MAX] = {0};
	if (text.length == 0 || text.length > WORD_BYTES_MAX)
		return SIP_HEADER_OTHER;
	memcpy(copy + WORD_BYTES, text.at, text.length);
	return token_name_find_header_behind(span_make(copy + WORD_BYTES, text.length));
}

enum sip_method token_name_find_method(struct span text)
{
	char copy[WORD_BYTES_MAX] = {0};
	if (text.length == 0 || text.length > WORD_BYTES_MAX)
		return SIP_METHOD_OTHER;
	memcpy(copy, text.at, text.length);
	uint64_t head = load(copy), middle = load(copy + WORD_BYTES);
	uint64_t tail = text.length < WORD_BYTES ? head : load(copy + text.length - WORD_BYTES);
	const struct token_row *row = &method_rows[(tail + text.length) * METHOD_MULTIPLIER >> (64 - METHOD_SLOT_BITS)];
	if (row->length != text.length || row->head != head || row->tail != tail)
		return SIP_METHOD_OTHER;
	if (row->length > 2 * WORD_BYTES && row->middle != middle)
		return SIP_METHOD_OTHER;
	return (enum sip_method)row->name;
}
