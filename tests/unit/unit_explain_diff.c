/* explain --diff on two documents: what counts as different, who dials, and how much is listed. */
#include <stdlib.h>

#include <jansson.h>

#include "caller_identify.h"
#include "cli_explain_diff.h"
#include "cmocka_all.h"
#include "directory_build.h"
#include "explain_diff.h"
#include "provision_text.h"

static struct secret_keys keys = {.aor_key = "0123456789abcde"};

/* acme: alice, bob and the friends east and west; a second company, whose DDI acme reaches through R17. */
#define CARRIERS                                                                                                       \
	"carriers:\n- {name: telco, address: ['udp:192.0.2.1', 'udp:192.0.2.2'], country: ES}\n"                       \
	"- {name: spare, address: ['udp:192.0.2.9'], priority: 5}\n"
#define USERS	"  users: [{name: alice, password: p, extension: '101'}, {name: bob, password: p, extension: '102'}]\n"
#define EAST	"{name: east, password: p, direct: 'udp:192.0.2.30', priority: 10, patterns: ['^3']}"
#define FRIENDS "  friends: [" EAST ", {name: west, password: p, patterns: ['^4']}]\n"
#define NUMBERS                                                                                                        \
	"  extensions: [{number: '101', route: {user: alice}}, {number: '102', route: {user: bob}}, {number: '300', "  \
	"route: {friend: '3000'}}]\n"                                                                                  \
	"  ddis: [{number: '+34944000000', route: {user: alice}}]\n"
#define ACME  "companies:\n- name: acme\n  domain: acme.test\n  country: ES\n  outgoing_ddi: '+34944000000'\n"
#define OTHER "- {name: other, domain: other.test, country: ES, ddis: [{number: '+34944000009'}]}\n"
#define BASE  CARRIERS ACME USERS FRIENDS NUMBERS OTHER

static uint32_t endpoints_looked_for;

const struct endpoint *__real_endpoint_find(const struct company *company, struct span name);
const struct endpoint *__wrap_endpoint_find(const struct company *company, struct span name);

const struct endpoint *__wrap_endpoint_find(const struct company *company, struct span name)
{
	endpoints_looked_for++;
	return __real_endpoint_find(company, name);
}

static const struct directory *build(const char *text)
{
	struct model *model = provision_text_must(text);
	const struct directory_build_input input = {.model = model, .keys = &keys, .revision = 1};
	const struct directory *directory;
	struct problem_list problems = {0};

	assert_int_equal(directory_build(&directory, &input, NULL, &problems), STATUS_OK);
	model_free(model);
	return directory;
}

static struct dialled_call call_of(enum call_party kind, const char *company, const char *caller, const char *number,
				   const char *identity)
{
	const char *const texts[] = {company, caller, number, identity};
	struct dialled_call call = {.caller_kind = (uint8_t)kind};
	size_t used = 0;

	for (int i = 0; i < DIALLED_TEXT_COUNT; i++) {
		call.length[i] = (uint8_t)strlen(texts[i]);
		memcpy(call.text + used, texts[i], strlen(texts[i]));
		used += strlen(texts[i]);
	}
	return call;
}

/* Result: the test's. */
static json_t *diff_with(const char *now, const char *then, const struct dialled_call *calls, uint32_t count)
{
	const struct directory *const sides[] = {build(now), build(then)};
	const struct explain_diff_input input = {sides[0], sides[1], calls, count};

	endpoints_looked_for = 0;
	json_t *result = explain_diff(&input);
	assert_non_null(result);
	directory_build_release(sides[0]);
	directory_build_release(sides[1]);
	return result;
}

static int number_of(const json_t *result, const char *name)
{
	assert_true(json_is_integer(json_object_get(result, name)));
	return (int)json_integer_value(json_object_get(result, name));
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "-";
}

