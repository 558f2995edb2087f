/*
 * differential_scan - generated messages say what they were made to say; and the vector variants and their scalar twin
 * find the same in every message.
 */
#include "cmocka_all.h"
#include "corpus.h"
#include "message_parse.h"
#include "scan.h"
#include "via_parse.h"

static struct corpus corpus;

static void expect_part(uint64_t number, const struct sip_message *message, const char *name, struct slice part,
			struct span wanted)
{
	struct span found = sip_message_text(message, part);
	if (!span_equals(found, wanted))
		fail_msg("message %llu: %s is '" SPAN_FORMAT "' instead of '" SPAN_FORMAT "' in:\n" SPAN_FORMAT,
			 (unsigned long long)number, name, SPAN_ARGUMENTS(found), SPAN_ARGUMENTS(wanted),
			 SPAN_ARGUMENTS(message->bytes));
}

static void expect_number(uint64_t number, const struct sip_message *message, const char *name, uint32_t found,
			  uint32_t wanted)
{
	if (found != wanted)
		fail_msg("message %llu: %s is %u instead of %u in:\n" SPAN_FORMAT, (unsigned long long)number, name,
			 found, wanted, SPAN_ARGUMENTS(message->bytes));
}

static uint32_t count_vias(const struct sip_message *message)
{
	struct sip_via via;
	uint32_t count = 0;
	while (via_parse_nth(&via, message, count))
		count++;
	return count;
}

static void check_facts(uint64_t number, const struct sip_message *message, const struct sip_generated *made)
{
	expect_number(number, message, "the status", message->status_code, made->status_code);
	if (message->is_request) {
		expect_part(number, message, "the method", message->method_text, made->method);
		expect_part(number, message, "the Request-URI", message->request_uri, made->request_uri);
	}
	expect_part(number, message, "the CSeq method", message->cseq_method_text, made->method);
	expect_number(number, message, "the CSeq number", message->cseq, made->cseq);
	expect_part(number, message, "Call-ID", message->call_id, made->call_id);
	expect_part(number, message, "the tag of From", message->from_tag, made->from_tag);
	expect_part(number, message, "the tag of To", message->to_tag, made->to_tag);
	expect_part(number, message, "sent-by", message->via_host, made->via_host);
	expect_number(number, message, "the port of sent-by", message->via_port, made->via_port);
	expect_part(number, message, "the branch", message->via_branch, made->via_branch);
	expect_part(number, message, "the body", message->body, made->body);
	expect_number(number, message, "the count of headers", message->header_count, made->header_count);
	expect_number(number, message, "the count of Vias", count_vias(message), made->via_count);
}

static void generated_messages_say_what_they_were_made_of(void **state)
{
	static struct sip_message message;
	uint64_t size = corpus_size(), count = 0;
	(void)state;

	for (uint64_t number = corpus.file_count; number < size; number++) {
		if (number % 4 != 0)
			continue;
		struct corpus_message taken = corpus_take(&corpus, number);
		enum reason reason = message_parse(&message, taken.bytes);
		if (reason != REASON_NONE)
			fail_msg("message %llu is valid, and refused as %s:\n" SPAN_FORMAT, (unsigned long long)number,
				 reason_rows[reason].name, SPAN_ARGUMENTS(taken.bytes));
		check_facts(number, &message, taken.generated);
		count++;
	}
	print_message("%llu generated messages\n", (unsigned long long)count);
}

static size_t used_bytes(const struct sip_message *message)
{
	return offsetof(struct sip_message, header) + message->header_count * sizeof(message->header[0]);
}

static void compare_with_scalar(enum scan_variant variant)
{
	static struct sip_message scalar, vector;
	uint64_t size = corpus_size(), refused = 0;

	for (uint64_t number = 0; number < size; number++) {
		struct span bytes = corpus_take(&corpus, number).bytes;
		scan_select(SCAN_SCALAR);
		enum reason by_scalar = message_parse(&scalar, bytes);
		struct span scalar_call_id = message_find_call_id(bytes);
		scan_select(variant);
		enum reason by_vector = message_parse(&vector, bytes);
		struct span vector_call_id = message_find_call_id(bytes);
		if (by_scalar != by_vector || memcmp(&scalar, &vector, used_bytes(&scalar)) != 0 ||
		    scalar_call_id.at != vector_call_id.at || scalar_call_id.length != vector_call_id.length)
			fail_msg("message %llu: the variants do not agree (%s, %s):\n" SPAN_FORMAT,
				 (unsigned long long)number, reason_rows[by_scalar].name, reason_rows[by_vector].name,
				 SPAN_ARGUMENTS(bytes));
		refused += by_vector != REASON_NONE;
	}
	print_message("%llu messages, %llu of them refused\n", (unsigned long long)size, (unsigned long long)refused);
	/* Mutation that breaks everything, or nothing, would compare little. */
	assert_in_range(refused, size / 8, size * 7 / 8);
}

static void avx2_finds_what_its_scalar_twin_finds(void **state)
{
	(void)state;
	if (!scan_select(SCAN_AVX2))
		fail_msg("this CPU has no AVX2: it cannot be compared here");
	compare_with_scalar(SCAN_AVX2);
}

static void avx512_finds_what_its_scalar_twin_finds(void **state)
{
	(void)state;
	if (!scan_select(SCAN_AVX512))
		skip();
	compare_with_scalar(SCAN_AVX512);
}

static int set_up(void **state)
{
	(void)state;
	corpus_load(&corpus);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	corpus_free(&corpus);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generated_messages_say_what_they_were_made_of),
		cmocka_unit_test(avx2_finds_what_its_scalar_twin_finds),
		cmocka_unit_test(avx512_finds_what_its_scalar_twin_finds),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
