/*
 * differential_osip - our parser and libosip2's over the corpus: whole messages, and every URI, Via, address, set of
 * credentials and SDP body in them. Each difference must be one that differences.c names, and each of its rows must
 * come up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "corpus.h"
#include "differences.h"
#include "grammar.h"
#include "message_parse.h"
#include "uri_parse.h"

#define EXAMPLES_MAX 6
#define SHOWN_BYTES  2000
#define ROWS_MAX     128

static const char amity_refuses[] = DIFFERENCE_AMITY_REFUSES, libosip2_refuses[] = DIFFERENCE_OSIP_REFUSES;

static const char *const item_names[ITEM_COUNT] = {"message", "URI", "Via", "address", "credentials", "SDP"};

static struct corpus corpus;
static struct facts amity, osip;
static uint64_t compared[ITEM_COUNT], accepted_by_both[ITEM_COUNT], explained[ROWS_MAX];
static uint32_t unexplained, kind_count;
static struct {
	enum item item;
	const char *what;
	uint32_t count;
} kinds[ITEM_COUNT * FACTS_MAX]; /* of what has no row */

/* Of the parts of the message at hand: the parsers differ in one; one of them is refused by a parser. */
static bool parts_differ, part_is_refused;

static void show_byte(unsigned char byte)
{
	if (byte == '\n' || (byte >= ' ' && byte < 0x7f))
		putchar(byte);
	else
		printf("\\x%02x", byte);
}

/* Counts it. Result: how many of its kind there were before. */
static uint32_t count_kind(enum item item, const char *what)
{
	uint32_t i = 0;
	while (i < kind_count && (kinds[i].item != item || strcmp(kinds[i].what, what) != 0))
		i++;
	if (i == kind_count) {
		kinds[i].item = item;
		kinds[i].what = what;
		kind_count++;
	}
	return kinds[i].count++;
}

static void report(uint64_t number, enum item item, const char *what, struct span text)
{
	unexplained++;
	if (count_kind(item, what) >= EXAMPLES_MAX)
		return;
	printf("message %llu, %s: %s%s%s", (unsigned long long)number, item_names[item], what,
	       grammar_accepts(item, text) ? ", in the grammar" : "", ":\n");
	for (uint32_t i = 0; i < amity.count && i < osip.count; i++)
		if (!span_equals(amity.fact[i].text, osip.fact[i].text))
			printf("  %s: amity '" SPAN_FORMAT "', libosip2 '" SPAN_FORMAT "'\n", amity.fact[i].name,
			       SPAN_ARGUMENTS(amity.fact[i].text), SPAN_ARGUMENTS(osip.fact[i].text));
	for (uint32_t i = 0; i < text.length && i < SHOWN_BYTES; i++)
		show_byte((unsigned char)text.at[i]);
	printf("\n----\n");
}

/*
 * What a message differs in when its parts do is no further difference. And we read parts when they are needed,
 * libosip2 at once: a part that both refuse makes it refuse the message, and ends our counting of values.
 */
static bool is_of_its_parts(const char *what)
{
	return parts_differ || (part_is_refused && (what == amity_refuses || what == libosip2_refuses ||
						    strncmp(what, "count of ", 9) == 0));
}

static void compare(uint64_t number, enum item item, struct span text)
{
	facts_by_amity(&amity, item, text);
	facts_by_osip(&osip, item, text);
	compared[item]++;
	accepted_by_both[item] += amity.accepted && osip.accepted;
	bool is_part = item != ITEM_MESSAGE && item != ITEM_SDP;
	part_is_refused |= is_part && (!amity.accepted || !osip.accepted);
	if (!amity.accepted && !osip.accepted)
		return;
	const char *what = !amity.accepted  ? amity_refuses
			   : !osip.accepted ? libosip2_refuses
					    : facts_difference(&amity, &osip);
	if (!what)
		return;
	if (item == ITEM_MESSAGE && is_of_its_parts(what))
		return;
	parts_differ |= is_part;
	uint32_t row = differences_explain(item, what, text);
	if (row == difference_count)
		report(number, item, what, text);
	else
		explained[row]++;
}

/* Takes one of several values separated by commas, which do not count in quotes or brackets. */
static struct span take_value(struct span *rest)
{
	bool quoted = false, bracketed = false;
	uint32_t length = 0;

