#include "via_parse.h"

#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct guard_page guard;

static struct span place(const char *text)
{
	return guard_page_place(&guard, span_of_text(text));
}

static void assert_text(struct span found, const char *expected)
{
	assert_int_equal(found.length, strlen(expected));
	assert_memory_equal(found.at ? found.at : "", expected, found.length);
}

static void test_parts(void **state)
{
	(void)state;
	struct sip_via via;
	struct span rest;
	assert_true(via_parse(&via, &rest,
			      place("SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;received=198.51.100.1;rport=99")));
	assert_text(via.transport, "UDP");
	assert_text(via.host, "192.0.2.1");
	assert_int_equal(via.port, 5062);
	assert_text(via.branch, "z9hG4bK1");
	assert_text(via.received, "198.51.100.1");
	assert_text(via.rport, "99");
	assert_true(via.has_rport);
	assert_int_equal(rest.length, 0);
}

/* pjsip writes rport first; chan_sip writes none (shared/peers/README.md). */
static void test_peers(void **state)
{
	(void)state;
	struct sip_via via;
	struct span rest;
	assert_true(via_parse(&via, &rest, place("SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKPj1")));
	assert_true(via.has_rport);
	assert_int_equal(via.rport.length, 0);
	assert_text(via.branch, "z9hG4bKPj1");
	assert_true(via_parse(&via, &rest, place("SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK7")));
	assert_false(via.has_rport);
}

static void test_several_values(void **state)
{
	(void)state;
	struct sip_via via;
	struct span rest = place("SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9  ,\r\n"
				 " SIP  /    2.0   / UNKNOWN  [2001:db8::9] : 6050 ; a=\"x,y\" ; branch=\r\n z9hG4bK3");
	assert_true(via_parse(&via, &rest, rest));
	assert_text(via.value, "SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9");
	assert_text(via.host, "spindle.example.com");
	assert_text(via.branch, "z9hG4bK9");
	assert_true(via_parse(&via, &rest, rest));
	assert_text(via.transport, "UNKNOWN");
	assert_text(via.host, "[2001:db8::9]");
	assert_int_equal(via.port, 6050);
	assert_text(via.branch, "z9hG4bK3");
	assert_int_equal(rest.length, 0);
}

static void test_ipv6_received(void **state)
{
	(void)state;
	struct sip_via via;
	struct span rest;
	assert_true(via_parse(&via, &rest, place("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=x")));
	assert_text(via.received, "[2001:db8::9:255]");
	assert_true(via_parse(&via, &rest, place("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=x")));
	assert_text(via.received, "2001:db8::9:255");
	assert_text(via.branch, "x");
}

/* SLASH = SWS "/" SWS, whichever way the version is read (found by differential_scan). */
static void test_white_space_around_either_slash(void **state)
{
	(void)state;
	static const char *const texts[] = {"SIP/2.0/UDP h",  "SIP/2.0/ UDP h", "SIP/2.0/\r\n\tUDP h",
					    "SIP/2.0 /UDP h", "SIP/ 2.0/UDP h", "SIP /2.0/ UDP h"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_via via;
		struct span rest;
		if (!via_parse(&via, &rest, place(texts[i])))
			fail_msg("did not parse: %s", texts[i]);
		assert_text(via.transport, "UDP");
		assert_text(via.host, "h");
	}
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"SIP/2.0/UDP",
		"SIP/2.0/UDP ",
		"SIP/2.0 UDP h",
		"HTTP/2.0/UDP h",
		"SIP/2.0/ h",
		"SIP/2.0/UDP h:",
		"SIP/2.0/UDP h:0",
		"SIP/2.0/UDP h:65536",
		"SIP/2.0/UDP h:x",
		"SIP/2.0/UDP h;",
		"SIP/2.0/UDP h;;a",
		"SIP/2.0/UDP h;a=",
		"SIP/2.0/UDP h;a=\"b",
		"SIP/2.0/UDP h i",
		"SIP/2.0/UDP [::1",
		"SIP/2.0/UDP []",
		"SIP/2.0/UDP <h>",
		"SIP/2.0/UDP h;a=b c",
		"SIP/2.0/UDP [x]",
		"SIP/2.0/UDP h,",
		"SIP/2.0/UDP h;a=b , ",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_via via;
		struct span rest;
		if (via_parse(&via, &rest, place(texts[i])))
			fail_msg("parsed: %s", texts[i]);
	}
}

static void test_prefixes_stay_inside(void **state)
{
	(void)state;
	struct span whole = SPAN_LITERAL("SIP / 2.0/UDP [::1]:5060 ;branch=\"q\\\"\" ;rport = 1 , SIP/2.0/UDP b");
	for (uint32_t length = 0; length <= whole.length; length++) {
		struct sip_via via;
		struct span rest;
		via_parse(&via, &rest, guard_page_place(&guard, span_make(whole.at, length)));
	}
}

static void test_nth(void **state)
{
	(void)state;
	static const char text[] = "SIP/2.0/UDP a, SIP/2.0/UDP bxSIP/2.0/UDP cSIP/2.0/UDP";
	struct sip_message message = {
		.bytes = SPAN_LITERAL(text), .header_count = 4, .via_line_count = 3, .first = {[SIP_HEADER_VIA] = 0}};
	struct sip_via via;
	message.header[0] = (struct sip_header){.value = 0, .value_length = 28, .name = SIP_HEADER_VIA};
	message.header[1] = (struct sip_header){.value = 28, .value_length = 1, .name = SIP_HEADER_TO};
	message.header[2] = (struct sip_header){.value = 29, .value_length = 13, .name = SIP_HEADER_VIA};
	message.header[3] = (struct sip_header){.value = 42, .value_length = 11, .name = SIP_HEADER_VIA};
	assert_true(via_parse_nth(&via, &message, 0));
	assert_text(via.host, "a");
	assert_true(via_parse_nth(&via, &message, 1));
	assert_text(via.host, "b");
	assert_true(via_parse_nth(&via, &message, 2));
	assert_text(via.host, "c");
	assert_false(via_parse_nth(&via, &message, 3));
	assert_false(via_parse_nth(&via, &message, 4));
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 4096);
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
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_several_values),
		cmocka_unit_test(test_ipv6_received),
		cmocka_unit_test(test_white_space_around_either_slash),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_prefixes_stay_inside),
		cmocka_unit_test(test_nth),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