/* "alice 300: friend east/- -> reject -/NO_CARRIER" */
static void describe(char text[200], const json_t *call)
{
	const json_t *now = json_object_get(call, "now"), *then = json_object_get(call, "then");

	snprintf(text, 200, "%s %s: %s %s/%s -> %s %s/%s", text_of(call, "from"), text_of(call, "to"),
		 text_of(now, "outcome"), text_of(now, "target"), text_of(now, "reason"), text_of(then, "outcome"),
		 text_of(then, "target"), text_of(then, "reason"));
}

/* Owner: the test. */
static char *shown_of(const json_t *result)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	cli_explain_diff_show(out, result);
	fclose(out);
	return text;
}

/* Whoever reads a row sees in what its sides differ; the rule and the pattern are no difference. */
static void assert_each_difference_shows(const json_t *result)
{
	static const char *const ways[] = {"rule", "pattern"};
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(result, "calls"), i, call)
	{
		json_t *now = json_copy(json_object_get(call, "now")), *then = json_copy(json_object_get(call, "then"));
		for (int way = 0; way < 2; way++) {
			json_object_del(now, ways[way]);
			json_object_del(then, ways[way]);
		}
		assert_false(json_equal(now, then));
		json_decref(now);
		json_decref(then);
	}
	char *shown = shown_of(result);
	assert_null(strstr(shown, "in another way"));
	free(shown);
}

/* `part`: of what a person reads. */
static void assert_shown(json_t *result, const char *part)
{
	char *shown = shown_of(result);

	assert_each_difference_shows(result);
	if (!strstr(shown, part))
		fail_msg("expected ...%s... in:\n%s", part, shown);
	free(shown);
	json_decref(result);
}

static void assert_calls(json_t *result, const char *const *wanted)
{
	const json_t *calls = json_object_get(result, "calls");
	size_t count = 0;

	for (; wanted[count]; count++) {
		char text[200] = "none";
		if (count < json_array_size(calls))
			describe(text, json_array_get(calls, count));
		assert_string_equal(text, wanted[count]);
	}
	assert_int_equal(json_array_size(calls), count);
	assert_int_equal(number_of(result, "different"), count);
	assert_each_difference_shows(result);
	json_decref(result);
}

#define ASSERT_DIFF(then, ...) assert_calls(diff_with(BASE, then, NULL, 0), (const char *const[]){__VA_ARGS__, NULL})

static void the_same_is_the_same(void **state)
{
	(void)state;
	json_t *result = diff_with(BASE, BASE, NULL, 0);
	/* Three extensions and a DDI, each by alice and by east; two DDIs from outside. */
	assert_int_equal(number_of(result, "compared"), 2 * 4 + 2);
	assert_int_equal(number_of(result, "same"), 2 * 4 + 2);
	assert_int_equal(number_of(result, "different"), 0);
	assert_int_equal(number_of(result, "omitted"), 0);
	assert_int_equal(json_array_size(json_object_get(result, "calls")), 0);
	assert_int_equal(json_array_size(json_object_get(result, "unmatched")), 0);
	json_decref(result);
	/* The way to the same may be another: an order, a pattern, a limit, a password. */
	result = diff_with(BASE,
			   CARRIERS
			   "companies:\n"
			   "- {name: other, domain: other.test, country: ES, ddis: [{number: '+34944000009'}]}\n"
			   "- name: acme\n  domain: acme.test\n  country: ES\n  outgoing_ddi: '+34944000000'\n  "
			   "max_calls: 7\n" USERS "  friends: [{name: east, password: q, direct: 'udp:192.0.2.30', "
			   "priority: 10, patterns: ['^3[0-9]*$']}, "
			   "{name: west, password: p, patterns: ['^4']}]\n" NUMBERS,
			   NULL, 0);
	assert_int_equal(number_of(result, "different"), 0);
	json_decref(result);
}

