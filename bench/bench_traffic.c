#include "bench_traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_messages.h"
#include "must.h"
#include "sip_client.h"

#define COMPANY_BYTES_MAX 2800
#define CALLER		  "192.0.2.7:5060"

static const char body[] =
	"v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
	"m=audio 49170 RTP/AVP 8 0 18 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:18 G729/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n";

/* ---- the directory ---- */

char *bench_traffic_provisioning(uint32_t company_count, uint32_t changed)
{
	size_t size = 512 + (size_t)company_count * COMPANY_BYTES_MAX;
	char *text = malloc(size);
	must(text != NULL);
	size_t length = (size_t)snprintf(text, size, "companies:\n");

	for (uint32_t c = 0; c < company_count; c++) {
		length += (size_t)snprintf(
			text + length, size - length,
			"  - name: company-%u\n    domain: c%u.example.net\n    country: ES\n    users:\n"
			"      - {name: alice, password: secret, extension: \"101\"}\n"
			"    extensions:\n      - {number: \"101\", route: {user: alice}}\n    friends:\n",
			c, c);
		for (uint32_t f = 0; f < BENCH_FRIENDS; f++)
			length += (size_t)snprintf(text + length, size - length,
						   "      - {name: friend-%u, password: secret, priority: %u, direct: "
						   "\"udp:192.0.2.%u:5060\", "
						   "patterns: [\"^2%u[0-9]{2}$\", \"^%u7%u[0-9]+$\"]}\n",
						   f, c == changed ? 30 - f : 10 + f, 10 + f, f, 3 + f % 7, c);
		must(length < size - 1);
	}
	return text;
}

static uint32_t company_of_call(uint32_t index, uint32_t company_count)
{
	return (uint32_t)((index + 1) * 2654435761u) % company_count;
}

uint32_t bench_traffic_first_company(uint32_t company_count)
{
	return company_of_call(0, company_count);
}

/* ---- calls ---- */

/* A call while it is made: texts of its messages. */
struct call {
	struct pipeline *pipeline;
	uint32_t index, friend, company;
	char uri[128], from[128], to[160], call_id[64], branch[64];
	char source_of_callee[32];
	char headers[4096];
	struct sip_request request;
	struct pipeline_message forwarded;
};

static struct bench_datagram keep(const char *text, const char *source)
{
	struct bench_datagram datagram = {.bytes = span_of_text(strdup(text))};

	must(datagram.bytes.at != NULL);
	snprintf(datagram.source, sizeof(datagram.source), "%s", source);
	return datagram;
}

static struct bench_datagram keep_request(struct call *call, const char *source)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_request_write(text, &call->request);
	return keep(text, source);
}

static void begin(struct call *call, struct pipeline *pipeline, uint32_t index, uint32_t company_count)
{
	call->pipeline = pipeline;
	call->index = index;
	call->friend = index % BENCH_FRIENDS;
	call->company = company_of_call(index, company_count);
	snprintf(call->uri, sizeof(call->uri), "sip:2%u%02u@c%u.example.net", call->friend, index % 100, call->company);
	snprintf(call->from, sizeof(call->from), "\"Alice Doe\" <sip:alice@c%u.example.net>", call->company);
	snprintf(call->to, sizeof(call->to), "<%s>", call->uri);
	snprintf(call->call_id, sizeof(call->call_id), "%08x-3848276298220188511@192.0.2.7", index * 2246822519u);
	snprintf(call->branch, sizeof(call->branch), "z9hG4bK-524287-1---%08x", index);
	snprintf(call->source_of_callee, sizeof(call->source_of_callee), "192.0.2.%u:5060", 10 + call->friend);
	call->request = (struct sip_request){
		.uri = call->uri,
		.from = call->from,
		.to = call->to,
		.call_id = call->call_id,
		.branch = call->branch,
		.body = body,
		.headers = "Contact: <sip:alice@192.0.2.7:5060>\r\nContent-Type: application/sdp\r\n"};
}

/* Sends what was kept, and takes what the router made of it. */
static void send(struct call *call, const struct bench_datagram *datagram, int status)
{
	pipeline_send_bytes(call->pipeline, datagram->source, datagram->bytes);
	must(pipeline_take(call->pipeline, &call->forwarded));
	if (sip_status(call->forwarded.text) != status)
		must_fail(call->forwarded.text);
}

