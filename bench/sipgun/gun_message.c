#include "gun_message.h"

#include "gun_text.h"

#include <arpa/inet.h>
#include <stdio.h>

#define PLACE_BYTES_MAX 32
#define BODY_BYTES_MAX	256

#define REQUEST_HEAD(method, uri)                                                                                      \
	method " " uri " SIP/2.0\r\n"                                                                                  \
	       "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{id}.{cseq}"
#define FROM	  "From: <sip:{user}@{domain}>;tag=c{id}\r\n"
#define CALL_ID	  "Call-ID: {id}-{run}@sipgun\r\n"
#define MAX_HOPS  "Max-Forwards: 70\r\n"
#define TO_DIALOG "To: <sip:{number}@{domain}>;tag={to_tag}\r\n"
#define NO_BODY	  "Content-Length: 0\r\n\r\n"
#define WITH_BODY "Content-Type: application/sdp\r\nContent-Length: {body_length}\r\n\r\n{body}"

#define CREDENTIALS                                                                                                    \
	"{header}: Digest username=\"{user}\",realm=\"{realm}\",nonce=\"{nonce}\",uri=\"{uri}\","                      \
	"response=\"{response}\",algorithm={algorithm}{qop}{opaque}\r\n"

static const char *const request_texts[GUN_MESSAGE_COUNT] = {
	[GUN_MESSAGE_INVITE] = REQUEST_HEAD(
		"INVITE", "sip:{number}@{domain}") ";rport\r\n" MAX_HOPS FROM "To: <sip:{number}@{domain}>\r\n" CALL_ID
						   "CSeq: {cseq} INVITE\r\n"
						   "Contact: <sip:{user}@{caller}>\r\n{authorization}" WITH_BODY,
	[GUN_MESSAGE_ACK_FAILURE] =
		REQUEST_HEAD("ACK", "sip:{number}@{domain}") ";rport\r\n" MAX_HOPS FROM TO_DIALOG CALL_ID
							     "CSeq: {cseq} ACK\r\n" NO_BODY,
	[GUN_MESSAGE_ACK] = REQUEST_HEAD("ACK", "{target}") "a;rport\r\n" MAX_HOPS "{route}" FROM TO_DIALOG CALL_ID
							    "CSeq: {cseq} ACK\r\n" NO_BODY,
	[GUN_MESSAGE_BYE] = REQUEST_HEAD("BYE", "{target}") ";rport\r\n" MAX_HOPS "{route}" FROM TO_DIALOG CALL_ID
							    "CSeq: {cseq} BYE\r\n" NO_BODY,
	[GUN_MESSAGE_REINVITE] = REQUEST_HEAD(
		"INVITE", "{target}") ";rport\r\n" MAX_HOPS "{route}" FROM TO_DIALOG CALL_ID
				      "CSeq: {cseq} INVITE\r\nContact: <sip:{user}@{caller}>\r\n" WITH_BODY,
	[GUN_MESSAGE_IN_DIALOG] = REQUEST_HEAD(
		"{method}", "{target}") ";rport\r\n" MAX_HOPS "{route}" FROM TO_DIALOG CALL_ID
					"CSeq: {cseq} {method}\r\nContact: <sip:{user}@{caller}>\r\n" NO_BODY,
	[GUN_MESSAGE_REGISTER] = REQUEST_HEAD(
		"REGISTER",
		"sip:{domain}") ";rport\r\n" MAX_HOPS FROM "To: <sip:{user}@{domain}>\r\n" CALL_ID
				"CSeq: {cseq} REGISTER\r\n"
				"Contact: <sip:{user}@{callee}>\r\nExpires: {expires}\r\n{authorization}" NO_BODY,
	[GUN_MESSAGE_OPTIONS] = REQUEST_HEAD(
		"OPTIONS", "sip:{router}") ";rport\r\n" MAX_HOPS
					   "From: <sip:sipgun@{caller}>;tag=c{id}\r\nTo: <sip:{router}>\r\n" CALL_ID
					   "CSeq: {cseq} OPTIONS\r\n"
					   "Accept: application/sdp\r\n" NO_BODY,
	[GUN_MESSAGE_CREDENTIALS] = CREDENTIALS,
};

static const struct {
	const char *start_line;
	const char *headers;
	bool has_body;
} answer_texts[GUN_ANSWER_COUNT] = {
	[GUN_ANSWER_180] = {"SIP/2.0 180 Ringing\r\n", "Contact: <sip:sipgun@{callee}>\r\n", false},
	[GUN_ANSWER_200_INVITE] = {"SIP/2.0 200 OK\r\n", "Contact: <sip:sipgun@{callee}>\r\n", true},
	[GUN_ANSWER_200] = {"SIP/2.0 200 OK\r\n", "", false},
};

/* What the two sides speak; nobody sends media. */
static uint32_t write_body(char body[BODY_BYTES_MAX], const struct gun_options *options)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &options->own[GUN_CALLER].address_be, address, sizeof(address));
	return (uint32_t)snprintf(
		body, BODY_BYTES_MAX,
		"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\n"
		"a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n",
		address, address);
}