	for (; length < rest->length; length++) {
		char byte = rest->at[length];
		if (quoted && byte == '\\')
			length++;
		else if (byte == '"' && !bracketed)
			quoted = !quoted;
		else if (!quoted && (byte == '<' || byte == '>'))
			bracketed = byte == '<';
		else if (byte == ',' && !quoted && !bracketed)
			break;
	}
	if (length > rest->length)
		length = rest->length;
	struct span value = span_trim(span_make(rest->at, length));
	*rest = span_skip(*rest, length < rest->length ? length + 1 : length);
	return value;
}

static void compare_values(uint64_t number, enum item item, struct span rest, bool is_list)
{
	/* Nothing, also behind the last comma, is no value. */
	part_is_refused |= rest.length == 0 || (is_list && rest.at[rest.length - 1] == ',');
	while (rest.length) {
		struct span value = is_list ? take_value(&rest) : rest;
		if (!is_list)
			rest.length = 0;
		if (value.length)
			compare(number, item, value);
		else
			part_is_refused = true;
	}
}

static void compare_header(uint64_t number, enum sip_header_name name, struct span value)
{
	switch (name) {
	case SIP_HEADER_VIA:
		compare_values(number, ITEM_VIA, value, true);
		break;
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
		compare_values(number, ITEM_ADDRESS, value, false);
		break;
	case SIP_HEADER_CONTACT:
	case SIP_HEADER_ROUTE:
	case SIP_HEADER_RECORD_ROUTE:
		compare_values(number, ITEM_ADDRESS, value, true);
		break;
	case SIP_HEADER_AUTHORIZATION:
	case SIP_HEADER_PROXY_AUTHORIZATION:
		compare_values(number, ITEM_CREDENTIALS, value, false);
		break;
	default:
		break;
	}
}

static void compare_message(uint64_t number, struct span bytes)
{
	static struct sip_message message;
	static char copy[SIP_GENERATED_BYTES_MAX];
	struct span whole = span_make(copy, bytes.length);

	memcpy(copy, bytes.at, bytes.length);
	message_parse(&message, whole);
	message_unfold(&message, copy);
	parts_differ = part_is_refused = false;
	if (message.request_uri.length)
		compare(number, ITEM_URI, sip_message_text(&message, message.request_uri));
	for (uint8_t i = 0; i < message.header_count; i++)
		compare_header(number, (enum sip_header_name)message.header[i].name,
			       sip_message_header_value(&message, i));
	struct span body = sip_message_text(&message, message.body);
	if (span_starts_with(body, SPAN_LITERAL("v=")))
		compare(number, ITEM_SDP, body);
	compare(number, ITEM_MESSAGE, bytes);
}

static void every_difference_has_its_row(void **state)
{
	uint64_t size = corpus_size();
	(void)state;

	for (uint32_t i = 0; i < difference_example_count; i++) {
		struct span text = span_of_text(difference_examples[i].text);
		if (difference_examples[i].item == ITEM_MESSAGE)
			compare_message(i, text);
		else
			compare(i, difference_examples[i].item, text);
	}
	for (uint64_t number = 0; number < size; number++)
		compare_message(number, corpus_take(&corpus, number).bytes);
	for (uint32_t i = 0; i < ITEM_COUNT; i++)
		print_message("%-12s %9llu compared, %9llu accepted by both\n", item_names[i],
			      (unsigned long long)compared[i], (unsigned long long)accepted_by_both[i]);
	for (uint32_t i = 0; i < difference_count; i++)
		print_message("%9llu  %s, %s: %s (%s)\n", (unsigned long long)explained[i],
			      item_names[differences[i].item], differences[i].what ? differences[i].what : "any fact",
			      differences[i].name, differences[i].section);
	for (uint32_t i = 0; i < kind_count; i++)
		print_message("no row: %u of %s, %s\n", kinds[i].count, item_names[kinds[i].item], kinds[i].what);
	if (unexplained)
		fail_msg("%u differences have no row", unexplained);
	for (uint32_t i = 0; i < difference_count; i++)
		if (explained[i] == 0)
			fail_msg("%s, %s: '%s' never came up", item_names[differences[i].item],
				 differences[i].what ? differences[i].what : "any fact", differences[i].name);
}

static int set_up(void **state)
{
	(void)state;
	facts_osip_init();
	grammar_build();
	differences_build();
	corpus_load(&corpus);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	corpus_free(&corpus);
	differences_free();
	grammar_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_difference_has_its_row),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
