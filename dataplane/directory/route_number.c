#include "route_number.h"

/* A number with as many visual separators again, before they are removed. */
#define DECODED_BYTES_MAX (2 * NUMBER_BYTES_MAX)

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_visual_separator(char byte)
{
	return byte == '-' || byte == '.' || byte == '(' || byte == ')';
}

static int hex_value(char byte)
{
	char lower = span_lower_byte(byte);
	if (is_digit(byte))
		return byte - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte at the start of `*text`, which moves behind it; -1 when its escape is broken. */
static int next_byte(struct span *text)
{
	char byte = text->at[0];

	if (byte != '%') {
		*text = span_skip(*text, 1);
		return (uint8_t)byte;
	}
	if (text->length < 3)
		return -1;
	int high = hex_value(text->at[1]), low = hex_value(text->at[2]);
	*text = span_skip(*text, 3);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Digits with separators between, one '+' in front allowed. */
static bool is_separated_number(const char *text, uint32_t length)
{
	uint32_t digits = 0;

	for (uint32_t i = text[0] == '+'; i < length; i++) {
		if (is_digit(text[i]))
			digits++;
		else if (!is_visual_separator(text[i]))
			return false;
	}
	return digits > 0;
}

/* What numbers have, as it is written: no escape, no parameter, no separator. Nearly always all of it. */
static bool copy_plain(struct number *number, struct span user)
{
	if (user.length > NUMBER_BYTES_MAX || !route_number_is_valid(user))
		return false;
	memcpy(number->text, user.at, user.length);
	number->text[user.length] = '\0';
	number->length = (uint8_t)user.length;
	return true;
}

/* What is no number may say anything, escapes included, up to its parameters. */
static enum reason decode_any(struct number *number, struct span user)
{
	char decoded[DECODED_BYTES_MAX];
	uint32_t length = 0, kept = 0;

	while (user.length && user.at[0] != ';') {
		int byte = next_byte(&user);
		if (byte < 0)
			return REASON_NUMBER_INVALID;
		if (length == DECODED_BYTES_MAX)
			return REASON_NUMBER_TOO_LONG;
		decoded[length++] = (char)byte;
	}
	if (length == 0)
		return REASON_NUMBER_INVALID;

	if (is_separated_number(decoded, length)) {
		for (uint32_t i = 0; i < length; i++)
			if (!is_visual_separator(decoded[i]))
				decoded[kept++] = decoded[i];
		length = kept;
	}
	if (length > NUMBER_BYTES_MAX)
		return REASON_NUMBER_TOO_LONG;
	memcpy(number->text, decoded, length);
	number->text[length] = '\0';
	number->length = (uint8_t)length;
	return REASON_NONE;
}

enum reason route_number_decode(struct number *number, struct span user)
{
	return copy_plain(number, user) ? REASON_NONE : decode_any(number, user);
}

bool route_number_is_valid(struct span number)
{
	/* clang-format off */
	static const bool is_valid[256] = {
		['0' ... '9'] = true, ['a' ... 'z'] = true, ['A' ... 'Z'] = true,
		['+'] = true, ['*'] = true, ['#'] = true,
	};
	/* clang-format on */

	for (uint32_t i = 0; i < number.length; i++)
		if (!is_valid[(uint8_t)number.at[i]])
			return false;
	return number.length > 0;
}

bool route_number_is_e164(struct span number)
{
	for (uint32_t i = 1; i < number.length; i++)
		if (!is_digit(number.at[i]))
			return false;
	return number.length > 1 && number.at[0] == '+';
}

bool route_number_is_emergency(const struct company *company, struct span number)
{
	for (uint32_t i = 0; i < company->emergency_count; i++)
		if (span_equals(company->emergency[i], number))
			return true;
	return false;
}
