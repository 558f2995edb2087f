#include "cli_friends.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli_member.h"
#include "cli_table.h"

#define LABEL_WIDTH  17
#define CODECS_SHOWN 1 /* of the list */

/* "|asterisk-sip|..." */
static const char recipe_kinds[] =
#define RECIPE_KIND(id, name) "|" name
#include "recipes.def"
	;

static bool is_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* ---- the list ---- */

/* "15 calls, 5/s" */
static json_t *limits_in_short(const json_t *friend)
{
	char calls[32] = "", rate[32] = "";

	if (cli_member_number(friend, "max_calls"))
		snprintf(calls, sizeof(calls), "%lld calls", cli_member_number(friend, "max_calls"));
	if (cli_member_number(friend, "max_cps"))
		snprintf(rate, sizeof(rate), "%s%lld/s", *calls ? ", " : "", cli_member_number(friend, "max_cps"));
	return json_sprintf("%s%s", calls, rate);
}

/* "PCMA, +3" */
static json_t *codecs_in_short(const json_t *friend)
{
	const json_t *codecs = json_object_get(friend, "codecs");
	json_t *list = json_array();
	size_t i;
	json_t *codec;

	json_array_foreach((json_t *)codecs, i, codec) if (i < CODECS_SHOWN) json_array_append(list, codec);
	if (json_array_size(codecs) > CODECS_SHOWN)
		json_array_append_new(list, json_sprintf("+%zu", json_array_size(codecs) - CODECS_SHOWN));
	return list;
}

/* When there are any: to where is much for a column. */
static json_t *forwards_in_short(const json_t *friend)
{
	json_t *list = json_array();
	size_t i;
	json_t *forward;

	json_array_foreach(json_object_get(friend, "forwards"), i, forward)
		json_array_append(list, json_object_get(forward, "when"));
	return list;
}

/* Where it is: its own address, or those that it is registered at. */
static json_t *place_of(const json_t *friend)
{
	json_t *direct = json_object_get(friend, "direct"), *registered = json_object_get(friend, "registered_at");

	if (json_is_string(direct))
		return json_incref(direct);
	return json_array_size(registered) ? json_incref(registered) : json_string("not registered");
}

static json_t *row_of(const json_t *friend)
{
	return json_pack("{s:O, s:O, s:O, s:O, s:o, s:O, s:o, s:o, s:o}", "company", json_object_get(friend, "company"),
			 "name", json_object_get(friend, "name"), "prio", json_object_get(friend, "priority"),
			 "patterns", json_object_get(friend, "patterns"), "at", place_of(friend), "acl",
			 json_object_get(friend, "call_acl"), "codecs", codecs_in_short(friend), "limits",
			 limits_in_short(friend), "forwards", forwards_in_short(friend));
}

static void show_list(FILE *out, const json_t *friends)
{
	json_t *rows = json_array();
	size_t i;
	json_t *friend;

	json_array_foreach((json_t *)friends, i, friend) json_array_append_new(rows, row_of(friend));
	cli_table_print(out, rows, "no friends");
	json_decref(rows);
}

/* ---- one friend ---- */

static void __attribute__((format(printf, 3, 4))) put(FILE *out, const char *label, const char *format, ...)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	va_list arguments;

	if (!stream)
		return;
	va_start(arguments, format);
	vfprintf(stream, format, arguments);
	va_end(arguments);
	fclose(stream);
	/* As a value of a table: a text from the network cannot drive the terminal. */
	json_t *value = text && *text ? json_string(text) : NULL;
	char *clean = cli_table_text(value);
	fprintf(out, "  %-*s %s\n", LABEL_WIDTH, label, clean ? clean : "?");
	free(clean);
	json_decref(value);
	free(text);
}

static void put_value(FILE *out, const char *label, const json_t *value)
{
	char *text = cli_table_text(value);

	if (value && !json_is_null(value))
		put(out, label, "%s", text ? text : "?");
	free(text);
}

/* An element a line; the label stands before the first. */
static void put_list(FILE *out, const char *label, const json_t *list, const char *nothing)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		put(out, label, "%s", nothing);
	json_array_foreach((json_t *)list, i, item) put(out, i ? "" : label, "%s", json_string_value(item));
}

static void put_codecs(FILE *out, const json_t *codecs)
{
	if (json_array_size(codecs) == 0)
		put(out, "codecs", "any");
	else
		put_value(out, "codecs", codecs);
}

