#include "lint_endpoints.h"

#include <ctype.h>

#include "company.h"
#include "name_table_build.h"

#define PASSWORD_BYTES_MIN 8

/* ---- weak-password ---- */

/* What scanners try first, in small letters and without digits and signs behind. */
static const char *const tried_first[] = {
	"",
	"abc",
	"abcd",
	"access",
	"admin",
	"administrator",
	"asdfgh",
	"asterisk",
	"changeme",
	"changeit",
	"default",
	"extension",
	"freepbx",
	"iloveyou",
	"letmein",
	"login",
	"master",
	"pass",
	"passw0rd",
	"password",
	"phone",
	"qwerty",
	"qwertyuiop",
	"root",
	"secret",
	"sip",
	"sippassword",
	"telephone",
	"temp",
	"temporal",
	"test",
	"trunk",
	"user",
	"voip",
	"welcome",
	"secretsecret",
	"passwordpassword",
	"contrasena",
	"clave",
	"p@ssw0rd",
	"p@ssword",
};

static bool is_tried_first(struct span password)
{
	while (password.length && strchr("0123456789!.@#$-_", password.at[password.length - 1]))
		password.length--;
	for (size_t i = 0; i < sizeof(tried_first) / sizeof(tried_first[0]); i++)
		if (span_equals_nocase(password, span_of_text(tried_first[i])))
			return true;
	return false;
}

static bool are_digits(struct span text)
{
	for (uint32_t i = 0; i < text.length; i++)
		if (!isdigit((unsigned char)text.at[i]))
			return false;
	return true;
}

/* The same step between all characters: aaaaaaaa, abcdefgh, 87654321. */
static bool is_sequence(struct span text)
{
	int step = text.length > 1 ? text.at[1] - text.at[0] : 0;
	for (uint32_t i = 1; i < text.length; i++)
		if (text.at[i] - text.at[i - 1] != step)
			return false;
	return step >= -1 && step <= 1;
}

/* One beginning over and over: abcabcabc. */
static bool is_repetition(struct span text)
{
	for (uint32_t part = 1; part <= 4 && 2 * part <= text.length; part++)
		if (memcmp(text.at, text.at + part, text.length - part) == 0)
			return true;
	return false;
}

static bool is_reversed(struct span text, struct span name)
{
	if (text.length != name.length)
		return false;
	for (uint32_t i = 0; i < text.length; i++)
		if (span_lower_byte(text.at[i]) != span_lower_byte(name.at[name.length - 1 - i]))
			return false;
	return true;
}

/* The name, or the name and digits. */
static bool is_name(struct span password, struct span name)
{
	struct span begin = span_make(password.at, name.length);
	return password.length >= name.length && span_equals_nocase(begin, name) &&
	       are_digits(span_skip(password, name.length));
}

const char *lint_endpoints_weakness(struct span password, struct span name)
{
	if (name.length && (is_name(password, name) || is_reversed(password, name)))
		return "is its name, or little more";
	if (password.length < PASSWORD_BYTES_MIN)
		return "has less than 8 characters";
	if (is_sequence(password) || is_repetition(password))
		return "is a sequence or a repetition";
	if (are_digits(password))
		return "has digits alone";
	if (is_tried_first(password))
		return "is one that is tried first";
	return NULL;
}

static void check_password(struct lint_company *company, const struct model_endpoint *endpoint, const char *kind)
{
	const struct model_text *password = &endpoint->password;
	const char *why =
		password->text ? lint_endpoints_weakness(model_span(password), model_span(&endpoint->name)) : NULL;
	if (why)
		lint_report_add(company->run->report,
				&(struct lint_finding){.lint = LINT_WEAK_PASSWORD, .place = password->place},
				"the password of %s '%s' is weak: it %s", kind, endpoint->name.text, why);
}

/* ---- friend-without-pattern, user-never-called ---- */

static void check_patterns(struct lint_company *company, const struct model_friend *friend)
{
	if (friend->patterns.count == 0)
		lint_report_add(company->run->report,
				&(struct lint_finding){.lint = LINT_FRIEND_WITHOUT_PATTERN,
						       .place = friend->endpoint.name.place},
				"friend '%s' has no patterns: it may call, but is never called",
				friend->endpoint.name.text);
}

static void note_route(struct name_table *called, const struct model_route *route)
{
	if (route->user.text)
		name_table_build_add(called, model_span(&route->user), 0, false);
}

