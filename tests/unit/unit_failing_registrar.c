/* Memory ends anywhere in the registrar, in libosip2 and SQLite too: each request undoes itself, nothing leaks. */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "cmocka_all.h"
#include "failing_allocator.h"
#include "failing_walk.h"
#include "registrar_rig.h"

/* One REGISTER, with what is bound before it and what must be bound after it was answered 200. */
struct request {
	const char *before; /* a message that registers, or NULL: nothing is bound */
	const char *message;
	uint32_t bound; /* after a 200 */
	int status;
};

static struct registrar_rig rig;

#define HEAD(cseq)                                                                                                     \
	"REGISTER sip:acme.example.net SIP/2.0\r\n"                                                                    \
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK" cseq ";rport\r\n"                                            \
	"From: <sip:pbx@acme.example.net>;tag=a\r\n"                                                                   \
	"To: \"The PBX\" <sip:pbx@acme.example.net>\r\n"                                                               \
	"Call-ID: one@192.0.2.10\r\n"                                                                                  \
	"CSeq: " cseq " REGISTER\r\n"                                                                                  \
	"User-Agent: unit\r\n"
#define END "Content-Length: 0\r\n\r\n"

static const char first[] = HEAD("1") "Contact: <sip:pbx@192.0.2.10:5060;x=y>;expires=600;q=0.7\r\n" END;
static const char refresh[] = HEAD("2") "Contact: <sip:pbx@192.0.2.10:5060;x=y>;expires=900\r\n" END;
static const char second[] =
	HEAD("2") "Contact: <sip:pbx@10.0.0.1:5060>;+sip.instance=\"<urn:x>\", <sip:b@10.0.0.2>\r\n"
		  "Path: <sip:192.0.2.99;lr>\r\nSupported: path\r\n" END;
static const char removal[] = HEAD("2") "Contact: <sip:pbx@192.0.2.10:5060;x=y>;expires=0\r\n" END;
static const char star[] = HEAD("2") "Contact: *\r\nExpires: 0\r\n" END;
static const char query[] = HEAD("2") END;

static uint32_t bound_now(void)
{
	const struct binding_set *set = registrar_rig_find(&rig, "pbx");
	return set ? set->count : 0;
}

static bool count_listed(void *argument, const struct registrar_listed *listed)
{
	(void)listed;
	(*(uint32_t *)argument)++;
	return true;
}

/* What the registrar itself holds. */
static uint32_t listed_now(void)
{
	uint32_t count = 0;
	registrar_list(rig.registrar, count_listed, &count);
	return count;
}

/* Whatever there is goes, with another Call-ID so that no order of requests stands in the way. */
static void remove_all(void)
{
	static const char all[] = "REGISTER sip:acme.example.net SIP/2.0\r\n"
				  "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKall\r\n"
				  "From: <sip:pbx@acme.example.net>;tag=a\r\n"
				  "To: <sip:pbx@acme.example.net>\r\n"
				  "Call-ID: all@192.0.2.10\r\n"
				  "CSeq: 1 REGISTER\r\n"
				  "Contact: *\r\nExpires: 0\r\n" END;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", all), 200);
	assert_int_equal(bound_now(), 0);
	assert_int_equal(listed_now(), 0);
	assert_int_equal(registrar_counts(rig.registrar).bindings, 0);
}

static uint32_t prepare(const struct request *request)
{
	if (request->before)
		assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", request->before), 200);
	return bound_now();
}

static enum failing_walk_outcome ask(void *argument)
{
	struct request *request = argument;
	request->status = registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", request->message);
	return request->status == 200 ? FAILING_WALK_DONE : FAILING_WALK_REFUSED;
}

/* No answer at all is allowed: the endpoint asks again. What is promised is there, what was refused is not. */
static void check(void *argument, enum failing_walk_outcome outcome)
{
	const struct request *request = argument;
	uint32_t before = request->before ? 1 : 0;
	bool allowed = request->status == 200 || request->status == 500 || request->status == 503 || !request->status;

	if (!allowed) {
		fprintf(stderr, "  answered %d\n", request->status);
		failing_allocator_print_site(stderr);
	}
	assert_true(allowed);
	assert_int_equal(bound_now(), listed_now());
	assert_int_equal(registrar_counts(rig.registrar).bindings, listed_now());
	if (outcome == FAILING_WALK_DONE)
		assert_int_equal(bound_now(), request->bound);
	else if (request->status)
		assert_int_equal(bound_now(), before);
	/* The same again, as a retransmission or anew, is answered well. */
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", request->message), 200);
	assert_int_equal(bound_now(), request->bound);
	/* And is what a restart would find. */
	remove_all();
	prepare(request);
}

static void walk(const char *name, struct request request)
{
	prepare(&request);
	failing_walk(&(struct failing_walk_operation){name, ask, check, &request}, NULL);
	remove_all();
}

static void requests_are_answered(void **state)
{
	(void)state;
	walk("REGISTER, new", (struct request){NULL, first, 1, 0});
	walk("REGISTER, refresh", (struct request){first, refresh, 1, 0});
	walk("REGISTER, two more with path", (struct request){first, second, 3, 0});
	walk("REGISTER, remove", (struct request){first, removal, 0, 0});
	walk("REGISTER, remove all", (struct request){first, star, 0, 0});
	walk("REGISTER, query", (struct request){first, query, 1, 0});
}

