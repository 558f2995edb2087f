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
	json_t *error = json_loads("{\"code\":1,\"message\":\"refused\",\"data\":{\"problems\":[{\"file\":\"f.yaml\","
				   "\"line\":3,\"column\":"
				   "4,\"key\":\"k\",\"message\":\"is wrong\",\"source\":\"\\tab: x\"}],\"omitted\":2}}",
				   0, NULL);

	(void)state;
	cli_show_error(out, error);
	fclose(out);
	assert_string_equal(text,
			    "f.yaml:3:4: k: is wrong\n    \tab: x\n    \t  ^\n... and 2 more\namityctl: refused\n");
	json_decref(error);
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
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_error_shows_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
