#include "uri_parse.h"

#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
	struct sip_uri uri;
	assert_true(uri_parse(&uri,
			      place("sip:alice;x=1:secret@example.com:5070;transport=udp;lr?Subject=a&Route=%3Cb%3E")));
	assert_int_equal(uri.scheme, URI_SCHEME_SIP);
	assert_text(uri.scheme_text, "sip");
	assert_text(uri.user, "alice;x=1");
	assert_text(uri.password, "secret");
	assert_text(uri.host, "example.com");
	assert_int_equal(uri.port, 5070);
	assert_text(uri.parameters, "transport=udp;lr");
	assert_text(uri.headers, "Subject=a&Route=%3Cb%3E");

	assert_true(uri_parse(&uri, place("SIPS:[2001:db8::10]:5061")));
	assert_int_equal(uri.scheme, URI_SCHEME_SIPS);
	assert_text(uri.host, "[2001:db8::10]");
	assert_int_equal(uri.port, 5061);
	assert_int_equal(uri.user.length, 0);

	assert_true(uri_parse(&uri, place("sip:192.0.2.10")));
	assert_int_equal(uri.port, 0);
	assert_true(uri_parse(&uri, place("tel:+49301234;phone-context=x")));
	assert_int_equal(uri.scheme, URI_SCHEME_OTHER);
	assert_text(uri.scheme_text, "tel");
}

/* Contacts of real PBXes (shared/peers/README.md). */
static void test_peers(void **state)
{
	(void)state;
	struct sip_uri uri;
	assert_true(uri_parse(&uri, place("sip:s@192.0.2.10:5060")));
	assert_text(uri.user, "s");
	assert_true(uri_parse(&uri, place("sip:192.0.2.10:5060")));
	assert_int_equal(uri.user.length, 0);
	assert_text(uri.host, "192.0.2.10");
	assert_int_equal(uri.port, 5060);
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"sip",
		"sip:",
		":a",
		"sip:@host",
		"sip:a@",
		"sip:a b@c",
		"sip:a@b c",
		"<sip:a@b>",
		"sip:a@b>",
		"sip:a@b:",
		"sip:a@b:0",
		"sip:a@b:65536",
		"sip:a@b:5060x",
		"sip:a@b@c",
		"sip:a%4@b",
		"sip:a%zz@b",
		"sip:a@b;",
		"sip:a@b;;lr",
		"sip:a@b;lr?",
		"sip:a@b?x=1&",
		"sip:[::1",
		"sip:[::1]]",
		"sip:[]",
		"sip:[1:::2]",
		"sip:2001:db8::10",
		"sip:a@b;x=\"y\"",
		"sip:a\"@b",
		"1sip:a@b",
		"tel:",
		"tel:1 2",
		"tel:<1>",
		"sip:a#b@c",
		"sip:a:b:c@d",
		"sip:\x80@d",
		"sip:a@b;=x",
		"sip:a@b%20c",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_uri uri;
		if (uri_parse(&uri, place(texts[i])))
			fail_msg("parsed: %s", texts[i]);
	}
}

/* Ports of up to seven digits, with a byte that is none at each place; the text ends there. */
static void test_ports(void **state)
{
	static const char *const digits[] = {"5060123", "6553561", "6553661", "9999999"};
	static const char others[] = "/:aP\xb5\x10\x70";
	(void)state;

	for (uint32_t i = 0; i < 4 * 8 * 8 * 7; i++) {
		char text[40] = "sip:bob@example.net:", *port = text + strlen(text);
		uint32_t length = i % 8, at = i / 8 % 8;
		memcpy(port, digits[i / 448], length);
		if (at < length)
			port[at] = others[i / 64 % 7];
		bool is_number = length > 0 && at >= length;
		unsigned long number = is_number ? strtoul(port, NULL, 10) : 0;
		struct sip_uri uri;
		assert_int_equal(uri_parse(&uri, place(text)), number > 0 && number <= UINT16_MAX);
		if (number > 0 && number <= UINT16_MAX)
			assert_int_equal(uri.port, number);
	}
}

static void test_prefixes_stay_inside(void **state)
{
	(void)state;
	struct span whole = SPAN_LITERAL("sips:a%20b:c@[2001:db8::192.0.2.1]:5060;a=b;c?d=e");
	for (uint32_t length = 0; length <= whole.length; length++) {
		struct sip_uri uri;
		struct span value;
		uint8_t ip[16];
		struct span input = guard_page_place(&guard, span_make(whole.at, length));
		uri_parse(&uri, input);
		uri_find_parameter(&value, input, SPAN_LITERAL("none"));
		uri_parse_ip(ip, input);
	}
}

