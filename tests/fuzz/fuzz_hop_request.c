/*
 * What we make of an INVITE that we have sent. The first byte chooses: a branch as it comes, a name of ours made of the
 * input and then changed, or a message of which an ACK and a CANCEL are written and whose Via values are searched for
 * ours, its first line being the To of a response.
 */
#include "fuzz_input.h"

#include "address_parse.h"
#include "hop_request_write.h"
#include "message_parse.h"
#include "via_find_own.h"

enum depth { DEPTH_BRANCH, DEPTH_CHANGED_NAME, DEPTH_MESSAGE, DEPTH_COUNT };

static struct sip_message invite, written;

static bool is_same_name(const struct branch_name *a, const struct branch_name *b)
{
	return a->node == b->node && a->worker == b->worker && a->generation == b->generation && a->slot == b->slot &&
	       a->secret == b->secret;
}

/* What reads as a name is written again as it was. Result: whether it does. */
static bool read_branch(struct branch_name *name, struct span text)
{
	struct span copy = fuzz_input_copy(text);
	char again[BRANCH_NAME_TEXT_BYTES];

	bool is_name = branch_name_read(name, copy);
	if (is_name) {
		branch_name_write(again, name);
		must(span_equals(copy, span_make(again, sizeof(again))));
	}
	fuzz_input_free(copy);
	return is_name;
}

static void try_changed_name(struct span input)
{
	char text[BRANCH_NAME_TEXT_BYTES], before[BRANCH_NAME_TEXT_BYTES];
	struct span whole = span_make(text, sizeof(text));
	struct branch_name name = {.node = fuzz_input_byte(&input), .worker = fuzz_input_byte(&input)}, found;

	name.generation = fuzz_input_number(&input);
	name.slot = (uint32_t)fuzz_input_number(&input) << 16 | fuzz_input_number(&input);
	for (int i = 0; i < 4; i++)
		name.secret = name.secret << 16 | fuzz_input_number(&input);
	branch_name_write(text, &name);
	must(read_branch(&found, whole) && is_same_name(&name, &found));

	memcpy(before, text, sizeof(before));
	while (input.length) {
		uint32_t at = fuzz_input_byte(&input) % BRANCH_NAME_TEXT_BYTES;
		text[at] = (char)fuzz_input_byte(&input);
	}
	bool is_changed = memcmp(before, text, sizeof(before)) != 0;
	bool is_name = read_branch(&found, whole);
	must(is_changed ? !is_name || !is_same_name(&name, &found) : is_name);
}

/* A To as a response that parsed can have it. */
static bool is_fit(struct span to)
{
	struct sip_address address;
	struct span rest;

	return to.length && !memchr(to.at, '\r', to.length) && span_trim(to).length == to.length &&
	       address_parse(&address, &rest, to) && rest.length == 0;
}

static bool is_same_first(enum sip_header_name name)
{
	return span_equals(sip_message_first(&invite, name), sip_message_first(&written, name));
}

static void check_routes(void)
{
	uint8_t i = invite.first[SIP_HEADER_ROUTE], j = written.first[SIP_HEADER_ROUTE];

	while (i != SIP_HEADER_NONE && j != SIP_HEADER_NONE) {
		must(span_equals(sip_message_header_value(&invite, i), sip_message_header_value(&written, j)));
		i = sip_message_next(&invite, i);
		j = sip_message_next(&written, j);
	}
	must(i == j);
}

/* It parses, says of the transaction what the INVITE says, and nothing more. */
static void check_meaning(struct span text, struct span to, enum sip_method method)
{
	struct sip_via top, via;

	must(message_parse(&written, text) == REASON_NONE);
	must(written.is_request && written.method == method && written.cseq == invite.cseq);
	must(span_equals(sip_message_text(&written, written.request_uri),
			 sip_message_text(&invite, invite.request_uri)));
	must(via_parse_nth(&top, &invite, 0) && via_parse_nth(&via, &written, 0) && span_equals(top.value, via.value));
	must(!via_parse_nth(&via, &written, 1));
	must(is_same_first(SIP_HEADER_FROM) && is_same_first(SIP_HEADER_CALL_ID));
	must(span_equals(sip_message_first(&written, SIP_HEADER_TO), to));
	must(written.body.length == 0);
	check_routes();
}

static int write_request(char *room, uint32_t capacity, struct span to, enum sip_method method)
{
	return method == SIP_METHOD_ACK ? hop_request_write_ack(room, capacity, &invite, to)
					: hop_request_write_cancel(room, capacity, &invite);
}

/* Into exactly the room that it needs, and not into less. `is_sound`: there is no reason to refuse. */
static void check_request(struct span to, enum sip_method method, bool is_sound)
{
	static char room[2 * SIP_MESSAGE_BYTES_MAX];
	int length = write_request(room, sizeof(room), to, method);

	must(length > 0 || !is_sound);
	if (length <= 0)
		return;
	char *exact = malloc((size_t)length);
	must(exact != NULL);
	must(write_request(exact, (uint32_t)length - 1, to, method) == -1);
	must(write_request(exact, (uint32_t)length, to, method) == length);
	must(memcmp(exact, room, (size_t)length) == 0);
	if (is_sound && length <= SIP_MESSAGE_BYTES_MAX)
		check_meaning(span_make(exact, (size_t)length), to, method);
	free(exact);
}

/* The search finds what asking value by value finds, and ends. */
static void check_own_vias(void)
{
	struct via_find_own search = via_find_own_begin(&invite);
	struct via_walk walk = via_parse_begin(&invite);
	struct branch_name found, expected;
	struct sip_via via;

	for (uint32_t i = 0; i < VIA_FIND_OWN_VALUES_MAX && via_parse_next(&walk, &via); i++) {
		fuzz_input_must_hold(invite.bytes, via.value);
		if (read_branch(&expected, via.branch))
			must(via_find_own_next(&found, &search) && is_same_name(&found, &expected));
	}
	must(!via_find_own_next(&found, &search));
}

static void check_message(struct span bytes, struct span to)
{
	bool is_sound = message_parse(&invite, bytes) == REASON_NONE && invite.is_request;

	check_request(to, SIP_METHOD_ACK, is_sound && is_fit(to));
	check_request(sip_message_first(&invite, SIP_HEADER_TO), SIP_METHOD_CANCEL, is_sound);
	check_own_vias();
}

static void try_message(struct span input)
{
	struct span to = fuzz_input_copy(fuzz_input_line(&input)), bytes = fuzz_input_copy(input);

	check_message(bytes, to);
	if (message_unfold(&invite, (char *)(uintptr_t)bytes.at))
		check_message(bytes, to);
	fuzz_input_free(bytes);
	fuzz_input_free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	struct branch_name name;

	switch ((enum depth)(fuzz_input_byte(&input) % DEPTH_COUNT)) {
	case DEPTH_CHANGED_NAME:
		try_changed_name(input);
		break;
	case DEPTH_MESSAGE:
		try_message(input);
		break;
	default:
		read_branch(&name, input);
	}
	return 0;
}
