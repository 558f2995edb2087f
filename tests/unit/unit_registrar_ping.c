/*
 * R35: pings of bindings behind NAT, and the way back: rings -> punt reader -> registrar.
 */
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "cmocka_all.h"
#include "punt_reader.h"
#include "random_source.h"
#include "registrar_ping.h"
#include "registrar_rig.h"

#define NAT_SOURCE "203.0.113.9:40000"

static struct registrar_rig rig;

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	registrar_rig_open(&rig);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	registrar_rig_close(&rig);
	registrar_rig_remove_state(&rig);
	return 0;
}

static void register_pbx(uint32_t cseq, const char *contact, const char *source)
{
	char text[2048];
	snprintf(text, sizeof(text),
		 "REGISTER sip:acme.example.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9hG4bK1\r\n"
		 "From: <sip:pbx@acme.example.net>;tag=1\r\nTo: <sip:pbx@acme.example.net>\r\nCall-ID: c\r\n"
		 "CSeq: %u REGISTER\r\n%sContent-Length: 0\r\n\r\n",
		 cseq, contact);
	assert_int_equal(registrar_rig_register(&rig, "pbx", source, text), 200);
}

/* One whole turn. Result: pings. */
static uint32_t turn(void)
{
	uint32_t pings = 0;
	for (uint32_t i = 0; i < PING_SLOTS; i++) {
		registrar_ping(rig.registrar);
		while (registrar_rig_receive(&rig).length)
			pings++;
	}
	return pings;
}

static void r35_options_from_the_same_address_every_30_s(void **state)
{
	(void)state;
	assert_int_equal(PING_SLOTS * PING_TICK_MS, 30000);
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060;line=1?Subject=x>\r\n", NAT_SOURCE);
	assert_int_equal(turn(), 1);
	assert_int_equal(turn(), 1);
	assert_non_null(strstr(rig.answer, "OPTIONS sip:pbx@10.0.0.5:5060;line=1 SIP/2.0\r\n"));
	assert_non_null(strstr(rig.answer, "Via: SIP/2.0/UDP 198.51.100.1:5060;rport;branch=z9hG4bKping"));
	assert_non_null(strstr(rig.answer, "CSeq: 2 OPTIONS\r\n"));
	struct net_address peer = registrar_rig_address(NAT_SOURCE), local = registrar_rig_address("198.51.100.1:5060");
	assert_true(net_address_equals(&rig.answer_punt.peer, &peer));
	assert_true(net_address_equals(&rig.answer_punt.local, &local));
	assert_int_equal(rig.answer_punt.interface, 1);
}

static void r35_ends_with_the_binding(void **state)
{
	(void)state;
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", NAT_SOURCE);
	register_pbx(2, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", NAT_SOURCE);
	assert_int_equal(turn(), 1); /* a refreshed binding is pinged once, not twice */
	register_pbx(3, "Contact: <sip:pbx@10.0.0.5:5060>;expires=0\r\n", NAT_SOURCE);
	assert_int_equal(turn(), 0);
	assert_int_equal(registrar_counts(rig.registrar).behind_nat, 0);
}

static void r35_without_nat_no_ping(void **state)
{
	(void)state;
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", "10.0.0.5:5060");
	assert_int_equal(turn(), 0);
}

static void r35_pings_go_on_after_a_restart(void **state)
{
	(void)state;
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", NAT_SOURCE);
	registrar_rig_restart(&rig);
	assert_int_equal(turn(), 1);
}

static void pings_are_spread(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 10; i++) {
		char contact[64];
		snprintf(contact, sizeof(contact), "Contact: <sip:c%u@10.0.0.5>\r\n", i);
		register_pbx(i, contact, NAT_SOURCE);
	}
	for (uint32_t i = 0; i < PING_SLOTS; i++) {
		uint32_t pings = 0;
		registrar_ping(rig.registrar);
		while (registrar_rig_receive(&rig).length)
			pings++;
		assert_in_range(pings, 0, 1);
	}
	assert_int_equal(registrar_counts(rig.registrar).pings_sent, 10);
}