static void show_identity(FILE *out, const json_t *friend)
{
	const json_t *pbx = json_object_get(friend, "pbx");
	const char *acl = cli_member_text(friend, "call_acl"), *ddi = cli_member_text(friend, "presented_ddi");
	bool is_source = strcmp(cli_member_text(friend, "auth"), "source") == 0;

	fprintf(out, "friend %s of company %s (%s)\n", cli_member_text(friend, "name"),
		cli_member_text(friend, "company"), cli_member_text(friend, "domain"));
	put_value(out, "description", json_object_get(friend, "description"));
	if (is_source)
		put(out, "known by", "its address %s (auth: source)", cli_member_text(pbx, "called_at"));
	else
		put(out, "known by", "user name %s and its password", cli_member_text(pbx, "auth_user"));
	put_list(out, "takes numbers", json_object_get(friend, "patterns"), "none: it has no patterns");
	put(out, "priority", "%lld (of the friends that match, the least value is called)",
	    cli_member_number(friend, "priority"));
	put(out, "may call outside", "%s%s%s", *acl ? "what call ACL " : "everything", acl, *acl ? " allows" : "");
	if (*ddi)
		put(out, "shown outside", "%s, unless the caller is a DDI of the company", ddi);
	else
		put(out, "shown outside", "the caller, if it is a DDI of the company; else such calls are refused");
}

static void show_numbers(FILE *out, const json_t *friend)
{
	size_t i;
	json_t *example;
	const char *area = cli_member_text(friend, "area_code");

	put(out, "dials as in", "%s%s%s", cli_member_text(friend, "country"), *area ? ", area code " : "", area);
	json_array_foreach(json_object_get(friend, "examples"), i, example)
		put(out, "", "%s is %s", cli_member_text(example, "dialled"), cli_member_text(example, "e164"));
	if (is_true(friend, "always_transform"))
		put(out, "", "converted to +E.164 before anything is looked up (always_transform)");
}

static void show_binding(FILE *out, const json_t *binding)
{
	long long unanswered = cli_member_number(binding, "pings_unanswered");

	put(out, "binding", "%s", cli_member_text(binding, "contact"));
	put(out, "", "from %s%s, at our %s", cli_member_text(binding, "received"),
	    is_true(binding, "behind_nat") ? " (behind NAT: pinged there)" : "", cli_member_text(binding, "local"));
	put(out, "", "expires in %lld s; seen %lld s ago%s", cli_member_number(binding, "expires_s"),
	    cli_member_number(binding, "seen_s_ago"),
	    unanswered || !is_true(binding, "behind_nat") ? "" : ", the last ping was answered");
	if (unanswered)
		put(out, "", "%lld pings in a row without an answer: it may be gone", unanswered);
	if (*cli_member_text(binding, "user_agent"))
		put(out, "", "%s", cli_member_text(binding, "user_agent"));
	if (*cli_member_text(binding, "path"))
		put(out, "", "by way of %s", cli_member_text(binding, "path"));
}

static void show_place(FILE *out, const json_t *friend)
{
	const json_t *bindings = json_object_get(friend, "bindings");
	const char *state = cli_member_text(friend, "state"), *domain = cli_member_text(friend, "ruri_domain");
	size_t i;
	json_t *binding;

	fprintf(out, "\nhow it is called\n");
	if (strcmp(state, "direct") == 0)
		put(out, "state", "called at %s, registered or not", cli_member_text(friend, "direct"));
	else if (json_array_size(bindings) == 0)
		put(out, "state", "not registered: it cannot be called");
	else
		put(out, "state", "%s at %zu address%s%s", state, json_array_size(bindings),
		    json_array_size(bindings) == 1 ? "" : "es",
		    is_true(friend, "multi_contact") ? "" : " (a new one replaces it)");
	json_array_foreach((json_t *)bindings, i, binding) show_binding(out, binding);
	put(out, "Request-URI, To", "%s%s%s",
	    is_true(friend, "ddi_in")	   ? "the number that was called"
	    : strcmp(state, "direct") == 0 ? "its name, never the number (ddi_in: false)"
					   : "its contact and its name, never the number (ddi_in: false)",
	    *domain ? "; host " : "", domain);
	put(out, "From", "%s at %s",
	    *cli_member_text(friend, "from_user") ? cli_member_text(friend, "from_user") : "the caller's number",
	    cli_member_text(friend, "from_domain"));
	put_codecs(out, json_object_get(friend, "codecs"));
}

