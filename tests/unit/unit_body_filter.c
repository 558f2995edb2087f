#include "cmocka_all.h"

#include "bench_messages.h"
#include "filtered_body.h"
#include "guard_page.h"
#include "sdp_model.h"

#define PCMA codec_set_complete(CODEC_BIT(PCMA))
#define HEAD                                                                                                           \
	"INVITE sip:2001@acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\n"                  \
	"From: <sip:1001@acme.example.net>;tag=1\r\nTo: <sip:2001@acme.example.net>\r\nCall-ID: r25\r\n"               \
	"CSeq: 1 INVITE\r\n"
#define SDP  "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
#define TYPE "Content-Type: application/sdp\r\n"

static struct guard_page guard;
static struct filtered_body filtered, again;
static char model_text[2 * SIP_MESSAGE_BYTES_MAX];

/* A message with those header lines, its Content-Length and the body, at the end of what is readable. */
static struct span place(const char *headers, struct span body)
{
	static char text[2 * SIP_MESSAGE_BYTES_MAX];
	int length = snprintf(text, sizeof(text), HEAD "%sContent-Length: %u\r\n\r\n", headers, body.length);
	memcpy(text + length, body.at, body.length);
	return guard_page_place(&guard, span_make(text, (size_t)length + body.length));
}

/* What is left must stay as it is when it is filtered again, as by the other side's codecs. */
static void filter(struct span message, uint64_t allowed)
{
	filtered_body_make(&filtered, message, allowed);
	if (filtered.is_too_large)
		return;
	filtered_body_make(&again, filtered.sent.bytes, allowed);
	assert_int_equal(again.result,
			 filtered.result == BODY_FILTER_MALFORMED ? BODY_FILTER_MALFORMED : BODY_FILTER_PASSED);
}

static void check_text(struct span body, uint64_t allowed, enum body_filter_result result, struct span expected)
{
	filter(place(TYPE, body), allowed);
	assert_int_equal(filtered.result, result);
	assert_span_equal(filtered_body_text(&filtered), expected);
}

/* As the model has it. */
static void check_model(struct span body, uint64_t allowed)
{
	uint32_t length;
	enum body_filter_result result = sdp_model_filter(model_text, &length, body, allowed);
	check_text(body, allowed, result, span_make(model_text, length));
}

static void check(const char *body, uint64_t allowed, enum body_filter_result result, const char *expected)
{
	check_text(span_of_text(body), allowed, result, span_of_text(expected));
	check_model(span_of_text(body), allowed);
}

static void check_changed(const char *body, uint64_t allowed, const char *expected)
{
	check(body, allowed, BODY_FILTER_CHANGED, expected);
}

static void check_same(const char *body, uint64_t allowed, enum body_filter_result result)
{
	check(body, allowed, result, body);
}

/* ---- types and their attributes ---- */

static void r25_static_types_need_no_rtpmap(void **state)
{
	(void)state;
	check_changed(SDP "m=audio 4000 RTP/AVP 0 8 18\r\n", PCMA, SDP "m=audio 4000 RTP/AVP 8\r\n");
	check_changed(SDP "m=audio 4000 RTP/AVP 0 8 18\r\n", codec_set_complete(CODEC_BIT(G729) | CODEC_BIT(PCMU)),
		      SDP "m=audio 4000 RTP/AVP 0 18\r\n");
	check_same(SDP "m=audio 4000 RTP/AVP 8\r\n", PCMA, BODY_FILTER_PASSED);
	/* 35 is nothing; 72 is RTCP's. */
	check_changed(SDP "m=audio 4000 RTP/AVP 35 8 72\r\n", PCMA, SDP "m=audio 4000 RTP/AVP 8\r\n");
}

static void r25_dynamic_types_go_with_their_attributes(void **state)
{
	(void)state;
	check_changed(SDP "m=audio 4000 RTP/AVP 96 97 8 98\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
			  "a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=30\r\na=rtpmap:8 PCMA/8000\r\n"
			  "a=rtpmap:98 speex/16000\r\na=ptime:20\r\n",
		      PCMA, SDP "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n");
	check_changed(SDP "m=audio 4000 RTP/AVP 96 97 8\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
			  "a=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=30\r\n",
		      codec_set_complete(CODEC_BIT(ILBC)),
		      SDP "m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 iLBC/8000\r\na=fmtp:97 mode=30\r\n");
}

