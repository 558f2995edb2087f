/*
 * pipeline_identity - who the caller is said to be (R22, R23, R33): identity headers, privacy and diversions of all
 * kinds, right and wrong, and what leaves of them. One message in, one out; a row each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "pipeline_case.h"

#define DESK  "192.0.2.20:5060" /* a friend that needs no credentials */
#define TELCO "198.51.100.7:5060"

/* 4xxx is a friend that dials in US area 212, 5xxx one that dials as the company does. */
static const char provisioning[] =
	"carriers:\n"
	"  - {name: telco, address: [\"udp:198.51.100.7:5060\"], country: ES, from_domain: sip.example.com}\n"
	"companies:\n"
	"  - name: acme\n"
	"    domain: acme.example.net\n"
	"    country: ES\n"
	"    area_code: \"94\"\n"
	"    outgoing_ddi: \"+34944000000\"\n"
	"    friends:\n"
	"      - {name: desk, auth: source, direct: \"udp:192.0.2.20:5060\", patterns: [\"^30\"]}\n"
	"      - {name: us, password: secret, direct: \"udp:192.0.2.11:5060\", country: US, area_code: \"212\",\n"
	"         patterns: [\"^4[0-9]{3}$\"]}\n"
	"      - {name: es, password: secret, direct: \"udp:192.0.2.12:5060\", patterns: [\"^5[0-9]{3}$\"]}\n"
	"    ddis:\n"
	"      - {number: \"+34944000000\", route: {friend: \"5000\"}}\n"
	"      - {number: \"+34944000001\", route: {friend: \"4001\"}}\n";

#define DIGITS_60  "123456789012345678901234567890123456789012345678901234567890"
#define DIGITS_200 DIGITS_60 DIGITS_60 DIGITS_60 "12345678901234567890"

#define BY_DESK	       "<sip:desk@acme.example.net>"
#define BY(number)     "<sip:" number "@acme.example.net>"
#define ANONYMOUS      "\"Anonymous\" <sip:anonymous@anonymous.invalid>"
#define PAI(value)     "P-Asserted-Identity: " value "\r\n"
#define PPI(value)     "P-Preferred-Identity: " value "\r\n"
#define RPID(value)    "Remote-Party-ID: " value "\r\n"
#define PRIVACY(value) "Privacy: " value "\r\n"
#define DIVERSION(v)   "Diversion: " v "\r\n"

struct row {
	const char *what;
	const char *source;
	const char *number; /* dialled */
	const char *from;
	const char *headers;
	const char *shown_from; /* without tag */
	const char *identity;	/* P-Asserted-Identity: exactly one; NULL: none */
	const char *privacy;	/* exactly one; NULL: none */
	const char *diversion[2];
};

