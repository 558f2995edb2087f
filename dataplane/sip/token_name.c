#include "token_name.h"

struct token_row {
	char text[24];
	uint8_t length; /* 0: no word in this slot */
	uint8_t name;
};

#include "token_table.h"

/* Header names have letters and '-'; a letter has bit 0x40, and case is bit 0x20. */
#define CASE_BITS(word) (((word)&0x4040404040404040ull) >> 1)

static bool differs_8(const char *text, const char *row)
{
	uint64_t a, b;
	memcpy(&a, text, sizeof(a));
	memcpy(&b, row, sizeof(b));
	return (a | CASE_BITS(b)) != b;
}

static bool differs_4(const char *text, const char *row)
{
	uint32_t a, b;
	memcpy(&a, text, sizeof(a));
	memcpy(&b, row, sizeof(b));
	return (a | (uint32_t)CASE_BITS(b)) != b;
}

/* Both are `length` bytes long; the row is in lower case. Words overlap at the end, so that no byte beyond it is read.
 */
static bool equals_row(const char *text, const char *row, uint32_t length)
{
	if (length >= 8) {
		bool differs = differs_8(text + length - 8, row + length - 8);
		for (uint32_t i = 0; i + 8 < length; i += 8)
			differs |= differs_8(text + i, row + i);
		return !differs;
	}
	if (length >= 4)
		return !differs_4(text, row) && !differs_4(text + length - 4, row + length - 4);
	for (uint32_t i = 0; i < length; i++)
		if (span_lower_byte(text[i]) != row[i])
			return false;
	return true;
}

enum sip_header_name token_name_find_header(struct span text)
{
	if (text.length == 0)
		return SIP_HEADER_OTHER;
	uint32_t first = (uint8_t)text.at[0] | 0x20, middle = (uint8_t)text.at[text.length / 2] | 0x20,
		 last = (uint8_t)text.at[text.length - 1] | 0x20;
	uint32_t slot =
		text.length * HEADER_LENGTH + first * HEADER_FIRST + middle * HEADER_MIDDLE + last * HEADER_LAST;
	const struct token_row *row = &header_rows[slot % HEADER_SLOTS];
	if (row->length != text.length || !equals_row(text.at, row->text, text.length))
		return SIP_HEADER_OTHER;
	return (enum sip_header_name)row->name;
}

enum sip_method token_name_find_method(struct span text)
{
	if (text.length == 0)
		return SIP_METHOD_OTHER;
	uint32_t slot = text.length * METHOD_LENGTH + (uint8_t)text.at[0] * METHOD_FIRST +
			(uint8_t)text.at[text.length / 2] * METHOD_MIDDLE +
			(uint8_t)text.at[text.length - 1] * METHOD_LAST;
	const struct token_row *row = &method_rows[slot % METHOD_SLOTS];
	if (row->length != text.length || memcmp(row->text, text.at, text.length) != 0)
		return SIP_METHOD_OTHER;
	return (enum sip_method)row->name;
}
