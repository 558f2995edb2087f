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

#define EACH_BYTE(value) (0x0101010101010101ull * (value))

uint32_t document_text_skip(struct span text)
{
	uint32_t length = 0;
	uint64_t bytes;
	/* A byte's highest bit is set by one below ' ', one above '~', or its own. */
	for (; length + sizeof(bytes) <= text.length; length += (uint32_t)sizeof(bytes)) {
		memcpy(&bytes, text.at + length, sizeof(bytes));
		if ((bytes | (bytes + EACH_BYTE(0x01)) | (bytes - EACH_BYTE(0x20))) & EACH_BYTE(0x80))
			break;
	}
	while (length < text.length && text.at[length] >= ' ' && text.at[length] <= '~')
		length++;
	return length;
}

/* Is `rest`, where a line begins, an explicit key: "? ", perhaps behind dashes? */
static bool is_explicit_key(struct span rest)
{
	while (rest.length && (*rest.at == ' ' || *rest.at == '\t' || *rest.at == '-'))
		rest = span_skip(rest, 1);
	return rest.length && *rest.at == '?' && (rest.length == 1 || strchr(" \t\r\n", rest.at[1]));
}

bool document_text_check(struct problem_list *problems, const char *file, struct span text)
{
	struct problem_place place = {file, text.at, text.length, 1, 1};
	struct span rest = text;

	while (rest.length > 0) {
		if (place.column == 1 && is_explicit_key(rest)) {
			problem_add_at(problems, &place, NULL,
				       "begins with a '?', YAML's sign of a key that is a list or a map: write \"key: "
				       "value\"");
			return false;
		}
		uint32_t skipped = document_text_skip(rest);
		place.column += skipped;
		rest = span_skip(rest, skipped);
		if (rest.length == 0)
			break;
		uint32_t code, length = document_text_take(&code, rest);
		if (length == 0 || code == 0) {
			problem_add_at(problems, &place, NULL, "has byte 0x%02x, which is no UTF-8 text",
				       (uint8_t)*rest.at);
			return false;
		}
		bool ends_line = code == '\n' || code == '\r';
		place.line += code == '\n';
		place.column = ends_line ? 1 : place.column + 1;
		rest = span_skip(rest, length);
	}
	return true;
}
