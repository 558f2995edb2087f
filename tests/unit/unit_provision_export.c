/* The normal form: complete, re-applicable, the same bytes for the same content; and what comparing sees. */
#include <stdlib.h>

#include "cmocka_all.h"
#include "model_changes.h"
#include "model_compare.h"
#include "model_export.h"
#include "provision_text.h"
#include "text_format.h"

static char *export_all(const struct model *model)
{
	char *text = NULL;
	assert_int_equal(model_export(&text, model, NULL), STATUS_OK);
	return text;
}

static void export_and_read_are_inverse(void **state)
{
	(void)state;
	struct model *first = provision_text_must(provision_text_full);
	char *text = export_all(first);
	struct model *second = provision_text_must(text);
	char *again = export_all(second);
	assert_string_equal(text, again);
	assert_true(model_compare_objects(&model_schema_document, first, second));
	free(text);
	free(again);
	model_free(first);
	model_free(second);
}

static void awkward_texts_survive(void **state)
{
	(void)state;
	struct model *first = provision_text_must(
		"companies:\n"
		"- {name: \"true\", domain: a.b, country: ES, users: [{name: '*', password: '- # ''x'': {['},"
		" {name: '7', password: \"~\"}, {name: n, password: ' blanks '}],\n"
		"   friends: [{name: no, password: \"\\\\\", description: \"Caf\\u00e9 \\U0001F4DE: '%'\", patterns: "
		"['^(\\d+), x$', '\\\\']}]}\n");
	char *text = export_all(first);
	struct model *second = provision_text_must(text);
	assert_true(model_compare_objects(&model_schema_document, first, second));
	free(text);
	model_free(first);
	model_free(second);
}

static void defaults_are_not_written(void **state)
{
	(void)state;
	struct model *a = provision_text_must(
		"companies: [{name: a, domain: a.b, country: ES, friends: [{name: f, password: p}]}]\n");
	struct model *b = provision_text_must(
		"companies: [{name: a, domain: a.b, country: ES, max_calls: 0, users: [], friends: [{name: f, "
		"password: p, priority: 1, auth: digest, ddi_in: true, patterns: []}]}]\n");
	char *text_a = export_all(a), *text_b = export_all(b);
	assert_string_equal(text_a, text_b);
	assert_true(model_compare_objects(&model_schema_document, a, b));
	free(text_a);
	free(text_b);
	model_free(a);
	model_free(b);
}

/* R25: [PCMA] is what stands there without the key; a carrier without it takes what is offered. */
static void codecs_are_written_as_the_table_spells_them(void **state)
{
	(void)state;
	struct model *model = provision_text_must(
		"carriers: [{name: t, address: [udp:10.0.0.1], codecs: [pcma]}]\n"
		"companies: [{name: a, domain: a.b, country: ES, users: [{name: u, password: p, codecs: [pcma]}], "
		"friends: [{name: f, password: p, codecs: [Amr-wb, OPUS, Telephone-Event]}]}]\n");
	char *text = export_all(model);
	assert_non_null(strstr(text, "codecs: [AMR-WB, opus, telephone-event]\n"));
	assert_non_null(strstr(text, "- name: t\n    address: ['udp:10.0.0.1']\n    codecs: [PCMA]\n"));
	assert_non_null(strstr(text, "- name: u\n        password: p\n"));
	assert_null(strstr(strstr(text, "name: u"), "codecs: [PCMA]"));
	free(text);
	model_free(model);
}

static struct model *with_codecs(const char *codecs)
{
	char text[200];
	snprintf(text, sizeof(text),
		 "companies: [{name: a, domain: a.b, country: ES, users: [{name: u, password: p%s}]}]\n", codecs);
	return provision_text_must(text);
}

/* The one field that changed, as JSON; NULL: nothing did. Owner: the caller. */
static char *changed_field(const char *before, const char *after)
{
	struct model *a = with_codecs(before), *b = with_codecs(after);
	struct model_changes changes;
	assert_int_equal(model_changes_find(&changes, a, b, (struct model_changes_limit){100, true}), STATUS_OK);
	json_t *fields = json_object_get(json_array_get(changes.listed, 0), "fields");
	char *text = json_array_size(fields) == 1 ? json_dumps(json_array_get(fields, 0), 0) : NULL;
	model_changes_free(&changes);
	model_free(a);
	model_free(b);
	return text;
}

