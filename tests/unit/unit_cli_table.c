#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_show.h"
#include "cli_table.h"

/* What a table of this JSON looks like. Owner: the caller frees. */
static char *table_of(const char *json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *rows = json_loads(json, 0, NULL);

	assert_non_null(rows);
	cli_table_print(out, rows, "nothing");
	json_decref(rows);
	fclose(out);
	return text;
}

static void assert_table(const char *json, const char *expected)
{
	char *text = table_of(json);
	assert_string_equal(text, expected);
	free(text);
}

static void test_table(void **state)
{
	(void)state;
	assert_table("[]", "nothing\n");
	assert_table("[{\"name\":\"a\",\"count_s\":5},{\"name\":\"longer\",\"count_s\":12345678}]",
		     "NAME     COUNT S\n"
		     "a              5\n"
		     "longer  12345678\n");
	/* A column of nothing stands as a column of words does; one number among nothing is one of numbers. */
	assert_table("[{\"direct\":null,\"count\":null,\"z\":\"x\"},{\"direct\":null,\"count\":7,\"z\":\"y\"}]",
		     "DIRECT  COUNT  Z\n"
		     "-           -  x\n"
		     "-           7  y\n");
	/* Absent, empty, lists, yes and no. */
	assert_table("[{\"a\":null,\"b\":[\"x\",\"y\"],\"c\":true},{\"a\":\"\",\"b\":[],\"c\":false}]",
		     "A  B     C\n"
		     "-  x, y  yes\n"
		     "-  -     no\n");
}

/* Columns are as wide as what is seen, not as its bytes; nothing drives the terminal. */
static void test_strange_texts(void **state)
{
	(void)state;
	assert_table("[{\"n\":\"\xc3\xa9\xc3\xa9\",\"m\":\"x\"},{\"n\":\"abc\",\"m\":\"y\"}]", "N    M\n"
											       "\xc3\xa9\xc3\xa9   x\n"
											       "abc  y\n");
	assert_table("[{\"n\":\"\\u001b[2J\\n\"}]", "N\n?[2J?\n");
}

static void test_pairs(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *object =
		json_loads("{\"a\":1,\"long_name\":\"x\",\"in\":{\"side\":2},\"list\":[{\"k\":\"v\"}]}", 0, NULL);

	(void)state;
	cli_table_print_pairs(out, object);
	fclose(out);
	assert_string_equal(text, "a          1\nlong name  x\nin side    2\n\nlist\nK\nv\n");
	json_decref(object);
	free(text);
}

static void test_error_shows_the_place(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *error = json_loads(
		"{\"code\":1,\"message\":\"refused\",\"data\":{\"problems\":[{\"file\":\"f.yaml\","
		"\"line\":3,\"column\":"
		"4,\"key\":\"k\",\"message\":\"is wrong\",\"source\":\"\\tab: x\",\"caret\":4}],\"omitted\":2}}",
		0, NULL);

	(void)state;
	cli_show_error(out, error);
	fclose(out);
	assert_string_equal(text,
			    "f.yaml:3:4: k: is wrong\n    \tab: x\n    \t  ^\n... and 2 more\namityctl: refused\n");
	json_decref(error);
	free(text);
}

static char *show(enum ctl_command_id id, const char *result)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *value = json_loads(result, 0, NULL);
	assert_non_null(value);
	cli_show_result(out, &ctl_commands[id], value);
	json_decref(value);
	fclose(out);
	return text;
}

#define CHANGED                                                                                                        \
	"\"changes\":{\"users\":{\"added\":1,\"changed\":1,\"removed\":1},\"ddis\":{\"added\":0,\"changed\":0,"        \
	"\"removed\":0}},\"changed\":["                                                                                \
	"{\"change\":\"changed\",\"kind\":\"user\",\"company\":\"c\",\"name\":\"u\",\"fields\":["                      \
	"{\"key\":\"password\",\"hidden\":true},{\"key\":\"display\",\"before\":null,\"after\":\"Al\"}]},"             \
	"{\"change\":\"added\",\"kind\":\"user\",\"company\":\"c\",\"name\":\"v\",\"fields\":["                        \
	"{\"key\":\"password\",\"hidden\":true},{\"key\":\"country\",\"before\":null,\"after\":\"ES\"}]},"             \
	"{\"change\":\"removed\",\"kind\":\"user\",\"company\":\"c\",\"name\":\"w\",\"fields\":[]},"                   \
	"{\"change\":\"reordered\",\"kind\":\"companies\",\"fields\":[]}]"

#define WARNING                                                                                                        \
	"{\"file\":\"f.yaml\",\"line\":3,\"column\":4,\"lint\":\"some-lint\",\"text\":\"is odd\","                     \
	"\"advice\":\"mend it\",\"source\":\"\\tab: x\",\"caret\":4}"

