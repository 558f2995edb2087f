/* Each lint: a document that it warns of, and how, and the documents next to it that it has nothing to say about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "lint.h"
#include "lint_company.h"
#include "lint_endpoints.h"
#include "lint_numbers.h"
#include "lint_secrets.h"
#include "provision_text.h"

/* ---- documents ---- */

#define HEAD "companies:\n- {name: a, domain: a.b, country: ES"

struct checked {
	char *document;
	struct model *model;
	struct lint_report report;
};

static struct checked check(const char *document)
{
	struct checked checked = {.document = strdup(document)};
	checked.model = provision_text_must(document);
	assert_int_equal(lint_check(&checked.report, checked.model, span_of_text(document), NULL), STATUS_OK);
	return checked;
}

static void end(struct checked *checked)
{
	lint_report_free(&checked->report);
	model_free(checked->model);
	free(checked->document);
}

/* "shadowed-pattern unanchored-pattern": those that a document has, in its order. */
static char *names_of(const struct lint_report *report)
{
	char *names = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&names, &size);
	for (uint32_t i = 0; i < report->count; i++)
		fprintf(out, "%s%s", i ? " " : "", lint_report_rows[report->item[i].lint].name);
	fclose(out);
	return names;
}

static void print(const struct lint_report *report)
{
	for (uint32_t i = 0; i < report->count; i++) {
		const struct lint_warning *warning = &report->item[i];
		print_error("  %u:%u: %s [%s] {%s} {%s}\n", warning->place.line, warning->place.column, warning->text,
			    lint_report_rows[warning->lint].name, warning->example ? warning->example : "",
			    warning->advice ? warning->advice : "");
	}
}

/* What a company has inside of its braces, and what is said about it. */
struct row {
	const char *company; /* behind "country: ES" */
	const char *lints;   /* names, in the order of places */
	const char *text;    /* part of the first one's; NULL: nothing is said */
	const char *example; /* of the first one */
	const char *advice;  /* part of its own advice; NULL: that of the row */
};

static void check_row(const struct row *row)
{
	char *document;
	assert_true(asprintf(&document, HEAD "%s}\n", row->company) > 0);
	struct checked checked = check(document);
	const struct lint_warning *first = checked.report.item;
	char *names = names_of(&checked.report);
	bool is_right = strcmp(names, row->lints) == 0 && checked.report.undecided == 0;
	if (is_right && row->text)
		is_right = strstr(first->text, row->text) &&
			   strcmp(row->example ? row->example : "", first->example ? first->example : "") == 0 &&
			   !row->advice == !first->advice && (!row->advice || strstr(first->advice, row->advice));
	if (!is_right) {
		print_error("%s\nis said to be: %s\n", document, names);
		print(&checked.report);
		fail();
	}
	free(names);
	end(&checked);
	free(document);
}

static void check_rows(const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&row[i]);
}
#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

/* Two friends with a pattern each. */
#define TWO(first, second)                                                                                             \
	", friends: [{name: f, password: uncommon-1" first "}, {name: g, password: uncommon-2" second "}]"
#define ONE(first) ", friends: [{name: f, password: uncommon-1" first "}]"

/* ---- patterns among each other ---- */