static void test_find_parameter(void **state)
{
	(void)state;
	struct span value, list = place("Transport=UDP;lr ; q = 0.5;x=\"a;tag=b\";tag=c;lr:y=1");
	assert_true(uri_find_parameter(&value, list, SPAN_LITERAL("transport")));
	assert_text(value, "UDP");
	assert_true(uri_find_parameter(&value, list, SPAN_LITERAL("lr")));
	assert_int_equal(value.length, 0);
	assert_true(uri_find_parameter(&value, list, SPAN_LITERAL("q")));
	assert_text(value, "0.5");
	assert_true(uri_find_parameter(&value, list, SPAN_LITERAL("x")));
	assert_text(value, "\"a;tag=b\"");
	assert_true(uri_find_parameter(&value, list, SPAN_LITERAL("tag")));
	assert_text(value, "c");
	assert_false(uri_find_parameter(&value, list, SPAN_LITERAL("ta")));
	assert_false(uri_find_parameter(&value, list, SPAN_LITERAL("y")));
	assert_false(uri_find_parameter(&value, place("lr:y=1;lr/z"), SPAN_LITERAL("lr")));
	assert_false(uri_find_parameter(&value, place(""), SPAN_LITERAL("lr")));
	assert_false(uri_find_parameter(&value, place(";;"), SPAN_LITERAL("lr")));
}

static void test_decode(void **state)
{
	(void)state;
	char decoded[8];
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("a%20%41")), 3);
	assert_memory_equal(decoded, "a A", 3);
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("%00")), 1);
	assert_int_equal(decoded[0], 0);
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("12345678")), 8);
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("123456789")), -1);
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("%2")), -1);
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("%g0")), -1);
	/* Not decoded twice (RFC 4475 3.1.1.3). */
	assert_int_equal(uri_decode(decoded, sizeof(decoded), place("%2541")), 3);
	assert_memory_equal(decoded, "%41", 3);
}

static void test_parse_ip(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint8_t ip[16];
	} good[] = {
		{"192.0.2.1", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}},
		{"[::]", {0}},
		{"::1", {[15] = 1}},
		{"2001:db8::f", {0x20, 1, 0xd, 0xb8, [15] = 0xf}},
		{"::FF", {[15] = 0xff}},
		{"[1::]", {[1] = 1}},
		{"[2001:DB8::10:5070]", {0x20, 1, 0xd, 0xb8, [13] = 0x10, [14] = 0x50, [15] = 0x70}},
		{"1:2:3:4:5:6:7:8", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
		{"1:2:3:4:5:6:7::", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}},
		{"[::ffff:192.0.2.10]", {[10] = 0xff, 0xff, 192, 0, 2, 10}},
		{"1:2:3:4:5:6:192.0.2.10", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 192, 0, 2, 10}},
	};
	static const char *const bad[] = {
		"",
		"a",
		"1.2.3",
		"1.2.3.4.",
		"1.2.3.256",
		"01.2.3.4",
		"1..2.3",
		"[",
		"[]",
		"[1::2",
		":",
		":::",
		"1:2",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"1::2::3",
		"12345::",
		"::1.2.3",
		"1:2:3:4:5:6:7:",
		"2001:db8:::192.0.2.1",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::g",
		"1.2.3.4::",
		"host.example",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t ip[16];
		if (!uri_parse_ip(ip, place(good[i].text)))
			fail_msg("not parsed: %s", good[i].text);
		assert_memory_equal(ip, good[i].ip, 16);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t ip[16];
		if (uri_parse_ip(ip, place(bad[i])))
			fail_msg("parsed: %s", bad[i]);
	}
}

static void assert_is_ip(const char *host, const uint8_t ip[16], bool wanted)
{
	if (uri_parse_ip_equals(place(host), ip) != wanted)
		fail_msg("%s: %s", wanted ? "not the address" : "the address", host);
}

static void test_is_ip(void **state)
{
	(void)state;
	uint8_t ip[16] = {[15] = 1}, v4[4] = {192, 0, 2, 1};
	char host[32];

	assert_is_ip("::1", ip, true);
	assert_is_ip("[0:0::1]", ip, true);
	assert_is_ip("[::2]", ip, false);
	assert_is_ip("0.0.0.1", ip, false);
	net_address_set_v4(ip, v4);
	assert_is_ip("192.0.2.1", ip, true);
	assert_is_ip("[::ffff:192.0.2.1]", ip, true);
	assert_is_ip("::ffff:192.0.2.1", ip, true);
	assert_is_ip("[0000:0:0::ffff:192.0.2.1]", ip, true);
	assert_is_ip("0000:0:0::ffff:192.0.2.1", ip, true);
	assert_is_ip("[::ffff:192.0.2.2]", ip, false);
	assert_is_ip("192.0.2.10", ip, false);
	assert_is_ip("192.0.2.01", ip, false);
	assert_is_ip("192.0.2.", ip, false);
	assert_is_ip("host.example", ip, false);
	assert_is_ip("", ip, false);
	for (uint32_t i = 0; i < 4 * 256; i++) {
		uint32_t other = (i + 1) % 256;
		uint8_t octets[4] = {1, 22, 133, 4};
		octets[i / 256] = (uint8_t)i;
		net_address_set_v4(ip, octets);
		snprintf(host, sizeof(host), "%u.%u.%u.%u", octets[0], octets[1], octets[2], octets[3]);
		assert_is_ip(host, ip, true);
		octets[i / 256] = (uint8_t)other;
		net_address_set_v4(ip, octets);
		assert_is_ip(host, ip, false);
	}
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
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_prefixes_stay_inside),
		cmocka_unit_test(test_find_parameter),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_parse_ip),
		cmocka_unit_test(test_is_ip),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