static void show_limits(FILE *out, const json_t *limits)
{
	bool is_known = !json_is_null(json_object_get(limits, "calls_to_it"));
	long long to_it = cli_member_number(limits, "calls_to_it"), most = cli_member_number(limits, "max_calls");

	if (!is_known)
		put(out, "calls", "not known: an lcore did not answer");
	else
		put(out, "calls", "%lld to it, %lld from it now", to_it, cli_member_number(limits, "calls_from_it"));
	if (most)
		put(out, "", "at most %lld to it at the same time%s", most, is_known && to_it >= most ? ": full" : "");
	if (cli_member_number(limits, "max_cps"))
		put(out, "", "at most %lld new ones from it in a second", cli_member_number(limits, "max_cps"));
}

static void show_forward(FILE *out, const char *label, const json_t *forward)
{
	const char *calls = cli_member_text(forward, "calls"), *extension = cli_member_text(forward, "extension");
	char after[40] = "";

	if (!json_is_null(json_object_get(forward, "after_s")))
		snprintf(after, sizeof(after), " after %lld s", cli_member_number(forward, "after_s"));
	put(out, label, "%s%s: %s calls go to %s%s", cli_member_text(forward, "when"), after,
	    strcmp(calls, "both") == 0 ? "all" : calls, *extension ? "extension " : "",
	    *extension ? extension : cli_member_text(forward, "number"));
}

static void show_state(FILE *out, const json_t *friend)
{
	const json_t *forwards = json_object_get(friend, "forwards"), *bans = json_object_get(friend, "bans");
	size_t i;
	json_t *item;

	show_limits(out, json_object_get(friend, "limits"));
	if (json_array_size(forwards) == 0)
		put(out, "forwards", "none: the caller hears why a call to it fails");
	json_array_foreach((json_t *)forwards, i, item) show_forward(out, i ? "" : "forwards", item);
	if (json_array_size(bans) == 0)
		put(out, "banned", "no address");
	json_array_foreach((json_t *)bans, i, item)
		put(out, i ? "" : "banned", "%s for %lld s more, after too many wrong passwords from there",
		    cli_member_text(item, "address"), cli_member_number(item, "remaining_s"));
}

static void show_pbx(FILE *out, const json_t *friend)
{
	const json_t *pbx = json_object_get(friend, "pbx");
	bool registers = is_true(pbx, "registers"), has_user = *cli_member_text(pbx, "auth_user");

	fprintf(out, "\nwhat to type into the PBX\n");
	put(out, registers ? "registrar" : "SIP domain", "%s%s", cli_member_text(pbx, "domain"),
	    registers ? "" : " (it need not register)");
	put_list(out, "proxy", json_object_get(pbx, "proxies"), "the router has no address now");
	put_value(out, "transport", json_object_get(pbx, "transport"));
	put_value(out, "user name", json_object_get(pbx, "user"));
	put_value(out, "auth user", json_object_get(pbx, "auth_user"));
	put_value(out, "realm", json_object_get(pbx, "realm"));
	if (!has_user)
		put(out, "password", "none");
	else if (json_is_null(json_object_get(pbx, "password")))
		put(out, "password", "shown on the main socket only");
	else
		put_value(out, "password", json_object_get(pbx, "password"));
	if (!registers)
		put(out, "listen at", "%s", cli_member_text(pbx, "called_at"));
	put(out, "number arrives in", "%s", cli_member_text(pbx, "number_arrives_in"));
	put_list(out, "calls come from", json_object_get(pbx, "calls_come_from"), "the router has no address now");
	put_codecs(out, json_object_get(pbx, "codecs"));
	fprintf(out, "\nReady to paste: amityctl friends recipe %s --company '%s' --for %s\n",
		cli_member_text(friend, "name"), cli_member_text(friend, "company"), recipe_kinds + 1);
}

void cli_friends_show(FILE *out, const json_t *result)
{
	if (json_is_array(result)) {
		show_list(out, result);
	} else if (json_object_get(result, "text")) {
		fputs(cli_member_text(result, "text"), out);
	} else {
		show_identity(out, result);
		show_numbers(out, result);
		show_place(out, result);
		show_state(out, result);
		show_pbx(out, result);
	}
}