static bool keep_listed(void *argument, const struct registrar_listed *listed)
{
	*(struct registrar_listed *)argument = *listed;
	return true;
}

/* As an lcore does. */
static void punt(enum punt_kind kind, struct span payload)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig.dataplane->pool);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)payload.length), payload.at, payload.length);
	*(struct punt *)rte_mbuf_to_priv(mbuf) = (struct punt){.kind = (uint8_t)kind};
	assert_int_equal(rte_ring_enqueue(rig.dataplane->punt[0], mbuf), 0);
}

static uint32_t failures_taken, kernel_sends_taken;

static void take_failure(void *guard, const struct ban_key *key)
{
	(void)guard;
	failures_taken += key->ip[15];
}

static void send_by_kernel(void *kernel, const struct punt *message, struct span payload)
{
	(void)kernel, (void)message;
	kernel_sends_taken += payload.length;
}

static void answers_are_counted_whatever_their_status(void **state)
{
	struct registrar_listed listed;
	struct punt_reader *reader;
	char answer[2048];
	(void)state;
	struct punt_handlers handlers = {
		.registrar = rig.registrar,
		.take_register = registrar_take,
		.take_ping_answer = registrar_take_ping_answer,
	};
	assert_int_equal(punt_reader_create(&reader, rig.dataplane, NULL, &handlers), STATUS_OK);
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", NAT_SOURCE);
	turn();
	registrar_list(rig.registrar, keep_listed, &listed);
	assert_int_equal(listed.pings_unanswered, 1);
	const char *via = strstr(rig.answer, "Via: ");
	snprintf(answer, sizeof(answer), "SIP/2.0 404 Not Found\r\n%s", via);
	registrar_rig_now_s += 5;
	punt(PUNT_PING_ANSWER, span_of_text(answer));
	assert_int_equal(punt_reader_poll(reader), 1);
	registrar_list(rig.registrar, keep_listed, &listed);
	assert_int_equal(listed.pings_unanswered, 0);
	assert_int_equal(listed.seen_unix_s, registrar_rig_now_s);
	assert_int_equal(registrar_counts(rig.registrar).pings_answered, 1);
	/* Guessed or old branches are nothing. */
	punt(PUNT_PING_ANSWER,
	     SPAN_LITERAL("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKping000000000000000000000000\r\n\r\n"));
	punt(PUNT_PING_ANSWER,
	     SPAN_LITERAL("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKpingffffffff0000\r\n\r\n"));
	punt(PUNT_PING_ANSWER, SPAN_LITERAL(""));
	assert_int_equal(punt_reader_poll(reader), 3);
	assert_int_equal(registrar_counts(rig.registrar).ping_answers_unknown, 3);
	punt_reader_free(reader);
}

static bool note_listed(void *argument, const struct registrar_listed *listed)
{
	struct registrar_listed *first = argument;
	if (span_equals(listed->contact, SPAN_LITERAL("sip:a@10.0.0.5:5060")))
		*first = *listed;
	return true;
}

