#include "text_write.h"

static const char hex_digits[16] = "0123456789abcdef";
static const char base64url_digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define NUMBER_DIGITS_MAX 20 /* of UINT64_MAX */
#define IP_TEXT_BYTES	  41 /* eight groups of four, seven colons, two brackets */
#define IP_GROUPS	  8

/* Room for `length` bytes that the caller then fills, or NULL. */
static char *take_room(struct text_writer *writer, uint64_t length)
{
	if (length > writer->capacity - writer->length) {
		writer->overflowed = true;
		return NULL;
	}
	char *room = writer->at + writer->length;
	writer->length += (uint32_t)length;
	return room;
}

void text_write_number(struct text_writer *writer, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	uint32_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	text_write_span(writer, span_make(digits + first, sizeof(digits) - first));
}

void text_write_hex(struct text_writer *writer, const uint8_t *bytes, uint32_t length)
{
	char *out = take_room(writer, (uint64_t)length * 2);

	for (uint32_t i = 0; out && i < length; i++) {
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
}

void text_write_base64url(struct text_writer *writer, const uint8_t *bytes, uint32_t length)
{
	char *out = take_room(writer, ((uint64_t)length * 8 + 5) / 6);

	if (!out)
		return;
	for (; length >= 3; length -= 3, bytes += 3, out += 4) {
		uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
		out[0] = base64url_digits[group >> 18];
		out[1] = base64url_digits[group >> 12 & 63];
		out[2] = base64url_digits[group >> 6 & 63];
		out[3] = base64url_digits[group & 63];
	}
	if (length) {
		uint32_t group = (uint32_t)bytes[0] << 16 | (length == 2 ? (uint32_t)bytes[1] << 8 : 0);
		out[0] = base64url_digits[group >> 18];
		out[1] = base64url_digits[group >> 12 & 63];
		if (length == 2)
			out[2] = base64url_digits[group >> 6 & 63];
	}
}

static uint16_t ip_group(const uint8_t ip[16], uint32_t index)
{
	return (uint16_t)(ip[2 * index] << 8 | ip[2 * index + 1]);
}

/* The run of zero groups that "::" stands for: the longest, the first of equals, at least two (RFC 5952 4.2). */
static void find_zero_run(const uint8_t ip[16], uint32_t *run_start, uint32_t *run_length)
{
	uint32_t start = 0, length = 0;

	*run_start = IP_GROUPS;
	*run_length = 0;
	for (uint32_t i = 0; i < IP_GROUPS; i++) {
		if (ip_group(ip, i) != 0) {
			length = 0;
			continue;
		}
		if (length++ == 0)
			start = i;
		if (length >= 2 && length > *run_length) {
			*run_start = start;
			*run_length = length;
		}
	}
}

static void write_ip_group(struct text_writer *text, uint16_t group)
{
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		uint32_t digit = group >> shift & 15;
		begun |= digit != 0 || shift == 0;
		if (begun)
			text_write_char(text, hex_digits[digit]);
	}
}

static void write_ipv6(struct text_writer *text, const uint8_t ip[16])
{
	uint32_t run_start, run_length;

	find_zero_run(ip, &run_start, &run_length);
	text_write_char(text, '[');
	for (uint32_t i = 0; i < IP_GROUPS; i++) {
		if (i == run_start) {
			text_write_literal(text, "::");
			i += run_length - 1;
			continue;
		}
		if (i != 0 && i != run_start + run_length)
			text_write_char(text, ':');
		write_ip_group(text, ip_group(ip, i));
	}
	text_write_char(text, ']');
}

void text_write_ip(struct text_writer *writer, const uint8_t ip[16])
{
	char buffer[IP_TEXT_BYTES];
	struct text_writer text = text_write_begin(buffer, sizeof(buffer));

	if (net_address_is_v4(ip)) {
		for (uint32_t i = 12; i < 16; i++) {
			if (i != 12)
				text_write_char(&text, '.');
			text_write_number(&text, ip[i]);
		}
	} else {
		write_ipv6(&text, ip);
	}
	text_write_span(writer, text_written(&text));
}

void text_write_address(struct text_writer *writer, const struct net_address *address)
{
	text_write_ip(writer, address->ip);
	if (address->port == 0)
		return;
	text_write_char(writer, ':');
	text_write_number(writer, address->port);
}
