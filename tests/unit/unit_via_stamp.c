#include "cmocka_all.h"

#include <stdio.h>

#include "guard_page.h"
#include "message_parse.h"
#include "via_stamp.h"

/* Every order of the parts that a Via usually has, and of some that look like them, against a model that takes apart
 * each value. None of the parts has quotes. */

#define VALUE_BYTES_MAX 512
#define SEEN_IP		"192.0.2.4"
#define SEEN_PORT	40000
#define COUNT(list)	(sizeof(list) / sizeof((list)[0]))
#define START		"BYE sip:b@x SIP/2.0\r\nVia: "
#define REST                                                                                                           \
	"\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"

static const struct net_address source = {.ip = {[10] = 0xff, 0xff, 192, 0, 2, 4}, .port = SEEN_PORT};
static struct guard_page guard;
static uint32_t stamped_count, kept_count;

static struct span name_of(struct span parameter)
{
	struct span name = span_skip(parameter, 1); /* the semicolon */
	const char *equals = memchr(name.at, '=', name.length);

	return span_trim(span_make(name.at, equals ? (size_t)(equals - name.at) : name.length));
}

static void add(char out[VALUE_BYTES_MAX], struct span text)
{
	size_t used = strlen(out);

	snprintf(out + used, VALUE_BYTES_MAX - used, SPAN_FORMAT, SPAN_ARGUMENTS(text));
}

/* Result: false: there is nothing to note. */
static bool stamp_by_model(char out[VALUE_BYTES_MAX], const char *value, bool is_from_there)
{
	size_t first_length = strcspn(value, ","), length;
	bool has_rport = false, has_received = false;

	*out = '\0';
	for (size_t at = 0; at < first_length; at += length) {
		length = strcspn(value + at + 1, ";,") + 1;
		struct span part = span_trim(span_make(value + at, length));
		bool is_rport = at && span_equals_nocase(name_of(part), SPAN_LITERAL("rport"));
		bool is_received = at && span_equals_nocase(name_of(part), SPAN_LITERAL("received"));
		if (!is_rport && !is_received)
			add(out, part);
		has_rport |= is_rport;
		has_received |= is_received;
	}
	bool is_noted = has_rport || has_received || !is_from_there;
	if (is_noted)
		add(out, SPAN_LITERAL(";received=" SEEN_IP));
	if (has_rport)
		add(out, SPAN_LITERAL(";rport=40000"));
	add(out, span_of_text(value + first_length));
	return is_noted;
}

static void check(const char *value)
{
	char text[2 * VALUE_BYTES_MAX], expected[VALUE_BYTES_MAX], written[VALUE_BYTES_MAX];
	static struct sip_message message;
	struct text_writer writer = text_write_begin(written, sizeof(written));

	snprintf(text, sizeof(text), START "%s" REST, value);
	message_parse(&message, guard_page_place(&guard, span_of_text(text)));
	bool is_from_there = span_equals(sip_message_text(&message, message.via_host), SPAN_LITERAL(SEEN_IP));
	bool is_noted = stamp_by_model(expected, value, is_from_there);
	via_stamp_write(&writer, &message, &source);
	struct span got = text_written(&writer);
	/* Where there is nothing to note blanks may stay. */
	bool stays = !is_noted && span_equals(got, span_of_text(value));
	if (writer.overflowed || (!stays && !span_equals(got, span_of_text(expected))))
		fail_msg("%s\n  became   " SPAN_FORMAT "\n  expected %s", value, SPAN_ARGUMENTS(got), expected);
	if (via_stamp_is_needed(&message, &source)) {
		stamped_count++;
		return;
	}
	kept_count++;
	assert_false(is_noted);
	assert_true(stays);
}

static void vias_of_usual_parts_are_stamped_as_any_other(void **state)
{
	static const char *const places[] = {"SIP/2.0/UDP 192.0.2.4",	  "SIP/2.0/UDP 192.0.2.4:5062",
					     "SIP/2.0/UDP 10.1.1.1:5060", "SIP/2.0/UDP pbx.example.net",
					     "SIP/2.0/UDP 192.0.2.4:5 ",  "SIP / 2.0 / UDP a"};
	static const char *const parameters[] = {"",
						 ";branch=z9hG4bKa",
						 ";rport",
						 ";RPort",
						 ";rport=7",
						 ";received=6.6.6.6",
						 ";x=1",
						 ";x=123",
						 ";rportx",
						 ";xport",
						 "; rport",
						 " ;rport",
						 ";branch=z9hG4bKa,SIP/2.0/UDP 10.1.1.2;rport"};
	char value[VALUE_BYTES_MAX];

	(void)state;
	for (size_t place = 0; place < COUNT(places); place++)
		for (size_t i = 0; i < COUNT(parameters) * COUNT(parameters) * COUNT(parameters); i++) {
			size_t second = i / COUNT(parameters), third = second / COUNT(parameters);
			snprintf(value, sizeof(value), "%s%s%s%s", places[place], parameters[i % COUNT(parameters)],
				 parameters[second % COUNT(parameters)], parameters[third]);
			if (value[strlen(value) - 1] != ' ') /* none of the value's own */
				check(value);
		}
	assert_true(stamped_count > 1000 && kept_count > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(vias_of_usual_parts_are_stamped_as_any_other)};

	guard_page_build(&guard, 4096);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