/* What is known of one contact stays when another one comes, and what was on its way is still an answer. */
static void r35_pings_go_on_when_another_contact_comes(void **state)
{
	struct registrar_listed listed = {0};
	char answer[2048];
	(void)state;
	register_pbx(1, "Contact: <sip:a@10.0.0.5:5060>\r\n", NAT_SOURCE);
	assert_int_equal(turn(), 1);
	snprintf(answer, sizeof(answer), "SIP/2.0 200 OK\r\n%s", strstr(rig.answer, "Via: "));
	registrar_rig_now_s += 5;
	register_pbx(2, "Contact: <sip:b@10.0.0.5:5060>;q=0.9\r\n", NAT_SOURCE);
	registrar_list(rig.registrar, note_listed, &listed);
	assert_int_equal(listed.pings_unanswered, 1);
	registrar_take_ping_answer(rig.registrar, NULL, span_of_text(answer));
	registrar_list(rig.registrar, note_listed, &listed);
	assert_int_equal(listed.pings_unanswered, 0);
	assert_int_equal(listed.seen_unix_s, registrar_rig_now_s);
	assert_int_equal(turn(), 2);
	/* The binding of the next REGISTER is another one. */
	register_pbx(3, "Contact: <sip:a@10.0.0.5:5060>\r\n", NAT_SOURCE);
	registrar_take_ping_answer(rig.registrar, NULL, span_of_text(answer));
	assert_int_equal(registrar_counts(rig.registrar).pings_answered, 1);
	assert_int_equal(registrar_counts(rig.registrar).ping_answers_unknown, 1);
	assert_int_equal(turn(), 2);
}

/* ---- the pinger alone, against a model ---- */

#define PINGED 1000

static uint32_t due[PINGED];

static void count_due(void *argument, struct binding_set *set, uint32_t index)
{
	(void)argument;
	assert_int_equal(index, 0);
	due[set->binding[0].q]++;
}

static void each_is_due_once_a_turn(void **state)
{
	static struct binding_set *set[PINGED];
	static const struct aor_name aor = {.name = {"pbx", 3}};
	struct random_source random = random_source_of(30);
	struct registrar_pinger *pinger;
	struct text_table *texts;
	uint32_t pinged = 0;
	(void)state;
	assert_int_equal(text_table_create(&texts), STATUS_OK);
	assert_int_equal(registrar_ping_create(&pinger), STATUS_OK);
	for (uint32_t i = 0; i < PINGED; i++) {
		static struct binding_list list = {.count = 1};
		list.binding[0] = (struct binding_record){.contact = SPAN_LITERAL("sip:a@h"), .q = (uint16_t)i};
		set[i] = aor_block_make(&aor, &list, texts, rig.location, registrar_rig_now_s);
	}
	for (uint32_t round = 0; round < 40; round++) {
		for (uint32_t change = 0; change < 400; change++) {
			uint32_t i = random_source_below(&random, PINGED);
			struct binding_keep *keep = aor_block_binding_keep(set[i], 0);
			if (keep->ping) {
				registrar_ping_remove(pinger, keep->ping);
				keep->ping = 0;
				pinged--;
			} else {
				assert_true(registrar_ping_add(pinger, set[i], 0));
				pinged++;
			}
		}
		assert_int_equal(registrar_ping_count(pinger), pinged);
		memset(due, 0, sizeof(due));
		for (uint32_t i = 0; i < PING_SLOTS; i++)
			registrar_ping_tick(pinger, count_due, NULL);
		for (uint32_t i = 0; i < PINGED; i++)
			assert_int_equal(due[i], aor_block_binding_keep(set[i], 0)->ping != 0);
	}
	for (uint32_t i = 0; i < PINGED; i++)
		aor_block_free(set[i], texts);
	registrar_ping_free(pinger);
	text_table_free(texts);
}

