/* What recipes are made of: rows, values, and how each syntax wants a value written. */
#include <stdio.h>
#include <stdlib.h>

#include "cmocka_all.h"
#include "recipe.h"
#include "recipe_escape.h"

static char why[RECIPE_WHY_BYTES];

static void expect_written(enum recipe_syntax syntax, const char *value, const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_null(recipe_escape_put(out, syntax, span_of_text(value)));
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void each_syntax_has_its_own_escapes(void **state)
{
	(void)state;
	expect_written(RECIPE_SYNTAX_TEXT, "a;b<c>$--", "a;b<c>$--");
	expect_written(RECIPE_SYNTAX_ASTERISK, "a;b#c\"d\\e", "a\\;b#c\"d\\e");
	expect_written(RECIPE_SYNTAX_ASTERISK, "a\\;b", "a\\\\;b");
	expect_written(RECIPE_SYNTAX_XML, "<a b=\"'c'\">&$${d}",
		       "&lt;a b=&quot;&apos;c&apos;&quot;&gt;&amp;&#36;&#36;{d}");
	expect_written(RECIPE_SYNTAX_XML_COMMENT, "^a--b---$", "^a- -b- - -$");
	expect_written(RECIPE_SYNTAX_DB_TEXT, "a:b\\c", "a\\:b\\\\c");
}

static void asterisk_cannot_hold_blanks_around_a_value(void **state)
{
	(void)state;
	expect_written(RECIPE_SYNTAX_ASTERISK, "a b", "a b");
	assert_non_null(recipe_escape_put(stdout, RECIPE_SYNTAX_ASTERISK, SPAN_LITERAL(" a")));
	assert_non_null(recipe_escape_put(stdout, RECIPE_SYNTAX_ASTERISK, SPAN_LITERAL("a ")));
}

static void expect_refused(enum recipe_syntax syntax, const char *value, const char *expected)
{
	assert_string_equal(recipe_escape_put(stdout, syntax, span_of_text(value)), expected);
}

static void asterisk_has_sections_of_its_own(void **state)
{
	(void)state;
	expect_refused(RECIPE_SYNTAX_ASTERISK_SECTION, "General",
		       "Asterisk keeps its own settings in the section [general]");
	expect_refused(RECIPE_SYNTAX_ASTERISK_SECTION, "authentication",
		       "chan_sip keeps passwords for calls in the section [authentication]");
	expect_refused(RECIPE_SYNTAX_ASTERISK_SECTION, "anonymous",
		       "chan_pjsip takes calls from unknown callers with the endpoint [anonymous]");
	expect_written(RECIPE_SYNTAX_ASTERISK_SECTION, "generals", "generals");
	expect_written(RECIPE_SYNTAX_ASTERISK_SECTION, "_east", "_east");
}

static void asterisk_has_extensions_that_are_no_names(void **state)
{
	(void)state;
	expect_refused(RECIPE_SYNTAX_ASTERISK_EXTENSION, "_east",
		       "Asterisk takes an extension that begins with _ for a pattern, and calls do not reach it");
	expect_refused(RECIPE_SYNTAX_ASTERISK_EXTENSION, "h", "Asterisk runs the extension h when a call has ended");
	expect_written(RECIPE_SYNTAX_ASTERISK_EXTENSION, "east_", "east_");
	expect_written(RECIPE_SYNTAX_ASTERISK_EXTENSION, "hq", "hq");
	expect_refused(RECIPE_SYNTAX_ASTERISK_DIAL, "a&b", "Dial() of Asterisk gives & and ! meanings of their own");
	expect_refused(RECIPE_SYNTAX_ASTERISK_DIAL, "a!b", "Dial() of Asterisk gives & and ! meanings of their own");
	expect_written(RECIPE_SYNTAX_ASTERISK_DIAL, "a-b.c", "a-b.c");
}

static void codecs_have_names_of_their_own(void **state)
{
	(void)state;
	assert_true(span_equals(recipe_codec_name(RECIPE_asterisk_sip, SPAN_LITERAL("PCMA")), SPAN_LITERAL("alaw")));
	assert_true(span_equals(recipe_codec_name(RECIPE_asterisk_pjsip, SPAN_LITERAL("pcmu")), SPAN_LITERAL("ulaw")));
	assert_true(span_equals(recipe_codec_name(RECIPE_freeswitch, SPAN_LITERAL("opus")), SPAN_LITERAL("OPUS")));
	assert_true(span_equals(recipe_codec_name(RECIPE_kamailio, SPAN_LITERAL("EVS")), SPAN_LITERAL("EVS")));
	assert_int_equal(recipe_codec_name(RECIPE_asterisk_sip, SPAN_LITERAL("EVS")).length, 0);
	assert_int_equal(recipe_codec_name(RECIPE_asterisk_sip, SPAN_LITERAL("AMR")).length, 0);
}

static void kinds_are_found_by_name(void **state)
{
	(void)state;
	for (enum recipe_kind kind = 0; kind < RECIPE_COUNT; kind++)
		assert_int_equal(recipe_find_kind(recipe_kind_name(kind)), kind);
	assert_int_equal(recipe_find_kind("asterisk"), RECIPE_COUNT);
	assert_int_equal(recipe_find_kind(""), RECIPE_COUNT);
}

/* ---- whole recipes ---- */

static const struct span one_of_each[RECIPE_VALUE_COUNT] = {
	[RECIPE_VALUE_name] = SPAN_LITERAL("hq-pbx"),
	[RECIPE_VALUE_company] = SPAN_LITERAL("acme"),
	[RECIPE_VALUE_domain] = SPAN_LITERAL("acme.example.net"),
	[RECIPE_VALUE_password] = SPAN_LITERAL("s3;cret"),
	[RECIPE_VALUE_ha1] = SPAN_LITERAL("0123456789abcdef0123456789abcdef"),
	[RECIPE_VALUE_address] = SPAN_LITERAL("[2001:db8::1]"),
	[RECIPE_VALUE_host] = SPAN_LITERAL("2001:db8::1"),
	[RECIPE_VALUE_host_pattern] = SPAN_LITERAL("2001:db8::1"),
	[RECIPE_VALUE_port] = SPAN_LITERAL("5070"),
	[RECIPE_VALUE_contact] = SPAN_LITERAL("acme.example.net"),
	[RECIPE_VALUE_codecs] = SPAN_LITERAL("PCMA,PCMU"),
	[RECIPE_VALUE_direct] = SPAN_LITERAL("192.0.2.10:5061"),
};
static const struct span patterns[] = {SPAN_LITERAL("^2"), SPAN_LITERAL("^3--4")};
static const struct span codecs[] = {SPAN_LITERAL("alaw"), SPAN_LITERAL("ulaw")};

static struct recipe recipe_of(enum recipe_kind kind, uint32_t facts)
{
	struct recipe recipe = {.kind = kind, .facts = facts};

	for (enum recipe_value value = 0; value < RECIPE_VALUE_COUNT; value++)
		if (one_of_each[value].length)
			recipe.value[value] = (struct recipe_list){&one_of_each[value], 1};
	recipe.value[RECIPE_VALUE_pattern] = (struct recipe_list){patterns, 2};
	recipe.value[RECIPE_VALUE_codec] = (struct recipe_list){codecs, 2};
	return recipe;
}

static const char *text_in(const json_t *object)
{
	return json_string_value(json_object_get(object, "text"));
}

static void a_recipe_is_as_it_is_printed(void **state)
{
	static const char expected[] = "; ---- /etc/asterisk/sip.conf: append this ----\n"
				       "; Friend hq-pbx of acme at amity, for Asterisk with chan_sip.\n"
				       "; amity sends it the numbers that match ^2\n"
				       "; amity sends it the numbers that match ^3--4\n"
				       "\n"
				       "[general](+)\n"
				       "register => hq-pbx@acme.example.net@hq-pbx/hq-pbx\n"
				       "\n"
				       "[hq-pbx]\n"
				       "type = peer\n"
				       "host = 2001:db8::1\n"
				       "port = 5070\n"
				       "fromdomain = acme.example.net\n"
				       "defaultuser = hq-pbx\n"
				       "secret = s3\\;cret\n"
				       "insecure = port,invite\n"
				       "context = from-amity\n"
				       "disallow = all\n"
				       "allow = alaw\n"
				       "allow = ulaw\n"
				       "directmedia = no\n"
				       "nat = force_rport,comedia\n"
				       "\n"
				       "; ---- /etc/asterisk/extensions.conf: append this ----\n"
				       "; \"internal\" is the context in which your phones are reached.\n"
				       "[from-amity]\n"
				       "include => internal\n"
				       "\n"
				       "; Include it where your phones dial: extensions, other friends and the public "
				       "network are behind amity.\n"
				       "[to-amity]\n"
				       "exten => _[+*0-9].,1,Dial(SIP/hq-pbx/${EXTEN},60)\n"
				       "same => n,Hangup()\n";
	const struct recipe recipe =
		recipe_of(RECIPE_asterisk_sip, RECIPE_HOLDS(REGISTERS) | RECIPE_HOLDS(DIGEST) | RECIPE_HOLDS(DDI_IN));
	json_t *made = recipe_make(&recipe, why);

	(void)state;
	assert_string_equal(text_in(made), expected);
	/* A file has no heading. */
	const json_t *file = json_array_get(json_object_get(made, "files"), 1);
	assert_string_equal(json_string_value(json_object_get(file, "name")), "extensions.conf");
	assert_string_equal(text_in(file), strstr(expected, "; \"internal\""));
	assert_int_equal(json_array_size(json_object_get(made, "files")), 2);
	json_decref(made);
}

/* A name between percent signs that no row of recipes.def has would be printed as it stands. */
static void expect_no_name_left(const char *text)
{
	for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%')) {
		size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
		assert_false(length > 0 && at[1 + length] == '%');
	}
}

