#include "register_words.h"

#include <strings.h>

/* Length of the first of several values separated by commas, which do not count in quotes or brackets. */
static uint32_t value_length(struct span text)
{
	static const bool counts[UINT8_MAX + 1] = {
		['\\'] = true, ['"'] = true, ['<'] = true, ['>'] = true, [','] = true};
	bool quoted = false, bracketed = false;
	for (uint32_t i = 0; i < text.length; i++) {
		char byte = text.at[i];
		if (!counts[(uint8_t)byte])
			continue;
		if (quoted && byte == '\\')
			i++;
		else if (byte == '"' && !bracketed)
			quoted = !quoted;
		else if (byte == '<' && !quoted)
			bracketed = true;
		else if (byte == '>' && !quoted)
			bracketed = false;
		else if (byte == ',' && !quoted && !bracketed)
			return i;
	}
	return text.length;
}

struct span register_words_take_value(struct span *rest)
{
	uint32_t length = value_length(*rest);
	struct span value = span_trim(span_make(rest->at, length));
	*rest = span_trim(span_skip(*rest, length + 1));
	return value;
}

/* A bit a byte. */
struct byte_set {
	uint64_t bits[4];
};

static struct byte_set byte_set_of(const char *bytes)
{
	struct byte_set set = {0};
	for (; *bytes; bytes++)
		set.bits[(uint8_t)*bytes / 64] |= 1ull << (uint8_t)*bytes % 64;
	return set;
}

static bool is_in(const struct byte_set *set, char byte)
{
	return set->bits[(uint8_t)byte / 64] >> (uint8_t)byte % 64 & 1;
}

struct span register_words_take_until(struct span *rest, const char *separators)
{
	struct byte_set ends = byte_set_of(separators);
	uint32_t length = 0;
	while (length < rest->length && !is_in(&ends, rest->at[length]))
		length++;
	struct span part = span_make(rest->at, length);
	*rest = span_skip(*rest, length);
	return part;
}

bool register_words_read_number(uint32_t *number, struct span text, uint32_t most)
{
	uint64_t value = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.at[i] - '0');
		if (value > most)
			value = (uint64_t)most + 1;
	}
	*number = value > most ? most : (uint32_t)value;
	return text.length > 0 && value <= most;
}

bool register_words_read_host_port(struct span *host, uint16_t *port, struct span *text)
{
	if (text->length && *text->at == '[') {
		*text = span_skip(*text, 1);
		*host = register_words_take_until(text, "]");
		*text = span_skip(*text, 1);
	} else {
		*host = register_words_take_until(text, ":;,?> \t");
	}
	*text = span_trim(*text);
	*port = 0;
	if (text->length && *text->at == ':') {
		*text = span_trim(span_skip(*text, 1));
		uint32_t number;
		if (!register_words_read_number(&number, register_words_take_until(text, ";,?> \t"), UINT16_MAX))
			return false;
		*port = (uint16_t)number;
	}
	return host->length > 0;
}

bool register_words_split_uri(struct span *user, struct span *host, uint16_t *port, struct span uri)
{
	if (uri.length < 4 || strncasecmp(uri.at, "sip:", 4) != 0)
		return false;
	struct span text = span_skip(uri, 4), head = text;
	head = register_words_take_until(&head, "?"); /* an @ in a header of the URI is none */
	*user = (struct span){0};
	for (uint32_t i = 0; i < head.length; i++)
		if (head.at[i] == '@') {
			*user = span_make(text.at, i);
			text = span_skip(text, i + 1);
			break;
		}
	for (uint32_t i = 0; i < user->length; i++)
		if (user->at[i] == ':') {
			user->length = i; /* a password */
			break;
		}
	return register_words_read_host_port(host, port, &text);
}

bool register_words_is_clean_uri(struct span uri)
{
	struct byte_set unclean = byte_set_of("<>\"\\^`{|}\x7f");
	for (uint32_t i = 0; i < uri.length; i++)
		if ((uint8_t)uri.at[i] <= ' ' || is_in(&unclean, uri.at[i]))
			return false;
	return uri.length > 0;
}