static void no_answer_removes_nothing(void **state)
{
	(void)state;
	register_pbx(1, "Contact: <sip:pbx@10.0.0.5:5060>\r\n", NAT_SOURCE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(turn(), 1);
	assert_int_equal(registrar_rig_find(&rig, "pbx")->count, 1);
}

static void reader_hands_over_and_frees(void **state)
{
	struct punt_reader *reader;
	(void)state;
	struct punt_handlers handlers = {.send_by_kernel = send_by_kernel, .take_failure = take_failure};
	unsigned int free_before = rte_mempool_avail_count(rig.dataplane->pool);
	assert_int_equal(punt_reader_create(&reader, rig.dataplane, NULL, &handlers), STATUS_OK);
	punt(PUNT_KERNEL_SEND, SPAN_LITERAL("seven b"));
	punt(PUNT_REGISTER, SPAN_LITERAL("nobody takes it"));
	punt(PUNT_SEND, SPAN_LITERAL("not for us"));
	for (int i = 0; i < 100; i++) {
		struct auth_failure failure = {.key.ip = {[15] = 1}};
		assert_int_equal(rte_ring_enqueue_elem(rig.dataplane->auth_failure[0], &failure, sizeof(failure)), 0);
	}
	assert_int_equal(punt_reader_poll(reader), 103);
	assert_int_equal(failures_taken, 100);
	assert_int_equal(kernel_sends_taken, 7);
	assert_int_equal(punt_reader_counts(reader).unhandled, 2);
	assert_int_equal(rte_mempool_avail_count(rig.dataplane->pool), free_before);
	punt_reader_free(reader);
}

static void full_ring_loses_and_counts(void **state)
{
	struct reinject_path path = {0};
	(void)state;
	uint32_t sent = 0;
	unsigned int free_before = rte_mempool_avail_count(rig.dataplane->pool);
	while (reinject_send(rig.reinject, &path, SPAN_LITERAL("x")))
		sent++;
	assert_int_equal(sent, 1023);
	assert_int_equal(reinject_counts(rig.reinject).ring_full, 1);
	while (registrar_rig_receive(&rig).length)
		;
	assert_int_equal(rte_mempool_avail_count(rig.dataplane->pool), free_before);
	assert_false(reinject_send(rig.reinject, &path, span_make(rig.answer, UINT16_MAX - 7)));
	assert_int_equal(reinject_counts(rig.reinject).too_large, 1);
}

/* What does not fit a small buffer takes a large one, with room for the UDP header in front. */
static void large_message_takes_a_large_buffer(void **state)
{
	struct reinject_path path = {0};
	static char message[UINT16_MAX - 8];
	struct rte_mbuf *mbuf;
	(void)state;

	memset(message, 'a', sizeof(message));
	assert_true(reinject_send(rig.reinject, &path, span_make(message, sizeof(message))));
	assert_int_equal(rte_ring_dequeue(rig.dataplane->reinject[0], (void **)&mbuf), 0);
	assert_ptr_equal(mbuf->pool, rig.dataplane->large_pool);
	assert_int_equal(rte_pktmbuf_data_len(mbuf), sizeof(message));
	assert_memory_equal(rte_pktmbuf_mtod(mbuf, char *), message, sizeof(message));
	assert_int_equal(rte_pktmbuf_headroom(mbuf), 8);
	rte_pktmbuf_free(mbuf);
}

static void punts_are_looked_at_the_later_the_fewer_there_are(void **state)
{
	(void)state;
	assert_int_equal(punt_reader_interval(1000, 0), 2000);
	assert_int_equal(punt_reader_interval(2000, 31), 4000);
	assert_int_equal(punt_reader_interval(4000, 1), 5000); /* so long at most */
	assert_int_equal(punt_reader_interval(5000, 0), 5000);
	assert_int_equal(punt_reader_interval(3000, 32), 3000);
	assert_int_equal(punt_reader_interval(3000, 127), 3000);
	assert_int_equal(punt_reader_interval(5000, 128), 2500);
	assert_int_equal(punt_reader_interval(1250, 1024), 1000); /* so long at least */
	assert_int_equal(punt_reader_interval(1000, 1024), 1000);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(r35_options_from_the_same_address_every_30_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r35_ends_with_the_binding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r35_without_nat_no_ping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r35_pings_go_on_after_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pings_are_spread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(answers_are_counted_whatever_their_status, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r35_pings_go_on_when_another_contact_comes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_is_due_once_a_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_answer_removes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reader_hands_over_and_frees, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_ring_loses_and_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_message_takes_a_large_buffer, set_up, tear_down),
		cmocka_unit_test(punts_are_looked_at_the_later_the_fewer_there_are),
	};
	return cmocka_run_group_tests(cases, NULL, NULL);
}
