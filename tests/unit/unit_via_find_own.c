#include "cmocka_all.h"

#include "guard_page.h"
#include "message_parse.h"
#include "random_source.h"
#include "text_write.h"
#include "via_find_own.h"

#define START	  "INVITE sip:b@example.net SIP/2.0\r\n"
#define REST	  "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
#define OTHER	  "SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKother"
#define OWN_START "SIP/2.0/UDP 198.51.100.1;branch="
#define HOPS	  70

static struct guard_page guard;
static struct sip_message message;
static char text[SIP_MESSAGE_BYTES_MAX];
static struct text_writer writer;

static void begin_text(void)
{
	writer = text_write_begin(text, sizeof(text));
	text_write_literal(&writer, START);
}

static void write_own(uint32_t slot)
{
	char branch[BRANCH_NAME_TEXT_BYTES];

	branch_name_write(branch, &(struct branch_name){.node = 3, .slot = slot});
	text_write_literal(&writer, OWN_START);
	text_write_span(&writer, span_make(branch, sizeof(branch)));
}

static enum reason parse_text(void)
{
	text_write_literal(&writer, "\r\n" REST);
	assert_false(writer.overflowed);
	return message_parse(&message, guard_page_place(&guard, text_written(&writer)));
}

static void assert_found(struct via_find_own *search, uint32_t slot)
{
	struct branch_name name;

	assert_true(via_find_own_next(&name, search));
	assert_int_equal(name.node, 3);
	assert_int_equal(name.slot, slot);
}

static void assert_end(struct via_find_own *search)
{
	struct branch_name name = {.slot = 4711};

	for (int i = 0; i < 3; i++)
		assert_false(via_find_own_next(&name, search));
	assert_int_equal(name.slot, 4711);
}

static void lines_and_lists(void **state)
{
	(void)state;
	begin_text();
	text_write_literal(&writer, "Via: " OTHER ", " OTHER "\r\nMax-Forwards: 60\r\nv: " OTHER " ,\r\n ");
	write_own(1);
	text_write_literal(&writer, ";rport=5060;received=198.51.100.1," OTHER "\r\nVIA : ");
	write_own(2);
	text_write_literal(&writer, "\r\nRoute: <sip:p;lr>\r\nVia: " OTHER);
	assert_int_equal(parse_text(), REASON_NONE);
	struct via_find_own search = via_find_own_begin(&message);
	assert_found(&search, 1);
	assert_found(&search, 2);
	assert_end(&search);
}

/* Only the parameter branch, whatever stands around it; quotes are no part of a name. */
static void where_the_branch_stands(void **state)
{
	(void)state;
	begin_text();
	text_write_literal(&writer, "Via: SIP / 2.0 / UDP [2001:db8::1]:5060 ; rport ;\r\n BRANCH = "
				    "z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA ; x=y, "
				    "SIP/2.0/UDP a;branch=\"z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA\", "
				    "SIP/2.0/UDP b;branches=z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA, "
				    "SIP/2.0/UDP c;x=\"a;branch=z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA\", SIP/2.0/UDP d");
	assert_int_equal(parse_text(), REASON_NONE);
	struct via_find_own search = via_find_own_begin(&message);
	assert_found(&search, 7);
	assert_end(&search);
}

static void none_is_ours(void **state)
{
	(void)state;
	begin_text();
	text_write_literal(&writer, "Via: " OTHER "," OTHER ";x\r\nVia: SIP/2.0/UDP h\r\nVia: " OTHER "ping");
	assert_int_equal(parse_text(), REASON_NONE);
	struct via_find_own search = via_find_own_begin(&message);
	assert_end(&search);
}

static void without_via(void **state)
{
	(void)state;
	message_parse(&message, guard_page_place(&guard, SPAN_LITERAL(START REST)));
	struct via_find_own search = via_find_own_begin(&message);
	assert_end(&search);
	message_parse(&message, guard_page_place(&guard, SPAN_LITERAL("")));
	search = via_find_own_begin(&message);
	assert_end(&search);
}

/* What is behind garbage could be anybody's: the walk ends, what was found before stays found. */
static void garbage_ends_the_walk(void **state)
{
	static const char *const garbage[] = {
		"x",
		"SIP/2.0/UDP",
		"SIP/2.0/UDP h;",
		"SIP/2.0/UDP h;a=\"b",
		"SIP/2.0/UDP h i",
		"SIP/2.0/UDP [x];branch=z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA",
		"SIP/2.0/UDP h;branch=z9hG4bK.AwAAAAAAAAcAAAAAAAAAAA;;",
		"",
		",",
		"SIP/2.0/UDP h,",
		"SIP/2.0/UDP h,,SIP/2.0/UDP h",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		for (int is_list = 0; is_list < 2; is_list++) {
			begin_text();
			text_write_literal(&writer, "Via: ");
			write_own(1);
			text_write_span(&writer, is_list ? SPAN_LITERAL(", ") : SPAN_LITERAL("\r\nVia: "));
			text_write_span(&writer, span_of_text(garbage[i]));
			text_write_literal(&writer, "\r\nVia: ");
			write_own(2);
			parse_text();
			struct via_find_own search = via_find_own_begin(&message);
			/* A list that ends in its comma is malformed, its first value with it. */
			if (!is_list || garbage[i][0])
				assert_found(&search, 1);
			assert_end(&search);
		}
	}
}

