/* All variants of scan.h, and of what message_parse.c has for them, say the same of every message, of all its prefixes
 * and of damaged copies of it. */
#include "scan.h"

#include "bench_messages.h"
#include "guard_page.h"
#include "message_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MUTATION_COUNT 20000

static struct guard_page guard;
static struct bench_message messages[3 * BENCH_MESSAGES_MAX];
static size_t message_count;

/* What a scan must find, found in the plainest way. */
struct model {
	uint32_t line_count;
	bool has_empty_line;
	bool has_stray_cr;
	struct scan_line lines[SIP_MESSAGE_BYTES_MAX / 2];
	uint32_t headers_end;
	uint32_t body_start;
};

static void model_build(struct model *model, struct span bytes)
{
	uint32_t start = 0;
	model->line_count = 0;
	model->has_empty_line = model->has_stray_cr = false;
	model->headers_end = model->body_start = bytes.length;
	for (uint32_t i = 0; i < bytes.length; i++) {
		if (bytes.at[i] == '\r' && i + 1 < bytes.length && bytes.at[i + 1] != '\n')
			model->has_stray_cr = true;
		if (bytes.at[i] != '\n')
			continue;
		if (i == start || (i == start + 1 && bytes.at[start] == '\r')) {
			model->has_empty_line = true;
			model->headers_end = start;
			model->body_start = i + 1;
			return;
		}
		struct scan_line *line = &model->lines[model->line_count++];
		*line = (struct scan_line){start, start, i};
		while (line->stop < i && bytes.at[line->stop] != ':')
			line->stop++;
		start = i + 1;
	}
}

static void check_scan(struct span bytes)
{
	static struct model model;
	model_build(&model, bytes);
	for (int variant = SCAN_SCALAR; variant < SCAN_VARIANTS; variant++) {
		struct scan scan;
		struct scan_line line;
		uint32_t count = 0;
		if (!scan_select((enum scan_variant)variant))
			continue;
		scan_init(&scan, bytes);
		for (; scan_take_line(&line, &scan); count++) {
			assert_true(count < model.line_count);
			assert_memory_equal(&line, &model.lines[count], sizeof(line));
		}
		assert_int_equal(count, model.line_count);
		assert_int_equal(scan.has_empty_line, model.has_empty_line);
		assert_int_equal(scan.headers_end, model.headers_end);
		assert_int_equal(scan.body_start, model.body_start);
		if (model.has_empty_line)
			assert_int_equal(scan.has_stray_cr, model.has_stray_cr);
	}
}

static void test_edges(void **state)
{
	(void)state;
	static const char *const texts[] = {"",	   "\n",     "\r\n", "\r",	    "a\n\n",	  "a\r\n\r\n",
					    "a:b", "\n\r\n", ":\n:", "a\r\r\n\r\n", "a\rb\n\r\n", "::\n\r\r\n\r\n"};
	char text[200];
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		/* At every place of a block: what a block leaves to the next one is where scans go wrong. */
		for (uint32_t shift = 0; shift < 140; shift++) {
			memset(text, 'x', shift);
			memcpy(text + shift, texts[i], strlen(texts[i]));
			check_scan(guard_page_place(&guard, span_make(text, shift + strlen(texts[i]))));
		}
}

static void test_many_lines(void **state)
{
	(void)state;
	static char text[SIP_MESSAGE_BYTES_MAX];
	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = i % 3 == 0 ? 'a' : i % 3 == 1 ? ':' : '\n';
	check_scan(guard_page_place(&guard, span_make(text, sizeof(text))));
	memset(text, 'x', sizeof(text));
	check_scan(guard_page_place(&guard, span_make(text, sizeof(text))));
}

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

static void test_random_bytes(void **state)
{
	(void)state;
	uint32_t random = 3;
	char text[400];
	for (uint32_t round = 0; round < MUTATION_COUNT; round++) {
		uint32_t length = next_random(&random) % sizeof(text);
		for (uint32_t i = 0; i < length; i++)
			text[i] = "\r\n: abcdefgh"[next_random(&random) % 12];
		check_scan(guard_page_place(&guard, span_make(text, length)));
	}
}

static void check_slice(const struct sip_message *message, struct slice part)
{
	assert_true((uint32_t)part.offset + part.length <= message->bytes.length);
}

