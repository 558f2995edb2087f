#include "cli_check.h"

#include "cli_member.h"
#include "source_line.h"

#define LABEL_WIDTH 9

/* A blank line behind each: a warning is a paragraph. */
static void show_warning(FILE *out, const json_t *warning)
{
	const char *file = cli_member_text(warning, "file"), *source = cli_member_text(warning, "source");

	fprintf(out, "%s%s%lld:%lld: warning: %s  [%s]\n", file, *file ? ":" : "", cli_member_number(warning, "line"),
		cli_member_number(warning, "column"), cli_member_text(warning, "text"),
		cli_member_text(warning, "lint"));
	if (*source)
		source_line_print(out, source, (uint32_t)cli_member_number(warning, "caret"));
	fprintf(out, "    advice: %s\n\n", cli_member_text(warning, "advice"));
}

void cli_check_show_warnings(FILE *out, const json_t *object)
{
	const json_t *warnings = json_object_get(object, "warnings");
	long long more = cli_member_number(object, "warning_count") - (long long)json_array_size(warnings);
	long long undecided = cli_member_number(object, "undecided");
	size_t i;
	json_t *warning;

	json_array_foreach((json_t *)warnings, i, warning) show_warning(out, warning);
	if (more > 0)
		fprintf(out, "... and %lld more warning%s like these\n\n", more, more == 1 ? "" : "s");
	if (undecided > 0)
		fprintf(out, "%lld comparison%s of patterns would have taken too long: there may be more\n\n",
			undecided, undecided == 1 ? "" : "s");
}

void cli_check_show(FILE *out, const json_t *result)
{
	const char *file = cli_member_text(result, "file");
	long long count = cli_member_number(result, "warning_count");

	cli_check_show_warnings(out, result);
	if (*file)
		fprintf(out, "%-*s %s\n", LABEL_WIDTH, "file", file);
	fprintf(out, "%-*s %s\n", LABEL_WIDTH, "valid", json_is_true(json_object_get(result, "valid")) ? "yes" : "no");
	if (count > 0)
		fprintf(out, "%-*s %lld\n", LABEL_WIDTH, "warnings", count);
	else
		fprintf(out, "%-*s none\n", LABEL_WIDTH, "warnings");
}