static struct span write_place(char text[PLACE_BYTES_MAX], const struct gun_place *place)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &place->address_be, address, sizeof(address));
	return span_make(text, (size_t)snprintf(text, PLACE_BYTES_MAX, "%s:%u", address, ntohs(place->port_be)));
}

static bool init_answer(struct gun_answer *answer, uint32_t name, const struct span *constants)
{
	struct gun_template compiled;
	char text[GUN_ANSWER_BYTES_MAX];

	snprintf(text, sizeof(text), "%s%s", answer_texts[name].headers,
		 answer_texts[name].has_body ? WITH_BODY : NO_BODY);
	if (!gun_template_build(&compiled, text, constants) || compiled.part_count != 1 ||
	    compiled.text_bytes > sizeof(answer->text))
		return false;
	memcpy(answer->text, compiled.text, compiled.text_bytes);
	answer->start_line = span_of_text(answer_texts[name].start_line);
	answer->rest = span_make(answer->text, compiled.text_bytes);
	return true;
}

bool gun_message_init(struct gun_messages *messages, const struct gun_options *options, uint32_t run)
{
	char caller[PLACE_BYTES_MAX], callee[PLACE_BYTES_MAX], router[PLACE_BYTES_MAX], body[BODY_BYTES_MAX],
		length[16], expires[16];
	struct span constants[GUN_FIELD_COUNT] = {{0}};

	memset(messages, 0, sizeof(*messages));
	gun_text_write_hex8(messages->run, run);
	constants[GUN_FIELD_RUN] = span_make(messages->run, sizeof(messages->run));
	constants[GUN_FIELD_CALLER] = write_place(caller, &options->own[GUN_CALLER]);
	constants[GUN_FIELD_CALLEE] = write_place(callee, &options->own[GUN_CALLEE]);
	constants[GUN_FIELD_ROUTER] = write_place(router, &options->router[GUN_CALLER]);
	constants[GUN_FIELD_BODY] = span_make(body, write_body(body, options));
	constants[GUN_FIELD_BODY_LENGTH] =
		span_make(length, (size_t)snprintf(length, sizeof(length), "%u", constants[GUN_FIELD_BODY].length));
	constants[GUN_FIELD_EXPIRES] =
		span_make(expires, (size_t)snprintf(expires, sizeof(expires), "%u", options->expires_s));
	for (uint32_t i = 0; i < GUN_MESSAGE_COUNT; i++)
		if (!gun_template_build(&messages->request[i], request_texts[i], constants))
			return false;
	for (uint32_t i = 0; i < GUN_ANSWER_COUNT; i++)
		if (!init_answer(&messages->answer[i], i, constants))
			return false;
	return true;
}

struct writing {
	char *at;
	uint32_t used, room_bytes;
	bool is_short; /* something did not fit */
};

static void put(struct writing *writing, struct span text)
{
	if (text.length > writing->room_bytes - writing->used) {
		writing->is_short = true;
		return;
	}
	memcpy(writing->at + writing->used, text.at, text.length);
	writing->used += text.length;
}

static bool is_answered_line(uint8_t name)
{
	return name == SIP_HEADER_VIA || name == SIP_HEADER_RECORD_ROUTE || name == SIP_HEADER_FROM ||
	       name == SIP_HEADER_TO || name == SIP_HEADER_CALL_ID || name == SIP_HEADER_CSEQ;
}

/* The To line, with our tag unless it has one. */
static void put_to(struct writing *writing, const struct gun_message *request, const struct gun_line *line,
		   struct span to_tag)
{
	struct span value = gun_read_line_value(request, line);
	const char *start = request->bytes.at + line->start;

	put(writing, span_make(start, (size_t)(value.at + value.length - start)));
	if (gun_read_tag(value).length == 0) {
		put(writing, SPAN_LITERAL(";tag="));
		put(writing, to_tag);
	}
	put(writing, SPAN_LITERAL("\r\n"));
}

uint32_t gun_message_answer(char *room, uint32_t room_bytes, const struct gun_message *request,
			    const struct gun_answer *answer, struct span to_tag)
{
	struct writing writing = {.at = room, .room_bytes = room_bytes};

	put(&writing, answer->start_line);
	for (uint32_t i = 0; i < request->line_count; i++) {
		const struct gun_line *line = &request->line[i];
		uint32_t end = line->end;
		if (!is_answered_line(line->name))
			continue;
		if (line->name == SIP_HEADER_TO) {
			put_to(&writing, request, line, to_tag);
			continue;
		}
		/* Lines that stand together are copied together. */
		while (i + 1 < request->line_count && request->line[i + 1].name != SIP_HEADER_TO &&
		       is_answered_line(request->line[i + 1].name))
			end = request->line[++i].end;
		put(&writing, span_make(request->bytes.at + line->start, end - line->start));
	}
	put(&writing, answer->rest);
	return writing.is_short ? 0 : writing.used;
}
