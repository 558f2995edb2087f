/*
 * One datagram: parsed by both variants of the scanner, unfolded, answered, edited. What the router writes itself must
 * parse again.
 */
#include "fuzz_input.h"

#include "answer_write.h"
#include "edit_list.h"
#include "message_parse.h"
#include "scan.h"
#include "session_expires_parse.h"
#include "via_parse.h"

static struct sip_message message, second;

static void check_slice(struct slice part, const struct sip_message *parsed)
{
	must((uint32_t)part.offset + part.length <= parsed->bytes.length);
}

static void check_slices(const struct sip_message *parsed)
{
	const struct slice parts[] = {parsed->start_line, parsed->method_text,	    parsed->request_uri,
				      parsed->call_id,	  parsed->cseq_method_text, parsed->from_tag,
				      parsed->to_tag,	  parsed->via_host,	    parsed->via_branch,
				      parsed->body};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check_slice(parts[i], parsed);
	must(parsed->headers_end <= parsed->bytes.length);
	must(parsed->method < SIP_METHOD_COUNT);
	must(parsed->status_code <= 699);
}

/* Lines follow one another; the index by name is that of the first of each. */
static void check_headers(const struct sip_message *parsed)
{
	uint8_t first[SIP_HEADER_COUNT];
	uint32_t behind = 0;

	memset(first, SIP_HEADER_NONE, sizeof(first));
	must(parsed->header_count <= SIP_HEADERS_MAX);
	for (uint8_t i = 0; i < parsed->header_count; i++) {
		const struct sip_header *header = &parsed->header[i];
		uint32_t value_end = (uint32_t)header->value + header->value_length;
		must(header->start >= behind && header->value > header->start);
		must(value_end <= parsed->headers_end && value_end <= sip_message_header_end(parsed, i));
		must(header->name < SIP_HEADER_COUNT);
		if (first[header->name] == SIP_HEADER_NONE)
			first[header->name] = i;
		behind = value_end;
	}
	must(memcmp(first, parsed->first, sizeof(first)) == 0);
}

static void check_same(const struct sip_message *a, const struct sip_message *b)
{
	size_t fixed = offsetof(struct sip_message, start_line);
	must(memcmp((const char *)a + fixed, (const char *)b + fixed, offsetof(struct sip_message, first) - fixed) ==
	     0);
	must(memcmp(a->first, b->first, sizeof(a->first)) == 0);
	must(memcmp(a->header, b->header, a->header_count * sizeof(a->header[0])) == 0);
}

/* Nothing of what was in the struct before is left in it, and the variants agree. */
static enum reason parse_twice(struct span bytes)
{
	memset(&message, 0xff, sizeof(message));
	memset(&second, 0, sizeof(second));
	must(scan_select(SCAN_SCALAR));
	enum reason reason = message_parse(&message, bytes);
	for (enum scan_variant variant = SCAN_SCALAR + 1; variant < SCAN_VARIANTS; variant++)
		if (scan_select(variant)) {
			must(message_parse(&second, bytes) == reason);
			check_same(&message, &second);
		}
	check_slices(&message);
	check_headers(&message);
	return reason;
}

/* Steering finds the Call-ID that the parser finds. */
static void check_call_id(enum reason reason)
{
	struct span found = message_find_call_id(message.bytes);

	fuzz_input_must_hold(message.bytes, found);
	if (reason == REASON_NONE)
		must(fuzz_input_same(found, sip_message_text(&message, message.call_id)));
}

static void check_vias(enum reason reason)
{
	struct sip_via via;
	uint32_t count = 0;

	while (count <= message.bytes.length && via_parse_nth(&via, &message, count)) {
		fuzz_input_must_hold(message.bytes, via.value);
		count++;
	}
	must(count <= message.bytes.length);
	if (reason == REASON_NONE)
		must(count > 0);
}

static void check_session_expires(void)
{
	struct span value = sip_message_first(&message, SIP_HEADER_SESSION_EXPIRES);
	uint32_t seconds = 0;

	if (!session_expires_parse(&seconds, value))
		must(seconds == 0);
}

