/* Random SDP, filtered by body_filter() and by the slow model (tests/support/sdp_model.h): bytes and result the same.
 */
#include "cmocka_all.h"

#include "filtered_body.h"
#include "guard_page.h"
#include "random_source.h"
#include "sdp_model.h"

#define HEAD                                                                                                           \
	"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"                  \
	"From: <sip:1001@acme.example.net>;tag=1\r\nTo: <sip:2001@acme.example.net>\r\nCall-ID: r25\r\n"               \
	"CSeq: 1 INVITE\r\nc: application/sdp\r\n\r\n"

#define TEXT_BYTES  8192
#define COUNT(rows) (uint32_t)(sizeof(rows) / sizeof((rows)[0]))
#define PICK(rows)  rows[random_source_below(&source, COUNT(rows))]

static struct guard_page guard;
static struct random_source source;
static char text[TEXT_BYTES];
static uint32_t text_length;

static bool once_in(uint32_t times)
{
	return random_source_once_in(&source, times);
}

static void put(const char *piece)
{
	uint32_t length = (uint32_t)strlen(piece);
	assert_true(text_length + length < TEXT_BYTES);
	memcpy(text + text_length, piece, length);
	text_length += length;
}

static void put_number(uint32_t number)
{
	char digits[16];
	snprintf(digits, sizeof(digits), "%u", number);
	put(digits);
}

static void put_line_end(void)
{
	put(once_in(10) ? "\n" : "\r\n");
}

/* From few, so that lines speak of the same ones. */
static uint32_t pick_type(void)
{
	static const uint8_t types[] = {0, 8, 18, 9, 3, 13, 96, 97, 98, 101, 127};
	return once_in(40) ? random_source_below(&source, 130) : PICK(types);
}

static void put_encoding(void)
{
	static const char *const odd[] = {"",		"/8000", "x-unknown/8000",
					  "PCMA /8000", "PCMA",	 "pcma\t/8000",
					  "\t",		"//",	 "telephone-event-of-old/8000",
					  "VP8X/90000"};
	if (once_in(12)) {
		put(PICK(odd));
		return;
	}
	struct span name = codec_rows[random_source_below(&source, CODEC_ROW_COUNT)].name;
	static const char *const usual[] = {"PCMU", "pcma", "G729", "opus", "telephone-event", "H264", "VP8", "red"};
	char copy[64];
	snprintf(copy, sizeof(copy), SPAN_FORMAT, SPAN_ARGUMENTS(name));
	put(once_in(3) ? copy : PICK(usual));
	put(once_in(8) ? "" : once_in(2) ? "/8000" : "/48000/2");
}

static void put_attribute(void)
{
	static const char *const names[] = {"a=rtpmap:",  "a=rtpmap:",	  "a=rtpmap:", "a=fmtp:",  "a=fmtp:",
					    "a=rtcp-fb:", "a=imageattr:", "a=Rtpmap:", "a=fmtpx:", "A=fmtp:"};
	static const char *const others[] = {
		"a=sendrecv", "a=ptime:20", "c=IN IP4 0.0.0.0", "a=rtcp-fb:* nack", "a=fmtp",	  "",
		"a",	      "=",	    "b=AS:64",		"a=rtpmap:",	    "a=fmtp:x 8", "a=imageattr:*"};
	if (once_in(4)) {
		put(PICK(others));
	} else {
		put(PICK(names));
		put(once_in(20) ? " \t" : once_in(20) ? "0" : "");
		put_number(pick_type());
		put(once_in(20) ? "" : once_in(20) ? "\t " : " ");
		put_encoding();
	}
	put_line_end();
	if (once_in(40))
		text[random_source_below(&source, text_length)] = "\0\t\r\n =:/x"[random_source_below(&source, 9)];
}

static void put_media(void)
{
	static const char *const media[] = {"audio", "audio", "audio", "video",
					    "video", "image", "Audio", "application"};
	static const char *const protocols[] = {"RTP/AVP",	     "RTP/AVP", "RTP/SAVPF",
						"UDP/TLS/RTP/SAVPF", "udptl",	"RTPX"};
	static const char *const ports[] = {"4000", "4000", "9", "0", "49170/2", "0/2", "00", "65535", "1/x"};
	put("m=");
	put(PICK(media));
	put(once_in(20) ? "  " : " ");
	put(once_in(100) ? "x" : PICK(ports));
	put(" ");
	put(PICK(protocols));
	uint32_t count = 1 + random_source_below(&source, once_in(50) ? 140 : 8);
	for (uint32_t i = 0; i < count; i++) {
		put(once_in(20) ? "  " : " ");
		put(once_in(100) ? "0" : "");
		put_number(pick_type());
	}
	put(once_in(300) ? " x" : once_in(30) ? " " : "");
	put_line_end();
}

static void make_text(void)
{
	text_length = 0;
	put(once_in(100) ? "v=1" : "v=0");
	put_line_end();
	for (uint32_t i = random_source_below(&source, 4); i > 0; i--)
		put_attribute();
	for (uint32_t media = random_source_below(&source, once_in(30) ? 18 : 4); media > 0; media--) {
		put_media();
		for (uint32_t i = random_source_below(&source, 12); i > 0; i--)
			put_attribute();
	}
	if (once_in(4))
		text_length -= random_source_below(&source, text_length < 12 ? text_length : 12);
}

static uint64_t pick_allowed(void)
{
	static const uint64_t few[] = {CODEC_BIT(PCMA), CODEC_BIT(PCMU), CODEC_BIT(G729), CODEC_BIT(OPUS),
				       CODEC_BIT(H264)};
	switch (random_source_below(&source, 4)) {
	case 0:
		return codec_set_complete(PICK(few));
	case 1:
		return codec_set_complete(PICK(few) | PICK(few) | PICK(few));
	case 2:
		return random_source_next(&source);
	default:
		return codec_set_complete(random_source_next(&source) & random_source_next(&source));
	}
}

static void check(uint64_t *results, uint64_t allowed)
{
	static struct filtered_body filtered;
	static char message[sizeof(HEAD) + TEXT_BYTES], expected[2 * TEXT_BYTES];
	struct span body = span_make(text, text_length);
	uint32_t length;

	int head = snprintf(message, sizeof(message), HEAD);
	memcpy(message + head, text, text_length);
	filtered_body_make(&filtered, guard_page_place(&guard, span_make(message, (size_t)head + text_length)),
			   allowed);
	assert_int_equal(filtered.result, sdp_model_filter(expected, &length, body, allowed));
	assert_false(filtered.is_too_large);
	assert_span_equal(filtered_body_text(&filtered), span_make(expected, length));
	results[filtered.result]++;
}

static void r25_random_bodies_are_what_the_model_makes_of_them(void **state)
{
	uint64_t results[4] = {0};

	(void)state;
	source = random_source_of(25);
	for (int i = 0; i < 200000; i++) {
		make_text();
		if (text_length)
			check(results, pick_allowed());
	}
	/* Each of the four, and often. */
	for (int i = 0; i < 4; i++)
		assert_true(results[i] > 5000);
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 2 * TEXT_BYTES);
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
		cmocka_unit_test(r25_random_bodies_are_what_the_model_makes_of_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
