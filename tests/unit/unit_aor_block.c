/*
 * All that is known of an address of record goes into one block and comes out of it again; and the wheel of ends gives
 * each block when its first binding ends, against a naive model.
 */
#include <stdlib.h>

#include "aor_block.h"
#include "aor_wheel.h"
#include "cmocka_all.h"
#include "random_source.h"
#include "registrar_rig.h"

#define NOW_S	    1800000000
#define TEXT_BYTES  64
#define WHEEL_MAX   200
#define WHEEL_TURNS 20000

static struct text_table *texts;
static struct location_table *location;

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal() || text_table_create(&texts) != STATUS_OK)
		return -1;
	return location_table_create(&location, 16, registrar_rig_dataplane());
}

static int tear_down(void **state)
{
	(void)state;
	location_table_free(location);
	text_table_free(texts);
	return 0;
}

/* ---- blocks ---- */

static char text_room[BINDINGS_PER_AOR_MAX][5][TEXT_BYTES];

static struct span make_text(uint32_t i, uint32_t which, const char *format, uint64_t number)
{
	char *text = text_room[i][which];
	snprintf(text, TEXT_BYTES, format, (unsigned long long)number);
	return span_of_text(text);
}

static struct net_address random_address(struct random_source *random)
{
	static const char *const addresses[] = {"192.0.2.7:5060", "203.0.113.9:40000", "[2001:db8::7]:5062", "[::]:0"};
	return registrar_rig_address(addresses[random_source_below(random, 4)]);
}

static struct binding_record random_binding(struct random_source *random, uint32_t i)
{
	struct binding_record record = {
		.contact = make_text(i, 0, "sip:c%llu@192.0.2.1", random_source_next(random)),
		.path = random_source_below(random, 2) ? make_text(i, 1, "<sip:p%llu;lr>", i) : (struct span){0},
		.call_id = make_text(i, 2, "%llu@h", random_source_next(random)),
		.instance = random_source_below(random, 2) ? make_text(i, 3, "\"<%llu>\"", i) : (struct span){0},
		.user_agent = make_text(i, 4, "agent %llu", random_source_below(random, 3)),
		.received = random_address(random),
		.local = random_address(random),
		.next_hop = random_address(random),
		.registered_unix_s = NOW_S - random_source_below(random, 1000),
		.expires_unix_s = NOW_S + random_source_below(random, 1000),
		.seen_unix_s = NOW_S - random_source_below(random, 1000),
		.store_row = (int64_t)random_source_next(random) >> 1,
		.cseq = (uint32_t)random_source_next(random),
		.pings_unanswered = random_source_below(random, UINT16_MAX + 1),
		.ping = (uint32_t)random_source_next(random),
		.interface = (uint16_t)random_source_below(random, UINT16_MAX + 1),
		.q = (uint16_t)random_source_below(random, 1001),
		.behind_nat = random_source_below(random, 2),
	};
	record.received.transport = (uint8_t)random_source_below(random, 3);
	record.local.transport = (uint8_t)random_source_below(random, 3);
	record.next_hop.transport = (uint8_t)random_source_below(random, 3);
	if (random_source_below(random, 2))
		record.received = record.next_hop;
	return record;
}

static void assert_same_binding(const struct binding_record *a, const struct binding_record *b)
{
	assert_span_equal(a->contact, b->contact);
	assert_span_equal(a->path, b->path);
	assert_span_equal(a->call_id, b->call_id);
	assert_span_equal(a->instance, b->instance);
	assert_span_equal(a->user_agent, b->user_agent);
	assert_memory_equal(&a->received, &b->received, sizeof(a->received));
	assert_memory_equal(&a->local, &b->local, sizeof(a->local));
	assert_memory_equal(&a->next_hop, &b->next_hop, sizeof(a->next_hop));
	assert_int_equal(a->registered_unix_s, b->registered_unix_s);
	assert_int_equal(a->expires_unix_s, b->expires_unix_s);
	assert_int_equal(a->seen_unix_s, b->seen_unix_s);
	assert_int_equal(a->store_row, b->store_row);
	assert_int_equal(a->cseq, b->cseq);
	assert_int_equal(a->pings_unanswered, b->pings_unanswered);
	assert_int_equal(a->ping, b->ping);
	assert_int_equal(a->interface, b->interface);
	assert_int_equal(a->q, b->q);
	assert_int_equal(a->behind_nat, b->behind_nat);
}

