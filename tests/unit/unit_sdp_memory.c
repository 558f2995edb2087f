#include "cmocka_all.h"

#include "filtered_body.h"
#include "guard_page.h"
#include "random_source.h"
#include "sdp_memory.h"
#include "sdp_model.h"

#define HEAD                                                                                                           \
	"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"                  \
	"From: <sip:1001@acme.example.net>;tag=1\r\nTo: <sip:2001@acme.example.net>\r\nCall-ID: r25\r\n"               \
	"CSeq: 1 INVITE\r\nc: application/sdp\r\n\r\n"
#define FORMATS "8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
#define SECTION "m=audio 49170 RTP/AVP " FORMATS
#define PCMA	CODEC_BIT(PCMA)

static struct guard_page guard;
static struct sdp_memory memory;

/* Result: what is remembered of the section that `text` begins with, which stands before an unreadable page. */
static const struct sdp_memory_section *find(struct span text, uint64_t allowed)
{
	struct sdp_memory_key key;

	return sdp_memory_key_make(&key, guard_page_place(&guard, text), allowed) ? sdp_memory_find(&memory, &key)
										  : NULL;
}

static const struct sdp_memory_section *find_text(const char *text)
{
	return find(span_of_text(text), PCMA);
}

static struct sdp_memory_section *remember(const char *text)
{
	struct sdp_memory_key key;

	assert_true(sdp_memory_key_make(&key, span_of_text(text), PCMA));
	return sdp_memory_begin(&memory, &key);
}

static void a_section_is_known_by_its_bytes_but_for_the_port(void **state)
{
	char changed[sizeof(SECTION)];

	(void)state;
	memset(&memory, 0, sizeof(memory));
	assert_null(find_text(SECTION));
	struct sdp_memory_section *kept = remember(SECTION);
	assert_ptr_equal(find_text(SECTION), kept);
	assert_ptr_equal(find_text("m=audio 1 RTP/AVP " FORMATS), kept);
	assert_ptr_equal(find_text("m=audio 65535 RTP/AVP " FORMATS), kept);
	assert_null(find_text("m=audio 0 RTP/AVP " FORMATS));
	assert_null(find_text("m=audio 65536 RTP/AVP " FORMATS));
	assert_null(find_text("m=audio 065535 RTP/AVP " FORMATS));
	assert_null(find_text("m=audio  1 RTP/AVP " FORMATS));
	assert_null(find_text("m=audio 1/2 RTP/AVP " FORMATS));
	assert_null(find_text("m=audio x RTP/AVP " FORMATS));
	assert_null(find_text("m=audio 123456789 RTP/AVP " FORMATS));
	assert_null(find_text("m=video 1 RTP/AVP " FORMATS));
	/* Some of them in the same place. */
	for (uint64_t other = 1; other < 1000; other++)
		assert_int_equal(find(SPAN_LITERAL(SECTION), other) != NULL, other == PCMA);
	for (uint32_t i = 0; i < sizeof(SECTION) - 1; i++) {
		memcpy(changed, SECTION, sizeof(changed));
		changed[i] ^= 1;
		bool is_in_port = i >= 8 && i < 13;
		assert_int_equal(find_text(changed) != NULL, is_in_port);
		assert_null(find(span_make(SECTION, i), PCMA));
	}
}

static void a_section_ends_where_it_did(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	struct sdp_memory_section *kept = remember(SECTION);
	assert_ptr_equal(find_text(SECTION "m=video 4 RTP/AVP 99"), kept);
	assert_ptr_equal(find_text(SECTION "m="), kept);
	assert_null(find_text(SECTION "m"));
	assert_null(find_text(SECTION "a=ptime:20\r\n"));
	assert_null(find_text(SECTION "\r\nm=video 4 RTP/AVP 99"));
	kept = remember(SECTION "a=rtpmap:0 P"); /* its last line has no end */
	assert_ptr_equal(find_text(SECTION "a=rtpmap:0 P"), kept);
	assert_null(find_text(SECTION "a=rtpmap:0 Pm=video 4 RTP/AVP 99"));
}

