#include "cli_show.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli_changes.h"
#include "cli_check.h"
#include "cli_explain_diff.h"
#include "cli_friends.h"
#include "cli_member.h"
#include "cli_table.h"
#include "source_line.h"

#define RULE_WIDTH 6

static void show_pairs(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_table_print_pairs(out, result);
}

static void show_table(FILE *out, const struct ctl_command *command, const json_t *result)
{
	char nothing[64];
	snprintf(nothing, sizeof(nothing), "no %s", command->name);
	cli_table_print(out, result, nothing);
}

static void show_text(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	fputs(cli_member_text(result, "text"), out);
}

/* received + steered in = forwarded + answered + punted + dropped + steered out */
static void show_identity(FILE *out, const json_t *identity)
{
	const char *name;
	json_t *value;
	bool is_left = true, first = true;

	json_object_foreach((json_t *)identity, name, value)
	{
		if (!json_is_integer(value))
			continue;
		bool is_first_of_right = is_left && strcmp(name, "forwarded") == 0;
		is_left = is_left && !is_first_of_right;
		fprintf(out, "%s%s %lld", first ? "" : (is_first_of_right ? " = " : " + "), name,
			(long long)json_integer_value(value));
		first = false;
	}
	fprintf(out, "   %s\n",
		json_is_true(json_object_get(identity, "holds")) ? "(holds)" : "(does not hold: packets under way)");
}

static void show_stats(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_table_print(out, json_object_get(result, "verdicts"), "no verdicts");
	fputc('\n', out);
	cli_table_print(out, json_object_get(result, "counters"), "no counters");
	fputc('\n', out);
	show_identity(out, json_object_get(result, "identity"));
}

static void show_steps(FILE *out, const json_t *steps)
{
	size_t i;
	json_t *step;

	json_array_foreach((json_t *)steps, i, step)
	{
		bool matched = json_is_true(json_object_get(step, "matched"));
		fprintf(out, "  %s %-*s %s\n", matched ? "✓" : "·", RULE_WIDTH, cli_member_text(step, "rule"),
			cli_member_text(step, "text"));
	}
}

/* The words of reasons.def, which both programs are built with. */
static const char *meaning_of(const char *reason)
{
	static const struct {
		const char *name, *text;
	} rows[] = {
#define REASON(name, severity, status, phrase, text, source) {#name, text},
#include "reasons.def"
#undef REASON
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, reason) == 0)
			return rows[i].text;
	return "";
}

static void show_line(FILE *out, const char *label, const json_t *value)
{
	if (value && !json_is_null(value)) {
		char *text = cli_table_text(value);
		fprintf(out, "  %-13s %s\n", label, text ? text : "?");
		free(text);
	}
}

static void show_explain(FILE *out, const struct ctl_command *command, const json_t *result)
{
	const char *outcome = cli_member_text(result, "outcome");

	(void)command;
	if (json_object_get(result, "compared")) {
		cli_explain_diff_show(out, result);
		return;
	}
	show_steps(out, json_object_get(result, "steps"));
	if (strcmp(outcome, "reject") == 0) {
		fprintf(out, "\nrejected by %s: %lld %s (%s)\n", cli_member_text(result, "rule"),
			cli_member_number(result, "status"), cli_member_text(result, "phrase"),
			cli_member_text(result, "reason"));
		fprintf(out, "  %s\n", meaning_of(cli_member_text(result, "reason")));
		return;
	}
	fprintf(out, "\n%s %s takes the call by %s\n", outcome, cli_member_text(result, "target"),
		cli_member_text(result, "rule"));
	show_line(out, "company", json_object_get(result, "company"));
	show_line(out, "pattern", json_object_get(result, "pattern"));
	show_line(out, "Request-URI", json_object_get(result, "request_uri"));
	show_line(out, "From", json_object_get(result, "from"));
	show_line(out, "To", json_object_get(result, "to"));
	show_line(out, "identity", json_object_get(result, "identity"));
	show_line(out, "codecs", json_object_get(result, "codecs"));
	show_line(out, "next hop", json_object_get(result, "next_hop"));
	if (cli_member_number(result, "status") != 0)
		fprintf(out, "  but now answered %lld %s (%s): %s\n", cli_member_number(result, "status"),
			cli_member_text(result, "phrase"), cli_member_text(result, "reason"),
			meaning_of(cli_member_text(result, "reason")));
}

