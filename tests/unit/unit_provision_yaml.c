/* Reading documents: types, keys, formats and ranges, each refusal with its place. */
#include <string.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "provision_text.h"

static void every_key_is_read(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	assert_int_equal(model->carriers.count, 2);
	assert_int_equal(model->companies.count, 1);
	const struct model_company *acme = &model_companies(model)[0];
	assert_string_equal(acme->domain.text, "acme.example.net");
	assert_int_equal(acme->emergency.count, 2);
	assert_non_null(acme->area_code.text);
	assert_int_equal(acme->area_code.length, 0);
	const struct model_friend *hq = &model_friends(acme)[0];
	assert_string_equal(hq->endpoint.password.text, "it's: #1");
	assert_int_equal(hq->priority.value, 10);
	assert_int_equal(hq->patterns.count, 2);
	assert_false(hq->ddi_in.value);
	assert_true(hq->always_transform.value);
	assert_int_equal(hq->patterns.item[1].place.line, 39);
	assert_int_equal(hq->patterns.item[1].place.column, 35);
	const struct model_friend *branch = &model_friends(acme)[1];
	assert_int_equal(branch->priority.value, 1);
	assert_true(branch->ddi_in.value);
	assert_true(branch->endpoint.multi_contact.value);
	assert_false(branch->auth.given);
	assert_int_equal(model_friends(acme)[2].auth.value, MODEL_AUTH_SOURCE);
	assert_null(model_extensions(acme)[3].route.user.text);
	assert_string_equal(model_rules(&model_acls(acme)[0])[1].deny.text, "^\\+34806");
	model_free(model);
}

static void plain_numbers_are_texts_as_written(void **state)
{
	(void)state;
	struct model *model = provision_text_must(
		"companies:\n- {name: 42, domain: a.b, country: NO, area_code: 0094, emergency: [112]}\n");
	assert_string_equal(model_companies(model)->area_code.text, "0094");
	assert_string_equal(model_companies(model)->country.text, "NO");
	model_free(model);
}