static void check_slices(const struct sip_message *message)
{
	check_slice(message, message->start_line);
	check_slice(message, message->method_text);
	check_slice(message, message->request_uri);
	check_slice(message, message->call_id);
	check_slice(message, message->cseq_method_text);
	check_slice(message, message->from_tag);
	check_slice(message, message->to_tag);
	check_slice(message, message->via_host);
	check_slice(message, message->via_branch);
	check_slice(message, message->body);
	assert_true(message->headers_end <= message->bytes.length);
	uint32_t via_lines = 0;
	for (uint8_t i = 0; i < message->header_count; i++) {
		const struct sip_header *header = &message->header[i];
		check_slice(message, (struct slice){header->value, header->value_length});
		assert_true(header->start < header->value && header->value <= sip_message_header_end(message, i));
		via_lines += header->name == SIP_HEADER_VIA;
	}
	assert_int_equal(message->via_line_count, via_lines);
}

/* What is behind the last header line is nobody's. */
static size_t used_bytes(const struct sip_message *message)
{
	return offsetof(struct sip_message, header) + message->header_count * sizeof(message->header[0]);
}

static void check_variant(enum scan_variant variant, const struct sip_message *scalar, enum reason reason,
			  struct span call_id)
{
	static struct sip_message message;
	if (!scan_select(variant))
		return;
	memset(&message, 0xa5, sizeof(message));
	assert_int_equal(message_parse(&message, scalar->bytes), reason);
	assert_memory_equal(&message, scalar, used_bytes(scalar));
	struct span found = message_find_call_id(scalar->bytes);
	assert_ptr_equal(found.at, call_id.at);
	assert_int_equal(found.length, call_id.length);
}

static enum reason check_message(struct span text)
{
	static struct sip_message scalar;
	struct span input = guard_page_place(&guard, text);
	assert_true(scan_select(SCAN_SCALAR));
	memset(&scalar, 0xa5, sizeof(scalar));
	enum reason reason = message_parse(&scalar, input);
	struct span call_id = message_find_call_id(input);
	check_slices(&scalar);
	/* Steering and parsing must name the same owner. */
	if (sip_message_has(&scalar, SIP_HEADER_CALL_ID) && reason != REASON_TOO_MANY_HEADERS)
		assert_true(span_equals(call_id, sip_message_first(&scalar, SIP_HEADER_CALL_ID)));
	for (enum scan_variant variant = SCAN_SCALAR + 1; variant < SCAN_VARIANTS; variant++)
		check_variant(variant, &scalar, reason, call_id);
	return reason;
}

static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < message_count; i++) {
		struct span text = messages[i].bytes;
		enum reason whole = check_message(text);
		check_scan(guard_page_place(&guard, text));
		uint32_t headers_end = 0;
		while (headers_end + 4 <= text.length && memcmp(text.at + headers_end, "\r\n\r\n", 4) != 0)
			headers_end++;
		for (uint32_t length = 0; length < text.length; length++) {
			enum reason reason = check_message(span_make(text.at, length));
			/* No message without its empty line is well formed. */
			if (length < headers_end + 4)
				assert_int_not_equal(reason, REASON_NONE);
		}
		(void)whole;
	}
}

static void test_mutations(void **state)
{
	(void)state;
	static char text[SIP_MESSAGE_BYTES_MAX];
	static const char bytes[] = "\r\n:;,<>\"\\ \t@=%[]/0\0\xff";
	uint32_t random = 2026;
	for (uint32_t round = 0; round < MUTATION_COUNT; round++) {
		struct span original = messages[next_random(&random) % message_count].bytes;
		uint32_t length = original.length, change_count = 1 + next_random(&random) % 4;
		memcpy(text, original.at, length);
		while (change_count-- && length > 0) {
			uint32_t at = next_random(&random) % length, kind = next_random(&random) % 8;
			if (kind < 3)
				text[at] = bytes[next_random(&random) % sizeof(bytes)];
			else if (kind < 5)
				text[at] = (char)(text[at] ^ 1 << next_random(&random) % 8);
			else if (kind < 6)
				memmove(text + at, text + at + 1, --length - at);
			else if (kind < 7)
				text[at] = text[next_random(&random) % length];
			else if (at > 0)
				length = at;
		}
		check_message(span_make(text, length));
		check_scan(guard_page_place(&guard, span_make(text, length)));
	}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX);
	message_count = bench_messages_load(messages, BENCH_MESSAGES, ".sip");
	message_count += bench_messages_load(messages + message_count, TORTURE_MESSAGES "/rfc4475", ".dat");
	message_count += bench_messages_load(messages + message_count, TORTURE_MESSAGES "/rfc5118", ".dat");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bench_messages_free(messages, message_count);
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),	 cmocka_unit_test(test_many_lines), cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_prefixes), cmocka_unit_test(test_mutations),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
