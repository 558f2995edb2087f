#include "gun_read.h"

#include "scan.h"
#include "token_name.h"

#define START_LINE_BYTES_MIN 12 /* "SIP/2.0 200 ", and more than token_name.h wants before a name */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool read_start_line(struct gun_message *message)
{
	struct span bytes = message->bytes;

	if (bytes.length < START_LINE_BYTES_MIN)
		return false;
	message->status = 0;
	if (memcmp(bytes.at, "SIP/2.0 ", 8) == 0) {
		if (!is_digit(bytes.at[8]) || !is_digit(bytes.at[9]) || !is_digit(bytes.at[10]) || bytes.at[8] == '0')
			return false;
		message->status =
			(uint16_t)((bytes.at[8] - '0') * 100 + (bytes.at[9] - '0') * 10 + (bytes.at[10] - '0'));
		return true;
	}
	const char *space = memchr(bytes.at, ' ', bytes.length < 32 ? bytes.length : 32);
	if (space == NULL)
		return false;
	message->method = (uint8_t)token_name_find_method(span_make(bytes.at, (size_t)(space - bytes.at)));
	return true;
}

static bool read_cseq(struct gun_message *message, struct span value)
{
	uint32_t at = 0;

	message->cseq = 0;
	while (at < value.length && at < 9 && is_digit(value.at[at]))
		message->cseq = message->cseq * 10 + (uint32_t)(value.at[at++] - '0');
	if (at == 0)
		return false;
	if (message->status != 0)
		message->method = (uint8_t)token_name_find_method(span_trim(span_skip(value, at)));
	return true;
}

static void add_line(struct gun_message *message, const struct scan_line *found)
{
	struct gun_line *line = &message->line[message->line_count];
	const char *name = message->bytes.at + found->start;
	uint32_t length = found->stop - found->start;

	while (length > 0 && name[length - 1] == ' ')
		length--;
	line->start = (uint16_t)found->start;
	line->value = (uint16_t)(found->stop < found->feed ? found->stop + 1 : found->stop);
	line->end = (uint16_t)(found->feed + 1);
	line->name = (uint8_t)token_name_find_header_behind(name, length);
	message->line_count++;
}

bool gun_read(struct gun_message *message, struct span bytes)
{
	struct scan scan;
	struct scan_line found;
	bool has_cseq = false;

	message->bytes = bytes;
	message->line_count = 0;
	message->call_id = (struct span){0};
	if (bytes.length > SIP_MESSAGE_BYTES_MAX || !read_start_line(message))
		return false;
	scan_init(&scan, bytes);
	if (!scan_take_line(&found, &scan) || found.feed < START_LINE_BYTES_MIN)
		return false;
	while (message->line_count < GUN_READ_LINES_MAX && scan_take_line(&found, &scan)) {
		add_line(message, &found);
		struct gun_line *line = &message->line[message->line_count - 1];
		while (scan_is_next_folded(&scan) && scan_take_line(&found, &scan))
			line->end = (uint16_t)(found.feed + 1);
		if (line->name == SIP_HEADER_CALL_ID)
			message->call_id = gun_read_line_value(message, line);
		else if (line->name == SIP_HEADER_CSEQ)
			has_cseq = read_cseq(message, gun_read_line_value(message, line));
	}
	return has_cseq && message->call_id.length > 0;
}

struct span gun_read_value(const struct gun_message *message, enum sip_header_name name)
{
	for (uint32_t i = 0; i < message->line_count; i++)
		if (message->line[i].name == name)
			return gun_read_line_value(message, &message->line[i]);
	return (struct span){0};
}

struct span gun_read_tag(struct span party)
{
	const char *uri_end = party.length ? memchr(party.at, '>', party.length) : NULL;
	struct span rest = uri_end ? span_skip(party, (uint32_t)(uri_end - party.at)) : party;

	for (; rest.length >= 5; rest = span_skip(rest, 1)) {
		if (rest.at[0] != ';' || !span_equals_nocase(span_make(rest.at + 1, 4), SPAN_LITERAL("tag=")))
			continue;
		struct span tag = span_skip(rest, 5);
		const char *end = tag.length ? memchr(tag.at, ';', tag.length) : NULL;
		return span_trim(end ? span_make(tag.at, (size_t)(end - tag.at)) : tag);
	}
	return (struct span){0};
}

struct span gun_read_uri(struct span contact)
{
	const char *start = contact.length ? memchr(contact.at, '<', contact.length) : NULL;
	char last = start ? '>' : ';';
	struct span uri = start ? span_skip(contact, (uint32_t)(start - contact.at) + 1) : contact;
	const char *end = uri.length ? memchr(uri.at, last, uri.length) : NULL;

	return end ? span_make(uri.at, (size_t)(end - uri.at)) : uri;
}
