#include "cmocka_all.h"

#include "message_parse.h"
#include "own_address.h"
#include "uri_parse.h"
#include "worker.h"

#define ADDRESSES 6 /* more than are remembered */

static struct worker worker;
static struct snapshot snapshot;
static struct wire wire, other_wire;
static struct wire_interface interfaces[ADDRESSES];
static const char *const texts[ADDRESSES] = {"192.0.2.1", "192.0.2.10", "[2001:db8::1]",
					     "10.0.0.1",  "192.0.2.2",	"[2001:db8:1111:2222:3333:4444:5555:6666]"};
static const uint16_t ports[ADDRESSES] = {5060, 5060, 5060, 5061, 65535, 65535};

static int set_up(void **state)
{
	(void)state;
	memset(&worker, 0, sizeof(worker));
	memset(interfaces, 0, sizeof(interfaces));
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		interfaces[i].sip_port = ports[i];
		interfaces[i].address_count = 1;
		assert_true(uri_parse_ip(interfaces[i].address[0], span_of_text(texts[i])));
	}
	wire = other_wire = (struct wire){.interface = interfaces, .interface_count = ADDRESSES};
	snapshot = (struct snapshot){.wire = &wire, .generation = 1};
	worker.snapshot = &snapshot;
	return 0;
}

static const struct own_address *of_hop(uint32_t i)
{
	struct wire_hop hop = {.interface = &interfaces[i]};

	memcpy(hop.source, interfaces[i].address[0], sizeof(hop.source));
	return own_address_of_hop(&worker, &hop);
}

static bool is_via(const char *sent_by)
{
	static struct sip_message message;
	char text[256];

	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
		 "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n",
		 sent_by);
	assert_int_equal(message_parse(&message, span_of_text(text)), REASON_NONE);
	return own_address_is_via(&worker, &message);
}

static uint32_t begins(const char *route)
{
	return own_address_begins_route(&worker, span_of_text(route));
}

static void lines_are_as_they_are_sent(void **state)
{
	char via[128], route[128], text[64];

	(void)state;
	for (uint32_t i = 0; i < 4 * ADDRESSES; i++) {
		uint32_t which = i * 5 % ADDRESSES;
		const struct own_address *own = of_hop(which);
		snprintf(text, sizeof(text), "%s:%u", texts[which], ports[which]);
		snprintf(via, sizeof(via), "Via: SIP/2.0/UDP %s;branch=", text);
		snprintf(route, sizeof(route), "Record-Route: <sip:%s;lr;c=", text);
		assert_span_equal(own_address_text(own), span_of_text(text));
		assert_span_equal(span_make(own->via, own->via_length), span_of_text(via));
		assert_span_equal(span_make(own->record_route, own->record_route_length), span_of_text(route));
		assert_int_equal(begins(route + strlen("Record-Route: ")), strlen(route) - strlen("Record-Route: "));
		assert_true(is_via(text));
		assert_ptr_equal(of_hop(which), own); /* remembered */
	}
}

static void only_the_very_words_are_ours(void **state)
{
	static const char *const others[] = {
		"",
		"<sip:192.0.2.1:5060;lr;c",
		"<sip:192.0.2.1:5060;c=abc;lr>",
		"<sip:192.0.2.1:5061;lr;c=abc>",
		"<sip:192.0.2.10:5060;lr;c=abc>",
		"<sip:192.0.2.1;lr;c=abc>",
		"<SIP:192.0.2.1:5060;lr;c=abc>",
		" <sip:192.0.2.1:5060;lr;c=abc>",
		"\"x\" <sip:192.0.2.1:5060;lr;c=abc>",
		"<sip:192.0.2.3:5060;lr;c=abc>",
	};

	(void)state;
	assert_int_equal(begins("<sip:192.0.2.1:5060;lr;c=abc>"), 0);
	assert_false(is_via("192.0.2.1:5060"));
	of_hop(0);
	assert_int_equal(begins("<sip:192.0.2.1:5060;lr;c=abc>"), strlen("<sip:192.0.2.1:5060;lr;c="));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(begins(others[i]), 0);
	assert_true(is_via("192.0.2.1:5060"));
	assert_false(is_via("192.0.2.1:5061"));
	assert_false(is_via("192.0.2.1"));
	assert_false(is_via("192.0.2.10:5060"));
	assert_false(is_via("92.0.2.1:5060"));
}

/* The kernel may name a source that is no address of an interface of ours, or of one with another port. */
static void what_is_not_ours_is_only_written(void **state)
{
	struct wire_hop hop = {.interface = &interfaces[3]};

	(void)state;
	memcpy(hop.source, interfaces[0].address[0], sizeof(hop.source));
	assert_span_equal(own_address_text(own_address_of_hop(&worker, &hop)), SPAN_LITERAL("192.0.2.1:5061"));
	assert_int_equal(begins("<sip:192.0.2.1:5061;lr;c=abc>"), 0);
	assert_false(is_via("192.0.2.1:5061"));
	assert_true(uri_parse_ip(hop.source, SPAN_LITERAL("192.0.2.99")));
	assert_span_equal(own_address_text(own_address_of_hop(&worker, &hop)), SPAN_LITERAL("192.0.2.99:5061"));
	assert_int_equal(begins("<sip:192.0.2.99:5061;lr;c=abc>"), 0);
	assert_false(is_via("192.0.2.99:5061"));
}

/* An address may be another's from then on. */
static void another_snapshot_forgets(void **state)
{
	(void)state;
	of_hop(0);
	assert_true(is_via("192.0.2.1:5060"));
	snapshot.generation = 2;
	assert_false(is_via("192.0.2.1:5060"));
	assert_int_equal(begins("<sip:192.0.2.1:5060;lr;c=abc>"), 0);
	of_hop(0);
	assert_true(is_via("192.0.2.1:5060"));
	snapshot.wire = &other_wire;
	assert_false(is_via("192.0.2.1:5060"));
	interfaces[0].sip_port = 5070;
	assert_span_equal(own_address_text(of_hop(0)), SPAN_LITERAL("192.0.2.1:5070"));
	assert_false(is_via("192.0.2.1:5060"));
	assert_true(is_via("192.0.2.1:5070"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_are_as_they_are_sent, set_up),
		cmocka_unit_test_setup(only_the_very_words_are_ours, set_up),
		cmocka_unit_test_setup(what_is_not_ours_is_only_written, set_up),
		cmocka_unit_test_setup(another_snapshot_forgets, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