static bool names_same(const struct sip_message *a, const struct sip_message *b)
{
	return span_equals(sip_message_text(a, a->call_id), sip_message_text(b, b->call_id)) &&
	       span_equals(sip_message_text(a, a->via_branch), sip_message_text(b, b->via_branch)) &&
	       span_equals(sip_message_text(a, a->cseq_method_text), sip_message_text(b, b->cseq_method_text)) &&
	       span_equals(sip_message_text(a, a->from_tag), sip_message_text(b, b->from_tag)) && a->cseq == b->cseq;
}

/* A 400 as the stage writes it: into exactly the room that it needs, and not into less. */
static void check_answer(enum reason reason)
{
	static char room[2 * SIP_MESSAGE_BYTES_MAX];
	static const uint8_t key[16] = "of to tags";
	char tag[ANSWER_TAG_BYTES];
	struct answer answer = {.status = 400, .phrase = SPAN_LITERAL("Bad"), .source = {.port = 5062}};

	if (!message.is_request || message.via_host.length == 0)
		return;
	net_address_set_v4(answer.source.ip, "\xc0\x00\x02\x07");
	answer_make_tag(tag, &message, key);
	answer.to_tag = span_make(tag, sizeof(tag));
	int length = answer_write(room, sizeof(room), &message, &answer);
	must(length > 0);
	char *exact = malloc((size_t)length);
	must(exact != NULL);
	must(answer_write(exact, (uint32_t)length - 1, &message, &answer) == -1);
	must(answer_write(exact, (uint32_t)length, &message, &answer) == length);
	must(memcmp(exact, room, (size_t)length) == 0);
	if (reason == REASON_NONE && length <= SIP_MESSAGE_BYTES_MAX) {
		must(message_parse(&second, span_make(exact, (size_t)length)) == REASON_NONE);
		must(!second.is_request && second.status_code == 400 && names_same(&message, &second));
		must(second.to_tag.length > 0);
	}
	free(exact);
}

static bool is_needed(enum sip_header_name name)
{
	return name == SIP_HEADER_VIA || name == SIP_HEADER_FROM || name == SIP_HEADER_TO ||
	       name == SIP_HEADER_CALL_ID || name == SIP_HEADER_CSEQ || name == SIP_HEADER_CONTENT_LENGTH;
}

/* Without the lines that no message needs, and with one put on top, it is the same message. */
static void check_edits(enum reason reason)
{
	static struct edit_list edits;
	struct span whole = span_make(message.bytes.at, (size_t)message.body.offset + message.body.length);
	struct slice top = {message.header[0].start, 0};
	uint32_t capacity = whole.length + 64;

	if (reason != REASON_NONE || capacity > SIP_MESSAGE_BYTES_MAX)
		return;
	edit_list_init(&edits);
	edit_list_replace(&edits, top, SPAN_LITERAL("Subject: edited\r\n"));
	for (uint8_t i = 0; i < message.header_count; i++) {
		uint16_t start = message.header[i].start;
		struct slice line = {start, (uint16_t)(sip_message_header_end(&message, i) - start)};
		if (!is_needed((enum sip_header_name)message.header[i].name))
			edit_list_replace(&edits, line, (struct span){0});
	}
	char *room = malloc(capacity);
	must(room != NULL);
	int length = edit_list_apply(&edits, room, capacity, whole);
	must(length > 0);
	must(message_parse(&second, span_make(room, (size_t)length)) == REASON_NONE);
	must(names_same(&message, &second) && second.is_request == message.is_request);
	must(span_equals(sip_message_text(&message, message.body), sip_message_text(&second, second.body)));
	free(room);
}

/* A message without folds says what it said with them. */
static void check_unfolding(struct span bytes)
{
	uint8_t count = message.header_count;

	if (!message_unfold(&message, (char *)(uintptr_t)bytes.at))
		return;
	must(parse_twice(bytes) == REASON_NONE);
	must(message.header_count == count);
	must(!message_unfold(&message, (char *)(uintptr_t)bytes.at));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	struct span bytes = fuzz_input_copy(fuzz_input_span(input, length));
	enum reason reason = parse_twice(bytes);

	check_call_id(reason);
	check_vias(reason);
	check_session_expires();
	check_answer(reason);
	if (reason == REASON_NONE)
		check_unfolding(bytes);
	check_edits(reason);
	fuzz_input_free(bytes);
	return 0;
}