static void r25_rtpmap_is_without_case_and_before_the_static_types(void **state)
{
	(void)state;
	check_same(SDP "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 pcma/8000\r\n", PCMA, BODY_FILTER_PASSED);
	check_same(SDP "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 pCmA/16000\r\n", PCMA, BODY_FILTER_PASSED);
	check(SDP "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 G729/8000\r\n", PCMA, BODY_FILTER_NOTHING_LEFT,
	      SDP "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 G729/8000\r\n");
	check_changed(SDP "m=audio 4000 RTP/AVP 96 97 98 99\r\na=rtpmap:96 PCMA2/8000\r\na=rtpmap:97 PCM/8000\r\n"
			  "a=rtpmap:98 /8000\r\na=rtpmap:99 PCMA\r\n",
		      PCMA, SDP "m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 PCMA\r\n");
}

static void r25_a_codec_without_a_row_goes_with_the_others(void **state)
{
	const char *text = SDP "m=audio 4000 RTP/AVP 96 8\r\na=rtpmap:96 X-MY-OWN-CODEC-OF-TOMORROW/8000\r\n";

	(void)state;
	check_changed(text, PCMA, SDP "m=audio 4000 RTP/AVP 8\r\n");
	check_changed(text, CODEC_SET_ALL & ~CODEC_BIT(PCMA),
		      SDP "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 X-MY-OWN-CODEC-OF-TOMORROW/8000\r\n");
}

static void r25_events_always_stay_and_are_no_codec(void **state)
{
	const char *events = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
			     "a=rtpmap:110 Telephone-Event/48000\r\na=rtpmap:111 CN/16000\r\n";
	char text[1024], expected[1024];

	(void)state;
	snprintf(text, sizeof(text), SDP "m=audio 4000 RTP/AVP 101 0 13 8 110 111\r\n%s", events);
	snprintf(expected, sizeof(expected), SDP "m=audio 4000 RTP/AVP 101 13 8 110 111\r\n%s", events);
	check_changed(text, PCMA, expected);
	snprintf(expected, sizeof(expected), SDP "m=audio 0 RTP/AVP 101 0 13 8 110 111\r\n%s", events);
	check(text, codec_set_complete(CODEC_BIT(G729)), BODY_FILTER_NOTHING_LEFT, expected);
	check(SDP "m=audio 4000 RTP/AVP 13\r\n", PCMA, BODY_FILTER_NOTHING_LEFT, SDP "m=audio 0 RTP/AVP 13\r\n");
}

static void r25_the_order_is_the_offerers(void **state)
{
	(void)state;
	check_changed(SDP "m=audio 4000 RTP/AVP 9 8 18 0 3 101\r\na=rtpmap:101 telephone-event/8000\r\n",
		      codec_set_complete(CODEC_BIT(PCMU) | CODEC_BIT(PCMA)),
		      SDP "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n");
	check_changed(SDP "m=audio 4000/2  RTP/AVP  18  8 0  8 3 \r\n", PCMA, SDP "m=audio 4000/2  RTP/AVP  8  8 \r\n");
}

