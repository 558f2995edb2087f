/*
 * REGISTER as the registrar takes it: what the lcores let through is parsed by libosip2, decided about, and answered;
 * the answer must be SIP, and the same request once more must be known as a retransmission.
 *
 * The first byte says from where it comes: the first bit IPv6, the second a friend without multi_contact.
 */
#include "fuzz_input.h"

#include "message_parse.h"
#include "register_answer.h"
#include "register_decide.h"
#include "register_parse.h"
#include "uri_parse.h"

#define ANSWER_BYTES_MAX (2 * REGISTER_BYTES_MAX)
#define NOW_S		 1800000000

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count;
	(void)arguments;
	register_parse_init();
	return 0;
}

static void check_request(const struct register_request *request)
{
	struct span text = span_make(request->text, request->text_length);

	must(request->text_length <= REGISTER_BYTES_MAX && request->header_count <= REGISTER_HEADERS_MAX);
	must(request->contact_count <= REGISTER_CONTACTS_MAX && request->path_length <= REGISTER_PATH_BYTES_MAX);
	for (uint32_t i = 0; i < request->header_count; i++)
		fuzz_input_must_hold(text, request->header[i].value);
	fuzz_input_must_hold(text, request->via.value);
	fuzz_input_must_hold(text, request->via.rest);
	fuzz_input_must_hold(text, request->to_uri);
	fuzz_input_must_hold(request->to_uri, request->to_user);
	fuzz_input_must_hold(request->to_uri, request->to_host);
	for (uint32_t i = 0; i < request->contact_count; i++) {
		fuzz_input_must_hold(text, request->contact[i].uri);
		must(request->contact[i].uri.length <= REGISTER_CONTACT_BYTES_MAX && request->contact[i].q <= 1000);
	}
}

static void check_answer(const struct register_request *request, const struct binding_list *list,
			 const struct net_address *source)
{
	static char room[ANSWER_BYTES_MAX];
	static struct sip_message message;
	struct register_answer answer = {.at = room, .size = sizeof(room)};

	register_answer_start(&answer, (struct register_status){200, "OK"}, request, source, "a-tag");
	register_answer_bindings(&answer, list, request, NOW_S);
	register_answer_end(&answer);
	if (answer.overflow || answer.length > SIP_MESSAGE_BYTES_MAX)
		return;
	must(message_parse(&message, span_make(answer.at, answer.length)) == REASON_NONE);
	must(!message.is_request && message.status_code == 200 && message.to_tag.length > 0);
}

static void check_decision(const struct register_request *request, const struct register_terms *terms)
{
	static struct binding_list next, third;

	if (register_decide(&next, NULL, request, terms) != REGISTER_CHANGES) {
		check_answer(request, NULL, &terms->source);
		return;
	}
	check_answer(request, &next, &terms->source);
	must(next.count <= BINDINGS_PER_AOR_MAX);
	for (uint32_t i = 0; i < next.count; i++)
		next.binding[i].is_new = false;
	must(!next.count || register_decide(&third, &next, request, terms) == REGISTER_RETRANSMITTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct register_request request;
	static struct sip_message message;
	struct span input = fuzz_input_span(bytes, length);
	uint8_t how = fuzz_input_byte(&input);
	struct register_terms terms = {.now_unix_s = NOW_S,
				       .min_expires_s = 60,
				       .max_expires_s = 7200,
				       .multi_contact = (how & 2) == 0,
				       .source = {.port = 5062},
				       .local = {.port = 5060}};
	struct span payload = fuzz_input_copy(input);

	must(uri_parse_ip(terms.source.ip, how & 1 ? SPAN_LITERAL("2001:db8::7") : SPAN_LITERAL("192.0.2.7")));
	/* The lcores let nothing through that they cannot parse, and unfold it. */
	bool is_let_through = message_parse(&message, payload) == REASON_NONE;
	if (is_let_through && message_unfold(&message, (char *)(uintptr_t)payload.at))
		is_let_through = message_parse(&message, payload) == REASON_NONE;
	enum register_fault fault = register_parse(&request, payload);
	if (fault != REGISTER_UNANSWERABLE) {
		check_request(&request);
		if (is_let_through && fault == REGISTER_FINE)
			check_decision(&request, &terms);
		else if (is_let_through)
			check_answer(&request, NULL, &terms.source);
	}
	fuzz_input_free(payload);
	return 0;
}