static void each_thing_that_is_seen_counts(void **state)
{
	(void)state;
	/* Of the target: its address, display name, name. */
	ASSERT_DIFF(CARRIERS ACME USERS "  friends: [{name: east, password: p, direct: 'udp:192.0.2.31', priority: 10, "
					"patterns: ['^3']}, {name: "
					"west, password: p, patterns: ['^4']}]\n" NUMBERS OTHER,
		    "alice 300: friend east/- -> friend east/-", "east 300: friend east/- -> friend east/-");
	/* Of the caller: its name on the display, which stays inside (R26). */
	ASSERT_DIFF(CARRIERS ACME "  users: [{name: alice, password: p, extension: '101', display: A}, {name: bob, "
				  "password: p, extension: "
				  "'102'}]\n" FRIENDS NUMBERS OTHER,
		    "alice 101: user alice/- -> user alice/-", "alice 102: user bob/- -> user bob/-",
		    "alice 300: friend east/- -> friend east/-");
	/* Codecs: fewer, and none in common. */
	ASSERT_DIFF(
		CARRIERS ACME
		"  users: [{name: alice, password: p, extension: '101'}, {name: bob, password: p, extension: '102', "
		"codecs: [G729]}]\n" FRIENDS NUMBERS OTHER,
		"alice 102: user bob/- -> user bob/NO_COMMON_CODEC",
		"east 102: user bob/- -> user bob/NO_COMMON_CODEC");
	ASSERT_DIFF(CARRIERS ACME "  users: [{name: alice, password: p, extension: '101', codecs: [PCMA, PCMU]}, "
				  "{name: bob, password: p, "
				  "extension: '102', codecs: [PCMU, PCMA]}]\n" FRIENDS NUMBERS OTHER,
		    "alice +34944000000: user alice/- -> user alice/-", "alice 101: user alice/- -> user alice/-",
		    "alice 102: user bob/- -> user bob/-", "telco +34944000000: user alice/- -> user alice/-");
	/* How long a friend rings, and who comes next. */
	ASSERT_DIFF(
		CARRIERS ACME USERS
		"  friends: [{name: east, password: p, direct: 'udp:192.0.2.30', priority: 10, patterns: ['^3'], "
		"forwards: "
		"[{when: no_answer, after: 9, calls: internal, to: {extension: '102'}}]}, {name: west, password: p, "
		"patterns: ['^4']}]\n" NUMBERS OTHER,
		"alice 300: friend east/- -> friend east/-", "east 300: friend east/- -> friend east/-");
	/* Where it goes, by each caller and from outside; by what number the friend is called. */
	ASSERT_DIFF(CARRIERS ACME USERS FRIENDS
		    "  extensions: [{number: '101', route: {user: alice}}, {number: '102', route: {user: bob}}]\n"
		    "  ddis: [{number: '+34944000000', route: {user: bob}}]\n" OTHER,
		    "alice +34944000000: user alice/- -> user bob/-", "alice 300: friend east/- -> friend east/-",
		    "east +34944000000: user alice/- -> user bob/-", "east 300: friend east/- -> friend east/-",
		    "telco +34944000000: user alice/- -> user bob/-");
}

/* An extension that led to a friend by another number: the friend is called by that, or by what was dialled. */
static void what_the_friend_is_called_by_counts(void **state)
{
	(void)state;
	ASSERT_DIFF(
		CARRIERS ACME USERS FRIENDS
		"  extensions: [{number: '101', route: {user: alice}}, {number: '102', route: {user: bob}}, {number: "
		"'300', route: {friend: '3001'}}]\n  ddis: [{number: '+34944000000', route: {user: alice}}]\n" OTHER,
		"alice 300: friend east/- -> friend east/-", "east 300: friend east/- -> friend east/-");
}