static void what_goes_in_comes_out(void **state)
{
	struct random_source random = random_source_of(34);
	const struct aor_name aor = {.key = "0123456789abcde",
				     .name = SPAN_LITERAL("pbx@strange"),
				     .domain = SPAN_LITERAL("acme.example.net"),
				     .company_id = 0xfedcba9876543210};
	static struct binding_list list, read;
	(void)state;
	for (uint32_t turn = 0; turn < 2000; turn++) {
		char text[AOR_BYTES_MAX];
		list.count = turn % (BINDINGS_PER_AOR_MAX + 1);
		for (uint32_t i = 0; i < list.count; i++)
			list.binding[i] = random_binding(&random, i);
		struct binding_set *set = aor_block_make(&aor, &list, texts, location, NOW_S);
		aor_block_read(&read, set, texts);
		assert_int_equal(read.count, list.count);
		for (uint32_t i = 0; i < list.count; i++) {
			struct binding_record one;
			assert_same_binding(&read.binding[i], &list.binding[i]);
			aor_block_read_binding(&one, set, i, texts);
			assert_same_binding(&one, &list.binding[i]);
			assert_int_equal(aor_block_find_contact(set, list.binding[i].contact), i);
			/* What lcores see of it: where it came in counts only for the way back to where it came from.
			 */
			assert_int_equal(set->binding[i].has_entry,
					 net_address_same_ip(&list.binding[i].received, &list.binding[i].next_hop));
		}
		assert_int_equal(aor_block_find_contact(set, SPAN_LITERAL("sip:none")), list.count);
		assert_span_equal(aor_block_write_aor(text, set, texts), SPAN_LITERAL("pbx@strange@acme.example.net"));
		struct aor_name named = aor_block_name(set, texts);
		assert_memory_equal(named.key, aor.key, AOR_KEY_BYTES);
		assert_int_equal(named.company_id, aor.company_id);
		assert_in_range(text_table_count(texts), 1, 4);
		aor_block_free(set, texts);
		assert_int_equal(text_table_count(texts), 0);
	}
}

/* The usual phone behind NAT, of a carrier: what a million of them take is a million times this (and two pointers). */
static void a_usual_binding_is_small(void **state)
{
	const struct aor_name aor = {.name = SPAN_LITERAL("phone-217"), .domain = SPAN_LITERAL("acme.example.net")};
	static struct binding_list list;
	(void)state;
	list.count = 1;
	list.binding[0] = (struct binding_record){
		.contact = SPAN_LITERAL("sip:phone-217@192.0.2.17:5060;ob"),
		.call_id = SPAN_LITERAL("2b8d4f70-6a1c-4e93-b5d2-00000000a5d2"),
		.user_agent = SPAN_LITERAL("Yealink SIP-T46S 66.86.0.15"),
		.received = registrar_rig_address("203.0.113.9:40000"),
		.local = registrar_rig_address("198.51.100.1:5060"),
		.next_hop = registrar_rig_address("203.0.113.9:40000"),
		.behind_nat = true,
	};
	struct binding_set *set = aor_block_make(&aor, &list, texts, location, NOW_S);
	assert_int_equal(set->bytes, 136 + 9 + 32 + 36);
	aor_block_free(set, texts);
}

