#include "cli_explain_diff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli_member.h"
#include "cli_table.h"

/* What is said of a side when where the call goes stays the same. */
static const struct {
	const char *name, *words;
} details[] = {
	{"request_uri", "Request-URI"}, {"from", "From"},	    {"to", "To"},
	{"identity", "identity"},	{"diversion", "Diversion"}, {"codecs", "codecs"},
	{"next_hop", "next hop"},	{"ring_s", "ring time"},    {"company", "company"},
	{"phrase", "phrase"},
};

static bool is_refused(const json_t *side)
{
	return strcmp(cli_member_text(side, "outcome"), "reject") == 0;
}

/* "friend east" or "404 NO_CARRIER". */
static void print_target(FILE *out, const json_t *side)
{
	if (is_refused(side))
		fprintf(out, "%lld %s", cli_member_number(side, "status"), cli_member_text(side, "reason"));
	else
		fprintf(out, "%s %s", cli_member_text(side, "outcome"), cli_member_text(side, "target"));
	if (!is_refused(side) && cli_member_number(side, "status"))
		fprintf(out, ", answered %lld %s", cli_member_number(side, "status"), cli_member_text(side, "reason"));
}

/* What a router of another version leaves out of both is no difference. */
static bool is_same(const json_t *a, const json_t *b)
{
	return (!a && !b) || json_equal(a, b);
}

static bool has_same_target(const json_t *a, const json_t *b)
{
	static const char *const names[] = {"outcome", "target", "status", "reason"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!is_same(json_object_get(a, names[i]), json_object_get(b, names[i])))
			return false;
	return true;
}

/* Of the one that is tried next: its company, if that is another than the target's. */
static void print_next_company(FILE *out, const json_t *row, const json_t *side)
{
	bool is_endpoint = strcmp(cli_member_text(row, "outcome"), "external") != 0 && *cli_member_text(row, "company");

	if (is_endpoint && strcmp(cli_member_text(row, "company"), cli_member_text(side, "company")) != 0)
		fprintf(out, " of %s", cli_member_text(row, "company"));
}

/* "busy user bob 102, unreachable external telco +34600 at udp:192.0.2.1:5060" */
static void print_next(FILE *out, const json_t *side)
{
	const json_t *next = json_object_get(side, "next");
	size_t i;
	json_t *row;

	if (json_array_size(next) == 0)
		fputs("nobody", out);
	json_array_foreach((json_t *)next, i, row)
	{
		fprintf(out, "%s%s ", i ? ", " : "", cli_member_text(row, "when"));
		print_target(out, row);
		print_next_company(out, row, side);
		if (*cli_member_text(row, "number"))
			fprintf(out, " %s", cli_member_text(row, "number"));
		if (*cli_member_text(row, "address"))
			fprintf(out, " at %s", cli_member_text(row, "address"));
	}
}

static void print_value(FILE *out, const char *name, const json_t *value)
{
	bool is_null = json_is_null(value), is_time = strcmp(name, "ring_s") == 0;

	if (is_null && (is_time || strcmp(name, "codecs") == 0)) {
		fputs(is_time ? "without end" : "as offered", out);
		return;
	}
	char *text = cli_table_text(value);
	fprintf(out, "%s%s", text ? text : "?", is_time ? " s" : "");
	free(text);
}

/* "From A -> B" of what differs though the target is the same. */
static void print_details(FILE *out, const json_t *now, const json_t *then)
{
	const char *separator = ": ";

	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		const char *name = details[i].name;
		const json_t *before = json_object_get(now, name), *after = json_object_get(then, name);
		if (is_same(before, after))
			continue;
		fprintf(out, "%s%s ", separator, details[i].words);
		print_value(out, name, before);
		fputs(" -> ", out);
		print_value(out, name, after);
		separator = "; ";
	}
	if (!is_same(json_object_get(now, "next"), json_object_get(then, "next"))) {
		fprintf(out, "%sif it fails ", separator);
		print_next(out, now);
		fputs(" -> ", out);
		print_next(out, then);
	} else if (*separator == ':') {
		fputs(": in another way", out);
	}
}

/* What becomes of a call on one side; `now` is given for the other side, to say what differs. Owner: the caller. */
static json_t *describe(const json_t *side, const json_t *now)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (json_is_null(side)) {
		fputs("(the caller is not there)", out);
	} else {
		print_target(out, side);
		if (!is_refused(side) && *cli_member_text(side, "rule"))
			fprintf(out, " by %s", cli_member_text(side, "rule"));
		if (now && !json_is_null(now) && has_same_target(now, side))
			print_details(out, now, side);
	}
	fclose(out);
	json_t *described = text ? json_string(text) : NULL;
	free(text);
	return described;
}

static void print_calls(FILE *out, const json_t *calls)
{
	json_t *rows = json_array(), *call;
	size_t i;

	json_array_foreach((json_t *)calls, i, call)
	{
		const json_t *now = json_object_get(call, "now"), *then = json_object_get(call, "then");
		bool is_carrier = strcmp(cli_member_text(call, "caller"), "carrier") == 0;
		char from[256];
		snprintf(from, sizeof(from), "%s%s%s%s%s", is_carrier ? "carrier " : "", cli_member_text(call, "from"),
			 *cli_member_text(call, "identity") ? " for " : "", cli_member_text(call, "identity"),
			 json_is_true(json_object_get(call, "anonymous")) ? ", anonymous" : "");
		json_array_append_new(rows, json_pack("{s:O, s:s, s:O, s:o, s:o}", "company",
						      json_object_get(call, "company"), "from", from, "to",
						      json_object_get(call, "to"), "now", describe(now, NULL), "then",
						      describe(then, now)));
	}
	cli_table_print(out, rows, "no call would be routed differently");
	json_decref(rows);
}

/* "only then: user bob of acme" */
static void print_unmatched(FILE *out, const json_t *result)
{
	const json_t *unmatched = json_object_get(result, "unmatched");
	size_t i;
	json_t *row;

	if (json_array_size(unmatched))
		fputc('\n', out);
	json_array_foreach((json_t *)unmatched, i, row)
	{
		char *name = cli_table_text(json_object_get(row, "name"));
		fprintf(out, "only %s: %s %s%s%s\n", cli_member_text(row, "in"), cli_member_text(row, "kind"),
			name ? name : "?", *cli_member_text(row, "company") ? " of " : "",
			cli_member_text(row, "company"));
		free(name);
	}
	if (cli_member_number(result, "unmatched_omitted"))
		fprintf(out, "... and %lld more\n", cli_member_number(result, "unmatched_omitted"));
}

void cli_explain_diff_show(FILE *out, const json_t *result)
{
	print_calls(out, json_object_get(result, "calls"));
	if (cli_member_number(result, "omitted"))
		fprintf(out, "... and %lld more\n", cli_member_number(result, "omitted"));
	print_unmatched(out, result);
	fprintf(out, "\nsame: %lld, different: %lld\n", cli_member_number(result, "same"),
		cli_member_number(result, "different"));
	fprintf(out,
		"the last %lld dialled numbers; every extension and DDI, by the first user and friend of its company, "
		"and from outside\n"
		"compared with revision %lld, which stays in force\n",
		cli_member_number(result, "dialled"), cli_member_number(result, "revision"));
}
