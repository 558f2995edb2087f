#include "sdp_parse.h"

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
	struct sdp sdp;
	assert_true(sdp_parse(&sdp, place("v=0\r\no=a 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
					  "m=audio 49170/2 RTP/AVP 8 0  101\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
					  "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n")));
	assert_text(sdp.origin, "a 1 2 IN IP4 192.0.2.1");
	assert_text(sdp.connection, "IN IP4 192.0.2.1");
	assert_int_equal(sdp.media_count, 2);
	assert_text(sdp.media[0].line, "audio 49170/2 RTP/AVP 8 0  101");
	assert_text(sdp.media[0].media, "audio");
	assert_text(sdp.media[0].protocol, "RTP/AVP");
	assert_text(sdp.media[0].formats, "8 0  101");
	assert_int_equal(sdp.media[0].port, 49170);
	assert_int_equal(sdp.media[0].connection.length, 0);
	assert_text(sdp.media[0].section, "m=audio 49170/2 RTP/AVP 8 0  101\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n");
	assert_text(sdp.media[1].connection, "IN IP6 2001:db8::1");
	assert_text(sdp.media[1].section, "m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n");
}

static void test_attributes(void **state)
{
	(void)state;
	struct sdp sdp;
	struct span name, value;
	assert_true(sdp_parse(&sdp, place("v=0\nm=audio 1 RTP/AVP 8\na=rtpmap:8 PCMA/8000\nb=x\na=sendrecv\na=x:")));
	struct span cursor = sdp.media[0].section;
	assert_true(sdp_next_attribute(&name, &value, &cursor));
	assert_text(name, "rtpmap");
	assert_text(value, "8 PCMA/8000");
	assert_true(sdp_next_attribute(&name, &value, &cursor));
	assert_text(name, "sendrecv");
	assert_int_equal(value.length, 0);
	assert_true(sdp_next_attribute(&name, &value, &cursor));
	assert_text(name, "x");
	assert_false(sdp_next_attribute(&name, &value, &cursor));
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const texts[] = {"",
					    "o=x",
					    "v=1\r\n",
					    "v=0\r\nm=audio\r\n",
					    "v=0\r\nm=audio x RTP/AVP 0\r\n",
					    "v=0\r\nm=audio 65536 RTP/AVP 0\r\n",
					    "v=0\r\nm=audio 1 RTP/AVP\r\n",
					    "\r\nv=0\r\n"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sdp sdp;
		if (sdp_parse(&sdp, place(texts[i])))
			fail_msg("parsed: %s", texts[i]);
	}
}

static void test_most_media(void **state)
{
	(void)state;
	char text[2048] = "v=0\r\n";
	struct sdp sdp;
	for (uint32_t i = 0; i < SDP_MEDIA_MAX; i++)
		strcat(text, "m=audio 1 RTP/AVP 0\r\n");
	assert_true(sdp_parse(&sdp, place(text)));
	assert_int_equal(sdp.media_count, SDP_MEDIA_MAX);
	strcat(text, "m=audio 1 RTP/AVP 0\r\n");
	assert_false(sdp_parse(&sdp, place(text)));
}

/* At every place of a text of every length, and beside what looks like it. */
static void test_first_media_is_found(void **state)
{
	(void)state;
	for (uint32_t length = 0; length < 80; length++)
		for (uint32_t at = 0; at <= length + 1; at++) {
			char text[80];
			memset(text, at % 2 ? 'm' : '\n', sizeof(text));
			if (at >= 1)
				memset(text, at % 3 ? 'm' : '\n', at);
			if (at >= 1 && at < length)
				memcpy(text + at - 1, "\nm", 2);
			uint32_t expected = 1;
			while (expected < length && (text[expected - 1] != '\n' || text[expected] != 'm'))
				expected++;
			struct span placed = guard_page_place(&guard, span_make(text, length));
			assert_ptr_equal(sdp_parse_find_media(placed),
					 placed.at + (expected < length ? expected : length));
		}
}

static void test_prefixes_stay_inside(void **state)
{
	(void)state;
	struct span whole = SPAN_LITERAL("v=0\r\no=x\nc=y\nm=audio 1/2 RTP/AVP 8 0\r\nc=z\r\na=b:c\r\na=d");
	for (uint32_t length = 0; length <= whole.length; length++) {
		struct sdp sdp;
		struct span name, value, cursor = guard_page_place(&guard, span_make(whole.at, length));
		sdp_parse(&sdp, cursor);
		while (sdp_next_attribute(&name, &value, &cursor))
			assert_true(name.at + name.length <= whole.at + whole.length || name.length <= whole.length);
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
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_most_media),
		cmocka_unit_test(test_first_media_is_found),
		cmocka_unit_test(test_prefixes_stay_inside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