static void r25_only_attributes_of_removed_types_go(void **state)
{
	(void)state;
	check_changed(
		SDP "m=audio 4000 RTP/SAVPF 0 8 1\r\na=rtcp-fb:0 nack\r\na=rtcp-fb:* nack\r\na=rtcp-fb:8 nack\r\n"
		    "a=imageattr:0 send *\r\na=imageattr:* send *\r\na=fmtp:0\r\na=fmtp:00 x\r\na=fmtp:0x y\r\n"
		    "a=fmtp:80 y\r\na=fmtp: 0 y\r\na=fmtp:\t0\ty\r\na=FMTP:0 y\r\na=fmtp 0\r\na=fmtpx:0 y\r\n"
		    "a=rtcp:0 IN IP4 192.0.2.1\r\na=rtcp-fbx:0\r\na=imageattrs:0\r\na=ptime:0\r\na=0\r\nb=fmtp:0\r\n"
		    "a=rtpmap:2 G721/8000\r\na=fmtp:128 y\r\na=fmtp:1000 y\r\na=rtpmap\r\na=rtpmap 0 x\r\na=rtpmaps:0 "
		    "x\r\n",
		PCMA,
		SDP "m=audio 4000 RTP/SAVPF 8\r\na=rtcp-fb:* nack\r\na=rtcp-fb:8 nack\r\n"
		    "a=imageattr:* send *\r\na=fmtp:0x y\r\n"
		    "a=fmtp:80 y\r\na=FMTP:0 y\r\na=fmtp 0\r\na=fmtpx:0 y\r\n"
		    "a=rtcp:0 IN IP4 192.0.2.1\r\na=rtcp-fbx:0\r\na=imageattrs:0\r\na=ptime:0\r\na=0\r\nb=fmtp:0\r\n"
		    "a=rtpmap:2 G721/8000\r\na=fmtp:128 y\r\na=fmtp:1000 y\r\na=rtpmap\r\na=rtpmap 0 x\r\na=rtpmaps:0 "
		    "x\r\n");
	/* Of the session, and of another line, they are not. */
	check_changed(SDP "a=fmtp:0 x\r\nm=audio 1 RTP/AVP 0 8\r\nm=image 2 udptl t38\r\na=fmtp:0 x\r\n", PCMA,
		      SDP "a=fmtp:0 x\r\nm=audio 1 RTP/AVP 8\r\nm=image 2 udptl t38\r\na=fmtp:0 x\r\n");
}

static void r25_attributes_before_their_rtpmap(void **state)
{
	(void)state;
	check_changed(SDP "m=audio 1 RTP/AVP 96 8\r\na=fmtp:96 x\r\na=fmtp:8 y\r\na=rtpmap:8 G729/8000\r\n"
			  "a=rtpmap:96 PCMA/8000\r\na=sendrecv\r\n",
		      PCMA, SDP "m=audio 1 RTP/AVP 96\r\na=fmtp:96 x\r\na=rtpmap:96 PCMA/8000\r\na=sendrecv\r\n");
	/* All that is said of a type must be allowed. */
	check_changed(SDP
		      "m=audio 1 RTP/AVP 96 8\r\na=rtpmap:96 PCMA/8000\r\na=fmtp:96 x\r\na=rtpmap:96 opus/48000\r\n",
		      PCMA, SDP "m=audio 1 RTP/AVP 8\r\n");
	check_changed(SDP
		      "m=audio 1 RTP/AVP 96 8\r\na=rtpmap:96 opus/48000\r\na=fmtp:96 x\r\na=rtpmap:96 PCMA/8000\r\n",
		      PCMA, SDP "m=audio 1 RTP/AVP 8\r\n");
	/* Nor does an event become a codec by a second one. */
	check_changed(SDP "m=audio 1 RTP/AVP 96 0 8\r\na=rtpmap:96 CN/8000\r\na=rtpmap:96 PCMA/8000\r\n"
			  "a=rtpmap:8 CN/8000\r\nm=audio 2 RTP/AVP 8\r\n",
		      PCMA,
		      SDP "m=audio 0 RTP/AVP 96 0 8\r\na=rtpmap:96 CN/8000\r\na=rtpmap:96 PCMA/8000\r\n"
			  "a=rtpmap:8 CN/8000\r\nm=audio 2 RTP/AVP 8\r\n");
	/* Without a name it says nothing. */
	check_same(SDP "m=audio 1 RTP/AVP 8\r\na=rtpmap:8\r\na=rtpmap:8 \t\r\n", PCMA, BODY_FILTER_PASSED);
}

static void r25_line_ends_stay(void **state)
{
	(void)state;
	check_changed("v=0\nm=audio 1 RTP/AVP 0 8\na=rtpmap:0 PCMU/8000\na=x\r\na=rtpmap:8 PCMA/8000\n\r\n\n"
		      "a=fmtp:0 x\r\na=y\na=fmtp:0 last",
		      PCMA, "v=0\nm=audio 1 RTP/AVP 8\na=x\r\na=rtpmap:8 PCMA/8000\n\r\n\na=y\n");
	check_changed("v=0\r\nm=audio 1 RTP/AVP 8 0", PCMA, "v=0\r\nm=audio 1 RTP/AVP 8");
	check("v=0\r\nm=audio 1 RTP/AVP 0", PCMA, BODY_FILTER_NOTHING_LEFT, "v=0\r\nm=audio 0 RTP/AVP 0");
}

