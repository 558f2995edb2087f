#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "caller_identify.h"
#include "company_fixture.h"

struct world {
	struct directory_fixture *fixture;
	struct company_fixture *acme, *globex;
	struct endpoint *alice, *bob, *hq, *branch, *plant, *shared;
	struct carrier *telco, *narrow;
};

/* Two companies with two direct friends at 192.0.2.20 (acme), one at 192.0.2.30, and one each at 192.0.2.40. */
static int make_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct directory_fixture *fixture = directory_fixture_create();

	world->fixture = fixture;
	world->acme = directory_fixture_add_company(fixture, "acme", "acme.example.net", "ES", "94");
	world->globex = directory_fixture_add_company(fixture, "globex", "globex.example.net", "US", "");
	world->alice = company_fixture_add_user(world->acme, "alice", "101");
	world->bob = company_fixture_add_user(world->acme, "bob", "102");
	company_fixture_add_extension(world->acme, "199", fixture_route_user(world->acme, world->alice));
	world->hq = company_fixture_add_friend(world->acme, "hq-pbx", 10);
	world->branch = company_fixture_add_friend(world->acme, "branch", 10);
	world->plant = company_fixture_add_friend(world->acme, "plant", 10);
	company_fixture_make_direct(world->hq, "192.0.2.20");
	company_fixture_make_direct(world->branch, "192.0.2.20");
	company_fixture_make_direct(world->plant, "192.0.2.30");
	world->hq->auth = world->branch->auth = world->plant->auth = ENDPOINT_AUTH_SOURCE;
	world->shared = company_fixture_add_friend(world->acme, "shared", 10);
	company_fixture_make_direct(world->shared, "192.0.2.40");
	company_fixture_make_direct(company_fixture_add_friend(world->globex, "shared", 10), "192.0.2.40");
	company_fixture_add_source(world->globex, "192.0.2.0", 24);

	world->telco = directory_fixture_add_carrier(fixture, "telco", 10, "198.51.100.7", "ES");
	world->narrow = directory_fixture_add_carrier(fixture, "narrow", 20, "198.51.100.9", NULL);
	directory_fixture_add_carrier_source(fixture, world->telco, "198.51.100.0", 24);
	directory_fixture_add_carrier_source(fixture, world->narrow, "198.51.100.9", 32);
	directory_fixture_finish(fixture);
	*state = world;
	return 0;
}

static int free_world(void **state)
{
	struct world *world = *state;
	directory_fixture_free(world->fixture);
	free(world);
	return 0;
}

static struct caller_facts facts_from(const char *source, const char *from_host, const char *request_host)
{
	return (struct caller_facts){
		.source = fixture_address(source),
		.from_user = SPAN_LITERAL("anonymous"),
		.from_host = span_of_text(from_host),
		.request_host = span_of_text(request_host),
		.from_host_is_own = strcmp(from_host, "203.0.113.1") == 0,
		.request_host_is_own = strcmp(request_host, "203.0.113.1") == 0,
	};
}

static enum reason identify(const struct world *world, struct caller *caller, const char *source, const char *from_host,
			    const char *request_host)
{
	struct caller_facts facts = facts_from(source, from_host, request_host);
	return caller_identify(caller, &world->fixture->directory, &facts);
}

static void r1_1_carrier_by_its_source(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "198.51.100.50", "telco.example", "203.0.113.1"), REASON_NONE);
	assert_ptr_equal(caller.carrier, world->telco);
	assert_null(caller.company);
	assert_null(caller.endpoint);
	assert_int_equal(identify(world, &caller, "198.51.100.9", "telco.example", "203.0.113.1"), REASON_NONE);
	assert_ptr_equal(caller.carrier, world->narrow);
}

static void r1_1_a_company_behind_a_carriers_address_stays_a_company(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "198.51.100.50", "acme.example.net", "acme.example.net"),
			 REASON_NONE);
	assert_null(caller.carrier);
	assert_ptr_equal(caller.company, &world->acme->company);
}

static void r1_2_company_by_from_host(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "203.0.113.9", "ACME.example.NET", "203.0.113.1"), REASON_NONE);
	assert_ptr_equal(caller.company, &world->acme->company);
	assert_null(caller.endpoint);
}

static void r1_2_company_by_request_host(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "203.0.113.9", "10.0.0.5", "acme.example.net"), REASON_NONE);
	assert_ptr_equal(caller.company, &world->acme->company);
}

static void r1_2_company_by_direct_address(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "192.0.2.30", "10.0.0.5", "203.0.113.1"), REASON_NONE);
	assert_ptr_equal(caller.company, &world->acme->company);
	assert_ptr_equal(caller.endpoint, world->plant);
}

static void r1_2_direct_address_of_two_companies_tells_none(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "192.0.2.40", "10.0.0.5", "203.0.113.1"), REASON_NO_COMPANY);
	assert_null(caller.company);
}