static void what_is_too_large_is_not_kept(void **state)
{
	char text[2 * SDP_MEMORY_TEXT_BYTES] = SECTION;
	const uint32_t before = sizeof("m=audio 49170") - 1, most = before + SDP_MEMORY_TEXT_BYTES;

	(void)state;
	memset(&memory, 0, sizeof(memory));
	memset(text + sizeof(SECTION) - 1, 'x', sizeof(text) - sizeof(SECTION));
	text[most + 1] = '\0';
	assert_null(remember(text));
	text[most] = '\0';
	struct sdp_memory_section *kept = remember(text);
	assert_ptr_equal(find_text(text), kept);
	for (uint16_t i = 0; i < SDP_MEMORY_CUTS_MAX; i++)
		sdp_memory_add_cut(kept, (struct slice){i, 1});
	assert_ptr_equal(find_text(text), kept);
	assert_int_equal(kept->cut_count, SDP_MEMORY_CUTS_MAX);
	sdp_memory_add_cut(kept, (struct slice){0, 1});
	assert_null(find_text(text));
}

/* ---- bodies of few sections, with and without memory, against the model ---- */

static const char *const sections[] = {
	FORMATS,
	FORMATS "a=rtpmap:8 PCMU/8000\r\na=fmtp:18 annexb=no\r\n", /* what was decided is decided anew */
	"18 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:18 annexb=no\na=fmtp:0 1\na=fmtp:101 0-16\r\n",
	"0 18 9 101 13\r\na=sendrecv\r\n", /* nothing of it is left with some codecs */
	"96 97 98\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\na=rtcp-fb:96 nack\r\na=fmtp:97 x\r\n",
	"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 8\r\na=ptime:20\r\n", /* more cuts than are kept */
	"8 0 18 x\r\na=sendrecv\r\n",
	"8 0 18 101 102 103 104",
};

static uint32_t make_body(char *text, size_t size, struct random_source *random)
{
	static const char *const beginnings[] = {"m=audio", "m=audio", "m=audio", "m=video", "m=video", "m=Audio"};
	int length = snprintf(text, size, "v=0\r\ns=-\r\n");

	for (uint32_t i = random_source_below(random, 5); i > 0; i--)
		length += snprintf(text + length, size - (size_t)length, "%s %u RTP/AVP %s",
				   beginnings[random_source_below(random, 6)],
				   random_source_once_in(random, 8) ? 0 : random_source_below(random, 65536),
				   sections[random_source_below(random, sizeof(sections) / sizeof(sections[0]))]);
	if (random_source_once_in(random, 3))
		text[random_source_below(random, (uint32_t)length)] =
			"\0\r\n =:/xm108"[random_source_below(random, 12)];
	if (random_source_once_in(random, 8))
		length -= (int)random_source_below(random, 10);
	return (uint32_t)length;
}

/* Each body is filtered without memory, and twice with that of all before (filtered_body.h). */
static void remembered_sections_come_to_what_the_model_makes_of_them(void **state)
{
	static struct filtered_body filtered;
	static char message[4096], expected[4096];
	static const uint64_t codecs[] = {CODEC_BIT(PCMA), CODEC_BIT(PCMA) | CODEC_BIT(G729),
					  CODEC_BIT(PCMU) | CODEC_BIT(VP8), CODEC_BIT(PCMA) | CODEC_BIT(H264)};
	struct random_source random = random_source_of(11);
	uint32_t known = 0, head = sizeof(HEAD) - 1, length;

	(void)state;
	memcpy(message, HEAD, head);
	for (int round = 0; round < 100000; round++) {
		uint64_t allowed = codec_set_complete(codecs[random_source_below(&random, 4)]);
		struct span body = span_make(message + head, make_body(message + head, 2048, &random));
		struct sdp_memory_key key;
		const char *media = memmem(body.at, body.length, "m=", 2);
		known += media &&
			 sdp_memory_key_make(&key, span_make(media, (size_t)(body.at + body.length - media)),
					     allowed | codec_set_event) &&
			 sdp_memory_find(&filtered.memory, &key) != NULL;
		filtered_body_make(&filtered, guard_page_place(&guard, span_make(message, head + body.length)),
				   allowed);
		assert_int_equal(filtered.result, sdp_model_filter(expected, &length, body, allowed));
		assert_span_equal(filtered_body_text(&filtered), span_make(expected, length));
	}
	assert_true(known > 3000);
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 8192);
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
		cmocka_unit_test(a_section_is_known_by_its_bytes_but_for_the_port),
		cmocka_unit_test(a_section_ends_where_it_did),
		cmocka_unit_test(what_is_too_large_is_not_kept),
		cmocka_unit_test(remembered_sections_come_to_what_the_model_makes_of_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
