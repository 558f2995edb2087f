#include "route_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void add_endpoints(struct route_fixture *world)
{
	struct company_fixture *acme = world->acme;

	world->alice = company_fixture_add_user(acme, "alice", "101");
	world->alice->display = SPAN_LITERAL("Alice Doe");
	world->bob = company_fixture_add_user(acme, "bob", "102");
	world->bob->display = SPAN_LITERAL("Bob \"B\"");
	world->bob->presented_ddi = SPAN_LITERAL("+34944000001");
	world->carol = company_fixture_add_user(acme, "carol", NULL);

	world->hq = company_fixture_add_friend(acme, "hq-pbx", 10);
	world->branch = company_fixture_add_friend(acme, "branch", 20);
	company_fixture_make_direct(world->branch, "192.0.2.10");
	world->branch->ruri_domain = SPAN_LITERAL("pbx.example.org");
	world->twin = company_fixture_add_friend(acme, "a-twin", 20);
	world->twin->ddi_in = false;
	world->e164 = company_fixture_add_friend(acme, "e164-pbx", 5);
	company_fixture_make_direct(world->e164, "192.0.2.11");
	world->e164->ddi_in = false;
	world->us = company_fixture_add_friend(acme, "us-pbx", 30);
	company_fixture_make_direct(world->us, "192.0.2.12");
	world->us->dial_plan = (struct dial_plan){country_find(SPAN_LITERAL("US")), SPAN_LITERAL("212")};
	world->us->from_domain = SPAN_LITERAL("us.example.org");
	world->trans = company_fixture_add_friend(acme, "trans", 40);
	world->trans->always_transform = true;

	/* Not in the order of priority: the builder has to sort. */
	company_fixture_add_pattern(acme, world->branch, "^2[0-9]{3}$");
	company_fixture_add_pattern(acme, world->branch, "^3[0-9]{3}$");
	company_fixture_add_pattern(acme, world->trans, "^\\+346661");
	company_fixture_add_pattern(acme, world->us, "^4[0-9]{3}$");
	company_fixture_add_pattern(acme, world->us, "^\\+1");
	company_fixture_add_pattern(acme, world->hq, "^2[0-9]{3}$");
	company_fixture_add_pattern(acme, world->twin, "^3[0-9]{3}$");
	company_fixture_add_pattern(acme, world->e164, "^\\+3491");
}

static void add_routes(struct route_fixture *world)
{
	struct company_fixture *acme = world->acme;

	company_fixture_add_extension(acme, "2001", fixture_route_friend("2001"));
	company_fixture_add_extension(acme, "2002", fixture_route_user(acme, world->alice));
	company_fixture_add_extension(acme, "900", fixture_route_number("+34900123123"));
	company_fixture_add_extension(acme, "199", fixture_route_none());
	company_fixture_add_extension(acme, "300", fixture_route_extension("301"));
	company_fixture_add_extension(acme, "301", fixture_route_extension("300"));
	company_fixture_add_extension(acme, "901", fixture_route_friend("77777"));
	company_fixture_add_extension(acme, "902", fixture_route_number("+34944000001"));
	company_fixture_add_extension(acme, "903", fixture_route_number("+12125550100"));
	company_fixture_add_extension(acme, "904", fixture_route_friend("911111111"));
	company_fixture_add_extension(acme, "905", fixture_route_number("+34944000004"));

	company_fixture_add_ddi(acme, "+34944000000", "", fixture_route_friend("2000"));
	company_fixture_add_ddi(acme, "+34944000001", "Sales", fixture_route_user(acme, world->alice));
	company_fixture_add_ddi(acme, "+34944000002", "", fixture_route_extension("101"));
	company_fixture_add_ddi(acme, "+34944000003", "", fixture_route_none());
	company_fixture_add_ddi(acme, "+34944000004", "", fixture_route_extension("905"));
	company_fixture_add_ddi(acme, "+34944000005", "", fixture_route_extension("900"));
	company_fixture_add_ddi(acme, "+34944000006", "", fixture_route_user(acme, world->carol));
}

int route_fixture_setup(void **state)
{
	struct route_fixture *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	struct directory_fixture *fixture = world->fixture = directory_fixture_create();

	world->acme = directory_fixture_add_company(fixture, "acme", "acme.example.net", "ES", "94");
	world->acme->company.outgoing_ddi = SPAN_LITERAL("+34944000000");
	company_fixture_add_emergency(world->acme, "112");
	company_fixture_add_emergency(world->acme, "061");
	add_endpoints(world);
	add_routes(world);
	const struct call_acl *national = company_fixture_add_acl(world->acme, "national", false);
	company_fixture_add_rule(world->acme, national, true, "^\\+34[679]");
	company_fixture_add_rule(world->acme, national, false, "^\\+34806");
	world->alice->acl = national;

	world->globex = directory_fixture_add_company(fixture, "globex", "globex.example.net", "US", "");
	world->gary = company_fixture_add_user(world->globex, "gary", "700");
	company_fixture_add_ddi(world->globex, "+12125550100", "", fixture_route_user(world->globex, world->gary));

	world->telco_a = directory_fixture_add_carrier(fixture, "telco-a", 10, "198.51.100.7", "ES");
	world->telco_a->from_domain = SPAN_LITERAL("sip.example.com");
	world->telco_b = directory_fixture_add_carrier(fixture, "telco-b", 20, "198.51.100.8", NULL);
	directory_fixture_add_carrier_pattern(fixture, world->telco_b, "^(?!\\+33)");
	directory_fixture_add_carrier_pattern(fixture, world->telco_a, "^\\+34");
	directory_fixture_finish(fixture);
	*state = world;
	return 0;
}

int route_fixture_teardown(void **state)
{
	struct route_fixture *world = *state;

	directory_fixture_free(world->fixture);
	free(world);
	return 0;
}

const struct route_decision *route_fixture_decide(struct route_fixture *world)
{
	struct route_decision explained;

	route_decide(&world->decision, &world->request, NULL);
	/* A trace changes nothing. */
	route_decide(&explained, &world->request, &world->trace);
	assert_int_equal(explained.outcome, world->decision.outcome);
	assert_int_equal(explained.reason, world->decision.reason);
	assert_string_equal(explained.rule, world->decision.rule);
	assert_ptr_equal(explained.target, world->decision.target);
	assert_ptr_equal(explained.carrier, world->decision.carrier);
	return &world->decision;
}

const struct route_decision *route_fixture_call(struct route_fixture *world, const struct endpoint *caller,
						const char *number)
{
	world->request = (struct route_request){
		.directory = &world->fixture->directory,
		.scratch = &world->fixture->scratch,
		.company = &world->acme->company,
		.caller = caller,
		.number = span_of_text(number),
		.from_user = caller->name,
	};
	return route_fixture_decide(world);
}

const struct route_decision *route_fixture_call_from_outside(struct route_fixture *world, const struct carrier *carrier,
							     const char *number)
{
	world->request = (struct route_request){
		.directory = &world->fixture->directory,
		.scratch = &world->fixture->scratch,
		.carrier = carrier,
		.number = span_of_text(number),
		.from_user = SPAN_LITERAL("600123123"),
	};
	return route_fixture_decide(world);
}

const struct route_presentation *route_fixture_present(struct route_fixture *world)
{
	assert_true(route_present(&world->presentation, &world->request, &world->decision));
	return &world->presentation;
}