static void codecs_that_change_are_shown(void **state)
{
	(void)state;
	char *text = changed_field("", ", codecs: [g729, PCMA]");
	assert_string_equal(text, "{\"key\": \"codecs\", \"before\": \"[PCMA]\", \"after\": \"[G729, PCMA]\"}");
	free(text);
	text = changed_field(", codecs: [G729]", "");
	assert_string_equal(text, "{\"key\": \"codecs\", \"before\": \"[G729]\", \"after\": \"[PCMA]\"}");
	free(text);
	assert_null(changed_field("", ", codecs: [PCMA]"));
	assert_null(changed_field(", codecs: [opus]", ", codecs: [OPUS]"));
}

static void an_empty_model_is_a_document_too(void **state)
{
	(void)state;
	struct model *model = provision_text_must("companies: []\n");
	char *text = export_all(model);
	model_free(provision_text_must(text));
	free(text);
	model_free(model);
}

static void one_company_alone(void **state)
{
	(void)state;
	struct model *model = provision_text_must(provision_text_full);
	char *text = NULL;
	assert_int_equal(model_export(&text, model, model_find_company(model, SPAN_LITERAL("acme"))), STATUS_OK);
	assert_null(strstr(text, "telco-a"));
	model_free(provision_text_must(text));
	free(text);
	model_free(model);
}

static void changes_are_counted(void **state)
{
	(void)state;
	struct model *a = provision_text_must(
		"companies:\n"
		"- {name: a, domain: a.b, country: ES, users: [{name: u, password: p}, {name: v, password: p}]}\n"
		"- {name: b, domain: b.b, country: ES}\n"
		"- {name: c, domain: c.b, country: ES, extensions: [{number: '1'}]}\n");
	struct model *b = provision_text_must(
		"carriers: [{name: t, address: [udp:10.0.0.1]}]\n"
		"companies:\n"
		"- {name: b, domain: b.b, country: ES}\n"
		"- {name: a, domain: a.b, country: ES, users: [{name: u, password: q}, {name: w, password: p}]}\n"
		"- {name: d, domain: d.b, country: ES, ddis: [{number: '+34944'}]}\n");
	struct model_changes changes;
	assert_int_equal(model_changes_find(&changes, a, b, (struct model_changes_limit){100, true}), STATUS_OK);
	static const struct model_change_count wanted[MODEL_KIND_COUNT] = {
		[MODEL_KIND_CARRIER] = {1, 0, 0},   [MODEL_KIND_COMPANY] = {1, 1, 1}, [MODEL_KIND_USER] = {1, 1, 1},
		[MODEL_KIND_EXTENSION] = {0, 0, 1}, [MODEL_KIND_DDI] = {1, 0, 0},
	};
	assert_memory_equal(changes.count, wanted, sizeof(wanted));
	char summary[200];
	model_changes_summarise(summary, sizeof(summary), &changes);
	assert_string_equal(summary, "carriers +1, companies +1 ~1 -1, users +1 ~1 -1, extensions -1, ddis +1");
	model_changes_free(&changes);
	model_free(a);
	model_free(b);
}

/* ---- random documents ---- */

enum { ROUNDS = 400 };

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % limit;
}

/* What YAML readers trip over. */
static const char *const odd_texts[] = {
	"yes",	   "No",	 "on",	 "OFF",	    "y",     "n",	"null",	  "~",	     "true",  "False", "0x1F",
	"010",	   "0o7",	 "1e3",	 "1_000",   "12:30", "-1",	"+1",	  ".5",	     ".inf",  ".nan",  "- a",
	"-",	   "? b",	 "a: b", "a:",	    ":",     ": a",	"a #b",	  "#",	     "'q'",   "it's",  "\"dq\"",
	"[x",	   "{y}",	 "&a",	 "*b",	    "!t",    "%z",	"@at",	  "`bt",     "|",     ">",     "a, b",
	"]",	   "}",		 "\\n",	 "\\",	    "=",     "<<",	"---",	  "...",     "--- a", "é",     "日本",
	"😀 phone", "2001-01-01", "''",	 "'",	    "\"",    "a\\'b",	"${x}",	  "a'': 'b", "x: {",  "Null",  "TRUE",
	"e1",	   "a-b.c",	 "a_b",	 "1.2.3.4", " lead", "trail  ", "\u00a0", "\u00ff"};