/* INVITE -> 407 -> its ACK, INVITE with credentials -> what the friend gets. */
static void make_invites(struct call *call, struct bench_datagram message[3])
{
	const struct sip_account account = {.user = "alice", .password = "secret", .nc = 1};
	char authorization[1024], to[256];

	message[0] = keep_request(call, CALLER);
	send(call, &message[0], 407);
	sip_authorization_write(authorization, call->forwarded.text, &account, "INVITE", call->uri);

	must(sip_find_header(to, sizeof(to), call->forwarded.text, "To", 0));
	struct sip_request invite = call->request;
	call->request.method = "ACK";
	call->request.to = to;
	call->request.headers = call->request.body = "";
	message[1] = keep_request(call, CALLER);
	pipeline_send_bytes(call->pipeline, CALLER, message[1].bytes);
	must(!pipeline_take(call->pipeline, &call->forwarded));

	call->request = invite;
	snprintf(call->headers, sizeof(call->headers),
		 "Contact: <sip:alice@192.0.2.7:5060>\r\nUser-Agent: bench 1.0\r\nSupported: replaces, timer\r\n"
		 "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO\r\n%sContent-Type: "
		 "application/sdp\r\n",
		 authorization);
	snprintf(call->branch, sizeof(call->branch), "z9hG4bK-524287-2---%08x", call->index);
	call->request.headers = call->headers;
	call->request.cseq = 2;
	message[2] = keep_request(call, CALLER);
	send(call, &message[2], 0);
}

static struct bench_datagram make_response(const struct call *call, int status)
{
	char text[SIP_TEXT_BYTES_MAX];

	sip_response_write(text, call->forwarded.text, status, "calleetag", "Contact: <sip:2000@192.0.2.10:5060>\r\n");
	return keep(text, call->source_of_callee);
}

static struct bench_datagram make_later(struct call *call, const char *method, const char *route, uint32_t cseq)
{
	snprintf(call->headers, sizeof(call->headers), "Route: %s\r\n", route);
	snprintf(call->to, sizeof(call->to), "<%s>;tag=calleetag", call->uri);
	call->request = (struct sip_request){.method = method,
					     .uri = "sip:2000@192.0.2.10:5060",
					     .from = call->from,
					     .to = call->to,
					     .call_id = call->call_id,
					     .branch = call->branch,
					     .cseq = cseq,
					     .headers = call->headers};
	return keep_request(call, CALLER);
}

static void make_call(struct bench_datagram message[BENCH_CALL_MESSAGES], struct pipeline *pipeline, uint32_t index,
		      uint32_t company_count)
{
	static struct call call;
	char route[2048];

	begin(&call, pipeline, index, company_count);
	make_invites(&call, message);
	must(sip_find_header(route, sizeof(route), call.forwarded.text, "Record-Route", 0));
	message[3] = make_response(&call, 180);
	message[4] = make_response(&call, 200);
	message[5] = make_later(&call, "ACK", route, 2);
	message[6] = make_later(&call, "BYE", route, 3);
	send(&call, &message[6], 0);
	message[7] = make_response(&call, 200);
}

static void make_calls(struct bench_traffic *traffic, struct pipeline *pipeline, uint32_t count)
{
	struct bench_workload *workload = traffic->workload;

	for (uint32_t i = 0; i < count; i++) {
		struct bench_datagram message[BENCH_CALL_MESSAGES];
		make_call(message, pipeline, i, traffic->company_count);
		workload[TRAFFIC_INVITE_AUTH].datagram[i] = message[2];
		workload[TRAFFIC_RESPONSE].datagram[i] = message[3 + i % 2];
		workload[TRAFFIC_IN_DIALOG].datagram[i] = message[5 + i % 2];
		if ((i + 1) * BENCH_CALL_MESSAGES <= count)
			memcpy(&workload[TRAFFIC_CALL].datagram[i * BENCH_CALL_MESSAGES], message, sizeof(message));
	}
}

/* ---- the others ---- */

static void make_register(struct bench_datagram *message, struct pipeline *pipeline, uint32_t index,
			  uint32_t company_count)
{
	static struct call call;
	static const char contact[] = "Contact: <sip:alice@192.0.2.7:5060>\r\nExpires: 120\r\n";
	const struct sip_account account = {.user = "alice", .password = "secret", .nc = 1};
	char authorization[1024];

	begin(&call, pipeline, index, company_count);
	snprintf(call.uri, sizeof(call.uri), "sip:c%u.example.net", call.company);
	/* A nonce is of one Call-ID and second: that of the INVITE would be used twice. */
	snprintf(call.call_id, sizeof(call.call_id), "register-%u@192.0.2.7", index);
	call.request.method = "REGISTER";
	call.request.to = call.from;
	call.request.headers = contact;
	call.request.body = "";
	*message = keep_request(&call, CALLER);
	send(&call, message, 401);
	sip_authorization_write(authorization, call.forwarded.text, &account, "REGISTER", call.uri);
	snprintf(call.headers, sizeof(call.headers), "%s%s", contact, authorization);
	call.request.headers = call.headers;
	call.request.cseq = 2;
	*message = keep_request(&call, CALLER);
}