/* A friend that forwards to the public network: to whom, and when. */
static void where_a_forward_leads_counts(void **state)
{
	static const char format[] =
		CARRIERS ACME USERS "  friends: [{name: east, password: p, direct: "
				    "'udp:192.0.2.30', priority: 10, patterns: ['^3'], forwards: "
				    "[{when: no_answer, after: %s, to: {number: '+34%s'}}]}]\n" NUMBERS OTHER;
	static const char *const changes[][2] = {{"20", "600000002"}, {"9", "600000001"}};
	char now[2000], then[2000];

	(void)state;
	snprintf(now, sizeof(now), format, "20", "600000001");
	for (int i = 0; i < 2; i++) {
		snprintf(then, sizeof(then), format, changes[i][0], changes[i][1]);
		assert_calls(diff_with(now, then, NULL, 0),
			     (const char *const[]){"alice 300: friend east/- -> friend east/-",
						   "east 300: friend east/- -> friend east/-", NULL});
	}
}

/* With east and its `forwards`; the carrier's second address ends in `address`. */
static const char *with_forwards(char text[2000], const char *forwards, int address)
{
	snprintf(text, 2000,
		 "carriers:\n- {name: telco, address: ['udp:192.0.2.1', 'udp:192.0.2.%d'], country: ES}\n" ACME USERS
		 "  friends: [{name: east, password: p, direct: 'udp:192.0.2.30', priority: 10, patterns: ['^3'], "
		 "forwards: [%s]}, {name: west, password: p, patterns: ['^4']}]\n" NUMBERS OTHER,
		 address, forwards);
	return text;
}

static void what_differs_is_shown(void **state)
{
	static const char to_102[] = "{when: no_answer, after: %d, to: {extension: '102'}}";
	static const char to_mobile[] = "{when: %s, to: {number: '+34600000001'}}";
	const struct dialled_call outside = call_of(CALL_PARTY_USER, "acme", "alice", "911111111", "");
	char now[2000], then[2000], before[200], after[200];

	(void)state;
	/* How long a friend rings. */
	snprintf(before, sizeof(before), to_102, 20);
	snprintf(after, sizeof(after), to_102, 40);
	json_t *result = diff_with(with_forwards(now, before, 2), with_forwards(then, after, 2), NULL, 0);
	const json_t *first = json_array_get(json_object_get(result, "calls"), 0);
	assert_int_equal(number_of(json_object_get(first, "now"), "ring_s"), 20);
	assert_int_equal(number_of(json_object_get(first, "then"), "ring_s"), 40);
	assert_shown(result, "friend east by R4.1: ring time 20 s -> 40 s\n");
	assert_shown(diff_with(with_forwards(now, "", 2), with_forwards(then, after, 2), NULL, 0),
		     "friend east by R4.1: ring time without end -> 40 s; if it fails nobody -> no_answer user bob "
		     "102\n");

	/* The Diversion that it leaves with. */
	snprintf(before, sizeof(before), to_mobile, "always");
	snprintf(after, sizeof(after), to_mobile, "unregistered");
	result = diff_with(with_forwards(now, before, 2), with_forwards(then, before, 2), NULL, 0);
	assert_int_equal(number_of(result, "different"), 0);
	json_decref(result);
	snprintf(then, sizeof(then), "%s", with_forwards(now, before, 2));
	*strstr(strstr(then, "domain: acme"), "acme") = 'b'; /* bcme.test */
	result = diff_with(now, then, NULL, 0);
	first = json_array_get(json_object_get(result, "calls"), 3);
	assert_string_equal(text_of(first, "to"), "300");
	const json_t *diversion = json_object_get(json_object_get(first, "now"), "diversion");
	assert_int_equal(json_array_size(diversion), 1);
	assert_string_equal(json_string_value(json_array_get(diversion, 0)),
			    "<sip:3000@acme.test>;reason=unconditional");
	assert_shown(result, ": Diversion <sip:3000@acme.test>;reason=unconditional -> "
			     "<sip:3000@bcme.test>;reason=unconditional\n");

	/* Where it goes when the first address fails. */
	result = diff_with(with_forwards(now, "", 2), with_forwards(then, "", 3), &outside, 1);
	first = json_array_get(json_object_get(result, "calls"), 0);
	assert_string_equal(
		text_of(json_array_get(json_object_get(json_object_get(first, "now"), "next"), 0), "address"),
		"udp:192.0.2.2:5060");
	assert_shown(result, "external telco +34911111111 at udp:192.0.2.2:5060 -> ");
}