static void shadowed_pattern(void **state)
{
	static const struct row rows[] = {
		{TWO(", patterns: ['^2[0-9]*$']", ", priority: 5, patterns: ['^2[0-9]{3}$']"), "shadowed-pattern",
		 "pattern '^2[0-9]{3}$' of friend 'g' (priority 5) is never reached: friend 'f' (priority 1) takes "
		 "every "
		 "number that it takes, such as 2000, with '^2[0-9]*$'",
		 "2000", NULL},
		/* The order of the document does not count: the priority does, then the name. */
		{TWO(", priority: 5, patterns: ['^2[0-9]{3}$']", ", patterns: ['^2[0-9]*$']"), "shadowed-pattern",
		 "of friend 'f' (priority 5) is never reached: friend 'g' (priority 1)", "2000", NULL},
		{TWO(", patterns: ['^2[0-9]{3}$']", ", patterns: ['^2[0-9]{3}$']"), "shadowed-pattern",
		 "of friend 'g' (priority 1) is never reached: friend 'f'", "2000", NULL},
		/* In one friend: which of them does not matter. */
		{ONE(", patterns: ['^2[0-9]{3}$', '^2[0-9]*$']"), "shadowed-pattern",
		 "pattern '^2[0-9]{3}$' of friend 'f' adds nothing: its pattern '^2[0-9]*$'", "2000", "remove it"},
		{ONE(", patterns: ['^2[0-9]*$', '^2[0-9]{3}$']"), "shadowed-pattern", "pattern '^2[0-9]{3}$'", "2000",
		 "remove it"},
		{ONE(", patterns: ['^20$', '^20$']"), "shadowed-pattern", "pattern '^20$'", "20", "remove it"},
		/* By several together. */
		{", friends: [{name: f, password: uncommon-1, patterns: ['^2[0-4]$']}, {name: g, password: uncommon-2, "
		 "patterns: ['^2[5-9]$']}, {name: h, password: uncommon-3, priority: 2, patterns: ['^2[0-9]$']}]",
		 "shadowed-pattern", "together take every number that it takes, such as 20 (of 'f', 'g')", "20", NULL},
		{", friends: [{name: f, password: uncommon-1, patterns: ['^2[0-4]$']}, {name: g, password: uncommon-2, "
		 "patterns: ['^2[6-9]$']}, {name: h, password: uncommon-3, priority: 2, patterns: ['^2[0-9]$']}]",
		 "", NULL, NULL, NULL},
		/* What it takes beyond the other is reason enough. */
		{TWO(", patterns: ['^2[0-9]{3}$']", ", priority: 5, patterns: ['^2[0-9]*$']"), "", NULL, NULL, NULL},
		{TWO(", patterns: ['^2[0-9]{3}$']", ", priority: 5, patterns: ['^3[0-9]{3}$']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{3}$', '^3[0-9]{3}$']"), "", NULL, NULL, NULL},
		/* What is not regular takes no part, on either side. */
		{TWO(", patterns: ['^2(?!0)[0-9]*$']", ", priority: 5, patterns: ['^2(?!0)1$']"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void equal_priority_overlap(void **state)
{
	static const struct row rows[] = {
		{TWO(", patterns: ['^2[0-5]$']", ", patterns: ['^2[5-9]$']"), "equal-priority-overlap",
		 "pattern '^2[5-9]$' of friend 'g' takes 25, and so does '^2[0-5]$' of friend 'f' with the same "
		 "priority 1: "
		 "'f' is called, as that name sorts first",
		 "25", NULL},
		{TWO(", patterns: ['^2[0-5]$']", ", priority: 2, patterns: ['^2[5-9]$']"), "", NULL, NULL, NULL},
		{TWO(", patterns: ['^2[0-4]$']", ", patterns: ['^2[5-9]$']"), "", NULL, NULL, NULL},
		/* A third one has all that both have. */
		{", friends: [{name: f, password: uncommon-1, priority: 2, patterns: ['^2[0-5]$']}, {name: g, "
		 "password: "
		 "uncommon-2, priority: 2, patterns: ['^2[5-9]$']}, {name: h, password: uncommon-3, patterns: "
		 "['^25$']}]",
		 "", NULL, NULL, NULL},
		{", friends: [{name: f, password: uncommon-1, priority: 2, patterns: ['^2[0-6]$']}, {name: g, "
		 "password: "
		 "uncommon-2, priority: 2, patterns: ['^2[5-9]$']}, {name: h, password: uncommon-3, patterns: "
		 "['^25$']}]",
		 "equal-priority-overlap", "takes 26, and so does '^2[0-6]$'", "26", NULL},
		{TWO(", patterns: ['^1[0-9]$']", ", patterns: ['^(?!10)1[0-9]{1,2}$']"), "", NULL, NULL, NULL},
		/* Seen by example when one of them is not regular, and confirmed. */
		{TWO(", patterns: ['^(?!19)[12][0-9]$']", ", patterns: ['^1[0-9]{1,2}$']"), "equal-priority-overlap",
		 "takes 10, and so does '^(?!19)[12][0-9]$'", "10", NULL},
		{TWO(", patterns: ['^(?!10)[12][0-9]$']", ", patterns: ['^10']"), "", NULL, NULL, NULL},
		/* Who dials a service code reaches no pattern (R6). */
		{TWO(", patterns: ['^(\\*1|2)$']", ", patterns: ['^(\\*1|3)$']"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void pattern_takes_nothing(void **state)
{
	static const struct row rows[] = {
		{ONE(", patterns: ['^34 91']"), "pattern-takes-nothing",
		 "pattern '^34 91' of friend 'f' takes no number at all", NULL, NULL},
		{ONE(", patterns: ['^\\+34-91[0-9]{7}$']"), "pattern-takes-nothing", "takes no number", NULL, NULL},
		{ONE(", patterns: ['2^3']"), "pattern-takes-nothing", "takes no number", NULL, NULL},
		{ONE(", patterns: ['^[0-9]{63}']"), "pattern-takes-nothing", "takes no number", NULL, NULL},
		{ONE(", patterns: ['^[0-9]{62}$']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^a-?b$']"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

/* ---- patterns and numbers ---- */

static void unanchored_pattern(void **state)
{
	static const struct row rows[] = {
		{ONE(", patterns: ['2[0-9]{3}']") ", ddis: [{number: '+34944000000', route: {friend: '2000'}}]",
		 "unanchored-pattern",
		 "pattern '2[0-9]{3}' of friend 'f' has no ^: it takes also 944002000, which is +34944002000, a number "
		 "of the "
		 "public network",
		 "944002000", "write '^2[0-9]{3}$'"},
		/* Without a DDI to go by: any number of the country. */
		{ONE(", patterns: ['2[0-9]{3}']"), "unanchored-pattern",
		 "it takes also 100002000, which is +34100002000", "100002000", "write '^2[0-9]{3}$'"},
		{ONE(", patterns: ['2[0-9]{3}$']"), "unanchored-pattern", "has no ^", "100002000",
		 "write '^2[0-9]{3}$'"},
		{ONE(", patterns: ['2[0-9]{3}|3[0-9]{3}']"), "unanchored-pattern", "has no ^", "100002000",
		 "write '^(?:2[0-9]{3}|3[0-9]{3})$'"},
		{ONE(", patterns: ['^2[0-9]{3}']"), "unanchored-pattern",
		 "pattern '^2[0-9]{3}' of friend 'f' has no $: it takes also 200000000, which is +34200000000, a",
		 "200000000", "write '^2[0-9]{3}$'; or '^2[0-9]{3}.*', if it is to take longer numbers too"},
		{ONE(", patterns: ['^2[0-9]{3}|^3$']"), "unanchored-pattern", "has no $", "200000000",
		 "write '(?:^2[0-9]{3}|^3$)$'"},
		{ONE(", patterns: ['^2[0-9]{3}$|3']"), "unanchored-pattern", "has no ^", "100000003", "write '^(?:"},
		/* As the advice has it. */
		{ONE(", patterns: ['^2[0-9]{3}$']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{3}.*']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^(?:2[0-9]{3}|3[0-9]{3})$']"), "", NULL, NULL, NULL},
		/* Meant: everything, a short prefix, numbers in E.164 form. */
		{ONE(", patterns: ['.*']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^9']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^\\+34944']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^00']"), "", NULL, NULL, NULL},
		/* No number of the public network has that. */
		{ONE(", patterns: ['#31#']"), "", NULL, NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{11}']"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

#define ALICE ", users: [{name: alice, password: uncommon-9}]"

static void pattern_eats_extension(void **state)
{
	static const struct row rows[] = {
		{ONE(", patterns: ['^2[0-9]{3}$']") ALICE ", extensions: [{number: '2001', route: {user: alice}}]",
		 "pattern-eats-extension",
		 "pattern '^2[0-9]{3}$' of friend 'f' takes 2001, which is an extension (line 2): who dials it reaches "
		 "the "
		 "extension, not the friend",
		 "2001", NULL},
		{ONE(", patterns: ['^2(?!9)[0-9]{3}$']") ALICE ", extensions: [{number: '2001', route: {user: alice}}]",
		 "pattern-eats-extension", "takes 2001", "2001", NULL},
		{ONE(", patterns: ['^2[0-9]{3}$']") ALICE
		 ", extensions: [{number: '2007', route: {user: alice}}, {number: '2008'}, {number: '3000'}]",
		 "pattern-eats-extension", "takes 2007, which is an extension (line 2) (and 1 more like it)", "2007",
		 NULL},
		{ONE(", patterns: ['^2(?!0)[0-9]{3}$']") ALICE ", extensions: [{number: '2001', route: {user: alice}}]",
		 "", NULL, NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{3}$']") ALICE ", extensions: [{number: '101', route: {user: alice}}]", "",
		 NULL, NULL, NULL},
		/* Those that lead to the friend itself, and friends for all the rest. */
		{ONE(", patterns: ['^2[0-9]{3}$']") ", extensions: [{number: '2001', route: {friend: '2001'}}]", "",
		 NULL, NULL, NULL},
		{TWO(", patterns: ['^2[0-9]{3}$']",
		     ", patterns: ['^3$']") ", extensions: [{number: '2001', route: {friend: '3'}}]",
		 "pattern-eats-extension", "takes 2001", "2001", NULL},
		{ONE(", patterns: ['^.*$']") ALICE ", extensions: [{number: '101', route: {user: alice}}]", "", NULL,
		 NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void route_without_friend(void **state)
{
	static const struct row rows[] = {
		{ONE(", patterns: ['^2[0-9]{3}$']") ", extensions: [{number: '7', route: {friend: '3000'}}]",
		 "route-without-friend",
		 "extension 7 has a route to friends with the number 3000, which no friend's pattern takes: calls to "
		 "it are "
		 "answered 404",
		 NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{3}$']") ", ddis: [{number: '+34944000000', route: {friend: '20'}}]",
		 "route-without-friend", "DDI +34944000000 has a route to friends with the number 20", NULL, NULL},
		{ONE(", patterns: ['^2(?!0)[0-9]{3}$']") ", extensions: [{number: '7', route: {friend: '2000'}}]",
		 "route-without-friend", "2000", NULL, NULL},
		{ONE(", patterns: ['^2[0-9]{3}$']") ", extensions: [{number: '7', route: {friend: '2000'}}]", "", NULL,
		 NULL, NULL},
		/* As E.164, by the company's country or a caller's own. */
		{ONE(", patterns: ['^\\+34944']") ", extensions: [{number: '7', route: {friend: '944000000'}}]", "",
		 NULL, NULL, NULL},
		{ONE(", patterns: ['^\\+331']") ", extensions: [{number: '7', route: {friend: '0123456789'}}]",
		 "route-without-friend", "0123456789", NULL, NULL},
		{ONE(", country: FR, patterns: ['^\\+331']") ", extensions: [{number: '7', route: {friend: "
							     "'0123456789'}}]",
		 "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void ddi_without_route(void **state)
{
	static const struct row rows[] = {
		{", ddis: [{number: '+34944000000'}]", "ddi-without-route",
		 "DDI +34944000000 has no route: calls to it are answered 480", NULL, NULL},
		{ALICE ", ddis: [{number: '+34944000000', route: {user: alice}}]", "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

/* ---- endpoints ---- */

#define RINGS ", extensions: [{number: '1', route: {user: alice}}]"

static void weak_password(void **state)
{
	static const struct row rows[] = {
		{", users: [{name: alice, password: 'k#9x'}]" RINGS, "weak-password",
		 "the password of user 'alice' is weak: it has less than 8 characters", NULL, NULL},
		{", friends: [{name: switchboard, password: switchboard1, patterns: ['^2$']}]", "weak-password",
		 "the password of friend 'switchboard' is weak: it is its name, or little more", NULL, NULL},
		{", friends: [{name: f, auth: source, direct: 'udp:10.0.0.1:5060', patterns: ['^2$']}]", "", NULL, NULL,
		 NULL},
	};
	static const struct {
		const char *password, *why; /* NULL: not weak */
	} passwords[] = {
		{"alice", "its name"},
		{"ALICE2026", "its name"},
		{"ecila", "its name"},
		{"short", "less than 8"},
		{"7346197", "less than 8"},
		{"73461973", "digits alone"},
		{"aaaaaaaaaa", "sequence"},
		{"87654321", "sequence"},
		{"abcdefgh", "sequence"},
		{"k3k3k3k3k", "sequence or a repetition"},
		{"Password", "tried first"},
		{"password123", "tried first"},
		{"ChangeMe2026", "tried first"},
		{"letmein!1", "tried first"},
		{"password1!", "tried first"},
		{"Secret123!", "tried first"},
		{"#admin1#2", NULL},
		{"q8Zr2mXw", NULL},
		{"correct horse", NULL},
		{"alice-in-wonderland", NULL},
		{"passwordless", NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		const char *why = lint_endpoints_weakness(span_of_text(passwords[i].password), SPAN_LITERAL("alice"));
		if (!why != !passwords[i].why || (why && !strstr(why, passwords[i].why))) {
			print_error("%s: %s\n", passwords[i].password, why ? why : "not weak");
			fail();
		}
	}
}

static void friend_without_pattern(void **state)
{
	static const struct row rows[] = {
		{ONE(""), "friend-without-pattern", "friend 'f' has no patterns: it may call, but is never called",
		 NULL, NULL},
		{ONE(", patterns: []"), "friend-without-pattern", "has no patterns", NULL, NULL},
		{ONE(", patterns: ['^2$']"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void user_never_called(void **state)
{
	static const struct row rows[] = {
		{ALICE, "user-never-called", "no extension or DDI has a route to user 'alice'", NULL, NULL},
		{ALICE ", extensions: [{number: '1'}]", "user-never-called", "alice", NULL, NULL},
		{ALICE RINGS, "", NULL, NULL, NULL},
		{ALICE ", ddis: [{number: '+34944000000', route: {user: alice}}]", "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void forward_loop(void **state)
{
#define PBX(forwards) ", friends: [{name: f, password: uncommon-1, patterns: ['^2$'], forwards: " forwards "}"
	static const struct row rows[] = {
		{PBX("[{when: busy, to: {extension: '7'}}]") "], extensions: [{number: '7', route: {friend: '2'}}]",
		 "forward-loop", "friend 'f' forwards to extension 7, which leads back to it", NULL, NULL},
		{PBX("[{when: always, to: {extension: '7'}}]") ", {name: g, password: uncommon-2, patterns: ['^3$'], "
							       "forwards: [{when: always, to: {extension: '8'}}]}], "
							       "extensions: [{number: '7', route: {friend: '3'}}, "
							       "{number: '8', route: {friend: '2'}}]",
		 "forward-loop forward-loop", "friend 'f' forwards to extension 7", NULL, NULL},
		/* The second only sometimes forwards; then there is no way back. */
		{PBX("[{when: always, to: {extension: '7'}}]") ", {name: g, password: uncommon-2, patterns: ['^3$'], "
							       "forwards: [{when: busy, to: {number: '+34944'}}]}], "
							       "extensions: [{number: '7', route: {friend: '3'}}]",
		 "", NULL, NULL, NULL},
		{PBX("[{when: always, to: {extension: '7'}}]") ", {name: g, password: uncommon-2, patterns: ['^3$'], "
							       "forwards: [{when: busy, to: {extension: '8'}}]}], "
							       "extensions: [{number: '7', route: {friend: '3'}}, "
							       "{number: '8', route: {friend: '2'}}]",
		 "forward-loop", "friend 'g' forwards to extension 8", NULL, NULL},
		{PBX("[{when: busy, to: {extension: '7'}}]") "]" ALICE
							     ", extensions: [{number: '7', route: {user: alice}}]",
		 "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

/* Only with carriers is there a public network. */
static void no_outgoing_ddi(void **state)
{
#define CARRIER "carriers:\n- {name: t, address: [udp:10.0.0.1]}\n"
#define DDI	", ddis: [{number: '+34944000000', route: {user: alice}}]"
	static const struct {
		const char *document, *lints;
	} rows[] = {
		{CARRIER HEAD ALICE RINGS "}\n", "no-outgoing-ddi"},
		{CARRIER HEAD ALICE DDI "}\n", "no-outgoing-ddi"},
		{CARRIER HEAD ONE(", patterns: ['^2$']") "}\n", "no-outgoing-ddi"},
		{HEAD ALICE RINGS "}\n", ""},
		{CARRIER HEAD ", outgoing_ddi: '+34944000000'" ALICE DDI "}\n", ""},
		{CARRIER HEAD ", users: [{name: alice, password: uncommon-9, outgoing_ddi: '+34944000000'}]" DDI "}\n",
		 ""},
		/* What it presents may be the DDI. */
		{CARRIER HEAD ONE(", patterns: ['^2$']") ", ddis: [{number: '+34944000000', route: {friend: '2'}}]}\n",
		 ""},
		{CARRIER HEAD ", users: [{name: alice, password: uncommon-9, call_acl: none}]" RINGS
			      ", call_acls: [{name: none}]}\n",
		 ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct checked checked = check(rows[i].document);
		char *names = names_of(&checked.report);
		assert_string_equal(names, rows[i].lints);
		free(names);
		end(&checked);
	}
}

/* ---- call ACLs ---- */

static void acl_unused(void **state)
{
	static const struct row rows[] = {
		{", call_acls: [{name: national}]", "acl-unused",
		 "call ACL 'national' is used by no user and no friend", NULL, NULL},
		{ONE(", patterns: ['^2$'], call_acl: national") ", call_acls: [{name: national}]", "", NULL, NULL,
		 NULL},
		{", users: [{name: alice, password: uncommon-9, call_acl: national}]" RINGS
		 ", call_acls: [{name: national}]",
		 "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

static void acl_rule_unreached(void **state)
{
#define ACL(rules) ONE(", patterns: ['^2$'], call_acl: x") ", call_acls: [{name: x, rules: [" rules "]}]"
	static const struct row rows[] = {
		{ACL("{allow: '^\\+34'}, {deny: '^\\+34806'}"), "acl-rule-unreached",
		 "rule '^\\+34806' of call ACL 'x' decides nothing: rules before it decide about every number that it "
		 "matches",
		 NULL, NULL},
		{ACL("{allow: '^\\+34[0-4]'}, {deny: '^\\+34[5-9]'}, {deny: '^\\+34.'}"), "acl-rule-unreached",
		 "rule '^\\+34.'", NULL, NULL},
		{ACL("{allow: '^34'}"), "acl-rule-unreached",
		 "rule '^34' of call ACL 'x' decides nothing: it matches no "
		 "+E.164 number",
		 NULL, NULL},
		{ACL("{deny: '^\\+34806'}, {allow: '^\\+34'}"), "", NULL, NULL, NULL},
		{ACL("{allow: '^\\+34(?!806)'}, {deny: '^\\+34806'}"), "", NULL, NULL, NULL},
	};
	(void)state;
	CHECK_ROWS(rows);
}

/* ---- the report ---- */

/* In the order of the document, with the line; no password is ever quoted. */
static void warnings_quote_lines_without_passwords(void **state)
{
	static const char document[] = "companies:\n"
				       "- name: a\n"
				       "  domain: a.b\n"
				       "  country: ES\n"
				       "  friends:\n"
				       "  - {name: f, password: 'k#9x', patterns: ['2[0-9]{3}']}\n"
				       "  - {name: g, patterns: [' '], password: \"\\x4bXY9\"}\n"
				       "  - name: h\n"
				       "    password: tiny\n"
				       "    patterns: ['^3$']\n";
	struct checked checked = check(document);
	const struct lint_warning *item = checked.report.item;
	(void)state;
	assert_int_equal(checked.report.count, 5);
	assert_int_equal(item[0].lint, LINT_WEAK_PASSWORD);
	assert_int_equal(item[0].place.line, 6);
	assert_int_equal(item[0].place.column, 25);
	assert_int_equal(item[0].caret, 25);
	assert_string_equal(item[0].source_line, "  - {name: f, password: '****', patterns: ['2[0-9]{3}']}");
	assert_int_equal(item[1].lint, LINT_UNANCHORED_PATTERN);
	assert_int_equal(item[1].place.column, 44);
	assert_string_equal(item[1].source_line, item[0].source_line);
	/* Written with an escape. */
	assert_int_equal(item[2].lint, LINT_PATTERN_TAKES_NOTHING);
	assert_string_equal(item[2].source_line, "  - {name: g, patterns: [' '], password: \"*******\"}");
	assert_string_equal(item[3].source_line, item[2].source_line);
	assert_string_equal(item[4].source_line, "    password: ****");
	end(&checked);
}

/*
 * However a password is written, none of its source, which has an S or an escape in all that may be shown, is in a
 * quoted line. There is something to be said about what stands behind it.
 */
static void no_writing_of_a_password_is_shown(void **state)
{
#define X5 "\\x53\\x53\\x53\\x53\\x53"
#define U4 "\\U00000053\\U00000053\\U00000053\\U00000053"
	static const struct {
		const char *password, *shown; /* in the line of the pattern */
	} rows[] = {
		{"SSSS-SSSS", "password: *********,"},
		{"'SS''SS SS'", "password: '*********',"},
		{"'S''''SS'", "password: '*******',"},
		{"\"SS\\\"SSSS\"", "password: \"********\","},
		{"\"" X5 X5 X5 X5 X5 X5 X5 X5 "\"", "*\", patterns"},
		{"\"" U4 U4 U4 U4 U4 U4 "\"", "*\", patterns"},
		{"\"SSSS\n     SSSS\"", "*********\", patterns"},
		{"\"SSSS\\\n     SS\\x53SS\"", "*************\", patterns"},
		{"'SSSS\n     SS''SS'", "***********', patterns"},
		{"SSSS\n     SSSS", "****, patterns"},
		{"\"S\u00e9S\u20acS\U0001f600S\"", "password: \"*\u00b7*\u2022*\U0001f512*\","},
		{"&anchor SSSS-SSSS", "password: &anchor *********,"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *document;
		assert_true(asprintf(&document,
				     HEAD ", friends: [{name: f, password: %s, patterns: ['^2 ', '^3$', "
					  "'^%060d$', '^%061d$', '^%062d$']}]}\n",
				     rows[i].password, 1, 1, 1) > 0);
		struct checked checked = check(document);
		bool is_shown = false;
		for (uint32_t j = 0; j < checked.report.count; j++) {
			const struct lint_warning *warning = &checked.report.item[j];
			const char *line = warning->source_line ? warning->source_line : "";
			is_shown |= warning->lint == LINT_PATTERN_TAKES_NOTHING && strstr(line, rows[i].shown);
			const char *spain = strstr(line, "ES,");
			if (strchr(spain ? spain + 2 : line, 'S') || strstr(line, "x53") || strstr(line, "0053"))
				fail_msg("%s: %s", rows[i].password, line);
		}
		if (!is_shown)
			fail_msg("%s: %s", rows[i].password, checked.report.item[0].source_line);
		free(document);
		end(&checked);
	}
}

/* Blocks have lines of their own; those that end with a line break are no passwords. */
static void no_block_of_a_password_is_shown(void **state)
{
	static const char *const headers[] = {"|-", ">-", "|2-", ">- # a comment"};
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		char *document;
		assert_true(asprintf(&document,
				     HEAD "}\n- name: b\n  domain: b.b\n  country: FR\n  users:\n  - name: alice\n"
					  "    password: %s\n      SSSS\n    display: A\n",
				     headers[i]) > 0);
		struct model *model = provision_text_must(document);
		char *clean = lint_secrets_strike(span_of_text(document), model);
		assert_non_null(clean);
		if (!strstr(clean, "****\n    display") || strstr(clean, "SS"))
			fail_msg("%s: %s", headers[i], clean);
		free(clean);
		model_free(model);
		free(document);
	}
}

static char *json_of(const struct lint_report *report)
{
	json_t *object = json_object();
	assert_non_null(object);
	assert_true(lint_report_to_json(object, report, "acme.yaml"));
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

static void warnings_are_json(void **state)
{
	struct checked checked = check(HEAD ONE(", patterns: ['^2$', '^2$']") "}\n");
	char *text = json_of(&checked.report);
	(void)state;
	assert_string_equal(
		text,
		"{\"warnings\":[{\"file\":\"acme.yaml\",\"line\":2,\"column\":99,\"lint\":\"shadowed-pattern\","
		"\"text\":"
		"\"pattern '^2$' of friend 'f' adds nothing: its pattern '^2$' takes every number that it takes, such "
		"as 2\","
		"\"advice\":\"remove it\",\"example\":\"2\",\"source\":\"- {name: a, domain: a.b, country: ES, "
		"friends: "
		"[{name: f, password: **********, patterns: ['^2$', '^2$']}]}\",\"caret\":99}],\"warning_count\":1}");
	free(text);
	end(&checked);
	checked = check(HEAD "}\n");
	text = json_of(&checked.report);
	assert_string_equal(text, "{\"warnings\":[],\"warning_count\":0}");
	free(text);
	end(&checked);
}

/* A lint that fires everywhere does not hide the others. */
static void each_lint_is_listed_so_often(void **state)
{
	char *document = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&document, &size);
	(void)state;
	fprintf(out, HEAD ", ddis: [");
	for (uint32_t i = 0; i < LINT_REPORT_LISTED_MAX + 7; i++)
		fprintf(out, "\n {number: '+34944%u'},", 100000 + i);
	fprintf(out, "], call_acls: [{name: x}]}\n");
	fclose(out);
	struct checked checked = check(document);
	assert_int_equal(checked.report.count, LINT_REPORT_LISTED_MAX + 1);
	assert_int_equal(lint_report_total(&checked.report), LINT_REPORT_LISTED_MAX + 7 + 1);
	assert_int_equal(checked.report.item[LINT_REPORT_LISTED_MAX].lint, LINT_ACL_UNUSED);
	end(&checked);
	free(document);
}

/* It is said, and nothing is claimed. */
static void what_takes_too_long_is_counted(void **state)
{
	(void)state;
	struct checked checked =
		check(HEAD TWO(", patterns: ['^.*a.{40}$']", ", priority: 2, patterns: ['^.*[ab].{40}$']") "}\n");
	assert_int_equal(checked.report.count, 0);
	assert_true(checked.report.undecided > 0);
	end(&checked);
}

/* ---- what it costs ---- */

/* A run that has so many steps, and a company to look at. */
struct metered {
	struct lint_report report;
	struct lint_run run;
	struct lint_company company;
	struct model *model;
};

static void begin_metered(struct metered *metered, const char *document, uint64_t steps)
{
	*metered = (struct metered){.model = provision_text_must(document)};
	metered->run = (struct lint_run){
		.report = &metered->report,
		.search = language_search_create(steps),
		.room = {PATTERN_LANGUAGE_ROOM_BYTES, PATTERN_LANGUAGE_ROOM_STATES},
	};
	metered->run.everything = lint_company_make_language(&metered->run, SPAN_LITERAL(""), PATTERN_LANGUAGE_FREE);
	assert_true(lint_company_begin(&metered->company, &metered->run, model_companies(metered->model)));
}

static void end_metered(struct metered *metered)
{
	lint_company_end(&metered->company);
	pattern_language_free(metered->run.everything);
	language_search_free(metered->run.search);
	lint_report_free(&metered->report);
	model_free(metered->model);
}

/* Friends that all take all extensions, which all lead to a number that no friend takes. */
static char *make_crowd(uint32_t friends, uint32_t extensions)
{
	char *document = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&document, &size);
	fprintf(out, HEAD ", friends: [");
	for (uint32_t i = 0; i < friends; i++)
		fprintf(out,
			"{name: f%u, password: uncommon-%u, priority: %u, patterns: "
			"['^(?:[1-9][0-9]{3}|7000%04u)$']},\n ",
			i, i, i + 1, i);
	fprintf(out, "], extensions: [");
	for (uint32_t i = 0; i < extensions; i++)
		fprintf(out, "{number: '%u', route: {friend: '5555555'}},\n ", 1000 + i);
	fprintf(out, "]}\n");
	fclose(out);
	return document;
}

static void every_number_that_is_asked_for_is_paid(void **state)
{
	char *document = make_crowd(30, 1);
	struct metered metered;
	(void)state;
	begin_metered(&metered, document, 30 * 7);
	assert_int_equal(lint_company_winner(&metered.company, SPAN_LITERAL("5555555")).answer, PATTERN_LANGUAGE_NO);
	assert_int_equal(metered.report.undecided, 0);
	assert_int_equal(lint_company_winner(&metered.company, SPAN_LITERAL("5")).answer, PATTERN_LANGUAGE_UNKNOWN);
	assert_int_equal(metered.report.undecided, 1);
	end_metered(&metered);
	begin_metered(&metered, document, 30 * 7 - 1);
	assert_int_equal(lint_company_winner(&metered.company, SPAN_LITERAL("5555555")).answer,
			 PATTERN_LANGUAGE_UNKNOWN);
	end_metered(&metered);
	free(document);
}

/* PCRE2 is paid for as long as it may take: from each of three places on, and behind the last. */
static void what_pcre2_is_asked_is_paid(void **state)
{
	static const struct number number = {.text = "111", .length = 3};
	static const struct {
		const char *document;
		uint64_t steps;
	} rows[] = {
		{HEAD ONE(", patterns: ['^(?!2)1']") "}\n", 32 * 4},
		{HEAD ONE(", patterns: ['^(?!2)(?:(?:1?){3}){3}2|^1']") "}\n", (32 + 800) * 4},
	};
	struct metered metered;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint64_t lacking = 0; lacking < 2; lacking++) {
			begin_metered(&metered, rows[i].document, rows[i].steps - lacking);
			assert_null(metered.company.pattern[0].language);
			bool takes = lint_company_confirm(&metered.run, metered.company.pattern, &number);
			if (takes == lacking || metered.report.undecided != lacking ||
			    language_search_spend(metered.run.search, 1))
				fail_msg("row %zu, %d lacking: %d, %u undecided", i, (int)lacking, takes,
					 metered.report.undecided);
			end_metered(&metered);
		}
}

/* The company's numbers alone: each pair of a pattern and an extension, and where each extension leads, once. */
static void a_crowd_is_paid(void **state)
{
	enum { FRIENDS = 100, EXTENSIONS = 900, LEAST = FRIENDS * EXTENSIONS * (4 + 7) };
	char *document = make_crowd(FRIENDS, EXTENSIONS);
	struct metered metered;
	(void)state;
	begin_metered(&metered, document, LEAST);
	lint_numbers_check(&metered.company);
	assert_true(metered.report.undecided > 0);
	end_metered(&metered);
	begin_metered(&metered, document, 3 * LEAST);
	lint_numbers_check(&metered.company);
	assert_int_equal(metered.report.undecided, 0);
	assert_int_equal(metered.report.found[LINT_PATTERN_EATS_EXTENSION], FRIENDS);
	assert_int_equal(metered.report.found[LINT_ROUTE_WITHOUT_FRIEND], EXTENSIONS);
	end_metered(&metered);
	free(document);
}

/* More than there are steps for: nothing is claimed of what was not asked. */
static void a_large_crowd_is_undecided(void **state)
{
	char *document = make_crowd(1000, 9000);
	struct metered metered;
	(void)state;
	begin_metered(&metered, document, 1000000);
	lint_numbers_check(&metered.company);
	assert_int_equal(metered.report.found[LINT_ROUTE_WITHOUT_FRIEND], 0);
	assert_true(metered.report.undecided >= 1000);
	end_metered(&metered);
	free(document);
}

static void an_abandoned_check_says_nothing(void **state)
{
	static const char document[] = HEAD ALICE "}\n";
	struct model *model = provision_text_must(document);
	struct lint_report report = {0};
	atomic_bool is_abandoned = false;
	(void)state;
	assert_int_equal(lint_check(&report, model, span_of_text(document), &is_abandoned), STATUS_OK);
	assert_int_equal(report.count, 1);
	lint_report_free(&report);
	is_abandoned = true;
	assert_int_equal(lint_check(&report, model, span_of_text(document), &is_abandoned), STATUS_BUSY);
	assert_int_equal(lint_report_total(&report), 0);
	struct language_search *search = language_search_create(1000);
	language_search_watch(search, &is_abandoned);
	assert_false(language_search_spend(search, 1));
	language_search_free(search);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shadowed_pattern),
		cmocka_unit_test(equal_priority_overlap),
		cmocka_unit_test(pattern_takes_nothing),
		cmocka_unit_test(unanchored_pattern),
		cmocka_unit_test(pattern_eats_extension),
		cmocka_unit_test(route_without_friend),
		cmocka_unit_test(ddi_without_route),
		cmocka_unit_test(weak_password),
		cmocka_unit_test(friend_without_pattern),
		cmocka_unit_test(user_never_called),
		cmocka_unit_test(forward_loop),
		cmocka_unit_test(no_outgoing_ddi),
		cmocka_unit_test(acl_unused),
		cmocka_unit_test(acl_rule_unreached),
		cmocka_unit_test(warnings_quote_lines_without_passwords),
		cmocka_unit_test(no_writing_of_a_password_is_shown),
		cmocka_unit_test(no_block_of_a_password_is_shown),
		cmocka_unit_test(warnings_are_json),
		cmocka_unit_test(each_lint_is_listed_so_often),
		cmocka_unit_test(what_takes_too_long_is_counted),
		cmocka_unit_test(every_number_that_is_asked_for_is_paid),
		cmocka_unit_test(what_pcre2_is_asked_is_paid),
		cmocka_unit_test(a_crowd_is_paid),
		cmocka_unit_test(a_large_crowd_is_undecided),
		cmocka_unit_test(an_abandoned_check_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