static void every_kind_knows_every_friend(void **state)
{
	static const uint32_t facts[] = {
		RECIPE_HOLDS(REGISTERS) | RECIPE_HOLDS(DIGEST) | RECIPE_HOLDS(DDI_IN),
		RECIPE_HOLDS(REGISTERS) | RECIPE_HOLDS(DIGEST) | RECIPE_HOLDS(NO_DDI_IN),
		RECIPE_HOLDS(DIRECT) | RECIPE_HOLDS(DIGEST) | RECIPE_HOLDS(DDI_IN),
		RECIPE_HOLDS(DIRECT) | RECIPE_HOLDS(SOURCE) | RECIPE_HOLDS(NO_DDI_IN),
	};

	(void)state;
	for (enum recipe_kind kind = 0; kind < RECIPE_COUNT; kind++)
		for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
			const struct recipe recipe = recipe_of(kind, facts[i]);
			json_t *made = recipe_make(&recipe, why);
			assert_non_null(made);
			expect_no_name_left(text_in(made));
			assert_non_null(strstr(text_in(made), "2001:db8::1"));
			/* Without a password none is said. */
			bool has_secret = strstr(text_in(made), "s3") || strstr(text_in(made), "0123456789abcdef");
			assert_int_equal(has_secret, (facts[i] & RECIPE_HOLDS(DIGEST)) != 0);
			json_decref(made);
		}
}