/* `calls`: the list, all of one or some calls, or what the audit found. */
static void show_calls(FILE *out, const struct ctl_command *command, const json_t *result)
{
	const json_t *records = json_object_get(result, "records");
	size_t i;
	json_t *record;

	if (json_object_get(result, "lcores")) {
		cli_table_print_pairs(out, result);
		return;
	}
	if (!records)
		cli_table_print(out, json_object_get(result, "calls"), "no calls");
	json_array_foreach((json_t *)records, i, record)
	{
		if (i)
			fputc('\n', out);
		show_pairs(out, command, record);
	}
}

static void show_why(FILE *out, const struct ctl_command *command, const json_t *result)
{
	size_t i;
	json_t *decision;

	(void)command;
	json_array_foreach(json_object_get(result, "decisions"), i, decision)
	{
		char *text = cli_table_text(json_object_get(decision, "text"));
		fprintf(out, "%s  %s\n", cli_member_text(decision, "time"), text ? text : "?");
		free(text);
	}
}

static void show_drain(FILE *out, const struct ctl_command *command, const json_t *result)
{
	bool draining = json_is_true(json_object_get(result, "draining"));

	(void)command;
	fprintf(out, "%s; %lld calls live, %lld of them answered\n",
		draining ? "no new calls are taken" : "new calls are taken", cli_member_number(result, "calls"),
		cli_member_number(result, "answered"));
}

static void show_changes(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_changes_show(out, result);
}

static void show_check(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_check_show(out, result);
}

static void show_diff(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_changes_show_diff(out, result);
}

static void show_friends(FILE *out, const struct ctl_command *command, const json_t *result)
{
	(void)command;
	cli_friends_show(out, result);
}

typedef void show_fn(FILE *out, const struct ctl_command *command, const json_t *result);

static show_fn *const shows[CTL_SHOW_COUNT] = {
	[CTL_SHOW_PAIRS] = show_pairs,	   [CTL_SHOW_TABLE] = show_table,     [CTL_SHOW_STATS] = show_stats,
	[CTL_SHOW_EXPLAIN] = show_explain, [CTL_SHOW_CHANGES] = show_changes, [CTL_SHOW_DIFF] = show_diff,
	[CTL_SHOW_CHECK] = show_check,	   [CTL_SHOW_TEXT] = show_text,	      [CTL_SHOW_CALLS] = show_calls,
	[CTL_SHOW_WHY] = show_why,	   [CTL_SHOW_DRAIN] = show_drain,     [CTL_SHOW_FRIENDS] = show_friends,
};

void cli_show_result(FILE *out, const struct ctl_command *command, const json_t *result)
{
	shows[command->show](out, command, result);
}

static void show_problem(FILE *out, const json_t *problem)
{
	long long line = cli_member_number(problem, "line");
	long long column = cli_member_number(problem, "column");
	const char *source = cli_member_text(problem, "source"), *key = cli_member_text(problem, "key"),
		   *file = cli_member_text(problem, "file");

	if (*file)
		fprintf(out, "%s:", file);
	if (line)
		fprintf(out, "%lld:%lld:", line, column);
	fprintf(out, "%s%s%s%s\n", *file || line ? " " : "", key, *key ? ": " : "",
		cli_member_text(problem, "message"));
	if (*source)
		source_line_print(out, source, (uint32_t)cli_member_number(problem, "caret"));
}

void cli_show_error(FILE *out, const json_t *error)
{
	const json_t *data = json_object_get(error, "data");
	long long omitted = cli_member_number(data, "omitted");
	size_t i;
	json_t *problem;

	json_array_foreach(json_object_get(data, "problems"), i, problem) show_problem(out, problem);
	if (omitted)
		fprintf(out, "... and %lld more\n", omitted);
	cli_check_show_warnings(out, data);
	fprintf(out, "amityctl: %s\n", cli_member_text(error, "message"));
}

void cli_show_help(FILE *out)
{
	fprintf(out, "amityctl [--socket S] [--json] COMMAND ...\n\n");
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++) {
		const struct ctl_command *command = &ctl_commands[i];
		fprintf(out, "  %s%s%s\n", command->name, *command->synopsis ? " " : "", command->synopsis);
		fprintf(out, "      %s\n", command->help);
	}
	fprintf(out, "  help\n      this list\n\n"
		     "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no router answers.\n");
}