static void check_users_are_called(struct lint_company *company)
{
	const struct model_company *model = company->model;
	struct name_table called = {0};
	uint32_t ignored;

	if (name_table_build(&called, &company->arena, model->extensions.count + model->ddis.count) != STATUS_OK) {
		company->run->report->lacks_memory = true;
		return;
	}
	for (uint32_t i = 0; i < model->extensions.count; i++)
		note_route(&called, &model_extensions(model)[i].route);
	for (uint32_t i = 0; i < model->ddis.count; i++)
		note_route(&called, &model_ddis(model)[i].route);
	for (uint32_t i = 0; i < model->users.count; i++) {
		const struct model_text *name = &model_users(model)[i].endpoint.name;
		if (!name_table_find(&ignored, &called, model_span(name), false))
			lint_report_add(
				company->run->report,
				&(struct lint_finding){.lint = LINT_USER_NEVER_CALLED, .place = name->place},
				"no extension or DDI has a route to user '%s': it may call, but is never called",
				name->text);
	}
}

/* ---- no-outgoing-ddi ---- */

static bool may_call_outside(const struct lint_company *company, const struct model_endpoint *endpoint)
{
	for (uint32_t i = 0; endpoint->call_acl.text && i < company->model->call_acls.count; i++) {
		const struct model_acl *acl = &model_acls(company->model)[i];
		if (!span_equals(model_span(&acl->name), model_span(&endpoint->call_acl)))
			continue;
		bool allows = acl->default_action.value == MODEL_ACL_ALLOW;
		for (uint32_t j = 0; j < acl->rules.count; j++)
			allows |= model_rules(acl)[j].allow.text != NULL;
		return allows;
	}
	return true;
}

static void check_outgoing(struct lint_company *company, const struct model_endpoint *endpoint,
			   const struct model_text *own, const char *kind)
{
	if (!own->text && may_call_outside(company, endpoint))
		lint_report_add(
			company->run->report,
			&(struct lint_finding){.lint = LINT_NO_OUTGOING_DDI, .place = endpoint->name.place},
			"neither %s '%s' nor its company has a DDI to present: its calls to the public network are "
			"answered 403",
			kind, endpoint->name.text);
}

/* A friend may present any DDI of its company (R14.1): only without one it surely has none. */
static void check_all_outgoing(struct lint_company *company)
{
	const struct model_company *model = company->model;
	if (!company->run->has_carriers || model->outgoing_ddi.text)
		return;
	for (uint32_t i = 0; i < model->users.count; i++)
		check_outgoing(company, &model_users(model)[i].endpoint, &model_users(model)[i].outgoing_ddi, "user");
	for (uint32_t i = 0; i < model->friends.count && model->ddis.count == 0; i++)
		check_outgoing(company, &model_friends(model)[i].endpoint, &model_friends(model)[i].fallback_ddi,
			       "friend");
}

/* ---- forward-loop ---- */

/* The friend that an extension leads to; NULL: none. */
static const struct model_friend *find_friend_behind(struct lint_company *company, const struct model_text *number)
{
	uint32_t index;
	if (!number->text || !name_table_find(&index, &company->extension, model_span(number), false))
		return NULL;
	struct lint_winner winner = lint_company_winner_behind(company, index);
	return winner.pattern ? winner.pattern->friend : NULL;
}

/* The forward that every call to the friend takes. */
static const struct model_forward *find_always(const struct model_friend *friend)
{
	for (uint32_t i = 0; i < friend->forwards.count; i++) {
		const struct model_forward *forward = &model_forwards(friend)[i];
		if (forward->when.value == FORWARD_ALWAYS)
			return forward->calls.value == FORWARD_CALLS_BOTH ? forward : NULL;
	}
	return NULL;
}

/* Straight back, or through friends that forward every call. */
static bool leads_back(struct lint_company *company, const struct model_friend *friend,
		       const struct model_forward *forward)
{
	for (uint32_t hop = 0; forward && hop <= FORWARDS_MAX; hop++) {
		const struct model_friend *next = find_friend_behind(company, &forward->to.extension);
		if (!next || next == friend)
			return next != NULL;
		forward = find_always(next);
	}
	return false;
}

static void check_forwards(struct lint_company *company, const struct model_friend *friend)
{
	for (uint32_t i = 0; i < friend->forwards.count; i++) {
		const struct model_forward *forward = &model_forwards(friend)[i];
		if (leads_back(company, friend, forward))
			lint_report_add(
				company->run->report,
				&(struct lint_finding){.lint = LINT_FORWARD_LOOP, .place = forward->to.extension.place},
				"friend '%s' forwards to extension %s, which leads back to it",
				friend->endpoint.name.text, forward->to.extension.text);
	}
}

void lint_endpoints_check(struct lint_company *company)
{
	const struct model_company *model = company->model;

	for (uint32_t i = 0; i < model->users.count; i++)
		check_password(company, &model_users(model)[i].endpoint, "user");
	for (uint32_t i = 0; i < model->friends.count; i++) {
		const struct model_friend *friend = &model_friends(model)[i];
		check_password(company, &friend->endpoint, "friend");
		check_patterns(company, friend);
		check_forwards(company, friend);
	}
	check_users_are_called(company);
	check_all_outgoing(company);
}