/* libosip2 has a block of its own: a message that needs more of it than there is is refused, and the next is as ever.
 */
static void too_complex_a_message_is_refused(void **state)
{
	static char message[60000];
	const char *end = strstr(first, ";expires");
	size_t length = (size_t)sprintf(message, "%.*s", (int)(end - first), first);
	(void)state;
	while (length < sizeof(message) - 1000)
		length += (size_t)sprintf(message + length, ";a");
	strcpy(message + length, end);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", message), 400);
	assert_int_equal(listed_now(), 0);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
	remove_all();
}

/* ---- what comes by itself ---- */

static enum failing_walk_outcome expire(void *argument)
{
	(void)argument;
	registrar_rig_now_s += 601;
	registrar_expire(rig.registrar);
	registrar_flush(rig.registrar);
	return FAILING_WALK_DONE;
}

/* What did not end now ends the next time. */
static void check_expired(void *argument, enum failing_walk_outcome outcome)
{
	(void)argument, (void)outcome;
	assert_int_equal(bound_now(), listed_now());
	registrar_rig_now_s++;
	registrar_expire(rig.registrar);
	assert_int_equal(listed_now(), 0);
	assert_int_equal(bound_now(), 0);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
	assert_int_equal(bound_now(), 1);
}

static void bindings_end(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
	failing_walk(&(struct failing_walk_operation){"expiry", expire, check_expired, NULL}, NULL);
	remove_all();
}

static void drop_pbx(void)
{
	uint8_t key[AOR_KEY_BYTES];
	registrar_rig_key(key, "pbx@" RIG_DOMAIN);
	registrar_drop(rig.registrar, key, 1);
}

static enum failing_walk_outcome drop(void *argument)
{
	(void)argument;
	registrar_rig_pbx_exists = false;
	drop_pbx();
	return FAILING_WALK_DONE;
}

static void check_dropped(void *argument, enum failing_walk_outcome outcome)
{
	(void)argument, (void)outcome;
	assert_int_equal(bound_now(), listed_now());
	registrar_expire(rig.registrar); /* what could not be dropped is tried again */
	assert_int_equal(listed_now(), 0);
	assert_int_equal(bound_now(), 0);
	registrar_rig_pbx_exists = true;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
}

static void removed_endpoints_lose_their_bindings(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
	failing_walk(&(struct failing_walk_operation){"endpoint removed", drop, check_dropped, NULL}, NULL);
	remove_all();
}

static enum failing_walk_outcome ping(void *argument)
{
	(void)argument;
	for (int i = 0; i < 1000; i++)
		registrar_ping(rig.registrar);
	return FAILING_WALK_DONE;
}

static void check_pings(void *argument, enum failing_walk_outcome outcome)
{
	(void)argument, (void)outcome;
	while (registrar_rig_receive(&rig).length)
		;
}

static void contacts_are_pinged(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "203.0.113.77:40000", first), 200);
	failing_walk(&(struct failing_walk_operation){"pings", ping, check_pings, NULL}, NULL);
	remove_all();
}

/* ---- start ---- */

static enum failing_walk_outcome start(void *argument)
{
	(void)argument;
	return registrar_rig_try_open(&rig) == STATUS_OK ? FAILING_WALK_DONE : FAILING_WALK_REFUSED;
}

static void stop(void *argument, enum failing_walk_outcome outcome)
{
	(void)argument;
	if (outcome == FAILING_WALK_REFUSED) {
		bool says_memory = strstr(rig.problem, "memory") != NULL || !*rig.problem;
		if (!says_memory) {
			fprintf(stderr, "  %s\n", rig.problem);
			failing_allocator_print_site(stderr);
		}
		assert_true(says_memory);
	} else {
		assert_int_equal(listed_now(), 3);
		assert_int_equal(bound_now(), 3);
	}
	registrar_rig_close(&rig);
	rig.reinject = NULL;
	rig.location = NULL;
	*rig.problem = '\0';
	assert_int_equal(failing_allocator_live_of_sqlite().blocks, 0);
}

static void registrations_are_loaded(void **state)
{
	(void)state;
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", first), 200);
	assert_int_equal(registrar_rig_register(&rig, "pbx", "192.0.2.10:5060", second), 200);
	stop(NULL, FAILING_WALK_DONE);
	failing_walk(&(struct failing_walk_operation){"open and load", start, stop, NULL}, NULL);
	assert_int_equal(start(NULL), FAILING_WALK_DONE);
	remove_all();
}

static int open_rig(void **state)
{
	(void)state;
	registrar_rig_open(&rig);
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	registrar_rig_close(&rig);
	registrar_rig_remove_state(&rig);
	return 0;
}

/* An argument chooses tests by name. */
int main(int argument_count, char **arguments)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_answered), cmocka_unit_test(too_complex_a_message_is_refused),
		cmocka_unit_test(bindings_end),		 cmocka_unit_test(removed_endpoints_lose_their_bindings),
		cmocka_unit_test(contacts_are_pinged),	 cmocka_unit_test(registrations_are_loaded),
	};
	failing_allocator_set_sqlite_apart();
	if (!registrar_rig_start_eal())
		return 1;
	cmocka_set_test_filter(argument_count > 1 ? arguments[1] : NULL);
	return cmocka_run_group_tests(tests, open_rig, close_rig);
}