static void what_a_syntax_cannot_hold_is_refused(void **state)
{
	struct span blank = SPAN_LITERAL(" s3cret");
	struct recipe recipe = recipe_of(RECIPE_asterisk_pjsip, RECIPE_HOLDS(REGISTERS) | RECIPE_HOLDS(DIGEST));

	(void)state;
	recipe.value[RECIPE_VALUE_password] = (struct recipe_list){&blank, 1};
	assert_null(recipe_make(&recipe, why));
	assert_string_equal(
		why, "the password of the friend cannot be written for asterisk-pjsip: Asterisk cuts blanks at the "
		     "beginning and at the end of a value; give it another one");
	recipe.kind = RECIPE_freeswitch;
	json_t *made = recipe_make(&recipe, why);
	assert_non_null(strstr(text_in(made), "value=\" s3cret\""));
	json_decref(made);
}

/* The name of a friend is checked where a recipe gives it a meaning, and nowhere else. */
static void names_that_asterisk_would_misread_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum recipe_kind kind;
		uint32_t facts;
		const char *why; /* what it contains; NULL: there is a recipe */
	} rows[] = {
		{"general", RECIPE_asterisk_sip, RECIPE_HOLDS(DDI_IN), "[general]; give it another one"},
		{"anonymous", RECIPE_asterisk_pjsip, RECIPE_HOLDS(DDI_IN), "endpoint [anonymous]"},
		{"_east", RECIPE_asterisk_sip, RECIPE_HOLDS(NO_DDI_IN), "begins with _"},
		{"_east", RECIPE_asterisk_pjsip, RECIPE_HOLDS(NO_DDI_IN), "begins with _"},
		{"a&b", RECIPE_asterisk_sip, RECIPE_HOLDS(DDI_IN), "Dial()"},
		{"a&b", RECIPE_asterisk_pjsip, RECIPE_HOLDS(DDI_IN), "Dial()"},
		/* The number is called, not the name. */
		{"_east", RECIPE_asterisk_sip, RECIPE_HOLDS(DDI_IN), NULL},
		{"general", RECIPE_freeswitch, RECIPE_HOLDS(DDI_IN), NULL},
		{"_east", RECIPE_kamailio, RECIPE_HOLDS(NO_DDI_IN), NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span name = span_of_text(rows[i].name);
		struct recipe recipe =
			recipe_of(rows[i].kind, RECIPE_HOLDS(REGISTERS) | RECIPE_HOLDS(DIGEST) | rows[i].facts);
		recipe.value[RECIPE_VALUE_name] = (struct recipe_list){&name, 1};
		json_t *made = recipe_make(&recipe, why);
		assert_int_equal(made == NULL, rows[i].why != NULL);
		if (rows[i].why)
			assert_non_null(strstr(why, rows[i].why));
		json_decref(made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_syntax_has_its_own_escapes),
		cmocka_unit_test(asterisk_cannot_hold_blanks_around_a_value),
		cmocka_unit_test(asterisk_has_sections_of_its_own),
		cmocka_unit_test(asterisk_has_extensions_that_are_no_names),
		cmocka_unit_test(codecs_have_names_of_their_own),
		cmocka_unit_test(kinds_are_found_by_name),
		cmocka_unit_test(a_recipe_is_as_it_is_printed),
		cmocka_unit_test(every_kind_knows_every_friend),
		cmocka_unit_test(what_a_syntax_cannot_hold_is_refused),
		cmocka_unit_test(names_that_asterisk_would_misread_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
