/*
 * route_fixture.h - the directory that the tests of routing share, and calls through it.
 *
 * acme (ES, area 94, outgoing +34944000000, emergency 112)        globex (US): gary 700, DDI +12125550100 -> gary
 *   alice 101 "Alice Doe", ACL national; bob 102 "Bob \"B\"" presents +34944000001; carol has no extension
 *   hq-pbx    10  registers                   ^2[0-9]{3}$
 *   branch    20  direct, ruri_domain         ^2[0-9]{3}$  ^3[0-9]{3}$
 *   a-twin    20  registers, no ddi_in        ^3[0-9]{3}$
 *   e164-pbx   5  direct, no ddi_in           ^\+3491
 *   us-pbx    30  direct, US area 212         ^4[0-9]{3}$  ^\+1
 *   trans     40  always_transform            ^\+346661
 *   extensions 2001 -> friend 2001, 2002 -> alice, 900 -> +34900123123, 199 reserved, 300 <-> 301, 901 -> friend 77777,
 *              902 -> +34944000001, 903 -> +12125550100, 904 -> friend 911111111, 905 -> +34944000004
 *   DDIs +34944000000 -> friend 2000, ...01 -> alice "Sales", ...02 -> extension 101, ...03 none, ...04 -> extension
 * 905,
 *        ...05 -> extension 900, ...06 -> user carol
 * carriers: telco-a 10 ES ^\+34, telco-b 20 +E.164 everything but ^\+33; ACL national: allow ^\+34[679], deny ^\+34806,
 * default deny
 */
#ifndef AMITY_ROUTE_FIXTURE_H
#define AMITY_ROUTE_FIXTURE_H

#include "company_fixture.h"
#include "route_decide.h"

struct route_fixture {
	struct directory_fixture *fixture;
	struct company_fixture *acme, *globex;
	struct endpoint *alice, *bob, *carol, *hq, *branch, *twin, *e164, *us, *trans, *gary;
	struct carrier *telco_a, *telco_b;

	/* The call that the tests change and place. */
	struct route_request request;
	struct route_decision decision;
	struct route_presentation presentation;
	struct route_trace trace;
};

/* For cmocka: *state is a struct route_fixture. */
int route_fixture_setup(void **state);
int route_fixture_teardown(void **state);

/* A call of an endpoint of acme, From its name, or of a carrier. Result: the decision. */
const struct route_decision *route_fixture_call(struct route_fixture *world, const struct endpoint *caller,
						const char *number);
const struct route_decision *route_fixture_call_from_outside(struct route_fixture *world, const struct carrier *carrier,
							     const char *number);

/* Decides the request again, after a test has changed it. */
const struct route_decision *route_fixture_decide(struct route_fixture *world);

/* Presents what was decided; a test fails when that does not fit. */
const struct route_presentation *route_fixture_present(struct route_fixture *world);

#endif
