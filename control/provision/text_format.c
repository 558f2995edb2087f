#include "text_format.h"

#include <stdio.h>

#include "address_text.h"
#include "codec_text.h"
#include "document_text.h"
#include "number.h"
#include "pattern_set_build.h"

/* ---- characters ---- */

bool text_format_is_printable(struct span text)
{
	for (text = span_skip(text, document_text_skip(text)); text.length > 0;) {
		uint32_t code, length = document_text_take(&code, text);
		if (length == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
		    code == 0xfeff)
			return false;
		text = span_skip(text, length);
	}
	return true;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_alphanumeric(char byte)
{
	char lower = span_lower_byte(byte);
	return is_digit(byte) || (lower >= 'a' && lower <= 'z');
}

static bool consists_of(struct span text, const char *others)
{
	for (uint32_t i = 0; i < text.length; i++)
		if (!is_alphanumeric(text.at[i]) && (text.at[i] == '\0' || !strchr(others, text.at[i])))
			return false;
	return true;
}

static bool all_digits(struct span text)
{
	for (uint32_t i = 0; i < text.length; i++)
		if (!is_digit(text.at[i]))
			return false;
	return true;
}

/* ---- one function a format; result: NULL or why not ---- */

static const char *check_printable(struct span text)
{
	return text_format_is_printable(text) ? NULL : "must be printable UTF-8 text without control characters";
}

static const char *check_label(struct span text)
{
	if (text.length != span_trim(text).length)
		return "must not begin or end with a blank";
	return check_printable(text);
}

static const char *check_display(struct span text)
{
	if (memchr(text.at, '"', text.length) || memchr(text.at, '\\', text.length))
		return "must not contain \" or \\";
	return check_label(text);
}

static const char *check_name(struct span text)
{
	return consists_of(text, "_*-.") ? NULL : "may only have the characters A-Z a-z 0-9 _ * - .";
}

static const char *check_sip_user(struct span text)
{
	return consists_of(text, "_*-.+!~$&=") ? NULL : "may only have letters, digits and _ * - . + ! ~ $ & =";
}

static const char *check_domain(struct span text)
{
	static const char *const why = "must be a host name such as sip.example.net";
	uint32_t label_length = 0;
	for (uint32_t i = 0; i < text.length; i++) {
		if (text.at[i] == '.') {
			if (label_length == 0 || text.at[i - 1] == '-')
				return why;
			label_length = 0;
		} else if (is_alphanumeric(text.at[i]) || text.at[i] == '_' ||
			   (text.at[i] == '-' && label_length > 0)) {
			if (++label_length > 63)
				return why;
		} else {
			return why;
		}
	}
	return label_length > 0 && text.at[text.length - 1] != '-' ? NULL : why;
}

static const char *check_host(struct span text)
{
	if (text.length > 2 && text.at[0] == '[' && text.at[text.length - 1] == ']') {
		struct net_prefix prefix;
		struct span inner = span_make(text.at + 1, text.length - 2);
		bool is_ip = memchr(inner.at, ':', inner.length) && !memchr(inner.at, '/', inner.length) &&
			     !address_text_parse_prefix(&prefix, inner);
		return is_ip ? NULL : "is not an IPv6 address in brackets";
	}
	return check_domain(text) ? "must be a host name, an IPv4 address or an IPv6 address in brackets" : NULL;
}

static const char *check_digits(struct span text)
{
	return all_digits(text) ? NULL : "may only have digits";
}

static const char *check_country(struct span text)
{
	return country_find(text) ? NULL
				  : "is no known country: write its ISO 3166-1 code of two capital letters, such as ES";
}

static const char *check_extension(struct span text)
{
	if (text.length == 0 || !is_digit(text.at[0]))
		return "must begin with a digit";
	return consists_of(text, "*#") ? NULL : "may only have digits, letters, * and #";
}

static const char *check_dialled(struct span text)
{
	struct span rest = text.length > 1 && text.at[0] == '+' ? span_skip(text, 1) : text;
	return consists_of(rest, "*#") ? NULL : "may only have digits, letters, * and #, and a + in front";
}

static const char *check_e164(struct span text)
{
	bool fits = text.length >= 2 && text.length <= 16 && text.at[0] == '+' && text.at[1] != '0' &&
		    all_digits(span_skip(text, 1));
	return fits ? NULL : "must be in E.164 form: + and up to 15 digits, such as \"+34944000000\"";
}

static const char *check_address(struct span text)
{
	struct net_address address;
	return address_text_parse(&address, text);
}

static const char *check_prefix(struct span text)
{
	struct net_prefix prefix;
	return address_text_parse_prefix(&prefix, text);
}

static const char *(*const checks[TEXT_FORMAT_COUNT])(struct span text) = {
	[TEXT_FORMAT_LABEL] = check_label,
	[TEXT_FORMAT_DISPLAY] = check_display,
	[TEXT_FORMAT_DESCRIPTION] = check_printable,
	[TEXT_FORMAT_PASSWORD] = check_printable,
	[TEXT_FORMAT_NAME] = check_name,
	[TEXT_FORMAT_SIP_USER] = check_sip_user,
	[TEXT_FORMAT_DOMAIN] = check_domain,
	[TEXT_FORMAT_HOST] = check_host,
	[TEXT_FORMAT_DIGITS] = check_digits,
	[TEXT_FORMAT_COUNTRY] = check_country,
	[TEXT_FORMAT_EXTENSION] = check_extension,
	[TEXT_FORMAT_DIALLED] = check_dialled,
	[TEXT_FORMAT_E164] = check_e164,
	[TEXT_FORMAT_PATTERN] = check_printable,
	[TEXT_FORMAT_ADDRESS] = check_address,
	[TEXT_FORMAT_PREFIX] = check_prefix,
};

/* The formats whose reason holds more than words. */
static bool check_pattern(struct span text, char why[TEXT_FORMAT_WHY_BYTES])
{
	struct pattern_error error;
	enum status status = pattern_set_build_check(text, &error);
	if (status == STATUS_INVALID)
		snprintf(why, TEXT_FORMAT_WHY_BYTES, "%s, at byte %u of the pattern", error.message, error.offset + 1);
	else if (status != STATUS_OK)
		snprintf(why, TEXT_FORMAT_WHY_BYTES, "%s", status_text(status));
	return status == STATUS_OK;
}

bool text_format_check(enum text_format format, struct span text, char why[TEXT_FORMAT_WHY_BYTES])
{
	const char *reason = checks[format] ? checks[format](text) : NULL;
	if (reason) {
		snprintf(why, TEXT_FORMAT_WHY_BYTES, "%s", reason);
		return false;
	}
	if (format == TEXT_FORMAT_PATTERN)
		return check_pattern(text, why);
	if (format == TEXT_FORMAT_CODEC)
		return codec_text_check(text, why, TEXT_FORMAT_WHY_BYTES);
	return true;
}

struct span text_format_spell(enum text_format format, struct span text)
{
	return format == TEXT_FORMAT_CODEC ? codec_text_spell(text) : text;
}

const char *text_format_words(enum text_format format)
{
	static const char *const words[TEXT_FORMAT_COUNT] = {
		[TEXT_FORMAT_LABEL] = "printable, no blanks around it",
		[TEXT_FORMAT_DISPLAY] = "printable, without \" and \\, no blanks around it",
		[TEXT_FORMAT_DESCRIPTION] = "printable",
		[TEXT_FORMAT_PASSWORD] = "printable",
		[TEXT_FORMAT_NAME] = "A-Z a-z 0-9 _ * - and .",
		[TEXT_FORMAT_SIP_USER] = "the user part of a URI that needs no escaping",
		[TEXT_FORMAT_DOMAIN] = "a host name",
		[TEXT_FORMAT_HOST] = "a host name, an IPv4 address or an [IPv6] address",
		[TEXT_FORMAT_DIGITS] = "digits",
		[TEXT_FORMAT_COUNTRY] = "a country, ISO 3166-1 alpha-2",
		[TEXT_FORMAT_EXTENSION] = "digits, letters, * and #, first a digit",
		[TEXT_FORMAT_DIALLED] = "a number as dialled: digits, letters, * and #, and a + in front",
		[TEXT_FORMAT_E164] = "a number in E.164 form: + and up to 15 digits",
		[TEXT_FORMAT_PATTERN] = "a regular expression, PCRE syntax",
		[TEXT_FORMAT_ADDRESS] = "transport:host:port, such as udp:192.0.2.10:5060",
		[TEXT_FORMAT_PREFIX] = "an address or a network, such as 192.0.2.0/24",
		[TEXT_FORMAT_CODEC] = "the name of a codec, without case, such as PCMA",
	};

	return words[format];
}
