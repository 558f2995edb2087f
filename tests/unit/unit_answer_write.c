#include "cmocka_all.h"

#include <arpa/inet.h>
#include <sodium.h>

#include "answer_write.h"
#include "bench_messages.h"
#include "guard_page.h"
#include "message_parse.h"
#include "random_source.h"
#include "via_stamp.h"

#define REST                                                                                                           \
	"From: \"A\" <sip:a@acme.example.net>;tag=9fxced76sl\r\nTo: <sip:b@acme.example.net>\r\nCall-ID: "             \
	"3848@192.0.2.4\r\n"                                                                                           \
	"CSeq: 7 INVITE\r\n"
#define REQUEST(via)                                                                                                   \
	"INVITE sip:b@acme.example.net SIP/2.0\r\nMax-Forwards: 70\r\n" via REST "Content-Length: 0\r\n\r\n"

static const uint8_t key[16] = "0123456789abcde";

static struct net_address source_of(const char *ip, uint16_t port)
{
	struct net_address source = {.port = port};
	assert_int_equal(inet_pton(AF_INET6, ip, source.ip), 1);
	return source;
}

static void check(const char *text, const struct answer *answer, const char *expected)
{
	static struct sip_message request;
	struct guard_page guarded, in;
	uint32_t length = (uint32_t)strlen(expected);

	guard_page_build(&guarded, 4096);
	guard_page_build(&in, 4096);
	char *out = guard_page_room(&guarded, length);
	message_parse(&request, guard_page_place(&in, span_of_text(text)));
	int written = answer_write(guard_page_room(&guarded, 4096), 4096, &request, answer);
	assert_span_equal(span_make(guard_page_room(&guarded, 4096), (size_t)written), span_of_text(expected));
	assert_int_equal(answer_write(out, length, &request, answer), length);
	assert_memory_equal(out, expected, length);
	for (uint32_t room = 0; room < length; room++)
		assert_int_equal(answer_write(guard_page_room(&guarded, room), room, &request, answer), -1);
	guard_page_free(&guarded);
	guard_page_free(&in);
}

static void a_whole_answer(void **state)
{
	struct answer answer = {.status = 407,
				.phrase = SPAN_LITERAL("Proxy Authentication Required"),
				.to_tag = SPAN_LITERAL("0123456789abcdef"),
				.extra_headers = SPAN_LITERAL("Proxy-Authenticate: Digest realm=\"x\"\r\n"),
				.source = source_of("::ffff:192.0.2.4", 5062)};

	(void)state;
	check("INVITE sip:b@acme.example.net SIP/2.0\r\nCSeq: 7 INVITE\r\nv: SIP/2.0/UDP "
	      "192.0.2.4:5062;branch=z9hG4bKa\r\n"
	      "Max-Forwards: 70\r\nTo: <sip:b@acme.example.net>\r\nVia: SIP/2.0/UDP "
	      "192.0.2.9;branch=z9hG4bKb;received=1.2.3.4\r\n"
	      "From: \"A\" <sip:a@acme.example.net>;tag=9fxced76sl\r\nCall-ID: 3848@192.0.2.4\r\n"
	      "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKc;rport\r\nContent-Length: 4\r\n\r\nbody",
	      &answer,
	      "SIP/2.0 407 Proxy Authentication Required\r\nVia: SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa\r\n"
	      "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb;received=1.2.3.4\r\nVia: SIP/2.0/UDP "
	      "192.0.2.10;branch=z9hG4bKc;rport\r\n"
	      "From: \"A\" <sip:a@acme.example.net>;tag=9fxced76sl\r\nTo: "
	      "<sip:b@acme.example.net>;tag=0123456789abcdef\r\n"
	      "Call-ID: 3848@192.0.2.4\r\nCSeq: 7 INVITE\r\nProxy-Authenticate: Digest realm=\"x\"\r\nContent-Length: "
	      "0\r\n\r\n");
}

