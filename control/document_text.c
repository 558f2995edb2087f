#include "document_text.h"

uint32_t document_text_take(uint32_t *code, struct span text)
{
	const uint8_t *at = (const uint8_t *)text.at;
	if (at[0] < 0x80) {
		*code = at[0];
		return 1;
	}
	uint32_t length = at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
	if (length == 0 || at[0] >= 0xf5 || text.length < length)
		return 0;
	uint32_t value = at[0] & (0xffu >> (length + 1));
	for (uint32_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*code = value;
	return length;
}

bool document_text_check(struct problem_list *problems, const char *file, struct span text)
{
	struct problem_place place = {file, text.at, text.length, 1, 1};
	struct span rest = text;

	while (rest.length > 0) {
		uint32_t code, length = document_text_take(&code, rest);
		if (length == 0 || code == 0) {
			problem_add_at(problems, &place, NULL, "has byte 0x%02x, which is no UTF-8 text",
				       (uint8_t)*rest.at);
			return false;
		}
		place.line += code == '\n';
		place.column = code == '\n' ? 1 : place.column + 1;
		rest = span_skip(rest, length);
	}
	return true;
}