/* What a friend says, and how the American one is shown it. */
static const struct row friend_rows[] = {
	{"nothing but its name", DESK, "4000", BY_DESK, "", BY("desk"), BY("desk"), NULL, {NULL}},
	{"From", DESK, "4000", BY("600000001"), "", BY("01134600000001"), BY("01134600000001"), NULL, {NULL}},
	{"From by tel:",
	 DESK,
	 "4000",
	 "<tel:+34600000001>",
	 "",
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"an internal number", DESK, "4000", BY("3007"), "", BY("3007"), BY("3007"), NULL, {NULL}},
	{"identity goes before From",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("<sip:4000000@x>"),
	 BY("01134944000000"),
	 BY("01134944000000"),
	 NULL,
	 {NULL}},
	{"one header alone leaves",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("<sip:600000002@x>") PAI("<sip:600000003@x>") PPI("<sip:600000004@x>") RPID("<sip:600000005@x>"),
	 BY("01134600000002"),
	 BY("01134600000002"),
	 NULL,
	 {NULL}},
	{"PPI goes before RPID",
	 DESK,
	 "4000",
	 BY_DESK,
	 RPID("<sip:600000005@x>") PPI("<sip:600000004@x>"),
	 BY("01134600000004"),
	 BY("01134600000004"),
	 NULL,
	 {NULL}},
	{"RPID with parameters",
	 DESK,
	 "4000",
	 BY_DESK,
	 RPID("\"Jane\" <sip:600000005@x>;party=calling;privacy=off"),
	 BY("01134600000005"),
	 BY("01134600000005"),
	 NULL,
	 {NULL}},
	{"tel: with parameters",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<tel:+34-600-000-001;isub=1>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"several values, the first without user",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:acme.example.net>, <tel:+34600000001>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"several lines, the first anonymous",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:anonymous@anonymous.invalid>") PAI("<tel:+34600000001>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a comma, a quote and a URI in a quoted string",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("\"A \\\"q\\\", b <sip:1@x>\" <sip:600000001@x>, <tel:+1>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"folded",
	 DESK,
	 "4000",
	 BY_DESK,
	 "P-Asserted-Identity:\r\n \"A\r\n\tB\"\r\n  <sip:600000001@x>\r\n",
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a name that is no number",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:jane.doe@x>"),
	 BY("jane.doe"),
	 BY("jane.doe"),
	 NULL,
	 {NULL}},
	{"garbage, then PPI",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("%%% <<>, @") PPI("<sip:600000004@x>"),
	 BY("01134600000004"),
	 BY("01134600000004"),
	 NULL,
	 {NULL}},
	{"empty, then From",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI(""),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a quoted string without end",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("\"Jane <sip:600000002@x>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a broken escape",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("<sip:6%zz@x>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a broken escape in tel:",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("<tel:6%z>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"escaped digits",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:%36000000%301@x>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"escapes, NUL and line ends stay escaped",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:6%00%0d%0a%22%40%ff1@x>"),
	 BY("6%00%0D%0A%22%40%FF1"),
	 BY("6%00%0D%0A%22%40%FF1"),
	 NULL,
	 {NULL}},
	{"200 digits, then From",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PAI("<sip:" DIGITS_200 "@x>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"200 digits everywhere",
	 DESK,
	 "4000",
	 BY(DIGITS_200),
	 PAI("<tel:" DIGITS_200 ">"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {NULL}},
	{"what becomes too long in dial format stays",
	 DESK,
	 "4000",
	 BY_DESK,
	 PAI("<sip:+9" DIGITS_60 "@x>"),
	 BY("+9" DIGITS_60),
	 BY("+9" DIGITS_60),
	 NULL,
	 {NULL}},
	{"display of a friend",
	 DESK,
	 "4000",
	 "Jane Roe " BY("600000001"),
	 "",
	 "\"Jane Roe\" " BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"display with everything",
	 DESK,
	 "4000",
	 "\"R, \\\"J\\\" \xc3\xb1 <sip:1@x>;tag=no\" " BY("600000001"),
	 "",
	 "\"R, \\\"J\\\" \xc3\xb1 <sip:1@x>;tag=no\" " BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
};

static const struct row privacy_rows[] = {
	{"From anonymous",
	 DESK,
	 "4000",
	 "<sip:anonymous@acme.example.net>",
	 PAI("<sip:600000001@x>"),
	 ANONYMOUS,
	 NULL,
	 "id",
	 {NULL}},
	{"From anonymous in capitals and escapes",
	 DESK,
	 "4000",
	 "<sip:%41NONYMOUS@acme.example.net>",
	 "",
	 ANONYMOUS,
	 NULL,
	 "id",
	 {NULL}},
	{"Privacy: id", DESK, "4000", BY("600000001"), PRIVACY("id"), ANONYMOUS, NULL, "id", {NULL}},
	{"several values",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PRIVACY("header; ID ;user"),
	 ANONYMOUS,
	 NULL,
	 "header; ID ;user",
	 {NULL}},
	{"a value without id", DESK, "4000", BY("600000001"), PRIVACY("user"), ANONYMOUS, NULL, "id;user", {NULL}},
	{"garbage", DESK, "4000", BY("600000001"), PRIVACY("\x01;;,=<idx"), ANONYMOUS, NULL, "id;\x01;;,=<idx", {NULL}},
	{"none and another",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PRIVACY("none") PRIVACY("header"),
	 ANONYMOUS,
	 NULL,
	 "id;header",
	 {NULL}},
	{"none",
	 DESK,
	 "4000",
	 BY("600000001"),
	 PRIVACY("None"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 "None",
	 {NULL}},
	{"empty", DESK, "4000", BY("600000001"), PRIVACY(""), BY("01134600000001"), BY("01134600000001"), "", {NULL}},
	{"a carrier is told the number, and to keep it",
	 DESK,
	 "600000009",
	 "<sip:anonymous@acme.example.net>",
	 "",
	 ANONYMOUS,
	 "<sip:944000000@sip.example.com>",
	 "id",
	 {NULL}},
};

static const struct row carrier_rows[] = {
	{"From", TELCO, "944000001", "<sip:600000001@x>", "", BY("01134600000001"), BY("01134600000001"), NULL, {NULL}},
	{"PAI goes before From",
	 TELCO,
	 "944000001",
	 "<sip:600000001@x>",
	 RPID("<sip:600000003@x>") PAI("<tel:+33123456789>"),
	 BY("01133123456789"),
	 BY("01133123456789"),
	 NULL,
	 {NULL}},
	{"RPID goes before From",
	 TELCO,
	 "944000001",
	 "<sip:600000001@x>",
	 RPID("<sip:600000003@x>"),
	 BY("01134600000003"),
	 BY("01134600000003"),
	 NULL,
	 {NULL}},
	{"what it would prefer is nothing",
	 TELCO,
	 "944000001",
	 "<sip:600000001@x>",
	 PPI("<sip:600000004@x>"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {NULL}},
	{"a word is no number", TELCO, "944000001", "<sip:unavailable@x>", "", ANONYMOUS, NULL, "id", {NULL}},
	{"nobody", TELCO, "944000001", "<sip:198.51.100.7>", "", ANONYMOUS, NULL, "id", {NULL}},
	{"200 digits",
	 TELCO,
	 "944000001",
	 "<sip:" DIGITS_200 "@x>",
	 PAI("<sip:" DIGITS_200 "@x>"),
	 ANONYMOUS,
	 NULL,
	 "id",
	 {NULL}},
};

static const struct row diversion_rows[] = {
	{"in the called friend's dial format",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("\"A, B\" <sip:944000000@old.example>;reason=user-busy"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"\"A, B\" <sip:01134944000000@old.example>;reason=user-busy", NULL}},
	{"with its area code",
	 DESK,
	 "5000",
	 BY_DESK,
	 DIVERSION("<sip:+34944000000@old.example>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<sip:4000000@old.example>", NULL}},
	{"internal",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<sip:3001@old.example>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<sip:3001@old.example>", NULL}},
	{"several in a line, and lines",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<sip:600000001@a>;reason=deflection, \"x\" <sip:3001@b>,<sip:600%300-0002;oli=1@c>;counter=1")
		 DIVERSION("<sips:+13015550100@d>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<sip:01134600000001@a>;reason=deflection, \"x\" <sip:3001@b>,<sip:01134600000002;oli=1@c>;counter=1",
	  "<sips:13015550100@d>"}},
	{"without a user",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<sip:192.0.2.1>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<sip:192.0.2.1>", NULL}},
	{"without brackets",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("sip:600000001@a;reason=away"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"sip:01134600000001@a;reason=away", NULL}},
	{"tel: is in a format of its own",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<tel:+34600000001>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<tel:+34600000001>", NULL}},
	{"garbage stays",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<<%%") DIVERSION("<sip:6%zz@x>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<<%%", "<sip:6%zz@x>"}},
	{"200 digits, and a name",
	 DESK,
	 "4000",
	 BY_DESK,
	 DIVERSION("<sip:" DIGITS_200 "@x>") DIVERSION("<sip:bob@x>"),
	 BY("desk"),
	 BY("desk"),
	 NULL,
	 {"<sip:" DIGITS_200 "@x>", "<sip:bob@x>"}},
	{"of a carrier",
	 TELCO,
	 "944000001",
	 "<sip:600000001@x>",
	 DIVERSION("<sip:911000000@x>;reason=no-answer"),
	 BY("01134600000001"),
	 BY("01134600000001"),
	 NULL,
	 {"<sip:01134911000000@x>;reason=no-answer", NULL}},
	{"to a carrier: a DDI of ours (R14.2)",
	 DESK,
	 "600000009",
	 BY("0033123456789"),
	 DIVERSION("<sip:4000000@old.example>;reason=unconditional"),
	 "<sip:0033123456789@sip.example.com>",
	 "<sip:0033123456789@sip.example.com>",
	 NULL,
	 {"<sip:944000000@old.example>;reason=unconditional", NULL}},
	{"to a carrier: somebody else's",
	 DESK,
	 "600000009",
	 BY("0033123456789"),
	 DIVERSION("<sip:911000000@old.example>"),
	 "<sip:944000000@sip.example.com>",
	 "<sip:944000000@sip.example.com>",
	 NULL,
	 {NULL}},
};

/* Exactly the header lines `values`, which end with NULL or after `count`. */
static void expect_lines(const struct row *row, const char *message, const char *name, const char *const *values,
			 unsigned int count)
{
	static char found[4096];
	unsigned int lines = 0;

	while (lines < count && values[lines])
		lines++;
	for (unsigned int i = 0; i < lines; i++)
		if (!sip_find_header(found, sizeof(found), message, name, i) || strcmp(found, values[i]) != 0)
			fail_msg("%s: instead of %s: %s:\n%s", row->what, name, values[i], message);
	if (sip_find_header(found, sizeof(found), message, name, lines))
		fail_msg("%s: %s: %s is too much", row->what, name, found);
}

static void write_row(char text[SIP_TEXT_BYTES_MAX], const struct row *row, unsigned int serial)
{
	char uri[320], to[330], call_id[32], branch[32];

	snprintf(uri, sizeof(uri), "sip:%s@%s", row->number,
		 strcmp(row->source, DESK) ? "192.0.2.1" : "acme.example.net");
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(call_id, sizeof(call_id), "row%u@test", serial);
	snprintf(branch, sizeof(branch), "z9hG4bKrow%u", serial);
	sip_request_write(text, &(struct sip_request){.uri = uri,
						      .from = row->from,
						      .to = to,
						      .via = row->source,
						      .branch = branch,
						      .call_id = call_id,
						      .headers = row->headers});
}

static void play(void **state, const struct row *rows, size_t count)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, provisioning);
	static struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX], from[4096];

	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		write_row(text, row, (unsigned int)i);
		pipeline_send(pipeline, row->source, text);
		pipeline_case_expect(pipeline, &message);
		if (sip_status(message.text))
			fail_msg("%s:\n%s", row->what, message.text);
		snprintf(from, sizeof(from), "%s;tag=callertag", row->shown_from);
		expect_lines(row, message.text, "From", (const char *const[]){from}, 1);
		expect_lines(row, message.text, "P-Asserted-Identity", &row->identity, 1);
		expect_lines(row, message.text, "P-Preferred-Identity", NULL, 0);
		expect_lines(row, message.text, "Remote-Party-ID", NULL, 0);
		expect_lines(row, message.text, "Privacy", &row->privacy, 1);
		expect_lines(row, message.text, "Diversion", row->diversion, 2);
	}
	pipeline_stop(pipeline);
}

#define PLAY(rows) play(state, rows, sizeof(rows) / sizeof((rows)[0]))

static void r22_what_a_friend_says_of_its_caller(void **state)
{
	PLAY(friend_rows);
}

static void r23_privacy(void **state)
{
	PLAY(privacy_rows);
}

static void r33_what_a_carrier_says_of_its_caller(void **state)
{
	PLAY(carrier_rows);
}

static void r23_kept_diversions(void **state)
{
	PLAY(diversion_rows);
}

/* What is below the twentieth is not looked at. */
static void r23_too_many_diversions(void **state)
{
	struct pipeline *pipeline = pipeline_start(*(const uint32_t *)*state, provisioning);
	static struct pipeline_message message;
	char text[SIP_TEXT_BYTES_MAX], headers[2048] = "Diversion: <sip:600000001@x>", found[2048];
	struct row row = {"many", DESK, "4000", BY_DESK, headers, NULL, NULL, NULL, {NULL}};
	unsigned int shown = 0;

	for (unsigned int i = 1; i < 40; i++)
		strcat(headers, ",<sip:600000001@x>");
	strcat(headers, "\r\n");
	write_row(text, &row, 0);
	pipeline_send(pipeline, DESK, text);
	pipeline_case_expect(pipeline, &message);
	assert_true(sip_find_header(found, sizeof(found), message.text, "Diversion", 0));
	for (const char *at = found; (at = strstr(at, "sip:01134600000001@x")); at++)
		shown++;
	assert_int_equal(shown, 20);
	pipeline_stop(pipeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPELINE_CASE_ROWS(r22_what_a_friend_says_of_its_caller),
		PIPELINE_CASE_ROWS(r23_privacy),
		PIPELINE_CASE_ROWS(r33_what_a_carrier_says_of_its_caller),
		PIPELINE_CASE_ROWS(r23_kept_diversions),
		PIPELINE_CASE_ROWS(r23_too_many_diversions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