/* Single-quoted texts as YAML says, also where libfyaml 0.7.12 does not. */
static void quotes_in_quotes(void **state)
{
	static const char *const texts[][2] = {
		{"'it''s'", "it's"},	    {"'a''''b'", "a''b"}, {"''''", "'"},
		{"''''''", "''"},	    {"'''''x'", "''x"},	  {"'a'''' b'", "a'' b"},
		{"'a''''\n   b'", "a'' b"}, {"\"a''b\"", "a''b"}, {"'x''''''y'", "x'''y"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (int mark = 0; mark < 2; mark++) {
			char text[200];
			snprintf(text, sizeof(text), "%scompanies:\n- {name: %s, domain: a.b, country: ES}\n",
				 mark ? "\xef\xbb\xbf" : "", texts[i][0]);
			struct model *model = provision_text_must(text);
			assert_string_equal(model_companies(model)->name.text, texts[i][1]);
			model_free(model);
		}
	}
}

/* Any text in either quotes, in a line of its own and among others. */
static void quoted_texts_are_read_as_written(void **state)
{
	static const char *const pieces[] = {"'", "\"", "\\", " ", ": ", " #", "a", "é", ",", "]", "}", "x"};
	(void)state;
	srandom(7);
	for (int round = 0; round < 3000; round++) {
		char text[64] = "", written[200], document[600];
		for (long i = random() % 9; i > 0; i--)
			strcat(text, pieces[(size_t)random() % (sizeof(pieces) / sizeof(pieces[0]))]);
		char quote = round & 1 ? '"' : '\'', *to = written;
		*to++ = quote;
		for (const char *at = text; *at; at++) {
			if (round & 1 ? *at == '"' || *at == '\\' : *at == '\'')
				*to++ = round & 1 ? '\\' : '\'';
			*to++ = *at;
		}
		*to++ = quote;
		*to = '\0';
		snprintf(document, sizeof(document),
			 round & 2
				 ? "companies:\n- {name: a, domain: a.b, country: ES, friends: [{name: f, password: p, "
				   "description: %s}]}\n"
				 : "companies:\n- name: a\n  domain: a.b\n  country: ES\n  friends:\n  - name: f\n"
				   "    description: %s\n    password: p\n",
			 written);
		struct model *model = provision_text_must(document);
		const struct model_text *read = &model_friends(&model_companies(model)[0])[0].description;
		if (read->length != strlen(text) || strcmp(read->text, text) != 0)
			fail_msg("read [%s] from\n%s", read->text, document);
		model_free(model);
	}
}

#define COMPANY "companies:\n- {name: a, domain: a.b, country: ES"

static const struct refusal {
	const char *text;
	uint32_t line, column;
	const char *key, *part;
} refusals[] = {
	{"", 1, 1, NULL, "empty"},
	{"# nothing\n", 1, 1, NULL, "empty"},
	{"~\n", 1, 1, NULL, "empty"},
	{"[]\n", 1, 1, NULL, "must be a document"},
	{"hello\n", 1, 1, NULL, "must be a document"},
	{"companies: []\nphones: []\n", 2, 1, "phones", "unknown key"},
	{"companies: []\ncompanies: []\n", 2, 1, "companies", "twice"},
	{"companies:\n", 1, 1, "companies", "write []"},
	{"companies: {}\n", 1, 12, "companies", "must be a list, not a mapping"},
	{"companies: [7]\n", 1, 13, "companies", "must be a company"},
	{"companies: []\n---\ncompanies: []\n", 2, 1, NULL, "second document"},
	{"? [a]\n: b\n", 1, 1, NULL, "begins with a '?'"},
	{"[a]: b\n", 1, 1, NULL, "a key must be a word"},
	{COMPANY ", max_calls: x}\n", 2, 50, "max_calls", "must be an integer"},
	{COMPANY ", max_calls: '0'}\n", 2, 50, "max_calls", "must be an integer"},
	{COMPANY ", max_calls: -1}\n", 2, 50, "max_calls", "must be 0 to"},
	{COMPANY ", max_calls: 1000000001}\n", 2, 50, "max_calls", "must be 0 to"},
	{COMPANY ", max_calls: 0x10}\n", 2, 50, "max_calls", "must be an integer"},
	{COMPANY ", max_calls: 99999999999999999999}\n", 2, 50, "max_calls", "must be an integer"},
	{COMPANY ", area_code: [1]}\n", 2, 50, "area_code", "must be a text, not a list"},
	{COMPANY ", area_code: 9a}\n", 2, 50, "area_code", "digits"},
	{COMPANY ", area_code: ~}\n", 2, 50, "area_code", "has no value"},
	{COMPANY ", sources: [10.0.0.1/8]}\n", 2, 49, "sources", "behind the prefix"},
	{COMPANY ", sources: [10.0.0.0/33]}\n", 2, 49, "sources", "0 to 32"},
	{COMPANY ", sources: [router]}\n", 2, 49, "sources", "IP address"},
	{COMPANY ", emergency: [1 2]}\n", 2, 51, "emergency", "digits"},
	{"companies:\n- {name: a, domain: a.b, country: QQ}\n", 2, 35, "country", "no known country"},
	{"companies:\n- {name: a, domain: a..b, country: ES}\n", 2, 21, "domain", "host name"},
	{"companies:\n- {name: a, domain: a.b}\n", 2, 3, "country", "is missing"},
	{"companies:\n- {name: '', domain: a.b, country: ES}\n", 2, 10, "name", "is empty"},
	{"companies:\n- {name: \"a\\nb\", domain: a.b, country: ES}\n", 2, 10, "name", "printable"},
	{"companies:\n- &a {name: !!str a, domain: a.b, country: ES}\n", 2, 13, "name", "tag"},
	{COMPANY ", users: [{name: a b, password: x}]}\n", 2, 54, "name", "characters"},
	{COMPANY ", users: [{name: alice}]}\n", 2, 47, "password", "is missing"},
	{COMPANY ", users: [{name: a, password: x, codecs: [PCMA, Q]}]}\n", 2, 85, "codecs", "no known codec"},
	{COMPANY ", users: [{name: a, password: x, multi_contact: yes}]}\n", 2, 85, "multi_contact", "true or false"},
	{COMPANY ", users: [{name: a, password: x, display: 'a\"b'}]}\n", 2, 79, "display", "must not contain"},
	{COMPANY ", friends: [{name: f, password: x, priority: 32768}]}\n", 2, 82, "priority", "0 to 32767"},
	{COMPANY ", friends: [{name: f, password: x, auth: none}]}\n", 2, 78, "auth", "digest or source"},
	{COMPANY ", friends: [{name: f, password: x, max_cps: -1}]}\n", 2, 81, "max_cps", "must be 0 to"},
	{COMPANY ", friends: [{name: f, password: x, patterns: ['']}]}\n", 2, 83, "patterns", "is empty"},
	{COMPANY ", friends: [{name: f, password: x, patterns: ['^2', 'a(b']}]}\n", 2, 89, "patterns",
	 "at byte 4 of the pattern"},
	{COMPANY ", friends: [{name: f, password: x, direct: pbx.example}]}\n", 2, 80, "direct",
	 "must be written as udp:"},
	{COMPANY ", friends: [{name: f, password: x, direct: udp:pbx.example:5060}]}\n", 2, 80, "direct",
	 "host names are not resolved"},
	{COMPANY ", friends: [{name: f, password: x, direct: tls:10.0.0.1}]}\n", 2, 80, "direct",
	 "transport not available in this build"},
	{COMPANY ", friends: [{name: f, password: x, direct: udp:10.0.0.1:0}]}\n", 2, 80, "direct", "1 to 65535"},
	{COMPANY ", friends: [{name: f, password: x, direct: 'udp:2001:db8::1:5060'}]}\n", 2, 80, "direct", "brackets"},
	{COMPANY ", friends: [{name: f, password: x, forwards: [{when: busy, to: {number: '34600'}}]}]}\n", 2, 109,
	 "number", "E.164"},
	{COMPANY ", extensions: [{number: '*1'}]}\n", 2, 61, "number", "begin with a digit"},
	{COMPANY ", extensions: [{number: '12345678901'}]}\n", 2, 61, "number", "at most 10"},
	{COMPANY ", extensions: [{number: '1', route: {}}]}\n", 2, 73, "route",
	 "exactly one key: user, friend or number"},
	{COMPANY ", extensions: [{number: '1', route: {friend: '1', number: '+34'}}]}\n", 2, 73, "route",
	 "exactly one key"},
	{COMPANY ", ddis: [{number: '34944000000'}]}\n", 2, 55, "number", "E.164"},
	{"carriers: [{name: t, address: [tcp:10.0.0.1:5060]}]\n", 1, 32, "address", "transport not available"},
};

static void each_refusal_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		provision_text_refused(refusals[i].text, refusals[i].line, refusals[i].column, refusals[i].key,
				       refusals[i].part);
}