static void the_topmost_via(void **state)
{
	static const struct {
		const char *ip;
		const char *request, *via;
	} rows[] = {
#define ROW(ip, via, expected)                                                                                         \
	{ip, REQUEST("Via: " via "\r\n"),                                                                              \
	 "SIP/2.0 100 Trying\r\nVia: " expected "\r\n" REST "Content-Length: 0\r\n\r\n"},
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa",
		    "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa")
		/* what stands between or behind the usual two parts is found */
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4;received=6.6.6.6;branch=z9hG4bKa",
		    "SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKa;received=192.0.2.4")
			ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4:5062;received=6.6.6.6;branch=z9hG4bKa",
			    "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa;received=192.0.2.4")
				ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa;received=6.6.6.6",
				    "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa;received=192.0.2.4")
					ROW("::ffff:192.0.2.4",
					    "SIP/2.0/UDP 192.0.2.4;received=6;received=6.6.6.6;branch=z9hG4bKa",
					    "SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKa;received=192.0.2.4")
		/* another host: received (RFC 3261 18.2.1) */
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa",
		    "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa;received=192.0.2.4")
			ROW("::ffff:192.0.2.4", "SIP/2.0/UDP pbx.example.net;branch=z9hG4bKa",
			    "SIP/2.0/UDP pbx.example.net;branch=z9hG4bKa;received=192.0.2.4")
				ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.40;branch=z9hG4bKa",
				    "SIP/2.0/UDP 192.0.2.40;branch=z9hG4bKa;received=192.0.2.4")
		/* rport: both, also with the right host (RFC 3581 4) */
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4:5062;rport;branch=z9hG4bKa",
		    "SIP/2.0/UDP 192.0.2.4:5062;branch=z9hG4bKa;received=192.0.2.4;rport=40000")
			ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 10.1.1.1:5062 ; branch=z9hG4bKa ; rport",
			    "SIP/2.0/UDP 10.1.1.1:5062; branch=z9hG4bKa;received=192.0.2.4;rport=40000")
		/* what the sender claims of himself gives way */
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 10.1.1.1;Received=6.6.6.6;RPORT=1;rport=66;branch=z9hG4bKa",
		    "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa;received=192.0.2.4;rport=40000")
			ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4; ReceiveD = 6.6.6.6;branch=z9hG4bKa",
			    "SIP/2.0/UDP 192.0.2.4;branch=z9hG4bKa;received=192.0.2.4")
		/* several values in the line: only the first is ours to change */
		ROW("::ffff:192.0.2.4",
		    "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa , SIP/2.0/UDP 10.1.1.2;received=6.6.6.6;rport=9",
		    "SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa;received=192.0.2.4, SIP/2.0/UDP "
		    "10.1.1.2;received=6.6.6.6;rport=9")
			ROW("::ffff:192.0.2.4",
			    "SIP/2.0/UDP 192.0.2.4;x=\"a;received=1,\\\"b\";branch=z9hG4bKa,SIP/2.0/UDP "
			    "10.1.1.2;branch=z9hG4bKb;rport=9",
			    "SIP/2.0/UDP 192.0.2.4;x=\"a;received=1,\\\"b\";branch=z9hG4bKa,SIP/2.0/UDP "
			    "10.1.1.2;branch=z9hG4bKb;rport=9")
				ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4;x=\"\\\"\";rport;branch=z9hG4bKa",
				    "SIP/2.0/UDP 192.0.2.4;x=\"\\\"\";branch=z9hG4bKa;received=192.0.2.4;rport=40000")
		/* names that only begin alike stay */
		ROW("::ffff:192.0.2.4", "SIP/2.0/UDP 192.0.2.4;received-x=1;branch=z9hG4bKa",
		    "SIP/2.0/UDP 192.0.2.4;received-x=1;branch=z9hG4bKa")
		/* IPv6: compared without brackets and case, written without brackets */
		ROW("2001:db8::4", "SIP/2.0/UDP [2001:DB8::4]:5062;branch=z9hG4bKa",
		    "SIP/2.0/UDP [2001:DB8::4]:5062;branch=z9hG4bKa")
			ROW("2001:db8::4", "SIP/2.0/UDP [2001:db8::5];rport;branch=z9hG4bKa",
			    "SIP/2.0/UDP [2001:db8::5];branch=z9hG4bKa;received=2001:db8::4;rport=40000")};
	struct answer answer = {.status = 100, .phrase = SPAN_LITERAL("Trying"), .to_tag = SPAN_LITERAL("unused")};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answer.source = source_of(rows[i].ip, 40000);
		check(rows[i].request, &answer, rows[i].via);
	}
}

