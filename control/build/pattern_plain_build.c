#include "pattern_plain_build.h"

#include "pattern_set.h"

/*
 *   pattern = ".*" | "^" *head tail       head = byte | class         one row for each way to choose of the classes
 *   tail    = *(digits [repeat]) "$"      digits = "[0-9]" | "\d"     repeat = "*" | "+" | "?" | {n} | {n,} | {n,m}
 *           | [".*"]                      a class that is repeated, or has anything but digits, + * #, is another shape
 */

#define CHOICES_MAX 10	/* rows of one pattern */
#define REPEAT_MAX  100 /* so that lengths stay far from those that have a meaning of their own */

static const char members[] = "0123456789+*#";
#define DIGITS 0x3ffu /* the first ten members */

struct reader {
	struct span rest;
	struct pattern_plain row[CHOICES_MAX];
	uint32_t row_count;
	uint32_t prefix_bytes;
	uint32_t least, most; /* digits behind the prefix; `most` may be PATTERN_PLAIN_MANY */
	bool in_tail;
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool take(struct reader *reader, const char *text)
{
	struct span wanted = span_of_text(text);

	if (!span_starts_with(reader->rest, wanted))
		return false;
	reader->rest = span_skip(reader->rest, wanted.length);
	return true;
}

static bool take_number(struct reader *reader, uint32_t *number)
{
	struct span *rest = &reader->rest;

	if (rest->length == 0 || !is_digit(rest->at[0]))
		return false;
	for (*number = 0; rest->length && is_digit(rest->at[0]); *rest = span_skip(*rest, 1)) {
		*number = *number * 10 + (uint32_t)(rest->at[0] - '0');
		if (*number > REPEAT_MAX)
			return false;
	}
	return true;
}

/* Behind `{`. */
static bool take_bounds(struct reader *reader, uint32_t *least, uint32_t *most)
{
	if (!take_number(reader, least))
		return false;
	*most = *least;
	if (take(reader, ",")) {
		*most = PATTERN_PLAIN_MANY;
		if (reader->rest.length && reader->rest.at[0] != '}' && !take_number(reader, most))
			return false;
	}
	return *least <= *most && take(reader, "}");
}

/* Whether it is greedy is no matter of whether it matches, but nobody writes that here. */
static bool is_repeat(const struct reader *reader)
{
	return reader->rest.length && memchr("*+?{", reader->rest.at[0], 4);
}

static bool add_digits(struct reader *reader)
{
	uint32_t least = 1, most = 1;

	if (take(reader, "*"))
		least = 0, most = PATTERN_PLAIN_MANY;
	else if (take(reader, "+"))
		most = PATTERN_PLAIN_MANY;
	else if (take(reader, "?"))
		least = 0;
	else if (take(reader, "{") && !take_bounds(reader, &least, &most))
		return false;
	bool is_endless = most == PATTERN_PLAIN_MANY || reader->most == PATTERN_PLAIN_MANY;
	reader->least += least;
	reader->most = is_endless ? PATTERN_PLAIN_MANY : reader->most + most;
	reader->in_tail = true;
	return !is_repeat(reader) && reader->least <= REPEAT_MAX && (is_endless || reader->most <= REPEAT_MAX);
}

/* Behind `[`: digits, ranges of them, + * #. Result: which members are in it; 0: another shape. */
static uint32_t take_class(struct reader *reader)
{
	struct span *rest = &reader->rest;
	uint32_t set = 0;

	while (rest->length && rest->at[0] != ']') {
		const char *member = rest->at[0] ? strchr(members, rest->at[0]) : NULL;
		if (!member)
			return 0;
		uint32_t first = (uint32_t)(member - members), last = first;
		*rest = span_skip(*rest, 1);
		if (rest->length >= 2 && rest->at[0] == '-') {
			if (!is_digit(*member) || !is_digit(rest->at[1]) || rest->at[1] < *member)
				return 0;
			last = (uint32_t)(rest->at[1] - '0');
			*rest = span_skip(*rest, 2);
		}
		for (; first <= last; first++)
			set |= 1u << first;
	}
	return take(reader, "]") ? set : 0;
}

/* Each row so far goes on with each byte of the set. */
static bool add_head(struct reader *reader, const char *bytes, uint32_t count)
{
	uint32_t before = reader->row_count;

	if (reader->in_tail || is_repeat(reader) || reader->prefix_bytes == PATTERN_PLAIN_PREFIX_BYTES ||
	    before * count > CHOICES_MAX)
		return false;
	for (uint32_t i = before * count; i-- > 0;) {
		reader->row[i] = reader->row[i % before];
		reader->row[i].prefix[reader->prefix_bytes] = (uint8_t)bytes[i / before];
	}
	reader->row_count = before * count;
	reader->prefix_bytes++;
	return true;
}

static bool add_class(struct reader *reader)
{
	char bytes[sizeof(members)];
	uint32_t count = 0, set = take_class(reader);

	if (set == DIGITS)
		return add_digits(reader);
	for (uint32_t i = 0; members[i]; i++)
		if (set >> i & 1)
			bytes[count++] = members[i];
	return count > 0 && add_head(reader, bytes, count);
}

static bool add_escaped(struct reader *reader)
{
	char byte = reader->rest.length ? reader->rest.at[0] : '\0';

	reader->rest = span_skip(reader->rest, reader->rest.length != 0);
	if (byte == 'd')
		return add_digits(reader);
	return byte && memchr("+*#.-", byte, 5) && add_head(reader, &byte, 1);
}

static bool add_byte(struct reader *reader)
{
	char byte = reader->rest.at[0], lower = span_lower_byte(byte);

	reader->rest = span_skip(reader->rest, 1);
	return (is_digit(byte) || (lower >= 'a' && lower <= 'z') || byte == '#') && add_head(reader, &byte, 1);
}

static void end_rows(struct reader *reader, bool is_open)
{
	for (uint32_t i = 0; i < reader->row_count; i++) {
		struct pattern_plain *row = &reader->row[i];
		row->prefix_bytes = (uint8_t)reader->prefix_bytes;
		row->least_bytes = (uint8_t)(reader->prefix_bytes + reader->least);
		row->most_bytes = is_open			       ? PATTERN_PLAIN_OPEN
				  : reader->most == PATTERN_PLAIN_MANY ? PATTERN_PLAIN_MANY
								       : (uint8_t)(reader->prefix_bytes + reader->most);
	}
}

/* Result: false: of another shape. */
static bool read_pattern(struct reader *reader, struct span pattern)
{
	*reader = (struct reader){.rest = pattern, .row_count = 1};
	bool is_anchored = take(reader, "^");

	while (is_anchored && reader->rest.length && reader->rest.at[0] != '$' && reader->rest.at[0] != '.')
		if (!(take(reader, "[")	   ? add_class(reader)
		      : take(reader, "\\") ? add_escaped(reader)
					   : add_byte(reader)))
			return false;
	bool is_open = !take(reader, "$");
	/* Without an end, digits that must follow are not followed by anything that could be told by a length. */
	if (is_open && reader->least > 0)
		return false;
	bool is_anything = is_open && take(reader, ".*");
	end_rows(reader, is_open);
	return reader->rest.length == 0 && (is_anchored || is_anything) && pattern.length <= PATTERN_BYTES_MAX;
}

uint32_t pattern_plain_build(struct pattern_plain row[PATTERN_PLAIN_ROWS_MAX], uint32_t *row_count,
			     const struct span *pattern, uint32_t count)
{
	struct reader reader;
	uint32_t id = 0;

	*row_count = 0;
	for (; id < count && read_pattern(&reader, pattern[id]); id++) {
		if (*row_count + reader.row_count > PATTERN_PLAIN_ROWS_MAX)
			break;
		for (uint32_t i = 0; i < reader.row_count; i++) {
			reader.row[i].id = (uint16_t)id;
			row[(*row_count)++] = reader.row[i];
		}
	}
	return id;
}

bool pattern_plain_build_is(struct span pattern)
{
	struct reader reader;

	return read_pattern(&reader, pattern);
}