static const char *const patterns[] = {"^2[0-9]{3}$", ".*",   "^(?!29)2",  "'",		  "\"", "^\\+34(6|7)", "a: b",
				       " # ",	      "\\\\", "[^,]{1,3}", "^(\\d+), x$", "é",	"no"};
static const char *const prefixes[] = {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "2001:db8::/32", "::/0"};
static const char *const addresses[] = {"udp:192.0.2.10:5060", "udp:10.0.0.1", "udp:[2001:db8::1]:5061"};
static const char *const hosts[] = {"a", "NO", "true", "x-1.example.org", "1.2.3.4", "0x10", "_sip.a"};
static const char *const host_texts[] = {"[2001:db8::1]", "y", "hq.example"};
static const char *const names[] = {"*", "-", ".", "*-", "...", "---", "no", "NULL", "007", "1.0", "-1", "a*b"};
static const char *const users[] = {"+34", "~", "!", "=", "a&b", "*1", "trunk01", "-"};
static const char *const digits[] = {"0", "007", "94"};
static const char *const countries[] = {"NO", "ES", "US", "GB"};
static const char *const extensions[] = {"1", "0", "007", "1e3", "101*#", "0x1F"};
static const char *const dialled[] = {"112", "+34", "061", "*9#", "no"};
static const char *const e164[] = {"+34944000000", "+1", "+999999999999999"};
static const char *const codecs[] = {"PCMA", "opus", "AMR-WB", "telephone-event", "L16", "CN"};

#define CHOICE(list)                                                                                                   \
	{                                                                                                              \
		list, sizeof(list) / sizeof((list)[0])                                                                 \
	}
static const struct {
	const char *const *text;
	uint32_t count;
} choices[TEXT_FORMAT_COUNT] = {
	[TEXT_FORMAT_LABEL] = CHOICE(odd_texts),
	[TEXT_FORMAT_DISPLAY] = CHOICE(odd_texts),
	[TEXT_FORMAT_DESCRIPTION] = CHOICE(odd_texts),
	[TEXT_FORMAT_PASSWORD] = CHOICE(odd_texts),
	[TEXT_FORMAT_NAME] = CHOICE(names),
	[TEXT_FORMAT_SIP_USER] = CHOICE(users),
	[TEXT_FORMAT_DOMAIN] = CHOICE(hosts),
	[TEXT_FORMAT_HOST] = CHOICE(host_texts),
	[TEXT_FORMAT_DIGITS] = CHOICE(digits),
	[TEXT_FORMAT_COUNTRY] = CHOICE(countries),
	[TEXT_FORMAT_EXTENSION] = CHOICE(extensions),
	[TEXT_FORMAT_DIALLED] = CHOICE(dialled),
	[TEXT_FORMAT_E164] = CHOICE(e164),
	[TEXT_FORMAT_PATTERN] = CHOICE(patterns),
	[TEXT_FORMAT_ADDRESS] = CHOICE(addresses),
	[TEXT_FORMAT_PREFIX] = CHOICE(prefixes),
	[TEXT_FORMAT_CODEC] = CHOICE(codecs),
};

/* A text that the format allows: one of the list, or two of them one behind the other. */
static void fill_text(struct arena *arena, const struct model_schema_row *row, struct model_text *value)
{
	char why[TEXT_FORMAT_WHY_BYTES], text[200];
	do {
		const char *first = choices[row->format].text[random_below(choices[row->format].count)];
		const char *second = choices[row->format].text[random_below(choices[row->format].count)];
		snprintf(text, sizeof(text), "%s%s", first, random_below(3) == 0 ? second : "");
		if (row->least == 0 && random_below(8) == 0)
			text[0] = '\0';
	} while ((int64_t)strlen(text) > row->most || (int64_t)strlen(text) < row->least ||
		 (*text && !text_format_check(row->format, span_of_text(text), why)));
	value->length = (uint32_t)strlen(text);
	value->text = arena_copy_text(arena, text, value->length);
	assert_non_null(value->text);
}

static void fill_object(struct arena *arena, const struct model_schema *schema, void *object);

static void fill_list(struct arena *arena, const struct model_schema_row *row, struct model_list *list)
{
	list->count = random_below(4);
	list->item = arena_take_array(arena, list->count, row->child->size);
	for (uint32_t i = 0; i < list->count; i++)
		fill_object(arena, row->child, (char *)list->item + i * row->child->size);
}

