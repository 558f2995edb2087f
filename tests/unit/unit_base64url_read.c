#include "cmocka_all.h"

#include <stdlib.h>

#include "base64url_read.h"
#include "guard_page.h"
#include "scan.h"
#include "text_write.h"

static void reads_what_was_written(void **state)
{
	struct guard_page guarded, out;
	uint8_t bytes[300];
	char buffer[400];

	guard_page_build(&guarded, 512);
	guard_page_build(&out, 512);
	(void)state;
	for (uint32_t length = 0; length <= sizeof(bytes); length++) {
		for (uint32_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)rand();
		struct text_writer writer = text_write_begin(buffer, sizeof(buffer));
		text_write_base64url(&writer, bytes, length);
		struct span text = guard_page_place(&guarded, text_written(&writer));
		uint8_t *room = (uint8_t *)guard_page_room(&out, length);
		assert_int_equal(base64url_read(room, length, text), length);
		assert_memory_equal(room, bytes, length);
		if (length)
			assert_int_equal(base64url_read(room + 1, length - 1, text), -1);
	}
	guard_page_free(&guarded);
	guard_page_free(&out);
}

static void refuses_what_has_another_spelling(void **state)
{
	static const char *const wrong[] = {"A",      "AAAAA", "Zg==", "Zh",  "Zm9", "Zm9=", "Zm+v", "Zm/v", " Zm9v",
					    "Zm9v\n", "Zm.v",  "?Zg",  "Z?g", "Zm?", "!A",   "A!",   "====", "Zm9vYh"};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(base64url_read(bytes, sizeof(bytes), span_of_text(wrong[i])), -1);
	for (int byte = 0; byte < 256; byte++) {
		char text[4] = {'A', (char)byte, 'A', 'A'};
		bool digit = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
			     (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
		assert_int_equal(base64url_read(bytes, sizeof(bytes), span_make(text, 4)), digit ? 3 : -1);
	}
}

/* Sixteen or 32 digits are read at once: each place, each byte. */
static void looks_at_every_place_of_a_long_text(void **state)
{
	char text[100];
	uint8_t bytes[75];

	(void)state;
	memset(text, 'Q', sizeof(text));
	for (uint32_t length = 16; length <= sizeof(text); length += 4)
		for (uint32_t at = 0; at < length; at++) {
			for (int byte = 0; byte < 256; byte++) {
				bool digit = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
					     (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
				text[at] = (char)byte;
				assert_int_equal(base64url_read(bytes, sizeof(bytes), span_make(text, length)),
						 digit ? (int)length / 4 * 3 : -1);
			}
			text[at] = 'Q';
		}
}

/* A text in pieces that are too short for that, each read for itself. */
static int read_in_pieces(uint8_t *bytes, struct span text)
{
	int length = 0;

	while (text.length) {
		struct span piece = span_make(text.at, text.length < 12 ? text.length : 12);
		int part = base64url_read(bytes + length, 9, piece);
		if (part < 0)
			return -1;
		length += part;
		text = span_skip(text, piece.length);
	}
	return length;
}

/* Of any length, right and wrong, with bits behind the last byte: as the pieces say, and nothing outside is touched. */
static void a_long_text_is_as_its_pieces(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t expected[128];
	char text[128];
	struct guard_page in, out;
	uint32_t right = 0;

	(void)state;
	guard_page_build(&in, 512);
	guard_page_build(&out, 512);
	for (uint32_t round = 0; round < 200000; round++) {
		uint32_t length = (uint32_t)rand() % sizeof(text),
			 room = length / 4 * 3 + (length % 4 ? length % 4 - 1 : 0);
		for (uint32_t i = 0; i < length; i++)
			text[i] = digits[rand() % 64];
		if (length && round % 4 == 0)
			text[length - 1] = "AEIMQUYcgkosw048"[rand() % 16];
		if (length && round % 4 == 1)
			text[(uint32_t)rand() % length] = (char)rand();
		int whole = read_in_pieces(expected, span_make(text, length));
		uint8_t *bytes = (uint8_t *)guard_page_room(&out, room);
		assert_int_equal(base64url_read(bytes, room, guard_page_place(&in, span_make(text, length))), whole);
		if (whole >= 0)
			assert_memory_equal(bytes, expected, (size_t)whole);
		bytes = (uint8_t *)guard_page_room(&out, room);
		assert_int_equal(base64url_read(bytes, room, guard_page_place_first(&in, span_make(text, length))),
				 whole);
		right += whole >= 0;
	}
	assert_in_range(right, 30000, 170000);
	guard_page_free(&in);
	guard_page_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_was_written),
		cmocka_unit_test(refuses_what_has_another_spelling),
		cmocka_unit_test(looks_at_every_place_of_a_long_text),
		cmocka_unit_test(a_long_text_is_as_its_pieces),
	};
	int failed = cmocka_run_group_tests_name("without AVX2", tests, NULL, NULL);
	return failed + (scan_select(SCAN_AVX2) ? cmocka_run_group_tests_name("with AVX2", tests, NULL, NULL) : 0);
}