/* A paragraph a warning, with the line if there is one; then how many, also those that are not shown. */
static void test_check(void **state)
{
	(void)state;
	char *text =
		show(CTL_COMMAND_check, "{\"file\":\"f.yaml\",\"valid\":true,\"warnings\":[],\"warning_count\":0}");
	assert_string_equal(text, "file      f.yaml\nvalid     yes\nwarnings  none\n");
	free(text);
	text = show(CTL_COMMAND_check, "{\"file\":\"f.yaml\",\"valid\":true,\"warnings\":[" WARNING
				       ",{\"line\":9,\"column\":1,\"lint\":\"l\",\"text\":\"t\",\"advice\":\"a\"}],"
				       "\"warning_count\":7,\"undecided\":1}");
	assert_string_equal(text, "f.yaml:3:4: warning: is odd  [some-lint]\n    \tab: x\n    \t  ^\n"
				  "    advice: mend it\n\n"
				  "9:1: warning: t  [l]\n    advice: a\n\n"
				  "... and 5 more warnings like these\n\n"
				  "1 comparison of patterns would have taken too long: there may be more\n\n"
				  "file      f.yaml\nvalid     yes\nwarnings  7\n");
	free(text);
}

static void test_strict_check(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *error = json_loads("{\"code\":1,\"message\":\"valid, but\",\"data\":{\"warnings\":[" WARNING
				   "],\"warning_count\":1}}",
				   0, NULL);

	(void)state;
	cli_show_error(out, error);
	fclose(out);
	assert_string_equal(text, "f.yaml:3:4: warning: is odd  [some-lint]\n    \tab: x\n    \t  ^\n"
				  "    advice: mend it\n\namityctl: valid, but\n");
	json_decref(error);
	free(text);
}

static void test_changes(void **state)
{
	(void)state;
	char *text =
		show(CTL_COMMAND_apply,
		     "{\"revision\":8,\"dry_run\":false,\"same\":false," CHANGED
		     ",\"omitted\":3,\"wall_us\":1500,\"store_us\":940,\"compile_us\":310,\"patterns_compiled\":2}");
	assert_string_equal(text, "~ user u of c: password, display\n+ user v of c\n- user w of c\n"
				  "~ order of the companies\n... and 3 more\n"
				  "  users       1 added, 1 changed, 1 removed\n"
				  "applied: revision 8, 1.5 ms (0.9 to store it), 2 pattern sets compiled in 0.3 ms\n");
	free(text);
	text = show(CTL_COMMAND_apply, "{\"revision\":9,\"dry_run\":true,\"same\":false,\"changes\":{},\"changed\":[],"
				       "\"omitted\":0,\"wall_us\":200,\"compile_us\":140,\"patterns_compiled\":1}");
	assert_string_equal(text, "dry run, still revision 9, 0.2 ms, 1 pattern set compiled in 0.1 ms\n");
	free(text);
	text = show(CTL_COMMAND_diff, "{\"revision\":8,\"dry_run\":true,\"same\":false," CHANGED ",\"omitted\":0}");
	assert_string_equal(text, "~ user u of c\n    password: another one (not shown)\n    display: - -> Al\n"
				  "+ user v of c\n    password: (not shown)\n    country: ES\n- user w of c\n"
				  "~ order of the companies\n  users       1 added, 1 changed, 1 removed\n"
				  "compared with revision 8, which is in force\n");
	free(text);
	text = show(CTL_COMMAND_rollback,
		    "{\"revision\":8,\"dry_run\":false,\"same\":true,\"changes\":{},\"changed\":[],"
		    "\"omitted\":0,\"document_of\":5,\"wall_us\":0,\"patterns_compiled\":0}");
	assert_string_equal(text,
			    "  nothing changes\nnothing to apply, still revision 8 (the document of revision 5), 0.0 "
			    "ms, 0 pattern sets compiled\n");
	free(text);
}

static void test_calls(void **state)
{
	(void)state;
	char *text = show(CTL_COMMAND_calls, "{\"calls\":[]}");
	assert_string_equal(text, "no calls\n");
	free(text);
	text = show(CTL_COMMAND_calls,
		    "{\"calls\":[{\"id\":\"0a\",\"duration_s\":60.007},{\"id\":\"0b\",\"duration_s\":null}]}");
	assert_string_equal(text, "ID  DURATION S\n0a      60.007\n0b           -\n");
	free(text);
	text = show(CTL_COMMAND_calls,
		    "{\"records\":[{\"id\":\"0a\",\"from\":\"x\"},{\"id\":\"0b\",\"from\":\"\\u001b[2J\"}]}");
	assert_string_equal(text, "id    0a\nfrom  x\n\nid    0b\nfrom  ?[2J\n");
	free(text);
	text = show(CTL_COMMAND_calls, "{\"sound\":true,\"lcores\":[{\"worker\":0}]}");
	assert_string_equal(text, "sound  yes\n\nlcores\nWORKER\n     0\n");
	free(text);
	text = show(CTL_COMMAND_why, "{\"call_id\":\"a\",\"decisions\":[{\"time\":\"T\",\"text\":\"one\"},{\"time\":"
				     "\"U\",\"text\":\"two\"}]}");
	assert_string_equal(text, "T  one\nU  two\n");
	free(text);
	text = show(CTL_COMMAND_drain, "{\"draining\":true,\"calls\":3,\"answered\":2}");
	assert_string_equal(text, "no new calls are taken; 3 calls live, 2 of them answered\n");
	free(text);
}

/* Every command of the rows is in the help. */
static void test_help(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	cli_show_help(out);
	fclose(out);
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		assert_non_null(strstr(text, ctl_commands[i].name));
		assert_non_null(strstr(text, ctl_commands[i].help));
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_strange_texts),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_strict_check),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_error_shows_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