/* The user that is tried next has a namesake in another company, whose the number becomes. */
static void the_company_of_who_is_next_is_shown(void **state)
{
	static const char format[] = ACME USERS
		"  friends: [{name: east, password: p, direct: 'udp:192.0.2.30', patterns: ['^3'], "
		"forwards: [{when: busy, to: {number: '+34944000008'}}]}]\n"
		"  extensions: [{number: '101'}, {number: '102'}, {number: '300', route: {friend: '3000'}}]\n"
		"  ddis: [{number: '+34944000000', route: {user: alice}}%s]\n"
		"- name: other\n  domain: other.test\n  country: ES\n"
		"  users: [{name: alice, password: p}]\n"
		"  ddis: [{number: '+34944000009'}%s]\n";
	static const char ddi[] = ", {number: '+34944000008', route: {user: alice}}";
	char now[2000], then[2000];

	(void)state;
	snprintf(now, sizeof(now), format, ddi, "");
	snprintf(then, sizeof(then), format, "", ddi);
	assert_shown(diff_with(now, then, NULL, 0), "R4.1: if it fails busy user alice -> busy user alice of other\n");
}

/* The same refusal by another ACL. */
static void the_acl_that_refuses_is_shown(void **state)
{
	static const char format[] = CARRIERS ACME "  users: [{name: alice, password: p, call_acl: %s}]\n"
						   "  call_acls: [{name: none, default: deny}, {name: nothing, "
						   "default: deny}]\n  ddis: [{number: '+34944000000'}]\n";
	const struct dialled_call call = call_of(CALL_PARTY_USER, "acme", "alice", "911111111", "");
	char now[2000], then[2000];

	(void)state;
	snprintf(now, sizeof(now), format, "none");
	snprintf(then, sizeof(then), format, "nothing");
	assert_shown(diff_with(now, then, &call, 1), "403 CALL_ACL_DENIED: phrase ");
}

static void an_anonymous_call_says_so(void **state)
{
	struct dialled_call calls[2] = {call_of(CALL_PARTY_USER, "acme", "bob", "300", ""),
					call_of(CALL_PARTY_USER, "acme", "bob", "300", "")};
	char then[2000];

	(void)state;
	calls[1].anonymous = true;
	json_t *result = diff_with(BASE, with_forwards(then, "{when: no_answer, after: 9, to: {extension: '102'}}", 2),
				   calls, 2);
	int anonymous = 0, named = 0;
	json_t *call;
	size_t i;
	json_array_foreach(json_object_get(result, "calls"), i, call)
	{
		assert_true(json_is_boolean(json_object_get(call, "anonymous")));
		if (strcmp(text_of(call, "from"), "bob") == 0)
			*(json_is_true(json_object_get(call, "anonymous")) ? &anonymous : &named) += 1;
	}
	assert_int_equal(anonymous, 1);
	assert_int_equal(named, 1);
	assert_shown(result, "bob, anonymous  300");
}