static void fill_member(struct arena *arena, const struct model_schema_row *row, void *member)
{
	struct model_number *number = member;
	struct model_texts *texts = member;
	struct model_text *item;
	uint32_t choice_count = 0;
	switch ((enum model_schema_type)row->type) {
	case MODEL_SCHEMA_TEXT:
		fill_text(arena, row, member);
		break;
	case MODEL_SCHEMA_INTEGER:
		number->value = row->least + random_below((uint32_t)(row->most - row->least) + 1);
		break;
	case MODEL_SCHEMA_BOOL:
		number->value = random_below(2);
		break;
	case MODEL_SCHEMA_CHOICE:
		while (row->choice[choice_count])
			choice_count++;
		number->value = random_below(choice_count);
		break;
	case MODEL_SCHEMA_TEXTS:
		texts->count = 1 + random_below(4);
		item = arena_take_array(arena, texts->count, sizeof(*item));
		for (uint32_t i = 0; i < texts->count; i++)
			fill_text(arena, row, &item[i]);
		texts->item = item;
		break;
	case MODEL_SCHEMA_OBJECT:
		fill_object(arena, row->child, member);
		break;
	case MODEL_SCHEMA_OBJECTS:
		fill_list(arena, row, member);
		break;
	}
}

static void fill_object(struct arena *arena, const struct model_schema *schema, void *object)
{
	uint32_t only = random_below(schema->row_count);
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		bool wanted = schema->one_of ? i == only : row->mandatory || random_below(2);
		struct model_number *number = (void *)((char *)object + row->offset);
		if (wanted)
			fill_member(arena, row, number);
		else if (row->type == MODEL_SCHEMA_INTEGER || row->type == MODEL_SCHEMA_BOOL ||
			 row->type == MODEL_SCHEMA_CHOICE)
			number->value = row->fallback;
		else if (row->fallback_text)
			*(struct model_texts *)(void *)number =
				(struct model_texts){.item = row->fallback_text, .count = 1};
	}
}

/* What it names need not exist: reading alone does not ask. */
static void random_documents_survive(void **state)
{
	(void)state;
	for (random_state = 1; random_state < ROUNDS;) {
		uint64_t seed = random_state;
		struct model *first = calloc(1, sizeof(*first)), *second = NULL;
		struct problem_list problems = {0};
		fill_object(&first->arena, &model_schema_document, first);
		char *text = export_all(first), *again = NULL;
		enum status status = model_read(&second, span_of_text(text), "random.yaml", &problems);
		if (status != STATUS_OK || problem_list_has_any(&problems)) {
			problem_list_print(&problems, stderr);
			fail_msg("seed %llu:\n%s", (unsigned long long)seed, text);
		}
		if (!model_compare_objects(&model_schema_document, first, second)) {
			struct model_changes changes;
			if (model_changes_find(&changes, first, second, (struct model_changes_limit){9, true}) ==
			    STATUS_OK)
				json_dumpf(changes.listed, stderr, JSON_INDENT(1));
			fail_msg("seed %llu: not the same:\n%s", (unsigned long long)seed, text);
		}
		again = export_all(second);
		assert_string_equal(text, again);
		free(text);
		free(again);
		model_free(first);
		model_free(second);
		random_state = seed + 1;
	}
}

/* Pages are made from the rows. */
static void check_help(const struct model_schema *schema)
{
	for (uint32_t i = 0; i < schema->row_count; i++) {
		const struct model_schema_row *row = &schema->row[i];
		if (!row->help || strlen(row->help) < 10 || strlen(row->help) > 110)
			fail_msg("%s: %s: its help is missing, or too long for a line", schema->what, row->key);
		if (row->child)
			check_help(row->child);
	}
}

static void every_key_has_its_help(void **state)
{
	(void)state;
	check_help(&model_schema_document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(export_and_read_are_inverse),
		cmocka_unit_test(awkward_texts_survive),
		cmocka_unit_test(defaults_are_not_written),
		cmocka_unit_test(an_empty_model_is_a_document_too),
		cmocka_unit_test(one_company_alone),
		cmocka_unit_test(random_documents_survive),
		cmocka_unit_test(codecs_are_written_as_the_table_spells_them),
		cmocka_unit_test(codecs_that_change_are_shown),
		cmocka_unit_test(changes_are_counted),
		cmocka_unit_test(every_key_has_its_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