/* Found by fuzz_body_filter: such a line was the end, and what came behind it passed. */
static void r25_a_nul_ends_nothing(void **state)
{
	static const char before[] = SDP "\0=x\r\nm=audio 1 RTP/AVP 0 8\r\na=\0\r\na=fmtp:0 \0\r\n\0";
	static const char after[] = SDP "\0=x\r\nm=audio 1 RTP/AVP 8\r\na=\0\r\n\0";

	(void)state;
	check_text(span_make(before, sizeof(before) - 1), PCMA, BODY_FILTER_CHANGED,
		   span_make(after, sizeof(after) - 1));
	check_model(span_make(before, sizeof(before) - 1), PCMA);
}

/* ---- m= lines ---- */

static void r25_a_line_that_keeps_nothing_is_refused(void **state)
{
	const char *rest = " RTP/AVP 0 18 101\r\na=rtpmap:0 PCMU/8000\r\na=fmtp:18 annexb=no\r\n"
			   "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";
	char text[1024], expected[1024];

	(void)state;
	snprintf(text, sizeof(text), SDP "m=audio 49170/2%s", rest);
	snprintf(expected, sizeof(expected), SDP "m=audio 0%s", rest);
	check(text, PCMA, BODY_FILTER_NOTHING_LEFT, expected);
	/* The length is the same then, the text is not. */
	snprintf(text, sizeof(text), SDP "m=audio 9%s", rest);
	check(text, PCMA, BODY_FILTER_NOTHING_LEFT, expected);
	snprintf(text, sizeof(text), SDP "m=audio 9%sm=audio 10 RTP/AVP 8 0\r\n", rest);
	snprintf(expected, sizeof(expected), SDP "m=audio 0%sm=audio 10 RTP/AVP 8\r\n", rest);
	check_changed(text, PCMA, expected);
}

static void r25_lines_without_a_port_count_for_nothing(void **state)
{
	(void)state;
	check_same(SDP "m=audio 0 RTP/AVP 0 nonsense\r\na=rtpmap:0 PCMU/8000\r\n", PCMA, BODY_FILTER_PASSED);
	check_same(SDP, PCMA, BODY_FILTER_PASSED);
	check(SDP "m=image 0 udptl t38\r\nm=audio 0/2 RTP/AVP 0\r\nm=audio 5 RTP/AVP 0\r\n", PCMA,
	      BODY_FILTER_NOTHING_LEFT, SDP "m=image 0 udptl t38\r\nm=audio 0/2 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n");
}

static void r25_t38_and_other_media_pass(void **state)
{
	(void)state;
	check_same(SDP "m=image 4262 udptl t38\r\na=T38FaxVersion:0\r\n", PCMA, BODY_FILTER_PASSED);
	check_changed(SDP "m=audio 4000 RTP/AVP 0\r\nm=image 4262 udptl t38\r\na=T38FaxVersion:0\r\n", PCMA,
		      SDP "m=audio 0 RTP/AVP 0\r\nm=image 4262 udptl t38\r\na=T38FaxVersion:0\r\n");
	check_same(
		SDP
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=text 5 RTP/AVP 98\r\na=rtpmap:98 t140/1000\r\n"
		"m=message 7 TCP/MSRP *\r\nm=audio 9 udp 0\r\nm=audio 9 SRTP 0\r\nm=video 9 RTPX/AVP 31\r\n",
		codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(H264)), BODY_FILTER_PASSED);
}

static void r25_video_passes_unless_it_is_restricted(void **state)
{
	const char *video = "m=video 6000 RTP/AVPF 96 97 99 116\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n"
			    "a=rtcp-fb:* ccm fir\r\na=rtpmap:97 H264/90000\r\na=imageattr:97 send [x=640,y=480]\r\n"
			    "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=96\r\na=rtpmap:116 red/90000\r\n";
	char text[2048], expected[2048];

	(void)state;
	snprintf(text, sizeof(text), SDP "m=audio 1 RTP/AVP 8 0\r\n%s", video);
	snprintf(expected, sizeof(expected), SDP "m=audio 1 RTP/AVP 8\r\n%s", video);
	check_changed(text, PCMA, expected);
	check_changed(text, codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(H264) | CODEC_BIT(RED)),
		      SDP "m=audio 1 RTP/AVP 8\r\nm=video 6000 RTP/AVPF 97\r\na=rtcp-fb:* ccm fir\r\n"
			  "a=rtpmap:97 H264/90000\r\na=imageattr:97 send [x=640,y=480]\r\n");
	snprintf(expected, sizeof(expected), SDP "m=audio 1 RTP/AVP 8 0\r\n%.*s0%s", 8, video, video + 12);
	check_changed(text, codec_set_audio | CODEC_BIT(AV1), expected);
	/* A codec of the other kind is none of this one. */
	check(SDP "m=audio 1 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", PCMA, BODY_FILTER_NOTHING_LEFT,
	      SDP "m=audio 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
}