static void calls_of_the_past_are_tried(void **state)
{
	const struct dialled_call calls[] = {
		call_of(CALL_PARTY_USER, "acme", "bob", "911111111", ""),
		call_of(CALL_PARTY_FRIEND, "acme", "east", "911111111", "+34944000000"),
		call_of(CALL_PARTY_CARRIER, "", "telco", "944000000", "+33123456789"),
		/* Tried anyway. */
		call_of(CALL_PARTY_USER, "acme", "alice", "102", ""),
		/* Nobody knows them any more. */
		call_of(CALL_PARTY_USER, "acme", "zoe", "102", ""),
		call_of(CALL_PARTY_USER, "gone", "alice", "102", ""),
		call_of(CALL_PARTY_FRIEND, "acme", "alice", "102", ""),
		call_of(CALL_PARTY_CARRIER, "", "old-telco", "944000000", ""),
	};

	(void)state;
	json_t *result = diff_with(BASE, BASE, calls, 8);
	assert_int_equal(number_of(result, "compared"), 2 * 4 + 2 + 3);
	assert_int_equal(number_of(result, "different"), 0);
	json_decref(result);
	/* Where it goes when the first address fails. */
	assert_calls(diff_with(BASE,
			       "carriers:\n- {name: telco, address: ['udp:192.0.2.1', 'udp:192.0.2.3'], country: ES, "
			       "priority: "
			       "0}\n- {name: spare, address: ['udp:192.0.2.9'], priority: 5}\n" ACME USERS FRIENDS
				       NUMBERS OTHER,
			       calls, 8),
		     (const char *const[]){"bob 911111111: external telco/- -> external telco/-",
					   "east 911111111: external telco/- -> external telco/-", NULL});
	result = diff_with(
		BASE,
		"carriers:\n- {name: telco, address: ['udp:192.0.2.1'], country: ES, priority: 9}\n- {name: spare, "
		"address: ['udp:192.0.2.9'], priority: 5}\n" ACME USERS FRIENDS NUMBERS OTHER,
		calls, 8);
	const json_t *first = json_array_get(json_object_get(result, "calls"), 0);
	assert_string_equal(text_of(first, "company"), "acme");
	assert_string_equal(text_of(first, "caller"), "user");
	assert_string_equal(text_of(first, "source"), "dialled");
	assert_string_equal(text_of(json_object_get(first, "then"), "target"), "spare");
	json_decref(result);
}

static void who_is_missing_is_named(void **state)
{
	(void)state;
	json_t *result =
		diff_with(BASE,
			  "carriers:\n- {name: telco, address: ['udp:192.0.2.1', 'udp:192.0.2.2'], country: ES}\n" ACME
			  "  users: [{name: alice, password: p, extension: '101'}]\n"
			  "  friends: [" EAST ", {name: bob, password: p, patterns: ['^4']}]\n"
			  "  extensions: [{number: '101', route: {user: alice}}]\n"
			  "  ddis: [{number: '+34944000000', route: {user: alice}}]\n"
			  "- {name: newer, domain: newer.test, country: ES}\n",
			  NULL, 0);
	static const char *const wanted[] = {"now carrier - spare", "now user acme bob",    "now friend acme west",
					     "now company - other", "then friend acme bob", "then company - newer"};
	const json_t *unmatched = json_object_get(result, "unmatched");
	assert_int_equal(json_array_size(unmatched), 6);
	for (size_t i = 0; i < 6; i++) {
		const json_t *row = json_array_get(unmatched, i);
		char text[100];
		snprintf(text, sizeof(text), "%s %s %s %s", text_of(row, "in"), text_of(row, "kind"),
			 text_of(row, "company"), text_of(row, "name"));
		assert_string_equal(text, wanted[i]);
	}
	json_decref(result);
}

/* A user that is a friend on the other side is another caller; its company or carrier may be gone. */
static void a_caller_of_one_side_has_no_other(void **state)
{
	const struct dialled_call calls[] = {
		call_of(CALL_PARTY_USER, "acme", "alice", "3000", ""),
		call_of(CALL_PARTY_CARRIER, "", "spare", "+34944000000", ""),
	};

	(void)state;
	json_t *result = diff_with(
		CARRIERS ACME USERS NUMBERS OTHER,
		"companies:\n- {name: acme, domain: acme.test, country: ES, friends: [{name: alice, password: p, "
		"patterns: ['^9']}]}\n",
		calls, 2);
	const json_t *rows = json_object_get(result, "calls");
	/* No caller is left to dial extensions or DDIs. */
	assert_int_equal(json_array_size(rows), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(json_is_object(json_object_get(json_array_get(rows, i), "now")));
		assert_true(json_is_null(json_object_get(json_array_get(rows, i), "then")));
	}
	json_decref(result);
}

