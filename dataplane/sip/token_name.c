#include "token_name.h"

#include "token_table.h"

#define WORD_BYTES     8
#define WORD_BYTES_MAX (3 * WORD_BYTES) /* token_table.py refuses longer ones */

enum sip_header_name token_name_find_header(struct span text)
{
	char copy[WORD_BYTES + WORD_BYTES_MAX] = {0};
	if (text.length == 0 || text.length > WORD_BYTES_MAX)
		return SIP_HEADER_OTHER;
	memcpy(copy + WORD_BYTES, text.at, text.length);
	return token_name_find_header_behind(copy + WORD_BYTES, text.length);
}

enum sip_method token_name_find_method(struct span text)
{
	char copy[WORD_BYTES_MAX] = {0};
	if (text.length == 0 || text.length > WORD_BYTES_MAX)
		return SIP_METHOD_OTHER;
	memcpy(copy, text.at, text.length);
	uint64_t head = token_name_load(copy), middle = token_name_load(copy + WORD_BYTES);
	uint64_t tail = text.length < WORD_BYTES ? head : token_name_load(copy + text.length - WORD_BYTES);
	uint64_t key = tail + text.length;
	const struct token_row *row =
		&token_name_methods.rows[key * token_name_methods.multiplier >> (64 - TOKEN_SLOT_BITS)];
	if (row->length != text.length || row->head != head || row->tail != tail)
		return SIP_METHOD_OTHER;
	if (row->length > 2 * WORD_BYTES && row->middle != middle)
		return SIP_METHOD_OTHER;
	return (enum sip_method)row->name;
}