/* `count` hops, so many values a line, each `own`th of them ours; of those the first `found_max` are found. */
static void check_hops(uint32_t count, uint32_t values_of_line, uint32_t own, uint32_t found_max)
{
	uint32_t found = 0;

	begin_text();
	for (uint32_t i = 0; i < count; i++) {
		if (i % values_of_line)
			text_write_literal(&writer, ", ");
		else
			text_write_span(&writer, i ? SPAN_LITERAL("\r\nVia: ") : SPAN_LITERAL("Via: "));
		if (i % own)
			text_write_literal(&writer, OTHER);
		else
			write_own(i);
	}
	assert_int_equal(parse_text(), REASON_NONE);
	struct via_find_own search = via_find_own_begin(&message);
	for (uint32_t i = 0; i < count && found < found_max; i += own, found++)
		assert_found(&search, i);
	assert_end(&search);
}

static void seventy_hops(void **state)
{
	(void)state;
	for (uint32_t values = 1; values <= HOPS; values++) {
		check_hops(HOPS, values, 1, HOPS);
		check_hops(HOPS, values, 7, HOPS);
		check_hops(HOPS, values, HOPS, HOPS);
	}
}

static void the_oldest_of_seventy(void **state)
{
	(void)state;
	begin_text();
	for (uint32_t i = 0; i < HOPS - 1; i++)
		text_write_literal(&writer, "Via: " OTHER "\r\n");
	text_write_literal(&writer, "Via: ");
	write_own(9);
	assert_int_equal(parse_text(), REASON_NONE);
	struct via_find_own search = via_find_own_begin(&message);
	assert_found(&search, 9);
	assert_end(&search);
}

/* More values than a request can have hops are not looked at, however they are spread. */
static void the_walk_is_bounded(void **state)
{
	(void)state;
	for (uint32_t values = 3; values <= 300; values += 99) {
		check_hops(VIA_FIND_OWN_VALUES_MAX, values, 1, VIA_FIND_OWN_VALUES_MAX);
		check_hops(VIA_FIND_OWN_VALUES_MAX + 1, values, 1, VIA_FIND_OWN_VALUES_MAX);
		check_hops(300, values, 1, VIA_FIND_OWN_VALUES_MAX);
	}
	check_hops(VIA_FIND_OWN_VALUES_MAX + 1, 1000, VIA_FIND_OWN_VALUES_MAX, 1);
	check_hops(VIA_FIND_OWN_VALUES_MAX, 1000, VIA_FIND_OWN_VALUES_MAX - 1, 2);
}

/* The same as asking for value after value, of lists with bytes changed at random. */
static void agrees_with_via_parse_nth(void **state)
{
	struct random_source random = random_source_of(16);
	uint32_t found_count = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint32_t count = 1 + random_source_below(&random, 12);
		begin_text();
		for (uint32_t i = 0; i < count; i++) {
			text_write_span(&writer, i == 0				   ? SPAN_LITERAL("Via: ")
						 : random_source_next(&random) & 1 ? SPAN_LITERAL(",")
										   : SPAN_LITERAL("\r\nv:"));
			if (random_source_next(&random) & 1)
				write_own(i);
			else
				text_write_literal(&writer, OTHER);
		}
		for (uint32_t i = random_source_below(&random, 3); i; i--)
			text[sizeof(START) + 4 + random_source_below(&random, writer.length - sizeof(START) - 4)] =
				",;= \"/xA"[random_source_below(&random, 8)];
		parse_text();
		struct via_find_own search = via_find_own_begin(&message);
		struct sip_via via;
		struct branch_name name, expected;
		for (uint32_t i = 0; via_parse_nth(&via, &message, i); i++) {
			if (!branch_name_read(&expected, via.branch))
				continue;
			assert_true(via_find_own_next(&name, &search));
			assert_int_equal(name.slot, expected.slot);
			found_count++;
		}
		assert_end(&search);
	}
	assert_true(found_count > 3000);
}

static void prefixes_stay_inside(void **state)
{
	struct branch_name name;

	(void)state;
	begin_text();
	text_write_literal(&writer, "Via: " OTHER ", ");
	write_own(1);
	text_write_literal(&writer, "\r\nv:\r\n ");
	write_own(2);
	parse_text();
	for (uint32_t length = 0; length <= writer.length; length++) {
		message_parse(&message, guard_page_place(&guard, span_make(text, length)));
		struct via_find_own search = via_find_own_begin(&message);
		uint32_t found = 0;
		while (via_find_own_next(&name, &search))
			found++;
		assert_true(found <= 2);
		assert_true(length < writer.length || found == 2);
	}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_lists),
		cmocka_unit_test(where_the_branch_stands),
		cmocka_unit_test(none_is_ours),
		cmocka_unit_test(without_via),
		cmocka_unit_test(garbage_ends_the_walk),
		cmocka_unit_test(seventy_hops),
		cmocka_unit_test(the_oldest_of_seventy),
		cmocka_unit_test(the_walk_is_bounded),
		cmocka_unit_test(agrees_with_via_parse_nth),
		cmocka_unit_test(prefixes_stay_inside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