/* Users that were all renamed are looked for once, whatever is dialled. */
static void who_dials_is_looked_for_once(void **state)
{
	enum { COUNT = 200 };
	char *text[2] = {NULL, NULL};
	size_t size;
	struct dialled_call calls[COUNT];

	(void)state;
	for (int side = 0; side < 2; side++) {
		FILE *out = open_memstream(&text[side], &size);
		fputs(ACME "  friends: [" EAST "]\n  users:\n", out);
		for (int i = 0; i < COUNT; i++)
			fprintf(out, "  - {name: %s%d, password: p, extension: '%d'}\n", side ? "new" : "old", i,
				500 + i);
		fputs("  ddis: [{number: '+34944000000'}]\n  extensions:\n", out);
		for (int i = 0; i < COUNT; i++)
			fprintf(out, "  - {number: '%d'}\n", 500 + i);
		fclose(out);
	}
	for (int i = 0; i < COUNT; i++)
		calls[i] = call_of(CALL_PARTY_FRIEND, "acme", "east", i % 2 ? "300" : "500", "");
	json_decref(diff_with(text[0], text[1], calls, COUNT));
	/* Each user once to find who dials and once to be named on either side; each call its caller on both. */
	assert_in_range(endpoints_looked_for, COUNT, 10 * COUNT);
	free(text[0]);
	free(text[1]);
}

static char *many_extensions(const char *user, int count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, ACME USERS "  ddis: [{number: '+34944000000'}]\n  extensions:\n");
	fprintf(out, "  - {number: '101'}\n  - {number: '102'}\n");
	for (int i = 0; i < count; i++)
		fprintf(out, "  - {number: '%d', route: {user: %s}}\n", 90000 - i, user);
	fclose(out);
	return text;
}

static void what_is_listed_is_bounded_and_sorted(void **state)
{
	enum { COUNT = EXPLAIN_DIFF_LISTED_MAX + 5 };
	char *now = many_extensions("alice", COUNT), *then = many_extensions("bob", COUNT);

	(void)state;
	json_t *result = diff_with(then, now, NULL, 0);
	const json_t *calls = json_object_get(result, "calls");
	assert_int_equal(json_array_size(calls), EXPLAIN_DIFF_LISTED_MAX);
	assert_int_equal(number_of(result, "different"), COUNT);
	assert_int_equal(number_of(result, "omitted"), 5);
	for (size_t i = 1; i < json_array_size(calls); i++)
		assert_true(strcmp(text_of(json_array_get(calls, i - 1), "to"),
				   text_of(json_array_get(calls, i), "to")) < 0);
	json_decref(result);
	free(now);
	free(then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_the_same),
		cmocka_unit_test(each_thing_that_is_seen_counts),
		cmocka_unit_test(what_the_friend_is_called_by_counts),
		cmocka_unit_test(where_a_forward_leads_counts),
		cmocka_unit_test(what_differs_is_shown),
		cmocka_unit_test(the_company_of_who_is_next_is_shown),
		cmocka_unit_test(the_acl_that_refuses_is_shown),
		cmocka_unit_test(an_anonymous_call_says_so),
		cmocka_unit_test(calls_of_the_past_are_tried),
		cmocka_unit_test(who_is_missing_is_named),
		cmocka_unit_test(a_caller_of_one_side_has_no_other),
		cmocka_unit_test(who_dials_is_looked_for_once),
		cmocka_unit_test(what_is_listed_is_bounded_and_sorted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