/* Half of it looks like SIP at first. */
static void make_garbage(struct bench_datagram *message, const struct bench_datagram *invite,
			 const struct bench_datagram *response, uint32_t index)
{
	static uint32_t random = 1;
	char text[SIP_TEXT_BYTES_MAX];
	uint32_t length = 20 + index * 37 % 600;

	*message = index % 2 ? *invite : *response;
	memcpy(text, message->bytes.at, message->bytes.length + 1);
	switch (index % 4) {
	case 0: /* random bytes */
		for (uint32_t i = 0; i < length; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = (char)(random >> 24);
		}
		message->bytes.length = length;
		break;
	case 1: /* cut somewhere */
		if (message->bytes.length > length)
			message->bytes.length = length;
		break;
	case 2: /* a response whose branch is not ours */
		memset(strstr(text, "z9hG4bK") + 20, 'A', 8);
		break;
	default: /* of a company that does not exist */
		for (char *at = text; (at = strstr(at, ".example.net")); at++)
			memcpy(at, ".example.org", 12);
	}
	char *copy = malloc(message->bytes.length + 1);
	must(copy != NULL);
	memcpy(copy, text, message->bytes.length);
	message->bytes.at = copy;
}

/* A longer message comes in fragments: more frames than messages. */
#define WHOLE_BYTES_MAX 1472

/* The files of bench/messages that fit a frame, over and over. */
static void make_parse(struct bench_workload *workload)
{
	static struct bench_message files[BENCH_MESSAGES_MAX];
	size_t loaded = bench_messages_load(files, BENCH_MESSAGES, ".sip"), file_count = 0;

	for (size_t i = 0; i < loaded; i++)
		if (files[i].bytes.length <= WHOLE_BYTES_MAX)
			files[file_count++] = files[i];
	for (uint32_t i = 0; i < workload->count; i++) {
		workload->datagram[i].bytes = files[i % file_count].bytes;
		snprintf(workload->datagram[i].source, sizeof(workload->datagram[i].source), CALLER);
	}
}

static void make_rows(struct bench_workload rows[TRAFFIC_COUNT], uint32_t count)
{
	static const char *const names[TRAFFIC_COUNT] = {
		[TRAFFIC_PARSE] = "parse",	 [TRAFFIC_INVITE_AUTH] = "invite_auth",
		[TRAFFIC_RESPONSE] = "response", [TRAFFIC_IN_DIALOG] = "in_dialog",
		[TRAFFIC_CALL] = "call",	 [TRAFFIC_REGISTER] = "register",
		[TRAFFIC_FLOOD] = "flood",
	};
	for (uint32_t i = 0; i < TRAFFIC_COUNT; i++) {
		rows[i] = (struct bench_workload){.name = names[i], .count = count};
		rows[i].datagram = calloc(count, sizeof(*rows[i].datagram));
		must(rows[i].datagram != NULL);
	}
	rows[TRAFFIC_PARSE].ends_after_parse = true;
	rows[TRAFFIC_INVITE_AUTH].forwarded = rows[TRAFFIC_RESPONSE].forwarded = count;
	rows[TRAFFIC_IN_DIALOG].forwarded = count;
	rows[TRAFFIC_CALL].forwarded = count / BENCH_CALL_MESSAGES * (BENCH_CALL_MESSAGES - 2);
	rows[TRAFFIC_REGISTER].punted = count;
}

void bench_traffic_make(struct bench_traffic *traffic, struct pipeline *pipeline, uint32_t company_count,
			uint32_t count)
{
	traffic->company_count = company_count;
	make_rows(traffic->workload, count);
	make_parse(&traffic->workload[TRAFFIC_PARSE]);
	make_calls(traffic, pipeline, count);
	for (uint32_t i = 0; i < count; i++) {
		make_register(&traffic->workload[TRAFFIC_REGISTER].datagram[i], pipeline, i, company_count);
		make_garbage(&traffic->workload[TRAFFIC_FLOOD].datagram[i],
			     &traffic->workload[TRAFFIC_INVITE_AUTH].datagram[i],
			     &traffic->workload[TRAFFIC_RESPONSE].datagram[i], i);
	}
}