static void all_problems_are_told_at_once(void **state)
{
	(void)state;
	struct problem_list problems = {0};
	assert_null(provision_text_model("companies:\n"
					 "  - name: a\n"
					 "    domain: a.b\n"
					 "    country: ES\n"
					 "    nonsense: 1\n"
					 "    call_acls: [{name: x, rules: [{permit: '.'}, {}]}]\n"
					 "    users:\n"
					 "      - {name: u, password: x, extension: \"5\"}\n"
					 "      - {name: u, password: x, call_acl: none}\n",
					 &problems));
	static const uint32_t lines[] = {5, 6, 6, 8, 9, 9};
	enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
	assert_int_equal(problems.count, COUNT);
	problem_list_sort(&problems);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(problems.item[i].line, lines[i]);
		assert_non_null(problems.item[i].source_line);
	}
	json_t *json = problem_list_to_json(&problems);
	assert_int_equal(json_array_size(json), COUNT);
	json_decref(json);
	problem_list_free(&problems);
}

static void what_is_not_yaml_is_refused_with_its_place(void **state)
{
	(void)state;
	static const char *const texts[] = {"companies: [\n", "companies: []\n  x: {\n", "a: b: c\n",
					    "\"abc\n",	      "%YAML 9.9\n---\n[]\n",	 "\t- x: [\n",
					    "companies: ]\n"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct problem_list problems = {0};
		assert_null(provision_text_model(texts[i], &problems));
		assert_true(problems.count >= 1);
		assert_true(problems.item[0].line >= 1 && problems.item[0].column >= 1);
		problem_list_free(&problems);
	}
}

/* Nothing that a stranger can write may take more than its length in memory or stack. */
static void hostile_documents_are_refused(void **state)
{
	(void)state;
	enum { DEPTH = 100000 };
	char *deep = malloc(DEPTH + 20);
	memcpy(deep, "companies: ", 11);
	memset(deep + 11, '[', DEPTH);
	deep[11 + DEPTH] = '\0';
	static const char aliases[] = "companies: &a [{name: &n a, domain: a.b, country: ES}, *a]\ncarriers: *a\n";
	const char *const texts[] = {deep, aliases, "companies: [\xff\xfe]\n", "<<: {companies: []}\n",
				     "companies: [{name: \"\\0\", domain: a.b, country: ES}]\n"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct problem_list problems = {0};
		assert_null(provision_text_model(texts[i], &problems));
		assert_true(problem_list_has_any(&problems));
		problem_list_free(&problems);
	}
	free(deep);
}

static void every_prefix_is_read_safely(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(provision_text_full); length += 7) {
		char *prefix = strndup(provision_text_full, length);
		struct problem_list problems = {0};
		model_free(provision_text_model(prefix, &problems));
		problem_list_free(&problems);
		free(prefix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(plain_numbers_are_texts_as_written),
		cmocka_unit_test(quotes_in_quotes),
		cmocka_unit_test(quoted_texts_are_read_as_written),
		cmocka_unit_test(each_refusal_says_where),
		cmocka_unit_test(all_problems_are_told_at_once),
		cmocka_unit_test(what_is_not_yaml_is_refused_with_its_place),
		cmocka_unit_test(hostile_documents_are_refused),
		cmocka_unit_test(every_prefix_is_read_safely),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