static void r1_2_two_companies(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "192.0.2.9", "acme.example.net", "globex.example.net"),
			 REASON_TWO_COMPANIES);
}

static void r1_2_our_own_address_where_a_domain_is_needed(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "203.0.113.9", "203.0.113.1", "203.0.113.1"), REASON_DOMAIN_NEEDED);
	assert_int_equal(identify(world, &caller, "192.0.2.30", "203.0.113.1", "203.0.113.1"), REASON_NONE);
}

static void r33_unknown_source_with_a_foreign_from(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "203.0.113.9", "evil.example", "203.0.113.1"), REASON_NO_COMPANY);
	assert_int_equal(identify(world, &caller, "203.0.113.9", "evil.example", "evil.example"), REASON_NO_COMPANY);
}

static void r1_foreign_request_host(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "203.0.113.9", "acme.example.net", "elsewhere.example"),
			 REASON_FOREIGN_DOMAIN);
	assert_ptr_equal(caller.company, &world->acme->company);
}

static void r2_sources_of_the_company(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "192.0.2.99", "globex.example.net", "203.0.113.1"), REASON_NONE);
	assert_int_equal(identify(world, &caller, "192.0.3.1", "globex.example.net", "203.0.113.1"),
			 REASON_SOURCE_NOT_ALLOWED);
	assert_ptr_equal(caller.company, &world->globex->company);
}

static void r1_3_of_several_trusted_friends_the_one_that_from_names(void **state)
{
	const struct world *world = *state;
	struct caller_facts facts = facts_from("192.0.2.20", "acme.example.net", "acme.example.net");
	struct caller caller;

	facts.from_user = SPAN_LITERAL("branch");
	assert_int_equal(caller_identify(&caller, &world->fixture->directory, &facts), REASON_NONE);
	assert_ptr_equal(caller.endpoint, world->branch);
	facts.from_user = SPAN_LITERAL("plant"); /* trusted, but elsewhere */
	assert_int_equal(caller_identify(&caller, &world->fixture->directory, &facts), REASON_NONE);
	assert_null(caller.endpoint);
	facts.from_user = SPAN_LITERAL("944000000");
	assert_int_equal(caller_identify(&caller, &world->fixture->directory, &facts), REASON_NONE);
	assert_null(caller.endpoint);
}

static void r1_3_digest_friends_are_not_trusted_by_source(void **state)
{
	const struct world *world = *state;
	struct caller caller;

	assert_int_equal(identify(world, &caller, "192.0.2.40", "acme.example.net", "acme.example.net"), REASON_NONE);
	assert_ptr_equal(caller.company, &world->acme->company);
	assert_null(caller.endpoint);
}

static void endpoint_key_folds_the_domain_only(void **state)
{
	static const uint8_t secret[16] = {1, 2, 3}, other[16] = {3, 2, 1};
	uint8_t a[AOR_KEY_BYTES], b[AOR_KEY_BYTES];
	char long_name[1000];

	(void)state;
	endpoint_key_make(a, secret, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.example.net"));
	endpoint_key_make(b, secret, SPAN_LITERAL("alice"), SPAN_LITERAL("ACME.example.NET"));
	assert_memory_equal(a, b, AOR_KEY_BYTES);
	endpoint_key_make(b, secret, SPAN_LITERAL("Alice"), SPAN_LITERAL("acme.example.net"));
	assert_memory_not_equal(a, b, AOR_KEY_BYTES);
	endpoint_key_make(b, other, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.example.net"));
	assert_memory_not_equal(a, b, AOR_KEY_BYTES);
	endpoint_key_make(b, secret, SPAN_LITERAL("alic"), SPAN_LITERAL("eacme.example.net"));
	assert_memory_not_equal(a, b, AOR_KEY_BYTES);
	memset(long_name, 'x', sizeof(long_name));
	endpoint_key_make(b, secret, span_make(long_name, sizeof(long_name)), SPAN_LITERAL("acme.example.net"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_world, free_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(r1_1_carrier_by_its_source),
		TEST(r1_1_a_company_behind_a_carriers_address_stays_a_company),
		TEST(r1_2_company_by_from_host),
		TEST(r1_2_company_by_request_host),
		TEST(r1_2_company_by_direct_address),
		TEST(r1_2_direct_address_of_two_companies_tells_none),
		TEST(r1_2_two_companies),
		TEST(r1_2_our_own_address_where_a_domain_is_needed),
		TEST(r33_unknown_source_with_a_foreign_from),
		TEST(r1_foreign_request_host),
		TEST(r2_sources_of_the_company),
		TEST(r1_3_of_several_trusted_friends_the_one_that_from_names),
		TEST(r1_3_digest_friends_are_not_trusted_by_source),
		TEST(endpoint_key_folds_the_domain_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
