/*
 * The store of registrations is a log (binding_store.h): whatever happens to bindings, what a restart reads out of it
 * is what was there, and it does not grow with what happened.
 */
#include <stdlib.h>

#include <sqlite3.h>

#include "binding_store.h"
#include "cmocka_all.h"
#include "random_source.h"
#include "registrar_rig.h"

#define CONTACTS 8
#define SOURCE	 "192.0.2.10:5060"

static struct registrar_rig rig;
static int64_t end_unix_s[CONTACTS]; /* of what the model has registered; 0: nothing */

static int set_up(void **state)
{
	(void)state;
	if (!registrar_rig_start_eal())
		return -1;
	registrar_rig_open(&rig);
	memset(end_unix_s, 0, sizeof(end_unix_s));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	registrar_rig_close(&rig);
	registrar_rig_remove_state(&rig);
	return 0;
}

static int send_request(uint32_t cseq, const char *contacts)
{
	char text[4096];
	snprintf(text, sizeof(text),
		 "REGISTER sip:" RIG_DOMAIN " SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK%u\r\n"
		 "From: <sip:pbx@" RIG_DOMAIN ">;tag=f1\r\n"
		 "To: <sip:pbx@" RIG_DOMAIN ">\r\n"
		 "Call-ID: call-1\r\n"
		 "CSeq: %u REGISTER\r\n"
		 "%s"
		 "Content-Length: 0\r\n\r\n",
		 cseq, cseq, contacts);
	return registrar_rig_register(&rig, "pbx", SOURCE, text);
}

/* Some of the contacts are registered, for some time, or removed. */
static void change_some(struct random_source *random, uint32_t cseq)
{
	char lines[2048] = "";
	size_t length = 0;
	for (uint32_t i = 0; i < CONTACTS; i++) {
		uint32_t expires_s = random_source_below(random, 4) ? 60 + random_source_below(random, 600) : 0;
		if (random_source_below(random, 2))
			continue;
		length += (size_t)snprintf(lines + length, sizeof(lines) - length,
					   "Contact: <sip:c%u@192.0.2.10>;expires=%u\r\n", i, expires_s);
		end_unix_s[i] = expires_s ? registrar_rig_now_s + expires_s : 0;
	}
	assert_int_equal(send_request(cseq, lines), 200);
}

static void assert_is_as_modelled(void)
{
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	uint32_t expected = 0;
	for (uint32_t i = 0; i < CONTACTS; i++) {
		char contact[32];
		uint32_t place = 0;
		if (end_unix_s[i] <= registrar_rig_now_s)
			continue;
		expected++;
		snprintf(contact, sizeof(contact), "sip:c%u@192.0.2.10", i);
		while (set && place < set->count &&
		       !span_equals(binding_contact(&set->binding[place]), span_of_text(contact)))
			place++;
		assert_true(set && place < set->count);
	}
	assert_int_equal(set ? set->count : 0, expected);
	assert_int_equal(registrar_counts(rig.registrar).bindings, expected);
}

static int64_t count_rows(void)
{
	char path[128];
	sqlite3 *database;
	sqlite3_stmt *statement;
	snprintf(path, sizeof(path), "%s/bindings.db", rig.state_dir);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(database, "SELECT count(*) FROM binding", -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t rows = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return rows;
}

static void r36_the_log_gives_back_what_was_there(void **state)
{
	struct random_source random = random_source_of(36);
	(void)state;
	for (uint32_t i = 1; i <= 3000; i++) {
		change_some(&random, i);
		registrar_rig_now_s += random_source_below(&random, 90);
		registrar_expire(rig.registrar);
		assert_is_as_modelled();
		if (random_source_below(&random, 200) == 0) {
			registrar_rig_restart(&rig);
			assert_is_as_modelled();
		}
	}
	/* About 12,000 changes: without cleaning, as many rows. */
	assert_true(count_rows() < 6 * BINDING_STORE_CLEAN_ROWS);
	registrar_rig_restart(&rig);
	assert_is_as_modelled();
}

/* A contact that is registered once and for long, while others come and go, moves along. */
static void r36_a_quiet_binding_outlives_the_cleaning(void **state)
{
	(void)state;
	assert_int_equal(send_request(1, "Contact: <sip:c0@192.0.2.10>;expires=7200;q=0.7\r\n"), 200);
	for (uint32_t i = 2; i < 3 + 5 * BINDING_STORE_CLEAN_ROWS; i++)
		assert_int_equal(send_request(i, "Contact: <sip:c1@192.0.2.10>;expires=60\r\n"), 200);
	assert_true(count_rows() < 5 * BINDING_STORE_CLEAN_ROWS);
	registrar_rig_restart(&rig);
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	assert_int_equal(set->count, 2);
	assert_span_equal(binding_contact(&set->binding[1]), SPAN_LITERAL("sip:c0@192.0.2.10"));
	assert_int_equal(set->binding[1].q, 700);
}

/* One that was removed does not come back because an older row of it is still there. */
static void r36_a_removed_binding_stays_removed(void **state)
{
	(void)state;
	assert_int_equal(send_request(1, "Contact: <sip:c0@192.0.2.10>;expires=7200\r\n"), 200);
	assert_int_equal(send_request(2, "Contact: <sip:c0@192.0.2.10>;expires=0\r\n"), 200);
	assert_int_equal(count_rows(), 2);
	registrar_rig_restart(&rig);
	assert_null(registrar_rig_find(&rig, "pbx"));
	assert_int_equal(registrar_counts(rig.registrar).bindings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(r36_the_log_gives_back_what_was_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r36_a_quiet_binding_outlives_the_cleaning, set_up, tear_down),
		cmocka_unit_test_setup_teardown(r36_a_removed_binding_stays_removed, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
