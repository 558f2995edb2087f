/* What no single value can show: names taken twice, references to nothing, keys that need each other. */
#include "cmocka_all.h"
#include "provision_text.h"

#define COMPANY "companies:\n- {name: a, domain: a.b, country: ES"

static const struct refusal {
	const char *text;
	uint32_t line, column;
	const char *key, *part;
} refusals[] = {
	{COMPANY "}\n- {name: a, domain: c.d, country: ES}\n", 3, 10, "name", "taken already, in line 2"},
	{COMPANY "}\n- {name: b, domain: A.B, country: ES}\n", 3, 21, "domain", "taken already, in line 2"},
	{COMPANY ", users: [{name: x, password: p}], friends: [{name: x, password: p}]}\n", 2, 89, "name",
	 "taken already"},
	{COMPANY ", extensions: [{number: '1'},\n {number: '1'}]}\n", 3, 11, "number", "taken already, in line 2"},
	{COMPANY ", ddis: [{number: '+34944'}]}\n- {name: b, domain: c.d, country: ES, ddis: [{number: '+34944'}]}\n",
	 3, 55, "number", "taken already, in line 2"},
	{COMPANY ", call_acls: [{name: x}, {name: x}]}\n", 2, 69, "name", "taken already"},
	{COMPANY ", outgoing_ddi: '+34'}\n", 2, 53, "outgoing_ddi", "is no DDI of this company"},
	{COMPANY ", users: [{name: x, password: p, outgoing_ddi: '+34'}]}\n", 2, 84, "outgoing_ddi", "is no DDI"},
	{COMPANY ", users: [{name: x, password: p, extension: '5'}]}\n", 2, 81, "extension", "is no extension"},
	{COMPANY ", users: [{name: x, password: p, call_acl: y}]}\n", 2, 80, "call_acl", "is no call ACL"},
	{COMPANY ", friends: [{name: x, password: p, fallback_ddi: '+34'}]}\n", 2, 86, "fallback_ddi", "is no DDI"},
	{COMPANY ", friends: [{name: x}]}\n", 2, 49, "password", "is missing"},
	{COMPANY ", friends: [{name: x, auth: source}]}\n", 2, 65, "auth", "direct friends only"},
	{COMPANY ", friends: [{name: x, password: p, ruri_domain: y.z}]}\n", 2, 85, "ruri_domain",
	 "direct friends only"},
	{COMPANY ", extensions: [{number: '1', route: {user: x}}]}\n", 2, 80, "user", "is no user"},
	{COMPANY ", friends: [{name: f, password: p}], ddis: [{number: '+34', route: {user: f}}]}\n", 2, 111, "user",
	 "is no user"},
	{COMPANY ", ddis: [{number: '+34', route: {extension: '7'}}]}\n", 2, 81, "extension", "is no extension"},
	{"carriers:\n- {name: t, address: [udp:10.0.0.1]}\n- {name: t, address: [udp:10.0.0.2]}\n", 3, 10, "name",
	 "taken already"},
	{"carriers:\n- {name: t, address: []}\n", 2, 22, "address", "needs an address"},
	{COMPANY ", friends: [{name: f, password: p, forwards: [{when: busy, to: {extension: '7'}}]}]}\n", 2, 112,
	 "extension", "is no extension"},
	{COMPANY ", friends: [{name: f, password: p, forwards: [{when: busy, after: 9, to: {number: '+34'}}]}]}\n", 2,
	 103, "after", "only with when: no_answer"},
};

static void each_refusal_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		provision_text_refused(refusals[i].text, refusals[i].line, refusals[i].column, refusals[i].key,
				       refusals[i].part);
}

static void names_of_two_companies_may_be_equal(void **state)
{
	(void)state;
	model_free(provision_text_must(
		"companies:\n"
		"- {name: a, domain: a.b, country: ES, users: [{name: x, password: p}], extensions: [{number: '1'}]}\n"
		"- {name: b, domain: c.d, country: ES, users: [{name: x, password: p}], extensions: [{number: "
		"'1'}]}\n"));
}

static void a_refused_value_is_not_reported_as_missing_too(void **state)
{
	(void)state;
	provision_text_refused(COMPANY ", friends: [{name: f, password: \"\\x01\"}]}\n", 2, 69, "password",
			       "printable");
	provision_text_refused("carriers: [{name: t, address: [x]}]\n", 1, 32, "address", "must be written as");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_says_where),
		cmocka_unit_test(names_of_two_companies_may_be_equal),
		cmocka_unit_test(a_refused_value_is_not_reported_as_missing_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