static void r25_every_rtp_protocol_is_filtered(void **state)
{
	static const char *const protocols[] = {"RTP/AVP",   "RTP/SAVP",	   "RTP/AVPF",
						"RTP/SAVPF", "UDP/TLS/RTP/SAVPF",  "TCP/RTP/AVP",
						"rtp/avp",   "TCP/DTLS/RTP/SAVPF", "DCCP/RTP/AVP"};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		snprintf(text, sizeof(text), SDP "m=Audio 5 %s 0 8\r\n", protocols[i]);
		snprintf(expected, sizeof(expected), SDP "m=Audio 5 %s 8\r\n", protocols[i]);
		check_changed(text, PCMA, expected);
	}
}

static void r25_hold_and_keys_stay(void **state)
{
	(void)state;
	check_changed(
		"v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8 0\r\n"
		"c=IN IP4 0.0.0.0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendonly\r\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n"
		"a=ssrc:1 cname:x\r\n",
		PCMA,
		"v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 8\r\n"
		"c=IN IP4 0.0.0.0\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendonly\r\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n"
		"a=ssrc:1 cname:x\r\n");
}

static void r25_malformed_bodies_have_no_edits(void **state)
{
	static const char *const texts[] = {
		"\r\n",
		"hello",
		"v=1\r\nm=audio 1 RTP/AVP 0 8\r\n",
		"o=x\r\nv=0\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 65536 RTP/AVP 0\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio -1 RTP/AVP 0\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP PCMU\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP 8 128\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP 8 1000\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP 8 *\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP 8\t0\r\n",
		SDP "m=audio 1 RTP/AVP 0 8\r\nm=audio 1 RTP/AVP 8 0x\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_same(texts[i], PCMA, BODY_FILTER_MALFORMED);
	/* Where nothing is to be removed, nobody asks. */
	check_same("hello", CODEC_SET_ALL, BODY_FILTER_PASSED);
	check_same(SDP "m=video 1 RTP/AVP nonsense\r\n", PCMA, BODY_FILTER_PASSED);
}

/* ---- limits ---- */

static char large_text[SIP_MESSAGE_BYTES_MAX];

static struct span repeat(const char *before, const char *piece, uint32_t count, const char *behind)
{
	int length = snprintf(large_text, sizeof(large_text), "%s", before);
	for (uint32_t i = 0; i < count; i++)
		length += snprintf(large_text + length, sizeof(large_text) - (size_t)length, "%s", piece);
	length += snprintf(large_text + length, sizeof(large_text) - (size_t)length, "%s", behind);
	return span_make(large_text, (size_t)length);
}

static void r25_sixteen_lines_and_no_more(void **state)
{
	(void)state;
	check_model(repeat(SDP, "m=audio 1 RTP/AVP 0 8\r\n", 16, ""), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_CHANGED);
	check_model(repeat(SDP, "m=audio 1 RTP/AVP 0 8\r\n", 17, ""), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_MALFORMED);
}

static void r25_as_many_types_in_a_line_as_there_are(void **state)
{
	(void)state;
	check_model(repeat(SDP "m=audio 1 RTP/AVP 8", " 18", 127, "\r\n"), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_CHANGED);
	check_model(repeat(SDP "m=audio 1 RTP/AVP 8", " 18", 128, "\r\n"), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_MALFORMED);
}

/* Neighbours are one edit: thousands of attributes fit. */
static void r25_attributes_in_a_row_are_one_edit(void **state)
{
	(void)state;
	check_model(repeat(SDP "m=audio 1 RTP/AVP 18 8\r\na=rtpmap:8 PCMA/8000\r\n", "a=fmtp:18 x\r\n", 4000,
			   "a=sendrecv\r\n"),
		    PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_CHANGED);
	assert_int_equal(filtered.edits.count, 3);
}

static void r25_more_edits_than_a_list_holds_are_too_large(void **state)
{
	(void)state;
	check_model(repeat(SDP "m=audio 1 RTP/AVP 18 8\r\n", "a=fmtp:18 x\r\na=y\r\n", EDIT_LIST_MAX - 2, ""), PCMA);
	assert_int_equal(filtered.edits.count, EDIT_LIST_MAX);
	struct span body = repeat(SDP "m=audio 1 RTP/AVP 18 8\r\n", "a=fmtp:18 x\r\na=y\r\n", EDIT_LIST_MAX - 1, "");
	filter(place(TYPE, body), PCMA);
	assert_true(filtered.is_too_large);
	assert_int_equal(filtered.result, BODY_FILTER_CHANGED);
	/* A line that is refused needs one edit, whatever its attributes had needed. */
	check_model(repeat(SDP "m=audio 1 RTP/AVP 18\r\n", "a=fmtp:18 x\r\na=y\r\n", EDIT_LIST_MAX, ""), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_NOTHING_LEFT);
	/* So does a malformed one, none. */
	check_model(repeat(SDP "m=audio 1 RTP/AVP 18 8\r\n", "a=fmtp:18 x\r\na=y\r\n", EDIT_LIST_MAX, "m=\r\n"), PCMA);
	assert_int_equal(filtered.result, BODY_FILTER_MALFORMED);
}

static void r25_real_messages_in_all_their_prefixes(void **state)
{
	static struct bench_message messages[BENCH_MESSAGES_MAX];
	static struct sip_message message;
	const uint64_t sets[] = {PCMA, codec_set_complete(CODEC_BIT(PCMA) | CODEC_BIT(H264)),
				 codec_set_complete(CODEC_BIT(G729) | CODEC_BIT(OPUS)), CODEC_BIT(AUDIO_OTHER)};
	size_t count = bench_messages_load(messages, BENCH_BODIES, ".sip");

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(message_parse(&message, messages[i].bytes), REASON_NONE);
		struct span body = sip_message_text(&message, message.body);
		for (uint32_t length = 1; length <= body.length; length++)
			for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++)
				check_model(span_make(body.at, length), sets[s]);
	}
	bench_messages_free(messages, count);
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, SIP_MESSAGE_BYTES_MAX + 1);
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
		cmocka_unit_test(r25_static_types_need_no_rtpmap),
		cmocka_unit_test(r25_dynamic_types_go_with_their_attributes),
		cmocka_unit_test(r25_rtpmap_is_without_case_and_before_the_static_types),
		cmocka_unit_test(r25_a_codec_without_a_row_goes_with_the_others),
		cmocka_unit_test(r25_events_always_stay_and_are_no_codec),
		cmocka_unit_test(r25_the_order_is_the_offerers),
		cmocka_unit_test(r25_only_attributes_of_removed_types_go),
		cmocka_unit_test(r25_attributes_before_their_rtpmap),
		cmocka_unit_test(r25_line_ends_stay),
		cmocka_unit_test(r25_a_nul_ends_nothing),
		cmocka_unit_test(r25_a_line_that_keeps_nothing_is_refused),
		cmocka_unit_test(r25_lines_without_a_port_count_for_nothing),
		cmocka_unit_test(r25_t38_and_other_media_pass),
		cmocka_unit_test(r25_video_passes_unless_it_is_restricted),
		cmocka_unit_test(r25_every_rtp_protocol_is_filtered),
		cmocka_unit_test(r25_hold_and_keys_stay),
		cmocka_unit_test(r25_malformed_bodies_have_no_edits),
		cmocka_unit_test(r25_sixteen_lines_and_no_more),
		cmocka_unit_test(r25_as_many_types_in_a_line_as_there_are),
		cmocka_unit_test(r25_attributes_in_a_row_are_one_edit),
		cmocka_unit_test(r25_more_edits_than_a_list_holds_are_too_large),
		cmocka_unit_test(r25_real_messages_in_all_their_prefixes),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