static void texts_that_are_too_long_are_not_taken(void **state)
{
	static char long_text[UINT16_MAX + 1];
	struct aor_name aor = {.name = SPAN_LITERAL("pbx")};
	struct binding_record fine = {.contact = SPAN_LITERAL("sip:a@h")}, binding;
	(void)state;
	assert_true(aor_block_takes(&aor, &fine));
	for (uint32_t i = 0; i < 2; i++) {
		binding = fine;
		binding.contact = span_make(long_text, LOCATION_CONTACT_BYTES_MAX + i);
		assert_int_equal(aor_block_takes(&aor, &binding), !i);
		binding = fine;
		binding.path = span_make(long_text, LOCATION_PATH_BYTES_MAX + i);
		assert_int_equal(aor_block_takes(&aor, &binding), !i);
		binding = fine;
		binding.call_id = span_make(long_text, UINT16_MAX + i);
		assert_int_equal(aor_block_takes(&aor, &binding), !i);
		binding = fine;
		binding.instance = span_make(long_text, UINT16_MAX + i);
		assert_int_equal(aor_block_takes(&aor, &binding), !i);
		aor.domain = span_make(long_text, AOR_BYTES_MAX - 1 - aor.name.length + i);
		assert_int_equal(aor_block_takes(&aor, &fine), !i);
		aor.domain = (struct span){0};
	}
}

/* ---- the wheel ---- */

static struct binding_set *make_ending(int64_t end_unix_s)
{
	const struct aor_name aor = {.name = SPAN_LITERAL("pbx")};
	static struct binding_list list;
	list.count = 2;
	list.binding[0] = (struct binding_record){.contact = SPAN_LITERAL("sip:a@h"), .expires_unix_s = end_unix_s + 7};
	list.binding[1] = (struct binding_record){.contact = SPAN_LITERAL("sip:b@h"), .expires_unix_s = end_unix_s};
	return aor_block_make(&aor, &list, texts, location, NOW_S);
}

static void each_comes_when_it_ends(void **state)
{
	static struct aor_wheel wheel;
	static struct binding_set *set[WHEEL_MAX]; /* NULL: not in the wheel */
	struct random_source random = random_source_of(8192);
	int64_t now_unix_s = NOW_S;
	uint32_t taken = 0;
	(void)state;
	aor_wheel_init(&wheel, now_unix_s);
	for (uint32_t turn = 0; turn < WHEEL_TURNS; turn++) {
		uint32_t i = random_source_below(&random, WHEEL_MAX);
		if (set[i]) {
			aor_wheel_leave(set[i]);
			aor_wheel_leave(set[i]); /* once more does no harm */
			aor_block_free(set[i], texts);
			set[i] = NULL;
		} else {
			/* Also some that end in the past, and some in a later turn of the wheel. */
			set[i] = make_ending(now_unix_s - 10 + random_source_below(&random, 3 * AOR_WHEEL_SLOTS));
			aor_wheel_enter(&wheel, set[i]);
		}
		if (turn % 10)
			continue;
		now_unix_s += random_source_below(&random, turn % 1000 ? 60 : 2 * AOR_WHEEL_SLOTS);
		struct binding_set *ended;
		while ((ended = aor_wheel_take_ended(&wheel, now_unix_s))) {
			assert_true(aor_block_first_end(ended) <= now_unix_s);
			for (i = 0; set[i] != ended; i++)
				assert_in_range(i, 0, WHEEL_MAX - 2);
			aor_block_free(ended, texts);
			set[i] = NULL;
			taken++;
		}
		for (i = 0; i < WHEEL_MAX; i++)
			assert_true(!set[i] || aor_block_first_end(set[i]) > now_unix_s);
	}
	assert_true(taken > WHEEL_MAX);
	for (uint32_t i = 0; i < WHEEL_MAX; i++)
		aor_block_free(set[i], texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_goes_in_comes_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_usual_binding_is_small, set_up, tear_down),
		cmocka_unit_test_setup_teardown(texts_that_are_too_long_are_not_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_comes_when_it_ends, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