static void a_tag_that_is_there_stays(void **state)
{
	struct answer answer = {.status = 481,
				.phrase = SPAN_LITERAL("Gone"),
				.to_tag = SPAN_LITERAL("new"),
				.source = source_of("::ffff:192.0.2.4", 5060)};

	(void)state;
	check("BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.4\r\nTo: <sip:b@x>;tag=old\r\n\r\n", &answer,
	      "SIP/2.0 481 Gone\r\nVia: SIP/2.0/UDP 192.0.2.4\r\nTo: <sip:b@x>;tag=old\r\nContent-Length: 0\r\n\r\n");
}

static void headers_that_lack_are_left_out(void **state)
{
	struct answer answer = {.status = 400,
				.phrase = SPAN_LITERAL("Bad Request"),
				.to_tag = SPAN_LITERAL("new"),
				.source = source_of("::ffff:192.0.2.4", 5060)};

	(void)state;
	check("BYE sip:b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.4\r\n\r\n", &answer,
	      "SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP 192.0.2.4\r\nContent-Length: 0\r\n\r\n");
	check("BYE sip:b SIP/2.0\r\n\r\n", &answer, "SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void answers_find_their_way(void **state)
{
	static const struct {
		const char *request;
		uint16_t port;
	} rows[] = {
		{REQUEST("Via: SIP/2.0/UDP 192.0.2.4:5070;branch=z9hG4bKa\r\n"), 5070},
		{REQUEST("Via: SIP/2.0/UDP 192.0.2.4;maddr=6.6.6.6;branch=z9hG4bKa\r\n"), 5060},
		{REQUEST("Via: SIP/2.0/UDP pc.example.net;branch=z9hG4bKa\r\n"), 5060},
		{REQUEST("Via: SIP/2.0/UDP pc.example.net:5070;branch=z9hG4bKa\r\n"), 5070},
		{REQUEST("Via: SIP/2.0/UDP 10.1.1.1:5070;branch=z9hG4bKa\r\n"), 40000},
		{REQUEST("Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa\r\n"), 40000},
		{REQUEST("Via: SIP/2.0/UDP [2001:db8::4]:5070;branch=z9hG4bKa\r\n"), 40000},
		{REQUEST("Via: SIP/2.0/UDP 10.1.1.1:5070;rport;branch=z9hG4bKa\r\n"), 40000},
		{REQUEST("Via: SIP/2.0/UDP 10.1.1.1:5070;rport=7;branch=z9hG4bKa\r\n"), 40000},
	};
	struct net_address source = source_of("::ffff:192.0.2.4", 40000);
	static struct sip_message request;

	(void)state;
	source.transport = TRANSPORT_TCP;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		message_parse(&request, span_of_text(rows[i].request));
		struct net_address destination, expected = source;
		answer_destination(&destination, &request, &source, false);
		expected.port = rows[i].port;
		assert_true(net_address_equals(&destination, &expected));
	}
}

/* Who has asked via_stamp_is_needed() before gets the same destination and the same answer. */
static void what_is_known_of_the_via_changes_nothing(void **state)
{
	static const char *const hosts[] = {"192.0.2.4",       "10.1.1.1",	 "[2001:db8::4]", "[2001:DB8::4]",
					    "[2001:db8::0:4]", "pc.example.net", "192.0.2.40",	  "[::ffff:192.0.2.4]"};
	static const char *const ends[] = {"", ":5070", ":5060", ";rport", ":5070;rport", ";received=192.0.2.4"};
	static const char *const sources[] = {"::ffff:192.0.2.4", "2001:db8::4"};
	static struct sip_message request;
	uint32_t stay_count = 0;

	(void)state;
	for (size_t i = 0; i < 8 * 6 * 2; i++) {
		struct net_address source = source_of(sources[i / 48], 40000);
		struct answer answer = {.status = 100, .phrase = SPAN_LITERAL("Trying"), .source = source};
		char text[512], asked[512], known[512];
		snprintf(text, sizeof(text), REQUEST("Via: SIP/2.0/UDP %s%s;branch=z9hG4bKa\r\n"), hosts[i % 8],
			 ends[i / 8 % 6]);
		message_parse(&request, span_of_text(text));
		int length = answer_write(asked, sizeof(asked), &request, &answer);
		struct net_address destination, again;
		answer_destination(&destination, &request, &source, false);
		answer.via_stays = !via_stamp_is_needed(&request, &source);
		stay_count += answer.via_stays;
		assert_int_equal(answer_write(known, sizeof(known), &request, &answer), length);
		assert_memory_equal(asked, known, (size_t)length);
		answer_destination(&again, &request, &source, answer.via_stays);
		assert_true(net_address_equals(&destination, &again));
	}
	assert_int_equal(stay_count, 9);
}

static void the_tag_is_known_in_the_ack(void **state)
{
	static struct sip_message request, ack;
	char tag[ANSWER_TAG_BYTES], again[ANSWER_TAG_BYTES], text[512];
	uint8_t other_key[16] = {1};
	static const char *const acks[] = {
		"ACK sip:b SIP/2.0\r\nFrom: <sip:a@x>;tag=9fxced76sl\r\nTo: <sip:b@x>;tag=%.16s\r\nCall-ID: "
		"3848@192.0.2.4\r\nCSeq: 7 ACK\r\n\r\n",
		"ACK sip:b SIP/2.0\r\nFrom: <sip:a@x>;tag=9fxced76sl\r\nTo: <sip:b@x>;tag=%.16s\r\nCall-ID: "
		"3848@192.0.2.4\r\nCSeq: 8 ACK\r\n\r\n",
		"ACK sip:b SIP/2.0\r\nFrom: <sip:a@x>;tag=9fxced76sL\r\nTo: <sip:b@x>;tag=%.16s\r\nCall-ID: "
		"3848@192.0.2.4\r\nCSeq: 7 ACK\r\n\r\n",
		"ACK sip:b SIP/2.0\r\nFrom: <sip:a@x>;tag=9fxced76sl\r\nTo: <sip:b@x>;tag=%.16s\r\nCall-ID: "
		"3848@192.0.2.5\r\nCSeq: 7 ACK\r\n\r\n",
		"ACK sip:b SIP/2.0\r\nFrom: <sip:a@x>;tag=9fxced76sl\r\nTo: <sip:b@x>;tag=%.15s\r\nCall-ID: "
		"3848@192.0.2.4\r\nCSeq: 7 ACK\r\n\r\n",
	};

	(void)state;
	message_parse(&request, span_of_text(REQUEST("Via: SIP/2.0/UDP 10.1.1.1;branch=z9hG4bKa\r\n")));
	answer_make_tag(tag, &request, key);
	answer_make_tag(again, &request, key);
	assert_memory_equal(tag, again, sizeof(tag));
	assert_false(answer_is_own_tag(&request, key));
	for (size_t i = 0; i < sizeof(acks) / sizeof(acks[0]); i++) {
		snprintf(text, sizeof(text), acks[i], tag);
		message_parse(&ack, span_of_text(text));
		assert_int_equal(answer_is_own_tag(&ack, key), i == 0);
		assert_false(answer_is_own_tag(&ack, other_key));
	}
}

static void write_each(struct text_writer *writer, const struct sip_message *request, enum sip_header_name name,
		       const char *label)
{
	if (!sip_message_has(request, name))
		return;
	text_write_span(writer, span_of_text(label));
	text_write_span(writer, sip_message_first(request, name));
	text_write_literal(writer, "\r\n");
}

/* Header by header, none of them copied as it came. */
static struct span write_slowly(char *out, uint32_t capacity, const struct sip_message *request,
				const struct net_address *source)
{
	struct text_writer writer = text_write_begin(out, capacity);
	uint8_t top = request->first[SIP_HEADER_VIA];

	text_write_literal(&writer, "SIP/2.0 100 Trying\r\n");
	for (uint8_t i = top; i != SIP_HEADER_NONE; i = sip_message_next(request, i)) {
		text_write_literal(&writer, "Via: ");
		if (i == top)
			via_stamp_write(&writer, request, source);
		else
			text_write_span(&writer, sip_message_header_value(request, i));
		text_write_literal(&writer, "\r\n");
	}
	write_each(&writer, request, SIP_HEADER_FROM, "From: ");
	write_each(&writer, request, SIP_HEADER_TO, "To: ");
	write_each(&writer, request, SIP_HEADER_CALL_ID, "Call-ID: ");
	write_each(&writer, request, SIP_HEADER_CSEQ, "CSeq: ");
	text_write_literal(&writer, "Content-Length: 0\r\n\r\n");
	assert_false(writer.overflowed);
	return text_written(&writer);
}

static struct guard_page message_page;
static uint32_t compared;

/* Whatever the parser makes of it: a message that is broken gets its 400 too. */
static void expect_as_slowly(struct span text)
{
	static struct sip_message request;
	static char fast[70000], slow[70000];
	struct answer answer = {
		.status = 100, .phrase = SPAN_LITERAL("Trying"), .source = source_of("::ffff:192.0.2.1", 5060)};

	message_parse(&request, guard_page_place(&message_page, text));
	struct span expected = write_slowly(slow, sizeof(slow), &request, &answer.source);
	int length = answer_write(fast, sizeof(fast), &request, &answer);
	assert_span_equal(span_make(fast, (size_t)length), expected);
	compared++;
}

static void expect_changed_as_slowly(struct span text, struct random_source *random)
{
	static const char bytes[] = "\r\n\t :;,vftiVFTI";
	static char changed[70000];

	expect_as_slowly(text);
	for (uint32_t length = 0; length < text.length; length += 1 + length / 40)
		expect_as_slowly(span_make(text.at, length));
	for (uint32_t round = 0; round < 300; round++) {
		memcpy(changed, text.at, text.length);
		for (uint32_t i = 0; i <= round % 3; i++)
			changed[random_source_below(random, text.length)] =
				bytes[random_source_below(random, sizeof(bytes) - 1)];
		expect_as_slowly(span_make(changed, text.length));
	}
}

/* Lines that are copied together, alone, or not at all come to the same: all messages, their prefixes, changed ones. */
static void copied_lines_are_as_written_ones(void **state)
{
	static const char *const lines[] = {
		REQUEST("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n"),
		REQUEST("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKb\r\n"),
		"OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\nFrom: <sip:a@b>;tag=1\n"
		"To: <sip:a@b>\nCall-ID: 1\nCSeq: 1 OPTIONS\n\n",
		"OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFROM: <sip:a@b>;tag=1\r\n"
		"To : <sip:a@b>\r\nCall-ID:  1\r\nCSeq: 1 OPTIONS \r\n\r\n",
		"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nTo: <sip:a@b>\r\n"
		"From: <sip:a@b>\r\n ;tag=1\r\nX: y\r\nCSeq: 1 OPTIONS\r\nCall-ID: 1\r\n\r\n",
	};
	static struct bench_message messages[BENCH_MESSAGES_MAX];
	struct random_source random = random_source_of(6);
	size_t count = bench_messages_load(messages, BENCH_MESSAGES, ".sip");

	(void)state;
	guard_page_build(&message_page, 70000);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_changed_as_slowly(span_of_text(lines[i]), &random);
	for (size_t i = 0; i < count; i++)
		expect_changed_as_slowly(messages[i].bytes, &random);
	bench_messages_free(messages, count);
	guard_page_free(&message_page);
	assert_true(compared > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_answer),
		cmocka_unit_test(the_topmost_via),
		cmocka_unit_test(a_tag_that_is_there_stays),
		cmocka_unit_test(headers_that_lack_are_left_out),
		cmocka_unit_test(answers_find_their_way),
		cmocka_unit_test(what_is_known_of_the_via_changes_nothing),
		cmocka_unit_test(the_tag_is_known_in_the_ack),
		cmocka_unit_test(copied_lines_are_as_written_ones),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
