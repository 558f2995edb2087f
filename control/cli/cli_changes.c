#include "cli_changes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli_member.h"
#include "cli_table.h"

#define NAMES_SHOWN 20 /* of an apply; diff shows what it got */

static const struct {
	const char *change, *sign;
} signs[] = {{"added", "+"}, {"changed", "~"}, {"removed", "-"}, {"reordered", "~"}};

static void print_object(FILE *out, const json_t *object)
{
	const char *change = cli_member_text(object, "change"), *company = cli_member_text(object, "company"),
		   *sign = "?";

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strcmp(signs[i].change, change) == 0)
			sign = signs[i].sign;
	fprintf(out, "%s ", sign);
	if (strcmp(change, "reordered") == 0)
		fprintf(out, "order of the %s", cli_member_text(object, "kind"));
	else
		fprintf(out, "%s %s", cli_member_text(object, "kind"), cli_member_text(object, "name"));
	fprintf(out, "%s%s", *company ? " of " : "", company);
}

/* "display, priority" */
static void print_keys(FILE *out, const json_t *fields)
{
	size_t i;
	json_t *field;

	json_array_foreach((json_t *)fields, i, field)
		fprintf(out, "%s%s", i ? ", " : ": ", cli_member_text(field, "key"));
}

static void print_field(FILE *out, const json_t *field, bool is_change)
{
	char *before = cli_table_text(json_object_get(field, "before"));
	char *after = cli_table_text(json_object_get(field, "after"));

	fprintf(out, "    %s: ", cli_member_text(field, "key"));
	if (json_is_true(json_object_get(field, "hidden")))
		fprintf(out, is_change ? "another one (not shown)\n" : "(not shown)\n");
	else if (is_change)
		fprintf(out, "%s -> %s\n", before ? before : "?", after ? after : "?");
	else
		fprintf(out, "%s\n", after && strcmp(after, "-") != 0 ? after : before ? before : "?");
	free(before);
	free(after);
}

static void print_counts(FILE *out, const json_t *counts)
{
	const char *kind;
	json_t *count;

	json_object_foreach((json_t *)counts, kind, count)
	{
		long long added = cli_member_number(count, "added"), changed = cli_member_number(count, "changed"),
			  removed = cli_member_number(count, "removed");
		if (added + changed + removed > 0)
			fprintf(out, "  %-11s %lld added, %lld changed, %lld removed\n", kind, added, changed, removed);
	}
}

static void print_omitted(FILE *out, long long omitted)
{
	if (omitted > 0)
		fprintf(out, "... and %lld more\n", omitted);
}

void cli_changes_show(FILE *out, const json_t *result)
{
	const json_t *changed = json_object_get(result, "changed");
	size_t shown = json_array_size(changed) < NAMES_SHOWN ? json_array_size(changed) : NAMES_SHOWN;
	bool is_dry = json_is_true(json_object_get(result, "dry_run")),
	     is_same = json_is_true(json_object_get(result, "same"));

	for (size_t i = 0; i < shown; i++) {
		const json_t *object = json_array_get(changed, i);
		print_object(out, object);
		if (strcmp(cli_member_text(object, "change"), "changed") == 0)
			print_keys(out, json_object_get(object, "fields"));
		fputc('\n', out);
	}
	print_omitted(out, cli_member_number(result, "omitted") + (long long)(json_array_size(changed) - shown));
	print_counts(out, json_object_get(result, "changes"));
	if (is_same)
		fprintf(out, "  nothing changes\n");
	fprintf(out, "%s revision %lld",
		is_dry	  ? "dry run, still"
		: is_same ? "nothing to apply, still"
			  : "applied:",
		cli_member_number(result, "revision"));
	if (json_object_get(result, "document_of"))
		fprintf(out, " (the document of revision %lld)", cli_member_number(result, "document_of"));
	long long compiled = cli_member_number(result, "patterns_compiled");
	fprintf(out, ", %.1f ms", (double)cli_member_number(result, "wall_us") / 1000.0);
	if (cli_member_number(result, "store_us") > 0)
		fprintf(out, " (%.1f to store it)", (double)cli_member_number(result, "store_us") / 1000.0);
	fprintf(out, ", %lld pattern set%s compiled", compiled, compiled == 1 ? "" : "s");
	if (compiled > 0)
		fprintf(out, " in %.1f ms", (double)cli_member_number(result, "compile_us") / 1000.0);
	fputc('\n', out);
}

void cli_changes_show_diff(FILE *out, const json_t *result)
{
	size_t i, j;
	json_t *object, *field;

	json_array_foreach(json_object_get(result, "changed"), i, object)
	{
		bool is_change = strcmp(cli_member_text(object, "change"), "changed") == 0;
		print_object(out, object);
		fputc('\n', out);
		json_array_foreach(json_object_get(object, "fields"), j, field) print_field(out, field, is_change);
	}
	print_omitted(out, cli_member_number(result, "omitted"));
	print_counts(out, json_object_get(result, "changes"));
	fprintf(out, "%s revision %lld, which is in force\n",
		json_is_true(json_object_get(result, "same")) ? "no difference to" : "compared with",
		cli_member_number(result, "revision"));
}
